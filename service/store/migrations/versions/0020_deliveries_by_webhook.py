"""What waits to be delivered, by webhook: so that one receiver's thousands stand in nobody's way."""

from alembic import op

revision = "0020"
down_revision = "0019"

INDEX = "CREATE INDEX deliveries_due ON deliveries ({}) WHERE state = 'waiting'"


def upgrade() -> None:
    """Make the index anew, over what waits only."""
    op.execute("DROP INDEX deliveries_due")
    op.execute(INDEX.format("webhook_id, next_at"))


def downgrade() -> None:
    """Back to one queue for all."""
    op.execute("DROP INDEX deliveries_due")
    op.execute(INDEX.format("next_at"))
