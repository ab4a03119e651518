"""The portrait of one customer at one moment: everything the policy asks to be said of them, worked out. Pure.

Order: columns (attributes, features, the customer's history, the day) -> holdings -> satisfaction -> stage -> lifetime
value -> needs and tags, which may read all of that. What cannot be told is None, and ``missing`` says which facts it
would take. Of a customer who withdrew personalisation nothing is inferred: no segment, stage, lifetime value, needs or
tags; what they hold, what they answered and what happened are records and stay. Words and languages are not here.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from math import isnan, nan
from typing import Any

from service.core.context import context_columns
from service.core.domain import Context, Event, Scalar, Snapshot
from service.core.expressions import Expression, compile_truth, compile_value
from service.core.grid import day_number, moment
from service.core.trails import surveys_of, trails_of
from service.rules.history.columns import HistoryColumns
from service.rules.history.event_counts import group_events
from service.rules.model.rules import grid_index_of
from service.rules.policy import Policy
from service.scoring.channel_record import Reach, counts, reaches
from service.scoring.lifetime import YEAR_DAYS, lifetime_value, survival
from service.scoring.satisfaction import Satisfaction, satisfaction
from service.scoring.segments import Segment

RECENT = 20
MODELS, SURVEY = "models", "survey"
"""What is missing where it is no attribute: a bundle that knows it, an answer to a survey."""


@dataclass(frozen=True, slots=True)
class Estimates:
    """What a bundle says of the customer: nothing by default.

    ``lapse`` is P(they leave within ``lapse_days``); ``scores`` the propensity by family; ``reads`` the attributes that
    the segments are found by, empty where the bundle has none.
    """

    version: str | None = None
    segment: Segment | None = None
    lapse: float | None = None
    lapse_days: int | None = None
    scores: Mapping[str, float] = field(default_factory=dict)
    reads: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lifetime:
    """Lifetime value in yuan with all it rests on; ``source`` names who estimated the lapse, a bundle or the policy."""

    value_yuan: float
    margin_yuan: float
    survivals: tuple[float, ...]
    discount_rate: float
    lapse: float
    lapse_days: float
    source: str


@dataclass(frozen=True, slots=True)
class Portrait:
    """One customer at ``at`` (ms). ``counts`` are events by kind in 90 days, ``recent`` the newest first."""

    customer_id: str
    at: int
    personalised: bool
    who: Mapping[str, Scalar]
    holdings: Mapping[str, float | None]
    satisfaction: Satisfaction
    channels: tuple[Reach, ...]
    counts: Mapping[str, int]
    recent: tuple[Event, ...]
    missing: Mapping[str, tuple[str, ...]]
    stage: str | None = None
    segment: Segment | None = None
    lifetime: Lifetime | None = None
    propensity: Mapping[str, float] | None = None
    needs: tuple[str, ...] | None = None
    tags: tuple[str, ...] | None = None


class Portraits:
    """One policy's portrait, compiled; holds nothing of any customer."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        terms = policy.portrait
        self._holdings = [(one.id, compile_value(one.yuan, many=False)) for one in terms.holdings]
        self._margins = [compile_value(one.margin_yuan, many=False) for one in terms.holdings]
        self._stages = [(one.id, compile_truth(one.when, many=False)) for one in terms.stages]
        self._needs = [(one.id, compile_truth(one.when, many=False)) for one in terms.needs]
        self._tags = [(one.id, compile_truth(one.when, many=False)) for one in terms.tags]
        self._places = grid_index_of(policy.offers, policy.channels)
        self._history = HistoryColumns(self._places, _names(policy))
        self._holidays = frozenset(map(day_number, policy.contact.holidays))

    def of(
        self, snapshot: Snapshot, events: Sequence[Event], now: int, estimates: Estimates, withdrawn: bool
    ) -> Portrait:
        """The portrait at ``now`` (ms) from all their events, oldest first; ``withdrawn``: no to personalisation."""
        columns, terms = self._columns(snapshot, events, now), self.policy.portrait
        feeling = satisfaction(events, terms.satisfaction, self.policy.weights, now)
        records: dict[str, Any] = {
            "customer_id": snapshot.customer_id,
            "at": now,
            "personalised": not withdrawn,
            "who": {one.attribute: snapshot.attributes.get(one.attribute) for one in terms.who},
            "holdings": {name: _known(run(columns)) for name, run in self._holdings},
            "satisfaction": feeling,
            "channels": reaches(self.policy, snapshot, events, now),
            "counts": counts(events, now),
            "recent": tuple(reversed(events[-RECENT:])),
        }
        missing = self._missing_records(snapshot, columns, feeling)
        if withdrawn:
            return Portrait(**records, missing=missing)
        profile = self._profile(columns, feeling, estimates)
        return Portrait(**records, **profile, missing={**missing, **self._missing_profile(profile, columns, estimates)})

    def stage(self, columns: Mapping[str, Any]) -> str | None:
        """The first stage that is true; None where none is known to be."""
        return next((name for name, holds in self._stages if holds(columns)), None)

    def _profile(self, columns: dict[str, Any], feeling: Satisfaction, estimates: Estimates) -> dict[str, Any]:
        """What is inferred; the columns get what tags and needs may read on the way."""
        stage, worth, segment = self.stage(columns), self._lifetime(columns, estimates), estimates.segment
        columns["customer.stage"] = stage
        columns["customer.segment"] = None if segment is None else segment.id
        columns["customer.lifetime_value_yuan"] = nan if worth is None else worth.value_yuan
        columns["customer.satisfaction"] = nan if feeling.overall is None else feeling.overall
        return {
            "stage": stage,
            "segment": segment,
            "lifetime": worth,
            "propensity": estimates.scores or None,
            "needs": tuple(name for name, holds in self._needs if holds(columns)),
            "tags": tuple(name for name, holds in self._tags if holds(columns)),
        }

    def _lifetime(self, columns: Mapping[str, Any], estimates: Estimates) -> Lifetime | None:
        """None where a margin is unknown: part of a worth is no worth."""
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

    def _columns(self, snapshot: Snapshot, events: Sequence[Event], now: int) -> dict[str, Any]:
        columns: dict[str, Any] = dict(self.policy.attributes.encode(snapshot.attributes))
        self.policy.features.derive_one(columns)
        columns.update(self._history.fill_one(group_events(trails_of(events), surveys_of(events), self._places, now)))
        at = moment(now, self.policy.contact.timezone)
        columns.update(context_columns(Context(now), at, self._holidays))
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
        return {part: facts for part, facts in found.items() if profile[part] is None}

    def _unknown(self, expressions: Iterable[Expression], columns: Mapping[str, Any]) -> tuple[str, ...]:
        """The raw attributes behind the expressions that are not known."""
        names = {name.removeprefix("customer.") for one in expressions for name in one.names}
        behind = self.policy.attributes.only(names).attributes
        return tuple(one.name for one in behind if _is_unknown(columns[f"customer.{one.name}"]))


@lru_cache(maxsize=16)
def portraits(policy: Policy) -> Portraits:
    """The policy's portrait, compiled once; a policy never changes."""
    return Portraits(policy)


def _names(policy: Policy) -> frozenset[str]:
    terms = policy.portrait
    expressions = [one.when for one in terms.stages]
    expressions += [one.when for one in (*terms.needs, *terms.tags)]
    expressions += [formula for one in terms.holdings for formula in (one.yuan, one.margin_yuan)]
    return frozenset().union(*(expression.names for expression in expressions))


def _known(figure: Any) -> float | None:
    return None if isnan(figure) else float(figure)


def _is_unknown(figure: object) -> bool:
    return figure is None or (isinstance(figure, float) and isnan(figure))
