"""Whose data was erased, as digests under this database's own salt."""

from alembic import op

revision = "0007"
down_revision = "0006"

UP = (
    "CREATE TABLE pseudonyms (only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row), salt bytea NOT NULL)",
    """
    INSERT INTO pseudonyms (salt)
    VALUES (decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex'))
    """,
    "CREATE TABLE erasures (digest bytea PRIMARY KEY, erased_at timestamptz NOT NULL DEFAULT now())",
)
DOWN = ("DROP TABLE erasures", "DROP TABLE pseudonyms")


def upgrade() -> None:
    """Nobody is erased yet; the salt is 244 bits of chance and never leaves the database."""
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    """Forget who was erased: their data stay gone."""
    for statement in DOWN:
        op.execute(statement)
