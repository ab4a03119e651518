"""Advisers confirm the rules of conduct: which text, on which day, recorded by whom. Nobody has confirmed before."""

from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    """One row a confirmation; the newest day counts."""
    op.execute(
        """
        CREATE TABLE attestations (
            seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            adviser text COLLATE "C" NOT NULL REFERENCES advisers (id) ON DELETE CASCADE,
            version text COLLATE "C" NOT NULL,
            attested_on date NOT NULL,
            recorded_by text COLLATE "C" NOT NULL,
            recorded_at bigint NOT NULL
        )
        """
    )
    op.execute("CREATE INDEX attestations_of_adviser ON attestations (adviser, attested_on)")


def downgrade() -> None:
    """What was confirmed stays in the audit log."""
    op.execute("DROP TABLE attestations")
