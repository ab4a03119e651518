"""Being offered at all, by group: sex, age band, region, among those to whom the law lets something be offered. Pure.

Who counts is asked of the law (``rules.statutory``), not of the policy: a policy that shuts a group out by a gate of
its own must not thereby take it out of the comparison. Figures, each with its 95 % interval:

    offered   something of the family is open to the customer, and worth its cost: the release gate reads this
    shown     something of the family is among the first offers of an answer: the daily measurement reads this
    accepted  of those who were shown it, who took it: the customer's choice, never an alert
    margin    the mean expected margin of the first offer: follows balances, never an alert

0.80 is a screening signal (29 CFR 1607.4(D), employment law): groups differ in means and in need, and a gap has to be
explained, not assumed to be wrong. On many groups, chance alone makes some interval narrow; the best-served group is
the luckiest too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import sqrt
from typing import Any

import numpy as np

from service.analysis.group_rates import DEVIATE, LEAST, GroupRate, compare_rates, find_personal_groups
from service.analysis.simulate import without_chance
from service.core.context import context_columns
from service.core.domain import Context, Release, Snapshot
from service.core.grid import Array, Moment, moment
from service.decision import Decisions, decide_many, population_of
from service.decision.compiled import compile_policy
from service.decision.privacy import is_withdrawn
from service.rules.policy import Policy
from service.rules.statutory import STATUTORY

FIRST = 3
"""So many offers an answer shows; what is further down is not seen."""
OFFERED, SHOWN, ACCEPTED = "offered", "shown", "accepted"
INBOUND, CONTACT = "inbound", "contact"


@dataclass(frozen=True, slots=True)
class Margin:
    """The mean expected margin of a group's first offers, yuan, with its 95 % interval."""

    group: str
    customers: int
    mean_yuan: float
    low_yuan: float
    high_yuan: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """One figure of one family on one axis: the groups' rates."""

    axis: str
    family: str
    what: str
    rows: tuple[GroupRate, ...]

    def document(self) -> dict[str, Any]:
        """The comparison as plain JSON values."""
        rows = [row.document() for row in self.rows]
        return {"axis": self.axis, "family": self.family, "what": self.what, "groups": rows}


@dataclass(frozen=True, slots=True)
class Gap:
    """A group whose whole interval lies below the bound."""

    axis: str
    group: str
    family: str
    what: str
    rate: GroupRate = field(compare=False)

    @property
    def name(self) -> str:
        """What an override names: axis, group and family."""
        return f"{self.axis}/{self.group}/{self.family}"

    def __str__(self) -> str:
        """The gap in one sentence."""
        rate = self.rate
        span = f"{rate.ratio:.2f} of the best-served group's ({rate.ratio_low:.2f} to {rate.ratio_high:.2f})"
        return f"{self.axis} {self.group} is {self.what} {self.family} at {rate.rate:.1%}, {span}"


@dataclass(frozen=True, slots=True)
class Fairness:
    """What was measured on ``customers``, of whom the law lets ``lawful`` be offered something of each family."""

    policy: str
    customers: int
    lawful: Mapping[str, int]
    bound: float
    comparisons: tuple[Comparison, ...]
    margins: Mapping[str, tuple[Margin, ...]]

    def find_gaps(self, what: str) -> tuple[Gap, ...]:
        """Every group that is ``offered`` or ``shown`` something of a family too rarely."""
        told = (one for one in self.comparisons if one.what == what)
        return tuple(Gap(one.axis, row.group, one.family, what, row) for one in told for row in one.rows if row.alert)

    def document(self) -> dict[str, Any]:
        """The measurement as plain JSON values."""
        margins = {
            axis: [
                {"group": one.group, "customers": one.customers, "mean_yuan": one.mean_yuan}
                | {"low_yuan": one.low_yuan, "high_yuan": one.high_yuan}
                for one in rows
            ]
            for axis, rows in self.margins.items()
        }
        return {
            "policy": self.policy,
            "customers": self.customers,
            "lawful": dict(self.lawful),
            "bound": self.bound,
            "comparisons": [one.document() for one in self.comparisons],
            "expected_margin": margins,
        }


@dataclass(frozen=True, slots=True, eq=False)
class Observed:
    """n customers as they were decided for: facts, what was offered of each family, and what was taken of it.

    ``offered``, ``shown``, ``accepted``: family -> (n,) of 0 and 1; empty where it is not known. ``margin``: (n,) the
    expected margin of the first offer in yuan, NaN where there was none.
    """

    people: Sequence[Snapshot]
    shown: Mapping[str, Array]
    margin: Array
    offered: Mapping[str, Array] = field(default_factory=dict)
    accepted: Mapping[str, Array] = field(default_factory=dict)


def measure_policy(
    policy: Policy, people: Sequence[Snapshot], context: Context, scores: Mapping[str, Array], release: Release
) -> Fairness:
    """What the policy offers these customers at that moment, without chance, by group."""
    personal = np.array([not is_withdrawn(one.consents) for one in people], dtype=bool)
    kept = [one for one, mine in zip(people, personal, strict=True) if mine]
    spoken = {name: column[personal] for name, column in scores.items()}
    asked = Context(context.now, limit=len(policy.offers))
    found = decide_many(without_chance(policy), population_of(policy, kept), asked, spoken, release)
    families = np.array([*(offer.family for offer in policy.offers), ""])[found.offer]
    offered, shown = (
        {family: (part == family).any(axis=1).astype(float) for family in policy.families}
        for part in (families, families[:, :FIRST])
    )
    margin = _first_margin(policy, found, release)
    return measure_observed(policy, Observed(kept, shown, margin, offered), [context.now] * len(kept))


