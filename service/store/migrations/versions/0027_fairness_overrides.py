"""Who is offered something too rarely may be excused for a time: by whom, why, and until when."""

from alembic import op

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    """A table of overrides; none is ever changed, each ends by itself."""
    op.execute(
        """
        CREATE TABLE fairness_overrides (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            axis text NOT NULL,
            named text NOT NULL,
            family text NOT NULL,
            reason text NOT NULL,
            actor text NOT NULL,
            at bigint NOT NULL,
            until bigint NOT NULL
        )
        """
    )
    op.execute("CREATE INDEX fairness_overrides_by_end ON fairness_overrides (until)")


def downgrade() -> None:
    """The audit log still says who excused what."""
    op.execute("DROP TABLE fairness_overrides")
