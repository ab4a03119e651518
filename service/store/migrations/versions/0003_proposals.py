"""Who proposed a policy, and which release a rollback restores."""

from alembic import op

revision = "0003"
down_revision = "0002"

UP = (
    """
    CREATE TABLE proposals (
        policy text COLLATE "C" PRIMARY KEY REFERENCES policies (hash),
        author text NOT NULL,
        note text NOT NULL,
        at bigint NOT NULL
    )
    """,
    "ALTER TABLE releases ADD COLUMN restores bigint REFERENCES releases (id)",
)
DOWN = (
    "ALTER TABLE releases DROP COLUMN restores",
    "DROP TABLE proposals",
)


def upgrade() -> None:
    """Policies stored so far have no author: they serve on, but cannot be approved before somebody proposes them."""
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    """Forget who proposed what; the audit log remembers."""
    for statement in DOWN:
        op.execute(statement)
