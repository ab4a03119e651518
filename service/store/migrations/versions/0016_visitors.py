"""What is remembered of devices on which nobody has signed in, under a salted hash of their ids."""

from alembic import op

revision = "0016"
down_revision = "0015"

UP = (
    """
    CREATE TABLE visitor_salt (
        only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
        salt bytea NOT NULL
    )
    """,
    """
    INSERT INTO visitor_salt (salt)
    VALUES (decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex'))
    """,
    """
    CREATE TABLE visitor_trails (
        visitor text COLLATE "C" NOT NULL,
        kind text COLLATE "C" NOT NULL,
        offer text COLLATE "C" NOT NULL,
        channel text COLLATE "C" NOT NULL,
        instants bigint[] NOT NULL,
        newest bigint NOT NULL,
        PRIMARY KEY (visitor, kind, offer, channel)
    )
    """,
    "CREATE INDEX visitor_trails_by_age ON visitor_trails (newest)",
)


def upgrade() -> None:
    """Draw the salt."""
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    """Every device is new again."""
    op.execute("DROP TABLE visitor_trails, visitor_salt")
