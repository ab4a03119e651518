"""The tables as SQLAlchemy names them. The migrations make them; a test compares the two.

Instants named ``at`` are integers, milliseconds since 1970 UTC, like everywhere in the house. ``events`` are
partitioned by month of ``at``; ``decisions`` by their id, a UUIDv7 that begins with its time, so that one id finds
one partition. Foreign keys stand where rows are few; on the large tables every writer locks or checks the customer.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    Table,
    Text,
    Uuid,
    desc,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSON, JSONB

METADATA = MetaData()
NAME = Text(collation="C")

customers = Table(
    "customers",
    METADATA,
    Column("id", NAME, primary_key=True),
    Column("external_key", NAME, unique=True),
    Column("attributes", JSONB, nullable=False),
    Column("revision", BigInteger, nullable=False, server_default=text("1")),
    Column("updated_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)

consents = Table(
    "consents",
    METADATA,
    Column("seq", BigInteger, Identity(always=True), primary_key=True),
    Column("customer_id", NAME, nullable=False),
    Column("purpose", NAME, nullable=False),
    Column("granted", Boolean, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("source", Text, nullable=False),
    Column("version", Text, nullable=False),
)
Index("consents_newest", consents.c.customer_id, consents.c.purpose, desc(consents.c.at), desc(consents.c.seq))

event_keys = Table(
    "event_keys",
    METADATA,
    Column("id", NAME, primary_key=True),
    Column("body_hash", LargeBinary, nullable=False),
    Column("at", BigInteger, nullable=False),
)

events = Table(
    "events",
    METADATA,
    Column("id", NAME, nullable=False),
    Column("customer_id", NAME, nullable=False),
    Column("kind", NAME, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("offer", NAME),
    Column("channel", NAME),
    Column("decision_id", NAME),
    Column("amount_yuan", Numeric),
    Column("score", Double),
    Column("question", NAME),
    postgresql_partition_by="RANGE (at)",
)
Index("events_of_customer", events.c.customer_id, events.c.at)

decisions = Table(
    "decisions",
    METADATA,
    Column("id", Uuid(as_uuid=False), primary_key=True),
    Column("customer_id", NAME, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("release_id", BigInteger, nullable=False),
    Column("record", LargeBinary, nullable=False),
    postgresql_partition_by="RANGE (id)",
)
Index("decisions_of_customer", decisions.c.customer_id, decisions.c.id)

policies = Table(
    "policies",
    METADATA,
    Column("hash", NAME, primary_key=True),
    Column("documents", JSON, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)

bundles = Table(
    "bundles",
    METADATA,
    Column("version", NAME, primary_key=True),
    Column("manifest", JSON, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)

releases = Table(
    "releases",
    METADATA,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("policy", NAME, ForeignKey("policies.hash"), nullable=False),
    Column("bundle", NAME, ForeignKey("bundles.version")),
    Column("prices", JSONB, nullable=False),
    Column("note", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("activated_at", BigInteger, nullable=False),
    Column("restores", BigInteger, ForeignKey("releases.id")),
)

challengers = Table(
    "challengers",
    METADATA,
    Column("release_id", BigInteger, ForeignKey("releases.id"), primary_key=True, autoincrement=False),
    Column("policy", NAME, ForeignKey("policies.hash"), nullable=False),
    Column("bundle", NAME, ForeignKey("bundles.version")),
    Column("share", Double, nullable=False),
)

proposals = Table(
    "proposals",
    METADATA,
    Column("policy", NAME, ForeignKey("policies.hash"), primary_key=True),
    Column("author", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)

serving = Table(
    "serving",
    METADATA,
    Column("only_row", Boolean, primary_key=True, server_default=text("true")),
    Column("release_id", BigInteger, ForeignKey("releases.id")),
    Column("cache_generation", BigInteger, nullable=False, server_default=text("0")),
)

clients = Table(
    "clients",
    METADATA,
    Column("key_hash", NAME, primary_key=True),
    Column("name", NAME, nullable=False, index=True),
    Column("scopes", ARRAY(Text), nullable=False),
    Column("customer_id", NAME),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("revoked_at", DateTime(timezone=True)),
    Column("branch", NAME),
    Column("quota", BigInteger),
    Column("expires_at", DateTime(timezone=True)),
)

views = Table(
    "views",
    METADATA,
    Column("seq", BigInteger, Identity(always=True), primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("client", NAME, nullable=False),
    Column("branch", NAME, nullable=False),
    Column("customer_id", NAME, nullable=False),
    Column("operation", NAME, nullable=False),
    Column("allowed", Boolean, nullable=False),
)
Index("views_of_customer", views.c.customer_id, views.c.at)
Index("views_by_client", views.c.client, views.c.at)

signing_keys = Table(
    "signing_keys",
    METADATA,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("secret", LargeBinary, nullable=False),
    Column("made_at", BigInteger, nullable=False),
)

repeats = Table(
    "repeats",
    METADATA,
    Column("client", NAME, primary_key=True),
    Column("key", NAME, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("done", Boolean, nullable=False, server_default=text("false")),
    Column("status", Integer),
    Column("headers", JSON),
    Column("body", LargeBinary),
)
Index("repeats_by_age", repeats.c.at)

audit = Table(
    "audit",
    METADATA,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("previous_hash", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
)

pseudonyms = Table(
    "pseudonyms",
    METADATA,
    Column("only_row", Boolean, primary_key=True, server_default=text("true")),
    Column("salt", LargeBinary, nullable=False),
)

erasures = Table(
    "erasures",
    METADATA,
    Column("digest", LargeBinary, primary_key=True),
    Column("erased_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)

jobs = Table(
    "jobs",
    METADATA,
    Column("id", Uuid(as_uuid=False), primary_key=True),
    Column("client", Text, nullable=False),
    Column("branch", NAME),
    Column("request", JSONB, nullable=False),
    Column("state", NAME, nullable=False, server_default=text("'queued'")),
    Column("total", BigInteger),
    Column("done", BigInteger, nullable=False, server_default=text("0")),
    Column("failed", BigInteger, nullable=False, server_default=text("0")),
    Column("attempts", BigInteger, nullable=False, server_default=text("0")),
    Column("error", Text),
    Column("lease", Uuid(as_uuid=False)),
    Column("leased_until", BigInteger),
    Column("created_at", BigInteger, nullable=False),
    Column("started_at", BigInteger),
    Column("finished_at", BigInteger),
)
Index("jobs_waiting", jobs.c.created_at, jobs.c.id, postgresql_where=text("state IN ('queued', 'running')"))

job_items = Table(
    "job_items",
    METADATA,
    Column("job_id", Uuid(as_uuid=False), ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    Column("place", BigInteger, primary_key=True, autoincrement=False),
    Column("customer_id", NAME, nullable=False),
    Column("rows", JSONB),
)
Index("job_items_of_customer", job_items.c.customer_id)
Index("job_items_open", job_items.c.job_id, job_items.c.place, postgresql_where=text("rows IS NULL"))

changes = Table(
    "changes",
    METADATA,
    Column("xid", BigInteger, primary_key=True, server_default=text("(pg_current_xact_id()::text)::bigint")),
    Column("seq", BigInteger, Identity(always=True), primary_key=True),
    Column("at", BigInteger, nullable=False, server_default=text("now_ms()")),
    Column("type", NAME, nullable=False),
    Column("subject", NAME, nullable=False),
    Column("customer_id", NAME),
    Column("branch", NAME),
    Column("body", JSONB, nullable=False),
)
Index("changes_of_customer", changes.c.customer_id)

feed = Table(
    "feed",
    METADATA,
    Column("only_row", Boolean, primary_key=True, server_default=text("true")),
    Column("floor_xid", BigInteger, nullable=False, server_default=text("0")),
    Column("told_xid", BigInteger, nullable=False, server_default=text("0")),
    Column("told_seq", BigInteger, nullable=False, server_default=text("0")),
)

advisers = Table(
    "advisers",
    METADATA,
    Column("id", NAME, primary_key=True),
    Column("branch", NAME, nullable=False),
    Column("minutes_per_week", BigInteger, nullable=False),
    Column("minutes_per_contact", BigInteger, nullable=False),
    Column("active", Boolean, nullable=False, server_default=text("true")),
)

leads = Table(
    "leads",
    METADATA,
    Column("id", Uuid(as_uuid=False), primary_key=True),
    Column("customer_id", NAME, nullable=False),
    Column("branch", NAME, nullable=False),
    Column("adviser", NAME, ForeignKey("advisers.id"), nullable=False),
    Column("offer", NAME, nullable=False),
    Column("decided_offer", NAME, nullable=False),
    Column("decision_id", Uuid(as_uuid=False), nullable=False),
    Column("priority", Double, nullable=False),
    Column("strategies", ARRAY(Text), nullable=False),
    Column("status", NAME, nullable=False, server_default=text("'open'")),
    Column("closed_by", NAME),
    Column("reason", Text),
    Column("revision", BigInteger, nullable=False),
    Column("release_id", BigInteger, nullable=False),
    Column("judged_until", BigInteger, nullable=False),
    Column("contacts", BigInteger, nullable=False, server_default=text("0")),
    Column("built_at", BigInteger, nullable=False),
    Column("claimed_at", BigInteger),
    Column("contacted_at", BigInteger),
    Column("sold_at", BigInteger),
    Column("sold_yuan", Numeric),
)
AT_WORK = "status IN ('open', 'claimed', 'contacted', 'accepted')"
Index("leads_one_at_work", leads.c.customer_id, unique=True, postgresql_where=text(AT_WORK))
Index("leads_best_first", leads.c.branch, leads.c.status, desc(leads.c.priority), leads.c.id)
Index("leads_of_adviser", leads.c.adviser, leads.c.status)
Index("leads_of_customer", leads.c.customer_id)

webhooks = Table(
    "webhooks",
    METADATA,
    Column("id", Uuid(as_uuid=False), primary_key=True),
    Column("url", Text, nullable=False),
    Column("types", ARRAY(Text), nullable=False),
    Column("client", Text, nullable=False),
    Column("branch", NAME),
    Column("secret", Text, nullable=False),
    Column("old_secret", Text),
    Column("old_until", BigInteger),
    Column("enabled", Boolean, nullable=False, server_default=text("true")),
    Column("failing_since", BigInteger),
    Column("created_at", BigInteger, nullable=False, server_default=text("now_ms()")),
)

deliveries = Table(
    "deliveries",
    METADATA,
    Column("id", Uuid(as_uuid=False), primary_key=True, server_default=text("gen_random_uuid()")),
    Column("webhook_id", Uuid(as_uuid=False), ForeignKey("webhooks.id", ondelete="CASCADE"), nullable=False),
    Column("type", NAME, nullable=False),
    Column("customer_id", NAME),
    Column("body", Text, nullable=False),
    Column("state", NAME, nullable=False, server_default=text("'waiting'")),
    Column("attempts", BigInteger, nullable=False, server_default=text("0")),
    Column("next_at", BigInteger, nullable=False, server_default=text("0")),
    Column("status", BigInteger),
    Column("error", Text),
    Column("created_at", BigInteger, nullable=False, server_default=text("now_ms()")),
    Column("delivered_at", BigInteger),
)
Index("deliveries_due", deliveries.c.next_at, postgresql_where=text("state = 'waiting'"))
Index("deliveries_of_webhook", deliveries.c.webhook_id, deliveries.c.created_at)
Index("deliveries_of_customer", deliveries.c.customer_id)
