"""Which names are one person: a user of the operating system, an API client and a subject of tokens may be one."""

from alembic import op

revision = "0029"
down_revision = "0028"

UP = """
    CREATE TABLE person_names (
        person text COLLATE "C" NOT NULL,
        name text COLLATE "C" NOT NULL,
        note text NOT NULL,
        actor text NOT NULL,
        at bigint NOT NULL,
        PRIMARY KEY (person, name)
    )
    """


def upgrade() -> None:
    """Every name is a person of its own so far."""
    op.execute(UP)


def downgrade() -> None:
    """An earlier version takes every name for a person; the audit log tells which were one."""
    op.execute("DROP TABLE person_names")