def expected_margin(priority: Any, lever: Any, contact_cost: Any, price: Any) -> Any:
    """``(priority + price + contact cost) / lever - contact cost``: the margin that a priority stands for, in yuan.

    >>> expected_margin(priority=10.0, lever=2.0, contact_cost=1.0, price=3.0)
    6.0
    """
    return (priority + price + contact_cost) / lever - contact_cost


def _first_margin(policy: Policy, found: Decisions, release: Release) -> Array:
    """(n,) the expected margin of each customer's first offer; NaN without one."""
    compiled = compile_policy(policy)
    offer, channel = np.maximum(found.offer[:, 0], 0), np.maximum(found.channel[:, 0], 0)
    shape = (1, len(policy.offers), len(policy.channels))
    cost, price = (
        np.broadcast_to(one, shape)[0, offer, channel]
        for one in (compiled.contact_cost, compiled.prices(release.prices))
    )
    lever = np.array([one.lever for one in policy.offers])[offer]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(expected_margin(found.priority[:, 0], lever, cost, price))


def measure_observed(policy: Policy, observed: Observed, instants: Sequence[int]) -> Fairness:
    """What these customers were offered, by group; ``instants`` (ms) are when each was decided for."""
    lawful = may_be_offered(policy, observed.people, instants)
    groups = find_personal_groups(_facts(observed.people))
    bound = policy.monitoring.fairness_alert
    comparisons = [
        Comparison(axis, family, what, tuple(rows))
        for axis, words in groups.items()
        for family, may in lawful.items()
        for what, hits, who in _figures(observed, family, may)
        if (rows := compare_rates(words, hits, who, bound))
    ]
    counts = {family: int(may.sum()) for family, may in lawful.items()}
    margins = {axis: _margins(words, observed.margin) for axis, words in groups.items()}
    return Fairness(policy.hash, len(observed.people), counts, bound, tuple(comparisons), margins)


def may_be_offered(policy: Policy, people: Sequence[Snapshot], instants: Sequence[int]) -> dict[str, Array]:
    """Family -> (n,) whether the law lets an offer of it be made to each customer when they come to the bank."""
    found = {family: np.zeros(len(people), dtype=bool) for family in policy.families}
    days = [moment(now, policy.contact.timezone) for now in instants]
    for day in dict.fromkeys(each.day for each in days):
        rows = [row for row, each in enumerate(days) if each.day == day]
        lawful = _lawful(policy, [people[row] for row in rows], days[rows[0]])
        for family, may in lawful.items():
            found[family][rows] = may
    return found


def _lawful(policy: Policy, people: Sequence[Snapshot], at: Moment) -> dict[str, Array]:
    """The same of customers who are decided for on one day; of the law's gates, those of contact ask nothing here."""
    law, population = compile_policy(policy).law, population_of(policy, people)
    masks = law.check_many(law.columns_of_many(population, context_columns(Context(0), at, policy.contact.days), True))
    cells = np.ones((len(people), len(policy.offers), len(policy.channels)), dtype=bool)
    cells &= np.array([channel.direction == INBOUND for channel in policy.channels])
    for gate, mask in zip(STATUTORY, masks, strict=True):
        cells &= True if gate.stage == CONTACT else mask
    families = np.array([offer.family for offer in policy.offers])
    return {family: np.asarray(cells[:, families == family].any(axis=(1, 2))) for family in policy.families}


def _facts(people: Sequence[Snapshot]) -> dict[str, Array]:
    """The traits by which customers are grouped, (n,)."""
    words = {name: np.array([one.attributes.get(name) for one in people], dtype=object) for name in ("sex", "region")}
    ages = [one.attributes.get("age") for one in people]
    return {**words, "age": np.array([np.nan if age is None else float(age) for age in ages])}


def _figures(observed: Observed, family: str, may: Array) -> list[tuple[str, Array, Array]]:
    """What is compared of a family: its name, the hits, and among whom."""
    shown = observed.shown[family]
    figures = [(SHOWN, shown, may)]
    if family in observed.offered:
        figures.insert(0, (OFFERED, observed.offered[family], may))
    if family in observed.accepted:
        figures.append((ACCEPTED, observed.accepted[family], may & (shown > 0)))
    return figures


def _margins(words: Array, margin: Array) -> tuple[Margin, ...]:
    """The mean margin of each group of at least ``LEAST`` customers with an offer."""
    known = ~np.isnan(margin)
    members = {str(word): known & (words == word) for word in sorted({one for one in words if one is not None})}
    return tuple(_margin(name, margin[rows]) for name, rows in members.items() if rows.sum() >= LEAST)


def _margin(name: str, values: Array) -> Margin:
    mean, reach = float(values.mean()), DEVIATE * float(values.std(ddof=1)) / sqrt(len(values))
    return Margin(name, len(values), round(mean, 4), round(mean - reach, 4), round(mean + reach, 4))
