"""The key that offer tokens are signed with, and answers kept for requests that are sent again."""

import secrets
import time

import sqlalchemy
from alembic import op

revision = "0006"
down_revision = "0005"

UP = (
    """
    CREATE TABLE signing_keys (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        secret bytea NOT NULL,
        made_at bigint NOT NULL
    )
    """,
    """
    CREATE TABLE repeats (
        client text COLLATE "C" NOT NULL,
        key text COLLATE "C" NOT NULL,
        at bigint NOT NULL,
        fingerprint bytea NOT NULL,
        done boolean NOT NULL DEFAULT false,
        status integer,
        headers json,
        body bytea,
        PRIMARY KEY (client, key)
    )
    """,
    "CREATE INDEX repeats_by_age ON repeats (at)",
)
FIRST = "INSERT INTO signing_keys (secret, made_at) VALUES (:secret, :made_at)"


def upgrade() -> None:
    """Make the first key by chance."""
    for statement in UP:
        op.execute(statement)
    first = {"secret": secrets.token_bytes(32), "made_at": time.time_ns() // 1_000_000}
    op.execute(sqlalchemy.text(FIRST).bindparams(**first))


def downgrade() -> None:
    """Offers shown so far cannot be accepted any more; requests sent again are carried out again."""
    op.execute("DROP TABLE repeats")
    op.execute("DROP TABLE signing_keys")
