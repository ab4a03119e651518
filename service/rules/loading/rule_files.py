"""strategies.yaml and the four C's files: the strategies, the gates in stage order, and the fit rules.

A rule is in the file of its concern and names its strategy. A switched-off strategy takes its fit and applicability
rules with it; rules that guard the customer (eligibility, suitability, contact) always stay.
"""

from collections.abc import Mapping, Sequence
from typing import TypedDict

from service.core.domain import Text
from service.core.errors import Problem
from service.core.expressions import Kind
from service.rules.loading.documents.entry import Entry
from service.rules.model.rules import CONCERNS, STAGES, FitRule, GateRule, Rule, Schema, Strategy
from service.rules.model.targeting import ALL, Target, any_segment
from service.rules.model.traits import TRAIT_GROUNDS
from service.rules.statutory import LAW

FIT = "fit"
FALLS_AWAY = frozenset({FIT, "applicability"})
GATE_VERBS = ("passes", "blocks")
FIT_VERBS = ("fires", "rests")
MOST_WEIGHT = 4.0


class Common(TypedDict):
    """The keys of every rule."""

    id: str
    concern: str
    stage: str
    strategy: str
    reason: Text
    unlock: Text | None
    ground: str | None
    trait_ground: str | None


def read_strategies(page: Entry, schema: Schema | None) -> tuple[dict[str, Strategy], dict[str, Target]]:
    """The strategies and the declared segments, each by id; ``schema`` are the names of one customer."""
    targets = {one.id: one for one in (_target(e, schema) for e in page.children("segments", "segment", optional=True))}
    strategies = [_strategy(entry, targets, schema) for entry in page.children("strategies", "strategy")]
    page.close()
    return {strategy.id: strategy for strategy in strategies}, targets


def read_rules(
    page: Entry, concern: str, schema: Schema | None, strategies: Mapping[str, Strategy]
) -> list[GateRule | FitRule]:
    """The rules of one concern's file, in its order, also those of strategies that are switched off."""
    rules = [_rule(entry, concern, schema, strategies) for entry in page.children("rules", "rule")]
    page.close()
    return rules


def active_gates(rules: Sequence[GateRule | FitRule], strategies: Mapping[str, Strategy]) -> tuple[GateRule, ...]:
    """The gates in force, in stage order, then by concern, then as written."""
    active = [rule for rule in rules if isinstance(rule, GateRule) and is_active(rule, strategies)]
    return tuple(sorted(active, key=lambda gate: (STAGES.index(gate.stage), CONCERNS.index(gate.concern))))


def active_fits(rules: Sequence[GateRule | FitRule], strategies: Mapping[str, Strategy]) -> tuple[FitRule, ...]:
    """The fit rules in force, by concern, then as written."""
    return tuple(rule for rule in rules if isinstance(rule, FitRule) and is_active(rule, strategies))


def is_active(rule: Rule, strategies: Mapping[str, Strategy]) -> bool:
    """Whether a rule is in force: always, except fit and applicability rules of a switched-off strategy."""
    strategy = strategies.get(rule.strategy)
    return rule.stage not in FALLS_AWAY or strategy is None or strategy.enabled


def repeated_ids(rules: Sequence[Rule]) -> list[Problem]:
    """One problem for each rule id that an earlier rule has; contact gates are in contact.yaml."""
    seen: dict[str, Rule] = {}
    return [
        Problem(
            f'{_file(rule)}: rule "{rule.id}"', f"id is taken by a rule in {_file(seen[rule.id])}; expected a new one"
        )
        for rule in rules
        if rule.id and seen.setdefault(rule.id, rule) is not rule
    ]


def statutory_ids(rules: Sequence[Rule]) -> list[Problem]:
    """One problem for each rule whose id begins as those of the statutory gates do."""
    return [
        Problem(f'{_file(rule)}: rule "{rule.id}"', f'id must not begin with "{LAW}": so begin the gates of the law')
        for rule in rules
        if rule.id.startswith(LAW)
    ]


def _file(rule: Rule) -> str:
    return f"{rule.concern}.yaml" if isinstance(rule, GateRule | FitRule) else "contact.yaml"


def read_common(entry: Entry, concern: str, stage: str, strategies: Mapping[str, Strategy]) -> Common:
    """The keys of every rule, as keyword arguments of its class."""
    return Common(
        id=entry.name("id"),
        concern=concern,
        stage=stage,
        strategy=entry.choice("strategy", tuple(strategies)) if strategies else entry.text("strategy"),
        reason=entry.bilingual("reason"),
        unlock=entry.bilingual_or_none("unlock"),
        ground=entry.text("ground") if entry.has("ground") else None,
        trait_ground=entry.choice("trait_ground", tuple(TRAIT_GROUNDS)) if entry.has("trait_ground") else None,
    )


def _rule(entry: Entry, concern: str, schema: Schema | None, strategies: Mapping[str, Strategy]) -> GateRule | FitRule:
    stage = entry.choice("stage", (*STAGES, FIT))
    shared = read_common(entry, concern, stage, strategies)
    rule = _fit(entry, shared, schema) if stage == FIT else _gate(entry, shared, schema)
    if stage:
        entry.close()
    return rule


def _gate(entry: Entry, shared: Common, schema: Schema | None) -> GateRule:
    return GateRule(
        **shared,
        applies=entry.expression("applies", schema, Kind.BOOLEAN) if entry.has("applies") else None,
        require=entry.expression("require", schema, Kind.BOOLEAN),
        cases=entry.cases("cases", GATE_VERBS),
    )


def _fit(entry: Entry, shared: Common, schema: Schema | None) -> FitRule:
    weight = entry.number("weight", 0.0, MOST_WEIGHT, "neutral is 1, at most 4")
    if weight == 0.0 and entry.values.get("weight") == 0:
        entry.add_fault("weight", "must be above 0: only a gate may close an offer; expected up to 4, got 0")
    when = entry.expression("when", schema, Kind.BOOLEAN)
    return FitRule(**shared, when=when, weight=weight, cases=entry.cases("cases", FIT_VERBS))


def _target(entry: Entry, schema: Schema | None) -> Target:
    target = Target(entry.name("id"), entry.bilingual("name"), entry.expression("when", schema, Kind.BOOLEAN))
    if target.id == ALL:
        entry.add_fault("id", f'"{ALL}" is everybody and needs no declaration')
    entry.close()
    return target


def _strategy(entry: Entry, targets: Mapping[str, Target], schema: Schema | None) -> Strategy:
    segments = entry.words("segments", (ALL, *targets) if targets else None)
    strategy = Strategy(
        id=entry.name("id"),
        concern=entry.choice("concern", CONCERNS),
        name=entry.bilingual("name"),
        objective=entry.bilingual("objective"),
        kpi=entry.bilingual("kpi"),
        segments=segments,
        enabled=entry.flag("enabled", default=True),
        target=any_segment(segments, targets, schema),
    )
    entry.close()
    return strategy
