"""Webhooks: the address, types and secret of each receiver of changes. Messages to them: ``deliveries``."""

import secrets
import uuid
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection, delete, insert, select, text, true, update

from service.core.errors import Conflict, NotFound
from service.core.grid import DAY_MS
from service.store.connection import row_limits
from service.store.connection.database import PATIENCE_S, Database
from service.store.feed import ON_REQUEST, Change
from service.store.schema import webhooks
from service.store.security import audit
from service.store.security.sealing import Seal

MOST = 50
"""So many webhooks may one client have."""
OVERLAP_MS = DAY_MS
"""How long after a rotation messages are signed with the old secret as well."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address that receives changes; ``types`` may end in ``*``."""

    id: str
    url: str
    types: tuple[str, ...]
    branch: str | None
    enabled: bool
    failing_since: int | None
    created_at: int

    def hears(self, change: Change) -> bool:
        """Whether this webhook receives the change."""
        return self.branch in (None, change.branch) and any(_meant(each, change.type) for each in self.types)


def _meant(wanted: str, kind: str) -> bool:
    """Whether ``wanted`` includes a type; ``*`` does not include the types that are sent on request alone."""
    if wanted == "*":
        return not any(kind.startswith(each[:-1]) for each in ON_REQUEST)
    return kind.startswith(wanted[:-1]) if wanted.endswith("*") else kind == wanted


SHOWN = [webhooks.c[name] for name in ("id", "url", "types", "branch", "enabled", "failing_since", "created_at")]


def new_secret() -> str:
    """A signing secret of 32 random bytes, as Standard Webhooks writes it."""
    return "whsec_" + b64encode(secrets.token_bytes(32)).decode()


class WebhookRepository:
    """The webhooks of one database."""

    def __init__(self, database: Database, seal: Seal) -> None:
        self._database, self._seal = database, seal

    def add(self, url: str, types: Sequence[str], client: str, branch: str | None) -> tuple[Webhook, str]:
        """Store a webhook; returns it with its secret, which is shown this once.

        Raises:
            Conflict: the client has ``MOST`` webhooks already.
        """
        secret, name = new_secret(), str(uuid.uuid4())
        values = {"id": name, "url": url, "types": list(types), "client": client, "branch": branch}
        with self._database.begin() as connection:
            if row_limits.count(connection, webhooks, client) >= MOST:
                raise Conflict(f"This client has {MOST} webhooks, as many as it may: change one, or end one first.")
            connection.execute(insert(webhooks).values(**values, secret=self._sealed(secret)))
            audit.append(connection, client, "webhook.add", name, {**told_of(url), "types": list(types)})
            return find_webhook(connection, name, branch), secret

    def list_webhooks(self, branch: str | None) -> list[Webhook]:
        """Every webhook, of one branch or of all."""
        mine = true() if branch is None else webhooks.c.branch == branch
        with self._database.begin() as connection:
            return [webhook_of(row) for row in connection.execute(select(*SHOWN).where(mine).order_by(webhooks.c.id))]

    def read(self, webhook_id: str, branch: str | None) -> Webhook:
        """One webhook.

        Raises:
            NotFound: when there is no such webhook, or it is another branch's.
        """
        with self._database.begin() as connection:
            return find_webhook(connection, webhook_id, branch)

    def change(self, webhook_id: str, branch: str | None, client: str, values: Mapping[str, object]) -> Webhook:
        """Set ``url``, ``types`` or ``enabled``; switching it on resets its failures.

        Raises:
            NotFound: when there is no such webhook, or it is another branch's.
        """
        with self._database.begin() as connection:
            found = find_webhook(connection, webhook_id, branch)
            forgiven = {"failing_since": None} if values.get("enabled") else {}
            connection.execute(update(webhooks).where(webhooks.c.id == found.id).values(**values, **forgiven))
            audit.append(connection, client, "webhook.change", found.id, _told(values))
            return find_webhook(connection, webhook_id, branch)

    def remove(self, webhook_id: str, branch: str | None, client: str) -> None:
        """Delete a webhook and its waiting deliveries.

        Raises:
            NotFound: when there is no such webhook, or it is another branch's.
        """
        with self._database.begin(PATIENCE_S) as connection:
            found = find_webhook(connection, webhook_id, branch)
            connection.execute(delete(webhooks).where(webhooks.c.id == found.id))
            audit.append(connection, client, "webhook.remove", found.id, told_of(found.url))

    def rotate(self, webhook_id: str, branch: str | None, client: str) -> str:
        """Make a new secret; for a day messages carry the signatures of both.

        Raises:
            NotFound: when there is no such webhook, or it is another branch's.
        """
        secret = new_secret()
        with self._database.begin() as connection:
            found = find_webhook(connection, webhook_id, branch)
            until = {"old_secret": webhooks.c.secret, "old_until": text(f"now_ms() + {OVERLAP_MS:d}")}
            new = {"secret": self._sealed(secret), **until}
            connection.execute(update(webhooks).where(webhooks.c.id == found.id).values(**new))
            audit.append(connection, client, "webhook.rotate", found.id, {})
        return secret

    def _sealed(self, secret: str) -> str:
        return self._seal.close(secret.encode()).decode()


def told_of(url: str) -> dict[str, str]:
    """What a log may store of a receiver's address, whose path and query may hold a secret: host, and a digest.

    >>> told_of("https://crm.example:8443/hooks?token=s3cret")
    {'host': 'crm.example:8443', 'url_sha256': '7cc9a97cdbe508d1'}
    """
    return {"host": urlsplit(url).netloc.rpartition("@")[2], "url_sha256": sha256(url.encode()).hexdigest()[:16]}


def _told(values: Mapping[str, object]) -> dict[str, object]:
    """The changed values, with the address as ``told_of`` returns it."""
    plain = {name: value for name, value in values.items() if name != "url"}
    return {**plain, **told_of(str(values["url"]))} if "url" in values else plain


def find_webhook(connection: Connection, webhook_id: str, branch: str | None) -> Webhook:
    """One webhook.

    Raises: NotFound: when there is none, or it is another branch's.
    """
    row = connection.execute(select(*SHOWN).where(webhooks.c.id == uuid_of(webhook_id, "webhook"))).first()
    if row is None or branch not in (None, row.branch):
        raise NotFound(f'No webhook "{webhook_id[:40]}".')
    return webhook_of(row)


def webhook_of(row: Any) -> Webhook:
    """The row of ``SHOWN``."""
    return Webhook(row.id, row.url, tuple(row.types), row.branch, row.enabled, row.failing_since, row.created_at)


def uuid_of(name: str, what: str) -> str:
    """The name as a UUID.

    Raises: NotFound: when it is none.
    """
    try:
        return str(uuid.UUID(name))
    except ValueError:
        raise NotFound(f'No {what} "{name[:40]}".') from None
