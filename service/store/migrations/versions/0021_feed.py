"""The feed tells which attributes changed, tells no word twice, and decisions where the bank wants them told.

An erasure remembers the revision it ended at, so that whoever is stored again goes on from there. Quick, whatever is
stored: no row is written anew.
"""

from alembic import op

revision = "0021"
down_revision = "0020"

ADDED = """
    CREATE OR REPLACE FUNCTION customers_added() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO changes (type, subject, customer_id, branch, body)
        SELECT 'customer.updated', id, id, attributes ->> 'branch_id',
            jsonb_build_object('customer_id', id, 'external_key', external_key, 'revision', revision{})
        FROM added;
        RETURN NULL;
    END $$
"""
CHANGED = """
    CREATE OR REPLACE FUNCTION customer_changed() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO changes (type, subject, customer_id, branch, body)
        VALUES ('customer.updated', NEW.id, NEW.id, NEW.attributes ->> 'branch_id', jsonb_build_object(
            'customer_id', NEW.id, 'external_key', NEW.external_key, 'revision', NEW.revision{}));
        IF OLD.attributes ->> 'branch_id' IS DISTINCT FROM NEW.attributes ->> 'branch_id' THEN
            INSERT INTO changes (type, subject, customer_id, branch, body)
            VALUES ('customer.moved', NEW.id, NEW.id, OLD.attributes ->> 'branch_id',
                jsonb_build_object('customer_id', NEW.id, 'revision', NEW.revision));
        END IF;
        RETURN NULL;
    END $$
"""
SAID = """
    CREATE OR REPLACE FUNCTION consents_added() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO changes (type, subject, customer_id, branch, body)
        SELECT 'customer.preferences', id, id, attributes ->> 'branch_id', jsonb_build_object('customer_id', id)
        FROM customers WHERE id IN (SELECT customer_id FROM added{}){};
        RETURN NULL;
    END $$
"""
NEW = ", 'new', true"
NAMES = """, 'new', false,
            'attributes', (SELECT coalesce(jsonb_agg(name ORDER BY name), '[]')
                FROM jsonb_object_keys(OLD.attributes || NEW.attributes) AS name
                WHERE OLD.attributes -> name IS DISTINCT FROM NEW.attributes -> name)"""
DIFFERS = """ WHERE (granted, source, version) IS DISTINCT FROM (
        SELECT ROW(before.granted, before.source, before.version) FROM consents AS before
        WHERE before.customer_id = added.customer_id AND before.purpose = added.purpose AND before.seq < added.seq
        ORDER BY before.at DESC, before.seq DESC LIMIT 1)"""
ONCE = """
            AND NOT EXISTS (SELECT FROM changes WHERE customer_id = id AND type = 'customer.preferences'
                AND xid = (pg_current_xact_id()::text)::bigint)"""

UP = (
    "ALTER TABLE erasures ADD COLUMN revision bigint NOT NULL DEFAULT 0",
    ADDED.format(NEW),
    CHANGED.format(NAMES),
    SAID.format(DIFFERS, ONCE),
    """
    CREATE FUNCTION decisions_made() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO changes (type, subject, customer_id, branch, body)
        SELECT 'decision.made', added.id, customer_id, attributes ->> 'branch_id',
            jsonb_build_object('customer_id', customer_id, 'decision_id', added.id)
        FROM added JOIN customers ON customers.id = customer_id;
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER decisions_made AFTER INSERT ON decisions REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION decisions_made()
    """,
    "ALTER TABLE decisions DISABLE TRIGGER decisions_made",
)
DOWN = (
    "DROP TRIGGER decisions_made ON decisions",
    "DROP FUNCTION decisions_made()",
    SAID.format("", ""),
    CHANGED.format(""),
    ADDED.format(""),
    "ALTER TABLE erasures DROP COLUMN revision",
)


def upgrade() -> None:
    """What was erased before ended at a revision that nobody knows any more: 0."""
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    """The feed as it was."""
    for statement in DOWN:
        op.execute(statement)
