"""Tables of facts: customers, consents, events, contacts, visitors, decisions, objections, erasures."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Double,
    Identity,
    Index,
    LargeBinary,
    Numeric,
    Table,
    Text,
    Uuid,
    desc,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from service.store.schema.metadata import METADATA, NAME

customers = Table(
    "customers",
    METADATA,
    Column("id", NAME, primary_key=True),
    Column("external_key", NAME, unique=True),
    Column("attributes", JSONB, nullable=False),
    Column("told", JSONB, nullable=False, server_default=text("'{}'")),
    Column("told_at", BigInteger, nullable=False, server_default=text("0")),
    Column("revision", BigInteger, nullable=False, server_default=text("1")),
    Column("updated_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("trailed", Boolean, nullable=False, server_default=text("true")),
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

acceptances = Table(
    "acceptances",
    METADATA,
    Column("customer_id", NAME, primary_key=True),
    Column("decision_id", NAME, primary_key=True),
    Column("offer", NAME, primary_key=True),
)

contacts = Table(
    "contacts",
    METADATA,
    Column("id", NAME, primary_key=True),
    Column("customer_id", NAME, nullable=False),
    Column("offer", NAME),
    Column("channel", NAME),
    Column("decision_id", NAME),
    Column("at", BigInteger, nullable=False),
    Column("state", NAME, nullable=False),
    Column("reserved_at", BigInteger),
    Column("changed_at", BigInteger, nullable=False, server_default=text("now_ms()")),
)
Index("contacts_of_customer", contacts.c.customer_id, contacts.c.at)

trails = Table(
    "trails",
    METADATA,
    Column("customer_id", NAME, primary_key=True),
    Column("kind", NAME, primary_key=True),
    Column("offer", NAME, primary_key=True),
    Column("channel", NAME, primary_key=True),
    Column("instants", ARRAY(BigInteger), nullable=False),
)

surveys = Table(
    "surveys",
    METADATA,
    Column("customer_id", NAME, primary_key=True),
    Column("at", BigInteger, primary_key=True),
    Column("id", NAME, primary_key=True),
    Column("score", Double, nullable=False),
)

visitor_salt = Table(
    "visitor_salt",
    METADATA,
    Column("only_row", Boolean, primary_key=True, server_default=text("true")),
    Column("salt", LargeBinary, nullable=False),
)

visitor_trails = Table(
    "visitor_trails",
    METADATA,
    Column("visitor", NAME, primary_key=True),
    Column("kind", NAME, primary_key=True),
    Column("offer", NAME, primary_key=True),
    Column("channel", NAME, primary_key=True),
    Column("instants", ARRAY(BigInteger), nullable=False),
    Column("newest", BigInteger, nullable=False),
)
Index("visitor_trails_by_age", visitor_trails.c.newest)

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

objections = Table(
    "objections",
    METADATA,
    Column("id", Uuid(as_uuid=False), primary_key=True),
    Column("number", BigInteger, Identity(always=True), unique=True),
    Column("customer_id", NAME, nullable=False),
    Column("branch", NAME),
    Column("decision_id", Uuid(as_uuid=False), nullable=False),
    Column("offer", NAME),
    Column("objection", Text),
    Column("state", NAME, nullable=False, server_default=text("'open'")),
    Column("opened_at", BigInteger, nullable=False),
    Column("answer_by", Date, nullable=False),
    Column("source", NAME, nullable=False),
    Column("outcome", NAME),
    Column("answer", Text),
    Column("answered_at", BigInteger),
    Column("answered_by", NAME),
    Column("reviewer", NAME),
    Column("withdrawn_at", BigInteger),
)
Index(
    "objections_one_open",
    objections.c.customer_id,
    objections.c.decision_id,
    unique=True,
    postgresql_where=text("state = 'open'"),
)
Index("objections_of_customer", objections.c.customer_id, objections.c.number)
Index("objections_by_deadline", objections.c.state, objections.c.answer_by, objections.c.number)

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
    Column("revision", BigInteger, nullable=False, server_default=text("0")),
)
