"""Who signed a policy for compliance, which policies were withdrawn, and who may act as whom at a terminal."""

from alembic import op

revision = "0025"
down_revision = "0024"

UP = (
    """
    CREATE TABLE signatures (
        policy text COLLATE "C" NOT NULL REFERENCES policies (hash),
        signer text NOT NULL,
        note text NOT NULL,
        at bigint NOT NULL,
        PRIMARY KEY (policy, signer)
    )
    """,
    """
    CREATE TABLE withdrawals (
        policy text COLLATE "C" PRIMARY KEY REFERENCES policies (hash),
        actor text NOT NULL,
        reason text NOT NULL,
        at bigint NOT NULL
    )
    """,
    """
    CREATE TABLE mandates (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        person text NOT NULL,
        acts_for text,
        begins_at bigint NOT NULL,
        ends_at bigint NOT NULL,
        note text NOT NULL,
        asked_by text NOT NULL,
        confirmed_by text,
        ended_by text
    )
    """,
)


def upgrade() -> None:
    """Nothing is signed or withdrawn so far, and nobody acts for another."""
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    """The audit log still tells who signed and withdrew what; an earlier version asks for neither."""
    for table in ("mandates", "withdrawals", "signatures"):
        op.execute(f"DROP TABLE {table}")
