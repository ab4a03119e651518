"""The first tables: customers, consents, events, decisions, releases, clients, audit."""

from alembic import op

revision = "0001"
down_revision = None

UP = (
    """
    CREATE TABLE customers (
        id text COLLATE "C" PRIMARY KEY,
        external_key text COLLATE "C" UNIQUE,
        attributes jsonb NOT NULL,
        revision bigint NOT NULL DEFAULT 1,
        updated_at timestamptz NOT NULL DEFAULT now()
    ) WITH (fillfactor = 85)
    """,
    """
    CREATE TABLE consents (
        seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        customer_id text COLLATE "C" NOT NULL,
        purpose text COLLATE "C" NOT NULL,
        granted boolean NOT NULL,
        at bigint NOT NULL,
        source text NOT NULL,
        version text NOT NULL
    )
    """,
    "CREATE INDEX consents_newest ON consents (customer_id, purpose, at DESC, seq DESC)",
    """
    CREATE TABLE event_keys (
        id text COLLATE "C" PRIMARY KEY,
        body_hash bytea NOT NULL,
        at bigint NOT NULL
    )
    """,
    """
    CREATE TABLE events (
        id text COLLATE "C" NOT NULL,
        customer_id text COLLATE "C" NOT NULL,
        kind text COLLATE "C" NOT NULL,
        at bigint NOT NULL,
        offer text COLLATE "C",
        channel text COLLATE "C",
        decision_id text COLLATE "C",
        amount_yuan numeric,
        score double precision
    ) PARTITION BY RANGE (at)
    """,
    "CREATE INDEX events_of_customer ON events (customer_id, at)",
    "CREATE TABLE events_default PARTITION OF events DEFAULT",
    """
    CREATE TABLE decisions (
        id uuid PRIMARY KEY,
        customer_id text COLLATE "C" NOT NULL,
        at bigint NOT NULL,
        release_id bigint NOT NULL,
        record bytea NOT NULL
    ) PARTITION BY RANGE (id)
    """,
    "CREATE INDEX decisions_of_customer ON decisions (customer_id, id)",
    "CREATE TABLE decisions_default PARTITION OF decisions DEFAULT",
    """
    CREATE TABLE policies (
        hash text COLLATE "C" PRIMARY KEY,
        documents json NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now()
    )
    """,
    """
    CREATE TABLE bundles (
        version text COLLATE "C" PRIMARY KEY,
        manifest json NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now()
    )
    """,
    """
    CREATE TABLE releases (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        policy text COLLATE "C" NOT NULL REFERENCES policies (hash),
        bundle text COLLATE "C" REFERENCES bundles (version),
        prices jsonb NOT NULL,
        note text NOT NULL,
        actor text NOT NULL,
        activated_at bigint NOT NULL
    )
    """,
    """
    CREATE TABLE serving (
        only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
        release_id bigint REFERENCES releases (id),
        cache_generation bigint NOT NULL DEFAULT 0
    ) WITH (fillfactor = 10)
    """,
    # Starts anywhere, so that answers kept in one Redis by two databases are never taken for each other's.
    "INSERT INTO serving (cache_generation) VALUES (floor(random() * 2 ^ 52)::bigint)",
    """
    CREATE TABLE clients (
        key_hash text COLLATE "C" PRIMARY KEY,
        name text COLLATE "C" NOT NULL,
        scopes text[] NOT NULL,
        customer_id text COLLATE "C",
        created_at timestamptz NOT NULL DEFAULT now(),
        revoked_at timestamptz
    )
    """,
    "CREATE INDEX ix_clients_name ON clients (name)",
    """
    CREATE TABLE audit (
        seq bigint PRIMARY KEY,
        at bigint NOT NULL,
        actor text NOT NULL,
        action text NOT NULL,
        subject text NOT NULL,
        detail text NOT NULL,
        previous_hash bytea NOT NULL,
        hash bytea NOT NULL
    )
    """,
    """
    CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'restrict_violation';
    END
    $$
    """,
    """
    CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only()
    """,
)

DOWN = (
    "DROP TABLE audit",
    "DROP FUNCTION audit_is_append_only()",
    "DROP TABLE clients",
    "DROP TABLE serving",
    "DROP TABLE releases",
    "DROP TABLE bundles",
    "DROP TABLE policies",
    "DROP TABLE decisions",
    "DROP TABLE events",
    "DROP TABLE event_keys",
    "DROP TABLE consents",
    "DROP TABLE customers",
)


def upgrade() -> None:
    """Make the tables, their first partitions' homes and the one serving row."""
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    """Drop everything, what is stored included."""
    for statement in DOWN:
        op.execute(statement)
