"""Contacts: what was reserved, for when, and what became of it; told on the feed to who asks.

The events of kind contact stay what caps count. A row is written with each of them from now on, whichever road it comes
by; of those before there is the event alone.
"""

from alembic import op

revision = "0022"
down_revision = "0021"

UP = (
    """
    CREATE TABLE contacts (
        id text COLLATE "C" PRIMARY KEY,
        customer_id text COLLATE "C" NOT NULL,
        offer text COLLATE "C",
        channel text COLLATE "C",
        decision_id text COLLATE "C",
        at bigint NOT NULL,
        state text COLLATE "C" NOT NULL,
        reserved_at bigint,
        changed_at bigint NOT NULL DEFAULT now_ms()
    )
    """,
    "CREATE INDEX contacts_of_customer ON contacts (customer_id, at)",
    """
    CREATE FUNCTION contact_happened() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO contacts (id, customer_id, offer, channel, decision_id, at, state)
        VALUES (NEW.id, NEW.customer_id, NEW.offer, NEW.channel, NEW.decision_id, NEW.at, 'made')
        ON CONFLICT (id) DO NOTHING;
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER contact_happened AFTER INSERT ON events FOR EACH ROW WHEN (NEW.kind = 'contact')
    EXECUTE FUNCTION contact_happened()
    """,
    """
    CREATE FUNCTION contact_told() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO changes (type, subject, customer_id, branch, body)
        SELECT 'contact.' || NEW.state, NEW.id, id, attributes ->> 'branch_id', jsonb_build_object(
            'customer_id', id, 'contact_id', NEW.id, 'offer', NEW.offer, 'channel', NEW.channel,
            'decision_id', NEW.decision_id)
        FROM customers WHERE id = NEW.customer_id;
        RETURN NULL;
    END $$
    """,
    "CREATE TRIGGER contact_new AFTER INSERT ON contacts FOR EACH ROW EXECUTE FUNCTION contact_told()",
    """
    CREATE TRIGGER contact_changed AFTER UPDATE ON contacts FOR EACH ROW
    WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION contact_told()
    """,
)
DOWN = (
    "DROP TRIGGER contact_happened ON events",
    "DROP FUNCTION contact_happened()",
    "DROP TABLE contacts",
    "DROP FUNCTION contact_told()",
)


def upgrade() -> None:
    """Contacts are noted from now on."""
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    """The events are still there, but for those of cancelled contacts."""
    for statement in DOWN:
        op.execute(statement)
