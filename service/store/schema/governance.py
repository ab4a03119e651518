"""Tables of governance: policies, bundles, releases, proposals, who may sign, clients, the audit log, secrets."""

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
    Table,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSON, JSONB

from service.store.schema.metadata import METADATA, NAME

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

fairness_overrides = Table(
    "fairness_overrides",
    METADATA,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("axis", Text, nullable=False),
    Column("named", Text, nullable=False),
    Column("family", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
    Index("fairness_overrides_by_end", "until"),
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

signatures = Table(
    "signatures",
    METADATA,
    Column("policy", NAME, ForeignKey("policies.hash"), primary_key=True),
    Column("signer", Text, primary_key=True),
    Column("note", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)

withdrawals = Table(
    "withdrawals",
    METADATA,
    Column("policy", NAME, ForeignKey("policies.hash"), primary_key=True),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)

model_stops = Table(
    "model_stops",
    METADATA,
    Column("model", NAME, primary_key=True),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)

mandates = Table(
    "mandates",
    METADATA,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("person", Text, nullable=False),
    Column("acts_for", Text),
    Column("begins_at", BigInteger, nullable=False),
    Column("ends_at", BigInteger, nullable=False),
    Column("note", Text, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("confirmed_by", Text),
    Column("ended_by", Text),
)

person_names = Table(
    "person_names",
    METADATA,
    Column("person", Text(collation="C"), primary_key=True),
    Column("name", Text(collation="C"), primary_key=True),
    Column("note", Text, nullable=False),
    Column("actor", Text, nullable=False),
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
    Column("require_if_match", Boolean, nullable=False, server_default=text("false")),
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

audit_values = Table(
    "audit_values",
    METADATA,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("customer_id", NAME, nullable=False),
    Column("salt", LargeBinary, nullable=False),
    Column("content", Text, nullable=False),
)
Index("audit_values_of_customer", audit_values.c.customer_id)
