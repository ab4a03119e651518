"""What changed, in the order in which it may be told: the feed, and where its readers stand.

Triggers write it, so that no road to a customer's facts can forget to: each row in the transaction of its change, with
that transaction's id. Purposes and attributes are not copied, only that something changed, and to which revision.
"""

from alembic import op

revision = "0009"
down_revision = "0008"

UP = (
    """
    CREATE TABLE changes (
        xid bigint NOT NULL DEFAULT (pg_current_xact_id()::text)::bigint,
        seq bigint GENERATED ALWAYS AS IDENTITY,
        at bigint NOT NULL DEFAULT now_ms(),
        type text COLLATE "C" NOT NULL,
        subject text COLLATE "C" NOT NULL,
        customer_id text COLLATE "C",
        branch text COLLATE "C",
        body jsonb NOT NULL,
        PRIMARY KEY (xid, seq)
    )
    """,
    "CREATE INDEX changes_of_customer ON changes (customer_id)",
    """
    CREATE TABLE feed (
        only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
        floor_xid bigint NOT NULL DEFAULT 0,
        told_xid bigint NOT NULL DEFAULT 0,
        told_seq bigint NOT NULL DEFAULT 0
    )
    """,
    "INSERT INTO feed DEFAULT VALUES",
    """
    CREATE FUNCTION customers_added() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO changes (type, subject, customer_id, branch, body)
        SELECT 'customer.updated', id, id, attributes ->> 'branch_id',
            jsonb_build_object('customer_id', id, 'external_key', external_key, 'revision', revision)
        FROM added;
        RETURN NULL;
    END $$
    """,
    """
    CREATE FUNCTION customer_changed() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO changes (type, subject, customer_id, branch, body)
        VALUES ('customer.updated', NEW.id, NEW.id, NEW.attributes ->> 'branch_id', jsonb_build_object(
            'customer_id', NEW.id, 'external_key', NEW.external_key, 'revision', NEW.revision));
        IF OLD.attributes ->> 'branch_id' IS DISTINCT FROM NEW.attributes ->> 'branch_id' THEN
            INSERT INTO changes (type, subject, customer_id, branch, body)
            VALUES ('customer.moved', NEW.id, NEW.id, OLD.attributes ->> 'branch_id',
                jsonb_build_object('customer_id', NEW.id, 'revision', NEW.revision));
        END IF;
        RETURN NULL;
    END $$
    """,
    """
    CREATE FUNCTION consents_added() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO changes (type, subject, customer_id, branch, body)
        SELECT 'customer.preferences', id, id, attributes ->> 'branch_id', jsonb_build_object('customer_id', id)
        FROM customers WHERE id IN (SELECT customer_id FROM added);
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER customers_added AFTER INSERT ON customers REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION customers_added()
    """,
    """
    CREATE TRIGGER customer_changed AFTER UPDATE ON customers FOR EACH ROW
    WHEN (OLD.attributes IS DISTINCT FROM NEW.attributes OR OLD.external_key IS DISTINCT FROM NEW.external_key)
    EXECUTE FUNCTION customer_changed()
    """,
    """
    CREATE TRIGGER consents_added AFTER INSERT ON consents REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION consents_added()
    """,
)
DOWN = (
    "DROP TRIGGER consents_added ON consents",
    "DROP TRIGGER customer_changed ON customers",
    "DROP TRIGGER customers_added ON customers",
    "DROP FUNCTION consents_added()",
    "DROP FUNCTION customer_changed()",
    "DROP FUNCTION customers_added()",
    "DROP TABLE feed",
    "DROP TABLE changes",
)


def upgrade() -> None:
    """The feed begins here."""
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    """End the feed."""
    for statement in DOWN:
        op.execute(statement)
