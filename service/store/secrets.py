"""All secrets of one database at once: sealed with the newest key, or seen to be open."""

from collections.abc import Iterator

from sqlalchemy import Connection, select, update

from service.store import audit, bulk
from service.store.database import Database
from service.store.schema import signing_keys, webhooks
from service.store.sealing import Seal


class Secrets:
    """The secrets of one database."""

    def __init__(self, database: Database, seal: Seal) -> None:
        self._database, self._seal = database, seal

    def seal(self, actor: str) -> int:
        """Seal with the newest key whatever is plain or sealed with another; how many. Sealed where no key opens it."""
        if not self._seal:
            return 0
        with self._database.begin(bulk.PATIENCE_S) as connection:
            count = sum(self._signing(connection)) + sum(self._webhooks(connection))
            if count:
                audit.append(connection, actor, "secrets.seal", "secrets", {"sealed": count})
            return count

    def expect_open(self) -> None:
        """Raise Sealed where a secret does not open with the keys given here."""
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
