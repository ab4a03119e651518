"""The servers of a verb: the bank's own by URL, else the embedded ones, started here or used where they run."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from service.cache import Cache
from service.cli.bank import selection
from service.runtime.config import Settings
from service.runtime.embedded import embedded, secret_key
from service.store import Store
from service.store.security.sealing import new_key


@dataclass(frozen=True)
class Stack:
    """Settings with both URLs filled in, and the store and cache behind them."""

    settings: Settings
    store: Store
    cache: Cache

    @property
    def environ(self) -> dict[str, str]:
        """The environment of a process that works with the same servers."""
        return {
            "FOURCAST_DATABASE_URL": str(self.settings.database_url),
            "FOURCAST_REDIS_URL": str(self.settings.redis_url),
            "FOURCAST_STATE_DIR": str(self.settings.state_dir),
            "FOURCAST_ARTIFACTS": self.settings.artifacts_url or str(self.settings.artifacts),
            "FOURCAST_POLICY": str(self.settings.policy),
            "FOURCAST_SECRET_KEYS": ",".join(self.settings.secret_keys),
        }


@contextmanager
def open_stack(settings: Settings | None = None) -> Iterator[Stack]:
    """A stack whose database has the newest schema; at the end what was started for it is stopped, nothing else.

    Without settings: those of the chosen bank, which must exist.
    """
    settings = settings or selection.existing_settings()
    with embedded(settings) as urls:
        keys = _secret_keys(settings)
        settings = replace(settings, database_url=urls.database, redis_url=urls.redis, secret_keys=keys)
        store = Store(urls.database, settings.database_deadline_ms, keys)
        store.migrate()
        try:
            yield Stack(settings, store, Cache(urls.redis))
        finally:
            store.close()


def _secret_keys(settings: Settings) -> tuple[str, ...]:
    """Those of the environment; an embedded database without any has one in its state folder."""
    if settings.secret_keys or settings.database_url is not None:
        return settings.secret_keys
    return (secret_key.read_or_make(settings.state_dir, new_key),)
