"""Which models are stopped: rules and priors decide without them, whichever bundle serves."""

from alembic import op

revision = "0028"
down_revision = "0027"

UP = """
    CREATE TABLE model_stops (
        model text COLLATE "C" PRIMARY KEY,
        actor text NOT NULL,
        reason text NOT NULL,
        at bigint NOT NULL
    )
    """


def upgrade() -> None:
    """No model is stopped so far."""
    op.execute(UP)


def downgrade() -> None:
    """An earlier version scores with every model again; the audit log tells which were stopped."""
    op.execute("DROP TABLE model_stops")
