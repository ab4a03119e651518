"""Being offered at all, by group: sex, age band, region, among those to whom the law lets something be offered. Pure.

Who counts is asked of the law (``rules.statutory``), not of the policy: a policy that shuts a group out by a gate of
its own must not thereby take it out of the comparison. Figures, each with its 95 % interval:

    offered   something of the family is open to the customer, and worth its cost
    shown     something of the family is among the first offers of an answer
    margin    the mean expected margin of the first offer, yuan
    accepted  of those who were shown it, who took it: the customer's choice, never an alert

What is offered may not lie below the bound. What is shown first, and what it is worth, follow means and needs as well:
of a policy, a group's ratio may not lie below the bound times the ratio that it has without the policy's fit rules that
read a trait (or an attribute that tells one, ``proxies``), so that the alert is of what the policy does by the trait.

    alert:  whole interval of the ratio  <  bound x min(1, ratio without those rules)

Of decisions that were stored, what was shown is held against the bound itself: a signal, to be looked at every day.

0.80 is a screening signal (29 CFR 1607.4(D), employment law): groups differ in means and in need, and a gap has to be
explained, not assumed to be wrong. On many groups, chance alone makes some interval narrow; the best-served group is
the luckiest too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from math import hypot, sqrt
from typing import Any

import numpy as np

from service.analysis.fairness.group_rates import DEVIATE, LEAST, GroupRate, compare_rates, find_personal_groups
from service.analysis.fairness.proxies import Proxy, find_proxies
from service.analysis.policy_checks.fair_terms import drop_trait_fits, find_unfair_terms
from service.analysis.simulate import without_chance
from service.core.context import context_columns
from service.core.domain import Context, Release, Snapshot
from service.core.errors import Problem
from service.core.grid import Array, Moment, moment
from service.decision import Decisions, decide_many, population_of
from service.decision.compiled import compile_policy
from service.decision.privacy import is_withdrawn
from service.rules.policy import Policy
from service.rules.statutory import STATUTORY

FIRST = 3
"""So many offers an answer shows; what is further down is not seen."""
OFFERED, SHOWN, ACCEPTED, MARGIN = "offered", "shown", "accepted", "margin"
INBOUND, CONTACT = "inbound", "contact"


@dataclass(frozen=True, slots=True)
class Margin:
    """The mean expected margin of a group's first offers, yuan, with its 95 % interval, and that of its ratio.

    ``ratio``: over the mean of the group with the highest; None where no group's is above 0.
    """

    group: str
    customers: int
    mean_yuan: float
    low_yuan: float
    high_yuan: float
    ratio: float | None = None
    ratio_low: float | None = None
    ratio_high: float | None = None
    alert: bool = False

    def document(self) -> dict[str, Any]:
        """The row as plain JSON values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Comparison:
    """One figure of one family on one axis: the groups' rates."""

    axis: str
    family: str
    what: str
    rows: tuple[GroupRate, ...]
    without: Mapping[str, float] = field(default_factory=dict)
    """Each group's ratio without the policy's fit rules that read a trait; empty where it is not asked."""

    def document(self) -> dict[str, Any]:
        """The comparison as plain JSON values."""
        rows = [row.document() for row in self.rows]
        named = {"axis": self.axis, "family": self.family, "what": self.what, "groups": rows}
        return named | ({"without_traits": dict(self.without)} if self.without else {})


