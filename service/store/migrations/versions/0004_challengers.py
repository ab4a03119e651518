"""Which challenger a release has on trial."""

from alembic import op

revision = "0004"
down_revision = "0003"

UP = """
    CREATE TABLE challengers (
        release_id bigint PRIMARY KEY REFERENCES releases (id),
        policy text COLLATE "C" NOT NULL REFERENCES policies (hash),
        bundle text COLLATE "C" REFERENCES bundles (version),
        share double precision NOT NULL
    )
    """


def upgrade() -> None:
    """No release so far has one."""
    op.execute(UP)


def downgrade() -> None:
    """End all trials; their decisions still replay."""
    op.execute("DROP TABLE challengers")
