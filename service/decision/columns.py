"""The columns that a rule or formula may read: the one builder of all of them, for one customer and for many. Pure.

    customer.*                             raw attributes and derived features (``core.attributes``)
    context.*                              the request and the bank's day (``core.context``)
    history.consent                        what the customer agreed to (``rules.history``)
    history.*                              what happened (``rules.history``)
    labels.dropped                         the labels that a customer dropped (``rules.model.labels``)
    customer.segment, customer.stage       the trained segment and the stage of life (``segment_and_stage``)
    customer.lifetime_value_yuan           what staying is worth, for value formulas (``scoring.lifetime``)
    market.*                               the rates that others pay, on the bank's day (``rules.model.market``)

``offer.*`` and ``channel.*`` are not here: they never change, and are folded into each expression when it is compiled.
Of a customer who is not personal only consents and the day are read. Contact rules alone still count what happened,
but not what surveys answered (``privacy``). Whether a customer is personal, the caller says: ``privacy.is_personal``.
"""

from collections.abc import Mapping
from math import nan
from typing import Any

import numpy as np

from service.core.attributes.features import FeatureProgram
from service.core.context import context_columns
from service.core.domain import Context, Scalar, Snapshot
from service.core.grid import Array, Columns, GridIndex, Moment, moment
from service.decision.population import Population
from service.decision.privacy import UNSAID, redact_context
from service.decision.segment_and_stage import UNKNOWN, SegmentAndStage
from service.rules.contact_gates import WallClocks
from service.rules.history.columns import NOTHING, HistoryColumns
from service.rules.history.event_counts import EventsByKind, past_table
from service.rules.model.labels import DROPPED, dropped_by_many, dropped_by_one
from service.rules.policy import Policy
from service.scoring.lifetime import LifetimeColumn
from service.scoring.propensity import Scores

Found = tuple[dict[str, Any], Columns]
"""What rules may read, and what contact rules may read: more only of a customer who is not personal."""


class RuleColumns:
    """The builder of one policy. ``names`` are those that some rule reads; no others are computed."""

    def __init__(self, policy: Policy, places: GridIndex, names: frozenset[str]) -> None:
        zone = policy.attributes.zone if policy.contact.quiet_hours else None
        used = [name.removeprefix("customer.") for name in names if name.startswith("customer.")]
        used += [] if zone is None else [zone]
        self.places = places
        self.features = FeatureProgram(policy.attributes.only(used))
        self.history = HistoryColumns(places, names)
        self.segment_and_stage = SegmentAndStage(policy, names)
        self.lifetime = LifetimeColumn(policy.portrait, names)
        self.calendar, self.market = policy.contact.days, policy.market
        self._timezone, self._zone = policy.contact.timezone, f"customer.{zone}"
        self._nobody = self._customer({}, {})

    def moment(self, now: int) -> Moment:
        """``now`` in the bank's time zone."""
        return moment(now, self._timezone)

    def own_moment(self, columns: Columns, now: int, at: Moment) -> Moment:
        """``now`` on the customer's own clock; ``at``, the bank's, where their time zone is not known."""
        zone = columns.get(self._zone)
        return at if zone is None else moment(now, str(zone))

    def own_clocks(self, columns: Columns, now: int, at: Moment) -> WallClocks | None:
        """``now`` on the clocks of many customers; None where they all live by the bank's."""
        column = columns.get(self._zone)
        if not isinstance(column, np.ndarray):
            return None
        zones = column.ravel().tolist()
        different = {zone: place for place, zone in enumerate(dict.fromkeys(zones))}
        if different.keys() <= {None}:
            return None
        moments = [at if zone is None else moment(now, zone) for zone in different]
        return WallClocks(moments, np.array([different[zone] for zone in zones]))

    def zone_of(self, attributes: Mapping[str, Scalar]) -> str | None:
        """The time zone of one customer; None where it is not known, and the bank's is used."""
        name = self._zone.removeprefix("customer.")
        zone = self.features.table.encode({name: attributes.get(name)}).get(self._zone)
        return None if zone is None else str(zone)

    def of_one(
        self,
        snapshot: Snapshot,
        context: Context,
        scores: Scores,
        past: EventsByKind,
        at: Moment,
        personal: bool = True,
    ) -> Found:
        """Plain scalars, (1, m, 1) and (1, 1, k); ``past`` are the snapshot's events as they are counted."""
        rates = self.market.columns(at.day)
        columns = (
            self._customer(snapshot.attributes, rates) if personal and snapshot.attributes else self._unknown(rates)
        )
        columns.update(context_columns(redact_context(context, personal), at, self.calendar))
        columns.update(self.history.fill_consent_one(snapshot.consents))
        happened = self.history.fill_one(past)
        if not personal:
            columns.update({**NOTHING, **UNKNOWN, LifetimeColumn.NAME: nan})
            return columns, {**columns, **happened, **UNSAID}
        columns.update(happened)
        if dropped := dropped_by_one(snapshot.consents):
            columns[DROPPED] = dropped
        self.segment_and_stage.add_one(columns, scores)
        self.lifetime.add(columns, many=False)
        return columns, columns

    def of_many(
        self, people: Population, context: Context, scores: Mapping[str, Array], at: Moment, personal: bool = True
    ) -> Found:
        """(n, 1, 1), (n, m, 1) and (n, 1, k), or a scalar where all are the same."""
        customers = len(people.customers)
        happened = self.history.fill_many(people.past, context.now, customers)
        columns: dict[str, Any]
        rates = self.market.columns(at.day)
        if personal:
            columns = {**people.columns, **happened, **rates}
            self.features.derive_many(columns)
        else:
            columns = {**self._unknown(rates), **NOTHING, **UNKNOWN, LifetimeColumn.NAME: nan}
        columns.update(context_columns(redact_context(context, personal), at, self.calendar))
        columns.update(self.history.fill_consent_many(people.consents, customers))
        if not personal:
            return columns, {**columns, **happened, **UNSAID}
        if dropped := dropped_by_many(people.consents):
            columns[DROPPED] = dropped
        self.segment_and_stage.add_many(columns, scores, customers)
        self.lifetime.add(columns, many=True)
        return columns, columns

    def of_facts(self, facts: Mapping[str, Array], customers: int, now: int) -> dict[str, Any]:
        """What rules read of n customers from a file of facts alone: without events and consents.

        ``facts``: every raw ``customer.<name>`` as (n, 1, 1), encoded (``AttributeTable.encode_frame``).
        """
        silent = Population([""] * customers, facts, np.ones(customers, dtype=bool), {}, past_table((), self.places))
        return self.of_many(silent, Context(now), {}, self.moment(now))[0]

    def _customer(self, attributes: Mapping[str, Scalar], rates: Mapping[str, float]) -> dict[str, Any]:
        """``market.*``, and ``customer.*`` of one customer, derived features included."""
        columns: dict[str, Any] = self.features.table.encode(attributes)
        columns.update(rates)
        self.features.derive_one(columns)
        return columns

    def _unknown(self, rates: Mapping[str, float]) -> dict[str, Any]:
        """The same where nothing is known of the customer; derived anew only where a feature reads the market."""
        return self._customer({}, rates) if self.features.outside else {**self._nobody, **rates}
