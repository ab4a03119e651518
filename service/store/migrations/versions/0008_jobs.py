"""Jobs and their items: a queue that outlives whoever works on it."""

from alembic import op

revision = "0008"
down_revision = "0007"

UP = (
    """
    CREATE FUNCTION now_ms() RETURNS bigint LANGUAGE sql VOLATILE AS
    $$ SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint $$
    """,
    """
    CREATE TABLE jobs (
        id uuid PRIMARY KEY,
        client text NOT NULL,
        branch text COLLATE "C",
        request jsonb NOT NULL,
        state text COLLATE "C" NOT NULL DEFAULT 'queued',
        total bigint,
        done bigint NOT NULL DEFAULT 0,
        failed bigint NOT NULL DEFAULT 0,
        attempts bigint NOT NULL DEFAULT 0,
        error text,
        lease uuid,
        leased_until bigint,
        created_at bigint NOT NULL,
        started_at bigint,
        finished_at bigint
    )
    """,
    "CREATE INDEX jobs_waiting ON jobs (created_at, id) WHERE state IN ('queued', 'running')",
    """
    CREATE TABLE job_items (
        job_id uuid NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
        place bigint NOT NULL,
        customer_id text COLLATE "C" NOT NULL,
        rows jsonb,
        PRIMARY KEY (job_id, place)
    )
    """,
    "CREATE INDEX job_items_of_customer ON job_items (customer_id)",
    "CREATE INDEX job_items_open ON job_items (job_id, place) WHERE rows IS NULL",
)
DOWN = ("DROP TABLE job_items", "DROP TABLE jobs", "DROP FUNCTION now_ms()")


def upgrade() -> None:
    """No job is waiting yet."""
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    """Forget all jobs and their results; the decisions they made stay."""
    for statement in DOWN:
        op.execute(statement)
