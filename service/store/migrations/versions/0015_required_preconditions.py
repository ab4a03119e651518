"""Keys that write customers only with the revision they have seen."""

from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """No key of before must."""
    op.execute("ALTER TABLE clients ADD COLUMN require_if_match boolean NOT NULL DEFAULT false")


def downgrade() -> None:
    """Every key may write blindly again."""
    op.execute("ALTER TABLE clients DROP COLUMN require_if_match")
