"""A channel is what it is: a policy cannot call a text message inbound, or a telephone a meeting."""

from dataclasses import replace
from typing import Any

import pytest

from service.analysis.policy_checks import conduct
from service.analysis.policy_checks.channel_facts import find_misdeclared_channels
from service.rules.policy import DEFAULT, Channel, Policy, load


@pytest.fixture(scope="module")
def shipped() -> Policy:
    return load(DEFAULT)


def told(policy: Policy, channel_id: str, **changes: Any) -> list[str]:
    """What is found where one channel is declared otherwise."""

    def declare(channel: Channel) -> Channel:
        changed: Channel = replace(channel, **changes) if channel.id == channel_id else channel
        return changed

    found = find_misdeclared_channels(replace(policy, channels=tuple(map(declare, policy.channels))))
    return [str(problem) for problem in found]


def test_the_shipped_channels_are_declared_as_they_are(shipped: Policy) -> None:
    assert find_misdeclared_channels(shipped) == []


@pytest.mark.parametrize("channel", ["sms", "email", "wechat", "adviser_call"])
def test_a_channel_that_goes_to_the_customer_cannot_be_inbound(shipped: Policy, channel: str) -> None:
    assert told(shipped, channel, direction="inbound") == [
        f'channels.yaml: channel "{channel}": direction must be outbound, as the bank speaks first there, got inbound'
    ]


@pytest.mark.parametrize("channel", ["mobile_app", "sms", "email", "wechat"])
def test_no_screen_is_face_to_face(shipped: Policy, channel: str) -> None:
    [sentence] = told(shipped, channel, terms={"face_to_face": True})
    assert sentence.endswith("face_to_face must be false, as no person of the bank meets the customer there, got true")


@pytest.mark.parametrize("renamed", ["sms2", "bulk-sms", "text", "whisper"])
def test_a_renamed_text_message_stays_outbound(shipped: Policy, renamed: str) -> None:
    [sentence] = told(shipped, "sms", id=renamed, direction="inbound")
    assert "direction must be outbound" in sentence


@pytest.mark.parametrize(
    ("renamed", "zh", "en"),
    [
        ("calls", "智能", "Outgoing calls"),
        ("telesales", "销售", "Telesales"),
        ("txt", "文字", "Txt"),
        ("emails", "电邮", "Emails"),
        ("telegram", "电报", "Telegram"),
        ("reminder", "小程序推送", "Mini program"),
        ("reminder", "站内私信", "Inbox"),
        ("home-visit", "上门服务", "At home"),
        ("outreach", "主动联系", "Outreach"),
    ],
)
def test_no_placement_makes_inbound_what_goes_to_the_customer(shipped: Policy, renamed: str, zh: str, en: str) -> None:
    names, places = {"zh": zh, "en": en}, ("start",)
    [sentence] = told(shipped, "sms", id=renamed, name=names, direction="inbound", placements=places)
    assert "direction must be outbound" in sentence


@pytest.mark.parametrize(
    ("renamed", "zh", "en"),
    [
        ("miniprogram", "小程序", "Mini program"),
        ("kiosk", "自助终端", "Kiosks"),
        ("online-bank", "网上银行", "Online bank"),
    ],
)
def test_where_the_customer_comes_by_stays_inbound(shipped: Policy, renamed: str, zh: str, en: str) -> None:
    names, places = {"zh": zh, "en": en}, ("start",)
    assert told(shipped, "sms", id=renamed, name=names, direction="inbound", placements=places) == []


def test_a_channel_with_a_new_name_is_no_meeting(shipped: Policy) -> None:
    names = {"zh": "云店", "en": "Cloud shop"}
    [sentence] = told(shipped, "branch", id="cloud_shop", name=names, placements=("start",))
    assert "face_to_face must be false" in sentence


def test_a_misdeclared_channel_breaks_conduct(shipped: Policy) -> None:
    app = shipped.channels[0]
    lying = replace(shipped, channels=(replace(app, terms={**app.terms, "face_to_face": True}), *shipped.channels[1:]))
    assert [problem.where for problem in conduct.find_breaches(lying)] == ['channels.yaml: channel "mobile_app"']
