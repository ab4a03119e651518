"""What a channel is, whatever a policy calls it: who speaks first, and whether a person is there. Pure.

Consent, quiet hours and care from 65 hang on a channel's ``direction`` and on ``face_to_face``. So a text message is
outbound and no meeting, in every policy. A channel is known by a word of its id or name; the first row that fits
speaks. A channel that no row knows is no meeting, and is inbound only with placements, where the customer comes by.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from service.core.errors import Problem
from service.core.folding import fold_text
from service.rules.policy import Channel, Policy

OUTBOUND = "outbound"
_GAP = re.compile(r"[\W_\d]+")


@dataclass(frozen=True, slots=True)
class ChannelFact:
    """Channels with one of these words go to the customer (``outbound``), and may be a meeting (``meeting``)."""

    words: frozenset[str]
    outbound: bool
    meeting: bool


CHANNEL_FACTS = (
    ChannelFact(frozenset({"sms", "mms", "rcs", "txt", "text", "短信", "彩信"}), outbound=True, meeting=False),
    ChannelFact(frozenset({"email", "mail", "edm", "邮件", "邮箱", "电邮"}), outbound=True, meeting=False),
    ChannelFact(frozenset({"push", "letter", "notification", "推送", "信函", "私信"}), outbound=True, meeting=False),
    ChannelFact(frozenset({"miniprogram", "applet", "小程序"}), outbound=False, meeting=False),
    ChannelFact(
        frozenset({"wechat", "weixin", "wecom", "whatsapp", "telegram", "qq", "dingtalk", "微信", "钉钉"}),
        outbound=True,
        meeting=False,
    ),
    ChannelFact(frozenset({"robot", "ivr", "智能外呼"}), outbound=True, meeting=False),
    ChannelFact(frozenset({"adviser", "advisor", "客户经理", "理财经理"}), outbound=True, meeting=True),
    ChannelFact(
        frozenset({"call", "phone", "telephone", "telemarketing", "telesales", "电话", "致电", "外呼"}),
        outbound=True,
        meeting=False,
    ),
    ChannelFact(frozenset({"outbound", "outgoing", "outreach", "visit", "上门", "拜访"}), outbound=True, meeting=True),
    ChannelFact(frozenset({"branch", "counter", "lobby", "网点", "柜台", "厅堂"}), outbound=False, meeting=True),
    ChannelFact(frozenset({"app", "mobile", "web", "online", "手机银行", "网上银行"}), outbound=False, meeting=False),
    ChannelFact(frozenset({"atm", "kiosk", "hotline", "自助"}), outbound=False, meeting=False),
)
"""An adviser or visitor goes to the customer and may meet them; whether the talk is a meeting is the bank's word.

Words stand in the singular. What is pushed is outbound also within an app or a mini program.
"""


def find_misdeclared_channels(policy: Policy) -> list[Problem]:
    """Every channel that a policy declares laxer than it is."""
    return [
        Problem(f'channels.yaml: channel "{channel.id}"', fault)
        for channel in policy.channels
        for fault in _faults(channel)
    ]


def _faults(channel: Channel) -> Iterator[str]:
    fact = fact_of(channel)
    if fact is not None and fact.outbound and channel.direction != OUTBOUND:
        yield f"direction must be {OUTBOUND}, as the bank speaks first there, got {channel.direction}"
    if fact is None and channel.direction != OUTBOUND and not channel.placements:
        yield f"direction must be {OUTBOUND} in a channel without placements, got {channel.direction}"
    if channel.terms.get("face_to_face") is True and not (fact is not None and fact.meeting):
        yield "face_to_face must be false, as no person of the bank meets the customer there, got true"


def fact_of(channel: Channel) -> ChannelFact | None:
    """What is known of a channel by its id and names; None for an unknown one."""
    names = [_GAP.sub(" ", fold_text(each)) for each in (channel.id, *channel.name.values())]
    said = {word for name in names for word in name.split()}
    words = said | {word.removesuffix("s") for word in said}
    whole = "".join(names).replace(" ", "")
    for fact in CHANNEL_FACTS:
        if any(word in words if word.isascii() else word in whole for word in fact.words):
            return fact
    return None
