"""The portrait of one customer at one moment: everything that the policy's ``portrait.yaml`` asks for. Pure.

Order: columns (``columns``, with segment and stage) -> holdings -> satisfaction -> lifetime value -> needs and tags,
which may read all of it. What cannot be told is None; ``missing`` names the facts that it would take. Of a customer who
withdrew personalisation no segment, stage, lifetime value, need or tag is given, and no label that the customer
dropped (``rules.model.labels``). Holdings, survey answers and events are records and stay. Words and languages are not
here.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from math import isnan, nan
from typing import Any

from service.core.domain import Context, Event, Scalar, Snapshot
from service.core.expressions import Columns, Expression, compile_truth, compile_value
from service.core.trails import surveys_of, trails_of
from service.decision.columns import RuleColumns
from service.decision.segment_and_stage import NAMES, with_stages
from service.rules.history.event_counts import group_events
from service.rules.model.labels import NEED, TAG, dropped_by_one, is_dropped, unless_dropped
from service.rules.model.rules import grid_index_of
from service.rules.model.targeting import Run
from service.rules.policy import Policy
from service.scoring.channel_record import ChannelRecord, count_events, list_channel_records
from service.scoring.lifetime import YEAR_DAYS, lifetime_value, survival
from service.scoring.propensity import SEGMENT
from service.scoring.satisfaction import Satisfaction, measure_satisfaction
from service.scoring.segments import Segment

RECENT = 20
MODELS, SURVEY = "models", "survey"
"""What is missing where no attribute is: a bundle, or an answer to a survey."""


@dataclass(frozen=True, slots=True)
class Estimates:
    """A bundle's estimates of one customer; None or empty where it has none.

    ``lapse`` is P(the customer leaves within ``lapse_days``), ``scores`` the propensity by family. ``reads`` are the
    attributes by which the bundle finds segments; empty where it has none.
    """

    version: str | None = None
    segment: Segment | None = None
    lapse: float | None = None
    lapse_days: int | None = None
    scores: Mapping[str, float] = field(default_factory=dict)
    reads: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lifetime:
    """Lifetime value in yuan, and its parts; ``source`` of the lapse: a bundle's version, or ``policy``."""

    value_yuan: float
    margin_yuan: float
    survivals: tuple[float, ...]
    discount_rate: float
    lapse: float
    lapse_days: float
    source: str


@dataclass(frozen=True, slots=True)
class Portrait:
    """One customer at ``at`` (ms). ``count_events`` are events by kind in 90 days, ``recent`` the newest first."""

    customer_id: str
    at: int
    personalised: bool
    who: Mapping[str, Scalar]
    holdings: Mapping[str, float | None]
    satisfaction: Satisfaction
    channels: tuple[ChannelRecord, ...]
    counts: Mapping[str, int]
    recent: tuple[Event, ...]
    missing: Mapping[str, tuple[str, ...]]
    stage: str | None = None
    segment: Segment | None = None
    lifetime: Lifetime | None = None
    propensity: Mapping[str, float] | None = None
    needs: tuple[str, ...] | None = None
    tags: tuple[str, ...] | None = None
    dropped: tuple[str, ...] = ()
    """The labels that the customer dropped: not looked at, so neither given nor missing."""


