"""What a survey asked: ``events.question``, so that satisfaction is known by concern."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Every event so far asked in general."""
    op.execute('ALTER TABLE events ADD COLUMN question text COLLATE "C"')


def downgrade() -> None:
    """Forget what was asked; the scores stay."""
    op.execute("ALTER TABLE events DROP COLUMN question")
