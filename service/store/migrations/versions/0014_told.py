"""Who said each attribute, and as of when; ``told_at`` is the newest of these instants.

What decisions read stays where it was: ``attributes`` is kept in the row itself (MAIN), so that a long ``told`` is the
first to be compressed or moved out, and reading attributes costs what it did.
"""

from alembic import op

revision = "0014"
down_revision = "0013"

UP = (
    "ALTER TABLE customers ADD COLUMN told jsonb NOT NULL DEFAULT '{}', ADD COLUMN told_at bigint NOT NULL DEFAULT 0",
    "ALTER TABLE customers ALTER COLUMN attributes SET STORAGE MAIN",
)
DOWN = (
    "ALTER TABLE customers ALTER COLUMN attributes SET STORAGE EXTENDED",
    "ALTER TABLE customers DROP COLUMN told, DROP COLUMN told_at",
)


def upgrade() -> None:
    """Of what is stored nobody knows when it was said: the next word on it holds."""
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    """Forget who said what."""
    for statement in DOWN:
        op.execute(statement)
