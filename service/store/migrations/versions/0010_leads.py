"""Advisers with their hours, and leads from the list to the sale."""

from alembic import op

revision = "0010"
down_revision = "0009"

UP = (
    """
    CREATE TABLE advisers (
        id text COLLATE "C" PRIMARY KEY,
        branch text COLLATE "C" NOT NULL,
        minutes_per_week bigint NOT NULL,
        minutes_per_contact bigint NOT NULL,
        active boolean NOT NULL DEFAULT true
    )
    """,
    """
    CREATE TABLE leads (
        id uuid PRIMARY KEY,
        customer_id text COLLATE "C" NOT NULL,
        branch text COLLATE "C" NOT NULL,
        adviser text COLLATE "C" NOT NULL REFERENCES advisers (id),
        offer text COLLATE "C" NOT NULL,
        decided_offer text COLLATE "C" NOT NULL,
        decision_id uuid NOT NULL,
        priority double precision NOT NULL,
        strategies text[] NOT NULL,
        status text COLLATE "C" NOT NULL DEFAULT 'open',
        closed_by text COLLATE "C",
        reason text,
        revision bigint NOT NULL,
        release_id bigint NOT NULL,
        judged_until bigint NOT NULL,
        contacts bigint NOT NULL DEFAULT 0,
        built_at bigint NOT NULL,
        claimed_at bigint,
        contacted_at bigint,
        sold_at bigint,
        sold_yuan numeric
    )
    """,
    """
    CREATE UNIQUE INDEX leads_one_at_work ON leads (customer_id)
    WHERE status IN ('open', 'claimed', 'contacted', 'accepted')
    """,
    "CREATE INDEX leads_best_first ON leads (branch, status, priority DESC, id)",
    "CREATE INDEX leads_of_adviser ON leads (adviser, status)",
    "CREATE INDEX leads_of_customer ON leads (customer_id)",
)
DOWN = ("DROP TABLE leads", "DROP TABLE advisers")


def upgrade() -> None:
    """Nobody has a lead yet."""
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    """Forget advisers and leads; decisions, contacts and sales stay."""
    for statement in DOWN:
        op.execute(statement)
