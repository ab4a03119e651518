"""All secrets of one database: sealed with the newest key, checked, or replaced where a key is lost."""

from collections.abc import Iterator

from sqlalchemy import Connection, delete, select, update

from service.store.connection.database import PATIENCE_S, Database
from service.store.outbox.webhooks import new_secret
from service.store.schema import signing_keys, webhooks
from service.store.security import audit
from service.store.security.sealing import Seal
from service.store.security.signing_keys import add


class Secrets:
    """The secrets of one database."""

    def __init__(self, database: Database, seal: Seal) -> None:
        self._database, self._seal = database, seal

    def seal(self, actor: str) -> int:
        """Seal with the newest key whatever is plain or sealed with another; returns how many.

        Raises:
            Sealed: when a secret opens with none of the keys.
        """
        if not self._seal:
            return 0
        with self._database.begin(PATIENCE_S) as connection:
            count = sum(self._signing(connection)) + sum(self._webhooks(connection))
            if count:
                audit.append(connection, actor, "secrets.seal", "secrets", {"sealed": count})
            return count

    def renew(self, actor: str) -> dict[str, int]:
        """Replace the secrets that no key opens any more, because a key was lost; returns how many of each kind.

        Tokens signed by a lost signing key are invalid from now on. A webhook whose secret is lost gets a new one and
        is switched off, so that nothing is sent whose signature its receiver could not check.
        """
        with self._database.begin(PATIENCE_S) as connection:
            found = {"signing_keys": self._renew_signing(connection), "webhooks": self._renew_webhooks(connection)}
            if any(found.values()):
                audit.append(connection, actor, "secrets.renew", "secrets", found)
            return found

    def _renew_signing(self, connection: Connection) -> int:
        rows = connection.execute(select(signing_keys.c.id, signing_keys.c.secret).with_for_update()).all()
        lost = [row.id for row in rows if not self._seal.opens(bytes(row.secret))]
        connection.execute(delete(signing_keys).where(signing_keys.c.id.in_(lost)))
        if lost:
            add(connection, self._seal)
        return len(lost)

    def _renew_webhooks(self, connection: Connection) -> int:
        kept, lost = select(webhooks.c.id, webhooks.c.secret, webhooks.c.old_secret).order_by(webhooks.c.id), 0
        for row in connection.execute(kept.with_for_update()).all():
            new: dict[str, object] = {}
            if row.old_secret and not self._seal.opens(row.old_secret.encode()):
                new = {"old_secret": None, "old_until": None}
            if not self._seal.opens(row.secret.encode()):
                new |= {"secret": self._seal.close(new_secret().encode()).decode(), "enabled": False}
                lost += 1
            if new:
                connection.execute(update(webhooks).where(webhooks.c.id == row.id).values(**new))
        return lost

    def expect_open(self) -> None:
        """Raise Sealed where a secret does not open with these keys."""
        with self._database.begin() as connection:
            for key in connection.execute(select(signing_keys.c.secret)).scalars():
                self._seal.open(bytes(key))
            for pair in connection.execute(select(webhooks.c.secret, webhooks.c.old_secret)):
                for secret in filter(None, pair):
                    self._seal.open(secret.encode())

    def _signing(self, connection: Connection) -> Iterator[bool]:
        for row in connection.execute(select(signing_keys.c.id, signing_keys.c.secret).with_for_update()).all():
            kept = bytes(row.secret)
            if not self._seal.is_newest(kept):
                sealed = self._seal.close(self._seal.open(kept))
                connection.execute(update(signing_keys).where(signing_keys.c.id == row.id).values(secret=sealed))
                yield True

    def _webhooks(self, connection: Connection) -> Iterator[bool]:
        kept = select(webhooks.c.id, webhooks.c.secret, webhooks.c.old_secret).order_by(webhooks.c.id).with_for_update()
        for row in connection.execute(kept).all():
            old = {name: value.encode() for name in ("secret", "old_secret") if (value := getattr(row, name))}
            late = {name: value for name, value in old.items() if not self._seal.is_newest(value)}
            if late:
                new = {name: self._seal.close(self._seal.open(value)).decode() for name, value in late.items()}
                connection.execute(update(webhooks).where(webhooks.c.id == row.id).values(**new))
                yield True
