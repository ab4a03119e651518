"""Which offers of which decisions were accepted, so that each counts once."""

from alembic import op

revision = "0013"
down_revision = "0012"

UP = """
    CREATE TABLE acceptances (
        customer_id text COLLATE "C" NOT NULL,
        decision_id text COLLATE "C" NOT NULL,
        offer text COLLATE "C" NOT NULL,
        PRIMARY KEY (customer_id, decision_id, offer)
    )
"""


def upgrade() -> None:
    """Accepts of before are known by their events' ids alone; their tokens end within a day."""
    op.execute(UP)


def downgrade() -> None:
    """An offer counts as often as it is accepted again."""
    op.execute("DROP TABLE acceptances")
