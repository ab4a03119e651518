"""What a customer permits: their words on each purpose, and contacts reserved before they are made.

A contact is asked for and counted in one transaction, so that no race passes a cap. The customer's row is locked
first: who comes second waits, and then reads a past that holds the first one's contact, so among any number of
processes the gates are asked one after another. A reservation is an event of kind ``contact``; it counts from that
moment on, whether or not the message then goes out, which errs on the customer's side. The same id asked again is the
same reservation, also when the cap is full by now.
"""

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
from service.store.revisions import Forget, nobody_told

SAY = Statement(
    b"say",
    b"""
    INSERT INTO consents (customer_id, purpose, granted, source, version, at)
    SELECT $1, $2, $3::boolean, $4, $5, greatest($6::bigint,
        (SELECT max(at) FROM consents WHERE customer_id = $1 AND purpose = $2))
    """,
)
"""Never dated before a word that stands: what is said now holds, whoever's clock ran fast when the other was said."""

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
class Words:
    """What a customer says at once: purpose -> yes or no, through whom (``source``), to which wording (``version``)."""

    granted: Mapping[str, bool]
    source: str
    version: str

    def checked(self) -> tuple[dict[bytes, bytes], tuple[bytes, bytes]]:
        """As statements take them: purpose -> word; source and version. InvalidInput for what is no name."""
        words = {encoding.name("purpose", purpose): b"t" if word else b"f" for purpose, word in self.granted.items()}
        return words, (encoding.name("source", self.source), encoding.name("version", self.version))


@dataclass(frozen=True, slots=True)
class Said:
    """The newest word on one purpose: yes or no, when (ms UTC), through whom, and to which wording."""

    granted: bool
    at: int
    source: str
    version: str


class CurrentConsents(NamedTuple):
    """A customer's revision, and the newest word on every purpose that was ever spoken of."""

    revision: int
    said: Mapping[str, Said]

    def says_all(self, words: Words) -> bool:
        """Whether each of them is the last word on its purpose, whenever it was said."""
        stands = {purpose: (one.granted, one.source, one.version) for purpose, one in self.said.items()}
        return all(
            stands.get(purpose) == (word, words.source, words.version) for purpose, word in words.granted.items()
        )


Expect = Callable[[int], None]
"""Told the revision that stands, under the customer's lock; raises where the caller expected another."""


def whatever(_: int) -> None:
    """Where nobody said what they had seen, it is as expected."""


class ConsentLedger:
    """The permissions desk of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read_current(self, customer_id: str) -> CurrentConsents:
        """A customer's newest words on every purpose; raises NotFound."""
        return _current(self._database.ask, customer_id)

    def say(
        self, customer_id: str, said: Words, at: int, forget: Forget = nobody_told, expect: Expect = whatever
    ) -> int:
        """Add each purpose's word to the ledger as the newest; returns the customer's revision; NotFound.

        It rises unless all of it was the last word before: from the same source, on the same wording.
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
        said = {purpose: Said(*word) for purpose, word in orjson.loads(found or b"{}").items()}
        return CurrentConsents(wire.whole(revision), said)
    raise no_customer(customer_id)
