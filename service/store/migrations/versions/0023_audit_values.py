"""What the audit log says of one customer stands beside its chain, and goes with them.

Rows of before hold it inside the chain, where it stays: taking it out would break the chain.
"""

from alembic import op

revision = "0023"
down_revision = "0022"

UP = (
    """
    CREATE TABLE audit_values (
        seq bigint PRIMARY KEY,
        customer_id text COLLATE "C" NOT NULL,
        salt bytea NOT NULL,
        content text NOT NULL
    )
    """,
    "CREATE INDEX audit_values_of_customer ON audit_values (customer_id)",
    """
    CREATE FUNCTION audit_values_are_only_erased() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'what the audit log says is erased, and never changed' USING ERRCODE = 'restrict_violation';
    END
    $$
    """,
    """
    CREATE TRIGGER never_changed BEFORE UPDATE OR TRUNCATE ON audit_values
    FOR EACH STATEMENT EXECUTE FUNCTION audit_values_are_only_erased()
    """,
)
DOWN = ("DROP TABLE audit_values", "DROP FUNCTION audit_values_are_only_erased()")


def upgrade() -> None:
    """From now on, beside the chain."""
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    """The chain stays whole; what stood beside it is gone, and a later version tells so."""
    for statement in DOWN:
        op.execute(statement)
