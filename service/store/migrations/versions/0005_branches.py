"""Clients bound to a branch, with a quota and an end; what a branch's clients looked at."""

from alembic import op

revision = "0005"
down_revision = "0004"

UP = (
    """
    ALTER TABLE clients
        ADD COLUMN branch text COLLATE "C",
        ADD COLUMN quota bigint,
        ADD COLUMN expires_at timestamptz
    """,
    """
    CREATE TABLE views (
        seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        at bigint NOT NULL,
        client text COLLATE "C" NOT NULL,
        branch text COLLATE "C" NOT NULL,
        customer_id text COLLATE "C" NOT NULL,
        operation text COLLATE "C" NOT NULL,
        allowed boolean NOT NULL
    )
    """,
    "CREATE INDEX views_of_customer ON views (customer_id, at)",
    "CREATE INDEX views_by_client ON views (client, at)",
)


def upgrade() -> None:
    """Clients so far have no branch, no quota of their own and no end."""
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    """End the keys that only newer code keeps within their bounds; forget who looked at whom."""
    op.execute("UPDATE clients SET revoked_at = coalesce(revoked_at, now()) WHERE branch IS NOT NULL")
    op.execute("UPDATE clients SET revoked_at = coalesce(revoked_at, expires_at) WHERE expires_at <= now()")
    op.execute("DROP TABLE views")
    op.execute("ALTER TABLE clients DROP COLUMN branch, DROP COLUMN quota, DROP COLUMN expires_at")
