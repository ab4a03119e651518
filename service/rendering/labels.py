"""The labels that decide for a customer, in Chinese or English: what each is called, means and does. Pure.

Names are the policy's and the model's; what a label does is read from the policy: the strategies that speak only to its
customers, and the texts in their words.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from service.core.domain import Text
from service.decision.portrait import Portrait
from service.rules.model.labels import NEED, SEGMENT, STAGE, TAG, TARGET
from service.rules.policy import GateRule, Policy, Rule, Strategy

REFUSED: Text = {
    "zh": "您已关闭个性化推荐：不使用任何标签。",
    "en": "You have switched personalisation off: no label is used.",
}
MEANINGS: Mapping[str, Text] = {
    SEGMENT: {
        "zh": "统计模型根据余额、活跃程度和开户时间，把相近的客户归为一组。",
        "en": "A statistical model groups customers with similar balances, activity and age of the relationship.",
    },
    STAGE: {
        "zh": "根据您与本行往来的时间和资产变化划分的阶段。",
        "en": "A stage that follows from how long you have been with us and how your balances change.",
    },
    TARGET: {
        "zh": "本行的一个客户分组，您符合它的条件。",
        "en": "A group of customers whose condition you meet.",
    },
    NEED: {"zh": "根据您的资产和往来推测的需要。", "en": "A need that we infer from your balances and dealings."},
    TAG: {"zh": "根据您的资产和往来所做的标注。", "en": "A note that follows from your balances and dealings."},
}
EFFECTS: Mapping[str, Text] = {
    "strategies": {
        "zh": "它影响以下服务策略是否面向您：{names}。",
        "en": "It decides whether these strategies speak to you: {names}.",
    },
    "words": {
        "zh": "它影响部分产品的介绍文字；产品条款对所有客户一致。",
        "en": "It decides in which words some offers are described; their terms are the same for everybody.",
    },
    "none": {"zh": "它不影响为您选择产品；客户经理可以看到。", "en": "It decides no offer; advisers can see it."},
    "dropped": {"zh": "您已拒绝此标签：不再使用。", "en": "You dropped this label: it is not used."},
}
COLUMNS: Mapping[str, str] = {SEGMENT: "customer.segment", STAGE: "customer.stage"}
"""The column by which rules read a label; a target is read by its own name."""


def labels_of(policy: Policy) -> tuple[str, ...]:
    """Every label that the policy can give a customer."""
    terms = policy.portrait
    groups = ((TARGET, policy.targets), (NEED, (one.id for one in terms.needs)), (TAG, (one.id for one in terms.tags)))
    return (SEGMENT, STAGE, *(kind + name for kind, names in groups for name in names))


def held_labels(portrait: Portrait, targets: Iterable[str]) -> tuple[str, ...]:
    """The labels that the customer has now, of a portrait and the targets that they are in; none that was dropped."""
    one_each = ((SEGMENT, portrait.segment), (STAGE, portrait.stage))
    groups = ((TARGET, targets), (NEED, portrait.needs or ()), (TAG, portrait.tags or ()))
    return (
        *(label for label, value in one_each if value is not None),
        *(kind + name for kind, names in groups for name in names),
    )


def describe_label(label: str, portrait: Portrait, policy: Policy, language: str) -> dict[str, Any]:
    """One label as plain JSON values; ``id`` and ``name`` are null for a dropped label without a fixed name."""
    kind, _, named = label.partition(":")
    strategies, dropped = _strategies(label, policy), label in portrait.dropped
    value = {SEGMENT: portrait.segment and portrait.segment.id, STAGE: portrait.stage}.get(label, named)
    name = _name(label, portrait, policy)
    return {
        "label": label,
        "kind": kind,
        "id": value,
        "name": None if name is None else name[language],
        "meaning": MEANINGS[label if label in MEANINGS else f"{kind}:"][language],
        "effect": _effect(label, strategies, policy, dropped, language),
        "strategies": [{"id": one.id, "name": one.name[language]} for one in strategies],
        "dropped": dropped,
    }


def _name(label: str, portrait: Portrait, policy: Policy) -> Text | None:
    terms = policy.portrait
    names = {
        **{TARGET + one.id: one.name for one in policy.targets.values()},
        **{NEED + one.id: one.text for one in terms.needs},
        **{TAG + one.id: one.text for one in terms.tags},
    }
    if label == SEGMENT:
        return None if portrait.segment is None else portrait.segment.name
    if label == STAGE:
        return next((one.name for one in terms.stages if one.id == portrait.stage), None)
    return names.get(label)


def _effect(label: str, strategies: list[Strategy], policy: Policy, dropped: bool, language: str) -> str:
    if dropped:
        return EFFECTS["dropped"][language]
    separator, said = ("、" if language == "zh" else ", "), list[str]()
    if strategies:
        names = separator.join(one.name[language] for one in strategies)
        said.append(EFFECTS["strategies"][language].format(names=names))
    if any(one.segment in _targets(label, policy) for one in policy.variants.values()):
        said.append(EFFECTS["words"][language])
    return ("" if language == "zh" else " ").join(said or [EFFECTS["none"][language]])


def _targets(label: str, policy: Policy) -> set[str]:
    """The declared segments that the label decides."""
    column = COLUMNS.get(label)
    if column is None:
        return {label.removeprefix(TARGET)} if label.startswith(TARGET) else set()
    return {one.id for one in policy.targets.values() if column in one.when.names}


def _strategies(label: str, policy: Policy) -> list[Strategy]:
    """The strategies that the label decides: by their segments, or because one of their rules reads it."""
    targets, column = _targets(label, policy), COLUMNS.get(label)
    reading = {rule.strategy for rule in (*policy.gates, *policy.fits) if column is not None and column in _reads(rule)}
    return [
        one
        for one in policy.strategies.values()
        if one.enabled and (one.id in reading or not targets.isdisjoint(one.segments))
    ]


def _reads(rule: Rule) -> frozenset[str]:
    parts = (rule.require, rule.applies) if isinstance(rule, GateRule) else (getattr(rule, "when", None),)
    return frozenset().union(*(part.names for part in parts if part is not None))
