"""Webhooks, and the deliveries that wait."""

from alembic import op

revision = "0011"
down_revision = "0010"

UP = (
    """
    CREATE TABLE webhooks (
        id uuid PRIMARY KEY,
        url text NOT NULL,
        types text[] NOT NULL,
        client text NOT NULL,
        branch text COLLATE "C",
        secret text NOT NULL,
        old_secret text,
        old_until bigint,
        enabled boolean NOT NULL DEFAULT true,
        failing_since bigint,
        created_at bigint NOT NULL DEFAULT now_ms()
    )
    """,
    """
    CREATE TABLE deliveries (
        id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
        webhook_id uuid NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
        type text COLLATE "C" NOT NULL,
        customer_id text COLLATE "C",
        body text NOT NULL,
        state text COLLATE "C" NOT NULL DEFAULT 'waiting',
        attempts bigint NOT NULL DEFAULT 0,
        next_at bigint NOT NULL DEFAULT 0,
        status bigint,
        error text,
        created_at bigint NOT NULL DEFAULT now_ms(),
        delivered_at bigint
    )
    """,
    "CREATE INDEX deliveries_due ON deliveries (next_at) WHERE state = 'waiting'",
    "CREATE INDEX deliveries_of_webhook ON deliveries (webhook_id, created_at)",
    "CREATE INDEX deliveries_of_customer ON deliveries (customer_id)",
)
DOWN = ("DROP TABLE deliveries", "DROP TABLE webhooks")


def upgrade() -> None:
    """Nobody listens yet."""
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    """Forget who listens, and what was not delivered."""
    for statement in DOWN:
        op.execute(statement)