@dataclass(frozen=True, slots=True)
class Gap:
    """A group whose whole interval lies below the bound; of margins the family is ``margin``."""

    axis: str
    group: str
    family: str
    what: str
    rate: GroupRate | Margin = field(compare=False)

    @property
    def name(self) -> str:
        """What an override names: axis, group and family."""
        return f"{self.axis}/{self.group}/{self.family}"

    def __str__(self) -> str:
        """The gap in one sentence."""
        rate = self.rate
        span = f"{rate.ratio:.2f} of the best-served group's ({rate.ratio_low:.2f} to {rate.ratio_high:.2f})"
        if isinstance(rate, Margin):
            return f"{self.axis} {self.group} is shown first what is worth {rate.mean_yuan:.2f} yuan, {span}"
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
    proxies: tuple[Proxy, ...] = ()
    unfair: tuple[Problem, ...] = ()
    """What the policy decides by ``proxies`` as it may not by the trait."""

    def find_gaps(self, *asked: str) -> tuple[Gap, ...]:
        """Every group that is ``offered`` or ``shown`` too little of a family, or something worth too little."""
        rows = [(one, row) for one in self.comparisons if one.what in asked for row in one.rows if row.alert]
        gaps = [Gap(one.axis, row.group, one.family, one.what, row) for one, row in rows]
        if MARGIN in asked:
            told = [(axis, row) for axis, several in self.margins.items() for row in several if row.alert]
            gaps += [Gap(axis, row.group, MARGIN, MARGIN, row) for axis, row in told]
        return tuple(gaps)

    def replace_shown(self, recorded: "Fairness") -> "Fairness":
        """The same, with what was shown and taken as it is on record."""
        offered = [one for one in self.comparisons if one.what == OFFERED]
        return replace(self, comparisons=(*offered, *recorded.comparisons))

    def document(self) -> dict[str, Any]:
        """The measurement as plain JSON values."""
        margins = {axis: [one.document() for one in rows] for axis, rows in self.margins.items()}
        return {
            "policy": self.policy,
            "customers": self.customers,
            "lawful": dict(self.lawful),
            "bound": self.bound,
            "comparisons": [one.document() for one in self.comparisons],
            "expected_margin": margins,
            "proxies": [asdict(one) for one in self.proxies],
            "unfair": [str(one) for one in self.unfair],
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
    """What the policy offers these customers at that moment, without chance, by group, and what in it tells a trait."""
    personal = np.array([not is_withdrawn(one.consents) for one in people], dtype=bool)
    kept = [one for one, mine in zip(people, personal, strict=True) if mine]
    spoken = {name: column[personal] for name, column in scores.items()}
    proxies = find_proxies(policy, kept, find_personal_groups(_facts(kept)))
    told = {one.attribute: one.axis for one in proxies}
    plain = drop_trait_fits(policy, told)
    made = _decide(policy, kept, context, spoken, release)
    without = made if plain is policy else _decide(plain, kept, context, spoken, release)
    found = measure_observed(policy, made, [context.now] * len(kept), without)
    before = frozenset(find_unfair_terms(policy)) if told else frozenset()
    unfair = tuple(one for one in find_unfair_terms(policy, told) if one not in before) if told else ()
    return replace(found, proxies=proxies, unfair=unfair)


def _decide(
    policy: Policy, people: Sequence[Snapshot], context: Context, scores: Mapping[str, Array], release: Release
) -> Observed:
    """What the policy offers these customers, and shows first."""
    asked = Context(context.now, limit=len(policy.offers))
    found = decide_many(without_chance(policy), population_of(policy, people), asked, scores, release)
    families = np.array([*(offer.family for offer in policy.offers), ""])[found.offer]
    offered, shown = (
        {family: (part == family).any(axis=1).astype(float) for family in policy.families}
        for part in (families, families[:, :FIRST])
    )
    return Observed(people, shown, _first_margin(policy, found, release), offered)


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


def measure_observed(
    policy: Policy, observed: Observed, instants: Sequence[int], without: Observed | None = None
) -> Fairness:
    """What these customers were offered, by group; ``instants`` (ms) are when each was decided for.

    ``without``: the same customers without the fit rules that read a trait; None where it is not known.
    """
    lawful = may_be_offered(policy, observed.people, instants)
    groups = find_personal_groups(_facts(observed.people))
    bound = policy.monitoring.fairness_alert
    comparisons = [
        _beside(Comparison(axis, family, what, tuple(rows)), words, may, without, bound)
        for axis, words in groups.items()
        for family, may in lawful.items()
        for what, hits, who in _figures(observed, family, may)
        if (rows := compare_rates(words, hits, who, bound))
    ]
    counts = {family: int(may.sum()) for family, may in lawful.items()}
    margins = {axis: _margins(words, observed.margin, without, bound) for axis, words in groups.items()}
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


def _beside(one: Comparison, words: Array, may: Array, without: Observed | None, bound: float) -> Comparison:
    """What is shown, held against what would be shown without the fit rules that read a trait."""
    if without is None or one.what != SHOWN:
        return one
    plain = compare_rates(words, without.shown[one.family], may, bound)
    ratios = {row.group: 1.0 if row.ratio is None else row.ratio for row in plain}
    rows = [replace(row, alert=_is_below(row.ratio_high, bound, ratios.get(row.group, 1.0))) for row in one.rows]
    return replace(one, rows=tuple(rows), without=ratios)


def _is_below(high: float | None, bound: float, ratio: float) -> bool:
    return high is not None and high < bound * min(1.0, ratio)


def _margins(words: Array, margin: Array, without: Observed | None, bound: float) -> tuple[Margin, ...]:
    """The margins by group; none is an alert where what they would be without those rules is not known."""
    rows = _beside_best(_means(words, margin))
    if without is None:
        return rows
    plain = {row.group: row.ratio for row in _beside_best(_means(words, without.margin))}
    ratios = {group: 1.0 if ratio is None else ratio for group, ratio in plain.items()}
    return tuple(replace(row, alert=_is_below(row.ratio_high, bound, ratios.get(row.group, 1.0))) for row in rows)


def _beside_best(rows: Sequence[Margin]) -> tuple[Margin, ...]:
    """Each mean over the highest, with the interval of a ratio of two means by the delta method."""
    best = max(rows, key=lambda one: one.mean_yuan, default=None)
    if best is None or len(rows) < 2 or best.mean_yuan <= 0:
        return tuple(rows)
    reach_best = (best.high_yuan - best.mean_yuan) / best.mean_yuan
    return tuple(replace(one, ratio=1.0) if one is best else _over(one, best.mean_yuan, reach_best) for one in rows)


def _over(one: Margin, best: float, reach_best: float) -> Margin:
    ratio, own = one.mean_yuan / best, (one.high_yuan - one.mean_yuan) / best
    reach = hypot(own, ratio * reach_best)
    return replace(one, ratio=round(ratio, 6), ratio_low=round(ratio - reach, 6), ratio_high=round(ratio + reach, 6))


def _means(words: Array, margin: Array) -> tuple[Margin, ...]:
    """The mean margin of each group of at least ``LEAST`` customers with an offer."""
    known = ~np.isnan(margin)
    members = {str(word): known & (words == word) for word in sorted({one for one in words if one is not None})}
    return tuple(_margin(name, margin[rows]) for name, rows in members.items() if rows.sum() >= LEAST)


def _margin(name: str, values: Array) -> Margin:
    mean, reach = float(values.mean()), DEVIATE * float(values.std(ddof=1)) / sqrt(len(values))
    return Margin(name, len(values), round(mean, 4), round(mean - reach, 4), round(mean + reach, 4))
