"""The ledger of consents: customers' words on each purpose. It only grows; the newest word holds."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import orjson

from service.core.errors import no_customer
from service.store import revisions
from service.store.connection import encoding, wire
from service.store.connection.bulk_copy import Progress
from service.store.connection.database import Ask, Database
from service.store.connection.wire import Statement
from service.store.customers.file_import import consents
from service.store.customers.file_import.consents import ConsentRow
from service.store.customers.file_import.load import loading
from service.store.revisions import Forget, without_cache

SAY = Statement(
    b"say",
    b"""
    INSERT INTO consents (customer_id, purpose, granted, source, version, at)
    SELECT $1, $2, $3::boolean, $4, $5, greatest($6::bigint,
        (SELECT max(at) FROM consents WHERE customer_id = $1 AND purpose = $2))
    """,
)
"""Never dated before an earlier word, so that the last word holds even if another client's clock ran fast."""

SAID = Statement(
    b"said",
    b"""
    SELECT revision, (SELECT json_object_agg(purpose, json_build_array(granted, at, source, version)) FROM (
        SELECT DISTINCT ON (purpose) purpose, granted, at, source, version FROM consents WHERE customer_id = $1
        ORDER BY purpose, at DESC, seq DESC) AS newest)
    FROM customers WHERE id = $1
    """,
)


@dataclass(frozen=True, slots=True)
class ConsentWords:
    """Consents given at once: purpose -> yes or no, their ``source``, and the ``version`` of the wording."""

    granted: Mapping[str, bool]
    source: str
    version: str

    def checked(self) -> tuple[dict[bytes, bytes], tuple[bytes, bytes]]:
        """The statement's parameters: purpose -> word; source and version.

        Raises:
            InvalidInput: when a purpose, the source or the version is no name.
        """
        words = {encoding.name("purpose", purpose): b"t" if word else b"f" for purpose, word in self.granted.items()}
        return words, (encoding.name("source", self.source), encoding.name("version", self.version))


@dataclass(frozen=True, slots=True)
class ConsentOnPurpose:
    """The newest word on one purpose: yes or no, when (ms UTC), its source, and the version of the wording."""

    granted: bool
    at: int
    source: str
    version: str


class CurrentConsents(NamedTuple):
    """A customer's revision, and the newest word on every purpose."""

    revision: int
    said: Mapping[str, ConsentOnPurpose]

    def says_all(self, words: ConsentWords) -> bool:
        """Whether each of the words is the newest on its purpose, whenever it was said."""
        stands = {purpose: (one.granted, one.source, one.version) for purpose, one in self.said.items()}
        return all(
            stands.get(purpose) == (word, words.source, words.version) for purpose, word in words.granted.items()
        )


Expect = Callable[[int], None]
"""Called with the customer's revision, under the customer's lock; raises where the caller expected another."""


def whatever(_: int) -> None:
    """An ``Expect`` for callers who expect no revision."""


class ConsentLedger:
    """The consents of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read_current(self, customer_id: str) -> CurrentConsents:
        """A customer's newest words on every purpose.

        Raises:
            NotFound: when the customer is not stored.
        """
        return _current(self._database.ask, customer_id)

    def say(
        self, customer_id: str, said: ConsentWords, at: int, forget: Forget = without_cache, expect: Expect = whatever
    ) -> int:
        """Add each purpose's word to the ledger as the newest; returns the customer's revision.

        The revision rises unless all words were the newest before: from the same source, on the same wording.

        Raises:
            NotFound: the customer is not stored.
            InvalidInput: a purpose, source or version is no name.
        """
        words, origin = said.checked()
        with self._database.exchange() as ask:
            revisions.lock_customer(ask, customer_id)
            before = _current(ask, customer_id)
            expect(before.revision)
            for purpose, word in words.items():
                ask(SAY, customer_id.encode(), purpose, word, *origin, b"%d" % at)
            if before.says_all(said):
                return before.revision
            revision = revisions.raise_revision(ask, customer_id)
            revisions.invalidate(ask, customer_id, revision, forget)
            return revision

    def load(
        self,
        rows: Iterable[ConsentRow],
        source: str = consents.RECORD,
        version: str = "1",
        at: int | None = None,
        progress: Progress | None = None,
    ) -> int:
        """Add the words of the record ``source`` to the ledger (``at``: now, ms), all or none; the number of rows.

        Raises:
            InvalidInput: names the rows that do not fit.
        """
        said_at = self._database.clock() if at is None else at
        with loading(self._database) as connection:
            return consents.load_consents(connection, rows, source, version, said_at, progress)[0]


def _current(ask: Ask, customer_id: str) -> CurrentConsents:
    for revision, found in ask(SAID, encoding.name("customer_id", customer_id)):
        said = {purpose: ConsentOnPurpose(*word) for purpose, word in orjson.loads(found or b"{}").items()}
        return CurrentConsents(wire.whole(revision), said)
    raise no_customer(customer_id)
