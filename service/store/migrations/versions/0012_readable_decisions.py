"""The decision within a record, or nothing where somebody altered the record into something else.

A report over a million decisions must not fail by one of them. What is checked is what reports read: the arm, and of
each treatment offer, value and strategies.
"""

from alembic import op

revision = "0012"
down_revision = "0011"

UP = """
    CREATE FUNCTION decision_of(record bytea) RETURNS json LANGUAGE plpgsql STABLE AS $$
    DECLARE
        made json;
    BEGIN
        made := convert_from(record, 'UTF8')::json -> 'decision';
        PERFORM treatment ->> 'offer', (treatment ->> 'value')::float8, array(
            SELECT json_array_elements_text(coalesce(treatment -> 'strategies', '[]'::json)))
        FROM json_array_elements(made -> 'treatments') AS treatment;
        RETURN CASE WHEN made ->> 'arm' IS NOT NULL AND made -> 'treatments' IS NOT NULL THEN made END;
    EXCEPTION WHEN data_exception THEN
        RETURN NULL;
    END
    $$
"""


def upgrade() -> None:
    """Reports read decisions by this."""
    op.execute(UP)


def downgrade() -> None:
    """Nobody reads by it any more."""
    op.execute("DROP FUNCTION decision_of(bytea)")
