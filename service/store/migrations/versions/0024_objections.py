"""Objections of customers to decisions: a case each, with a deadline and an answer."""

from alembic import op

revision = "0024"
down_revision = "0023"

UP = (
    """
    CREATE TABLE objections (
        id uuid PRIMARY KEY,
        number bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
        customer_id text COLLATE "C" NOT NULL,
        branch text COLLATE "C",
        decision_id uuid NOT NULL,
        offer text COLLATE "C",
        objection text,
        state text COLLATE "C" NOT NULL DEFAULT 'open',
        opened_at bigint NOT NULL,
        answer_by date NOT NULL,
        source text COLLATE "C" NOT NULL,
        outcome text COLLATE "C",
        answer text,
        answered_at bigint,
        answered_by text COLLATE "C",
        reviewer text COLLATE "C",
        withdrawn_at bigint
    )
    """,
    "CREATE UNIQUE INDEX objections_one_open ON objections (customer_id, decision_id) WHERE state = 'open'",
    "CREATE INDEX objections_of_customer ON objections (customer_id, number)",
    "CREATE INDEX objections_by_deadline ON objections (state, answer_by, number)",
)


def upgrade() -> None:
    """From now on customers object, and cases have deadlines."""
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    """The cases are gone; what the audit log says of them stays."""
    op.execute("DROP TABLE objections")