class PortraitBuilder:
    """One policy's portrait, compiled. Holds no state of any customer."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        terms = policy.portrait
        self._holdings = [(one.id, compile_value(one.yuan, many=False)) for one in terms.holdings]
        self._margins = [compile_value(one.margin_yuan, many=False) for one in terms.holdings]
        self._needs = [(one.id, compile_truth(one.when, many=False)) for one in terms.needs]
        self._tags = [(one.id, compile_truth(one.when, many=False)) for one in terms.tags]
        self._columns = RuleColumns(policy, grid_index_of(policy.offers, policy.channels), _names(policy))

    def build(
        self, snapshot: Snapshot, events: Sequence[Event], now: int, estimates: Estimates, withdrawn: bool
    ) -> Portrait:
        """The portrait at ``now`` (ms), from all events of the customer, oldest first."""
        columns, terms = self._columns_of(snapshot, events, now, estimates), self.policy.portrait
        feeling = measure_satisfaction(events, terms.satisfaction, self.policy.weights, now)
        records: dict[str, Any] = {
            "customer_id": snapshot.customer_id,
            "at": now,
            "personalised": not withdrawn,
            "who": {one.attribute: snapshot.attributes.get(one.attribute) for one in terms.who},
            "holdings": {name: _known(run(columns)) for name, run in self._holdings},
            "satisfaction": feeling,
            "channels": list_channel_records(self.policy, snapshot, events, now),
            "dropped": tuple(sorted(dropped_by_one(snapshot.consents))),
            "counts": count_events(events, now),
            "recent": tuple(reversed(events[-RECENT:])),
        }
        missing = self._missing_records(snapshot, columns, feeling)
        if withdrawn:
            return Portrait(**records, missing=missing)
        profile = self._profile(columns, feeling, estimates)
        return Portrait(**records, **profile, missing={**missing, **self._missing_profile(profile, columns, estimates)})

    def _profile(self, columns: dict[str, Any], feeling: Satisfaction, estimates: Estimates) -> dict[str, Any]:
        """What is inferred; adds to the columns what needs and tags may read."""
        worth = self._lifetime(columns, estimates)
        columns["customer.lifetime_value_yuan"] = nan if worth is None else worth.value_yuan
        columns["customer.satisfaction"] = nan if feeling.overall is None else feeling.overall
        return {
            "stage": columns["customer.stage"],
            "segment": estimates.segment,
            "lifetime": worth,
            "propensity": estimates.scores or None,
            "needs": _labels(self._needs, columns, NEED),
            "tags": _labels(self._tags, columns, TAG),
        }

    def _lifetime(self, columns: Mapping[str, Any], estimates: Estimates) -> Lifetime | None:
        """The lifetime value; None where the margin of a holding is unknown."""
        terms = self.policy.portrait.lifetime
        margin = sum(run(columns) for run in self._margins) - terms.servicing_yuan
        if isnan(margin):
            return None
        if estimates.lapse is None or estimates.lapse_days is None:
            lapse, days, source = terms.lapse_per_year, YEAR_DAYS, "policy"
        else:
            lapse, days, source = estimates.lapse, float(estimates.lapse_days), estimates.version or ""
        stays = survival(lapse, days, terms.years)
        worth = lifetime_value([margin] * terms.years, stays, terms.discount_rate)
        return Lifetime(worth, margin, tuple(stays), terms.discount_rate, lapse, days, source)

    def _columns_of(
        self, snapshot: Snapshot, events: Sequence[Event], now: int, estimates: Estimates
    ) -> dict[str, Any]:
        """What the portrait's expressions read: the columns of rules, with the past from all events."""
        scores = {} if estimates.segment is None else {SEGMENT + estimates.segment.id: 1.0}
        past = group_events(trails_of(events), surveys_of(events), self._columns.places, now)
        columns, _ = self._columns.of_one(snapshot, Context(now), scores, past, self._columns.moment(now))
        return columns

    def _missing_records(
        self, snapshot: Snapshot, columns: Mapping[str, Any], feeling: Satisfaction
    ) -> dict[str, tuple[str, ...]]:
        terms = self.policy.portrait
        found = {
            "who": tuple(one.attribute for one in terms.who if snapshot.attributes.get(one.attribute) is None),
            "holdings": self._unknown((one.yuan for one in terms.holdings), columns),
            "satisfaction": (SURVEY,) if feeling.overall is None else (),
        }
        return {part: facts for part, facts in found.items() if facts}

    def _missing_profile(
        self, profile: Mapping[str, Any], columns: Mapping[str, Any], estimates: Estimates
    ) -> dict[str, tuple[str, ...]]:
        terms = self.policy.portrait
        unread = tuple(name for name in estimates.reads if _is_unknown(columns.get(f"customer.{name}")))
        found = {
            "stage": self._unknown((one.when for one in terms.stages), columns),
            "segment": unread or (MODELS,),
            "lifetime": self._unknown((one.margin_yuan for one in terms.holdings), columns),
            "propensity": (MODELS,),
        }
        unread_parts = {part for part in found if is_dropped(columns, part)}
        return {part: facts for part, facts in found.items() if profile[part] is None and part not in unread_parts}

    def _unknown(self, expressions: Iterable[Expression], columns: Mapping[str, Any]) -> tuple[str, ...]:
        """The unknown raw attributes behind the expressions."""
        names = {name.removeprefix("customer.") for one in expressions for name in one.names}
        behind = self.policy.attributes.only(names).attributes
        return tuple(one.name for one in behind if _is_unknown(columns[f"customer.{one.name}"]))


@lru_cache(maxsize=16)
def compile_portrait(policy: Policy) -> PortraitBuilder:
    """The policy's portrait, compiled; a policy never changes, so the last sixteen are cached."""
    return PortraitBuilder(policy)


def _names(policy: Policy) -> frozenset[str]:
    """Every name that the portrait reads: segment and stage, all attributes, and what its expressions read."""
    terms = policy.portrait
    expressions = [one.when for one in (*terms.needs, *terms.tags)]
    expressions += [formula for one in terms.holdings for formula in (one.yuan, one.margin_yuan)]
    attributes = frozenset(f"customer.{one.name}" for one in policy.attributes.attributes)
    return with_stages(policy, attributes.union(NAMES, *(expression.names for expression in expressions)))


def _labels(conditions: Sequence[tuple[str, Run]], columns: Columns, kind: str) -> tuple[str, ...]:
    return tuple(name for name, holds in conditions if unless_dropped(holds(columns), columns, kind + name))


def _known(figure: Any) -> float | None:
    return None if isnan(figure) else float(figure)


def _is_unknown(figure: object) -> bool:
    return figure is None or (isinstance(figure, float) and isnan(figure))
