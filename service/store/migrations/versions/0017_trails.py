"""Trails: the newest instants of a customer's events, by kind, offer and channel, and their surveys' scores.

Quick, whatever is stored: customers who are there have no trails yet, and the runner makes them.
"""

from alembic import op

revision = "0017"
down_revision = "0016"

UP = (
    """
    CREATE TABLE trails (
        customer_id text COLLATE "C" NOT NULL,
        kind text COLLATE "C" NOT NULL,
        offer text COLLATE "C" NOT NULL,
        channel text COLLATE "C" NOT NULL,
        instants bigint[] NOT NULL,
        PRIMARY KEY (customer_id, kind, offer, channel)
    ) WITH (fillfactor = 70)
    """,
    """
    CREATE TABLE surveys (
        customer_id text COLLATE "C" NOT NULL,
        at bigint NOT NULL,
        id text COLLATE "C" NOT NULL,
        score double precision NOT NULL,
        PRIMARY KEY (customer_id, at, id)
    )
    """,
    "ALTER TABLE customers ADD COLUMN trailed boolean NOT NULL DEFAULT false",
    "ALTER TABLE customers ALTER COLUMN trailed SET DEFAULT true",
)
DOWN = (
    "ALTER TABLE customers DROP COLUMN trailed",
    "DROP TABLE surveys",
    "DROP TABLE trails",
)


def upgrade() -> None:
    """Make the tables; customers stored from now on have trails from the first event on."""
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    """Drop them; the events are still there."""
    for statement in DOWN:
        op.execute(statement)
