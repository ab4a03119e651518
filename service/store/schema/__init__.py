"""The tables as SQLAlchemy names them. The migrations make them; a test compares the two.

Instants named ``at`` are integers, milliseconds since 1970 UTC. ``events`` are partitioned by month of ``at``;
``decisions`` by their id, a UUIDv7 that begins with its time, so that one id finds one partition. Small tables have
foreign keys; writers of the large ones lock or check the customer.

    metadata    one catalogue, and the type of a name
    facts       customers, consents, events, contacts, decisions, objections, erasures
    governance  policies, releases, clients, the audit log
    crm         jobs, the feed of changes, advisers, leads, webhooks
"""

from service.store.schema.crm import (
    AT_WORK,
    NOBODY,
    advisers,
    attestations,
    changes,
    deliveries,
    feed,
    job_items,
    jobs,
    leads,
    webhooks,
)
from service.store.schema.facts import (
    acceptances,
    consents,
    contacts,
    customers,
    decisions,
    erasures,
    event_keys,
    events,
    objections,
    pseudonyms,
    surveys,
    trails,
    visitor_salt,
    visitor_trails,
)
from service.store.schema.governance import (
    audit,
    audit_values,
    bundles,
    challengers,
    clients,
    fairness_overrides,
    mandates,
    model_stops,
    person_names,
    policies,
    proposals,
    releases,
    repeats,
    serving,
    signatures,
    signing_keys,
    views,
    withdrawals,
)
from service.store.schema.metadata import METADATA

__all__ = [
    "AT_WORK",
    "METADATA",
    "NOBODY",
    "acceptances",
    "advisers",
    "attestations",
    "audit",
    "audit_values",
    "bundles",
    "challengers",
    "changes",
    "clients",
    "consents",
    "contacts",
    "customers",
    "decisions",
    "deliveries",
    "erasures",
    "event_keys",
    "events",
    "fairness_overrides",
    "feed",
    "job_items",
    "jobs",
    "leads",
    "mandates",
    "model_stops",
    "objections",
    "person_names",
    "policies",
    "proposals",
    "pseudonyms",
    "releases",
    "repeats",
    "serving",
    "signatures",
    "signing_keys",
    "surveys",
    "trails",
    "views",
    "visitor_salt",
    "visitor_trails",
    "webhooks",
    "withdrawals",
]
