"""What the codes of a copy are called: by the policy's own names, and a table of the service's own words. Pure.

Column -> code -> words. A code without a name here, as that of an offer which the policy has no more, stays as it is.
The JSON of a copy keeps the codes; only the page to read uses these names.
"""

from collections.abc import Mapping

from service.core.domain import RETIRED, EventKind, Text
from service.decision.privacy import PERSONALISATION
from service.rules.contact_gates import CONTACT
from service.rules.model.labels import NEED, PURPOSE, SEGMENT, STAGE, TAG, TARGET
from service.rules.policy import Policy

Names = Mapping[str, Mapping[str, str]]

_WORDS = """
impression=展示=shown click=点击=clicked accept=接受=accepted reject=拒绝=rejected dismiss=关闭=dismissed
contact=联系=contacted purchase=购买=bought complaint=投诉=complained survey=问卷=answered_a_survey
segment=客群=segment stage=生命周期阶段=stage_of_life target=目标客群=target_group need=需求=need tag=标签=tag
offers=推荐名单=list_of_offers reserved=已预留=reserved cancelled=已取消=cancelled made=已联系=made
delivered=已送达=delivered bounced=未送达=not_delivered open=处理中=open answered=已答复=answered
withdrawn=已撤回=withdrawn erased=已删除=erased upheld=成立=upheld rejected=不成立=rejected
waiting=等待发送=waiting failed=发送失败=failed claimed=已领取=claimed contacted=已联系=contacted
accepted=已接受=accepted sold=已成交=sold expired=已失效=expired closed=已关闭=closed
request=客户访问=your_visit customer.copy=提供信息副本=copy_of_everything customer.put=录入客户信息=stored
customer.update=更新客户信息=changed customer.erase=删除客户信息=erased customer.updated=客户信息已更新=changed
customer.preferences=同意情况已变更=consents_changed customer.moved=转至其他网点=moved_to_another_branch
customer.erased=客户信息已删除=erased customer.deceased=客户身故=deceased customer.frozen=账户冻结=frozen
"""
WORDS: Mapping[str, Text] = {
    code: {"zh": zh, "en": en.replace("_", " ")} for code, zh, en in (one.split("=") for one in _WORDS.split())
}
"""Codes of the service's own."""
SPOKEN = ("kind", "state", "status", "outcome", "type", "action", "trigger")
"""The columns whose codes are the service's own."""
CODES = frozenset({"attribute", "label", "placement"})
"""Columns of codes that the page leaves out: a column beside them says it in words, or nobody but a program asks."""

_PURPOSES: Mapping[str, Text] = {
    PERSONALISATION: {"zh": "个性化推荐", "en": "personal recommendations"},
    CONTACT: {"zh": "本行与您联系", "en": "being contacted at all"},
    RETIRED: {"zh": "不再联系（客户资料停用）", "en": "no more contact (retired)"},
}
_MARKETING: Text = {"zh": "通过{}接收推荐", "en": "offers by {}"}
_LABEL: Text = {"zh": "使用标签：{}", "en": "use of the label: {}"}


def name_codes(policy: Policy, language: str) -> Names:
    """The names of codes by column, in ``zh`` or ``en``."""
    offers = {one.id: one.name[language] for one in policy.offers}
    channels = {one.id: one.name[language] for one in policy.channels}
    words = {code: text[language] for code, text in WORDS.items()}
    triggers = {one: text[language] for one, text in _triggers().items()}
    return {
        **dict.fromkeys(SPOKEN, words),
        "trigger": words | triggers,
        **dict.fromkeys(("offer", "decided_offer"), offers),
        "channel": channels,
        "purpose": _purposes(policy, channels, language),
        "question": {one.id: one.text[language] for one in policy.portrait.satisfaction.questions},
        "strategies": {one.id: one.name[language] for one in policy.strategies.values()},
    }


def _triggers() -> Mapping[str, Text]:
    """What can trigger a decision: an event, or what a policy's rules call so."""
    events = {str(kind): WORDS[kind] for kind in EventKind}
    return events | {"maturity": {"zh": "存款到期", "en": "a deposit matures"}}


def _purposes(policy: Policy, channels: Mapping[str, str], language: str) -> dict[str, str]:
    asked = {
        rule.purpose_for(channel.id): _MARKETING[language].format(channels[channel.id])
        for rule in policy.contact.consents
        for channel in policy.channels
    }
    labels = {PURPOSE + one: _LABEL[language].format(name) for one, name in _labels(policy, language).items()}
    return asked | labels | {one: text[language] for one, text in _PURPOSES.items()}


def _labels(policy: Policy, language: str) -> dict[str, str]:
    """Every label that a customer may drop -> its name."""
    terms = policy.portrait
    return {
        **{one: WORDS[one][language] for one in (SEGMENT, STAGE)},
        **{TARGET + one.id: one.name[language] for one in policy.targets.values()},
        **{NEED + one.id: one.text[language] for one in terms.needs},
        **{TAG + one.id: one.text[language] for one in terms.tags},
    }
