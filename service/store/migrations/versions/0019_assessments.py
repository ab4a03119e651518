"""Keys that wrote customers go on writing their risk assessments: the scope is new, what those keys may is not."""

from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Whoever should not, gets a new key without the scope; a key of a customer writes nobody."""
    op.execute(
        "UPDATE clients SET scopes = scopes || '{assessments:write}'::text[] WHERE 'customers:write' = ANY (scopes) "
        "AND NOT 'assessments:write' = ANY (scopes) AND customer_id IS NULL"
    )


def downgrade() -> None:
    """Nobody knows of the scope again."""
    op.execute("UPDATE clients SET scopes = array_remove(scopes, 'assessments:write')")
