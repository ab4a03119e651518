"""Advisers with leave, substitute and skill; leads with dates, notes and outcomes; builds of leads as jobs."""

from alembic import op

revision = "0018"
down_revision = "0017"

UP = (
    """
    ALTER TABLE advisers
        ADD COLUMN away_from date,
        ADD COLUMN away_until date,
        ADD COLUMN substitute text COLLATE "C",
        ADD COLUMN max_risk bigint,
        ADD COLUMN manager boolean NOT NULL DEFAULT false
    """,
    """
    ALTER TABLE leads
        ADD COLUMN due_on date,
        ADD COLUMN expires_at bigint,
        ADD COLUMN call_back_at bigint,
        ADD COLUMN note text,
        ADD COLUMN outcome text COLLATE "C",
        ADD COLUMN said text,
        ADD COLUMN corrected_at bigint,
        DROP CONSTRAINT leads_adviser_fkey
    """,
    """
    ALTER TABLE jobs
        ADD COLUMN kind text COLLATE "C" NOT NULL DEFAULT 'offers',
        ADD COLUMN outcome jsonb
    """,
)
DOWN = (
    "DELETE FROM jobs WHERE kind <> 'offers'",
    "ALTER TABLE jobs DROP COLUMN kind, DROP COLUMN outcome",
    """
    INSERT INTO advisers (id, branch, minutes_per_week, minutes_per_contact, active)
    SELECT DISTINCT ON (adviser) adviser, branch, 0, 30, false FROM leads
    WHERE adviser NOT IN (SELECT id FROM advisers) ORDER BY adviser, built_at DESC
    """,
    "UPDATE leads SET status = 'withdrawn' WHERE status = 'expired'",
    """
    ALTER TABLE leads
        DROP COLUMN due_on, DROP COLUMN expires_at, DROP COLUMN call_back_at, DROP COLUMN note, DROP COLUMN outcome,
        DROP COLUMN said, DROP COLUMN corrected_at,
        ADD CONSTRAINT leads_adviser_fkey FOREIGN KEY (adviser) REFERENCES advisers (id)
    """,
    """
    ALTER TABLE advisers
        DROP COLUMN away_from, DROP COLUMN away_until, DROP COLUMN substitute, DROP COLUMN max_risk,
        DROP COLUMN manager
    """,
)


def upgrade() -> None:
    """Nobody is away, everybody may sell every risk, no lead ends by itself until it is built anew."""
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    """Forget leave, skills, dates and notes; who was taken out comes back as one who is not here."""
    for statement in DOWN:
        op.execute(statement)
