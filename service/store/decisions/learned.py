"""What decisions led to: read for measuring, drift and training, never on a request's road."""

from collections.abc import Iterable, Iterator, Sequence

from service.store.connection.database import PATIENCE_S, Database
from service.store.decisions import arm_outcomes, recent, training_data
from service.store.decisions.arm_outcomes import Outcomes
from service.store.decisions.decisions import Record
from service.store.decisions.labelled import Outcome, taken
from service.store.decisions.training_data import Life


class Learned:
    """The part of the store that tells what became of decisions."""

    _database: Database

    def latest_decisions(self, since: int, until: int, customers: int) -> list[Record]:
        """The latest decision, from ``since`` to ``until`` (ms), of at most so many customers; latest first."""
        with self._database.begin(PATIENCE_S) as connection:
            return recent.latest(connection, since, until, customers)

    def takings(self, customers: Iterable[str], since: int, until: int) -> Sequence[tuple[str, str, int]]:
        """(customer, offer, at) of every accept and purchase of these customers in that time (ms)."""
        with self._database.begin(PATIENCE_S) as connection:
            return recent.takings(connection, customers, since, until)

    def taken(self, since: int, until: int, window_ms: int, count: int) -> list[Outcome]:
        """The first decision from ``since`` to ``until`` (ms) of at most ``count`` customers, with what they took."""
        with self._database.begin(PATIENCE_S) as connection:
            return taken(connection, since, until, window_ms, count)

    def outcomes(self, policy: str, since: int, until: int, window_ms: int, release: int = 0) -> Outcomes:
        """What became of each arm's customers, under releases from ``release`` on with this policy's experiments."""
        with self._database.begin(PATIENCE_S) as connection:
            return arm_outcomes.outcomes(connection, policy, since, until, window_ms, release)

    def lives(self, since: int, until: int) -> Iterator[Life]:
        """Every stored customer with a decision from ``since`` to ``until``, their records and events; for training."""
        with self._database.begin(PATIENCE_S) as connection:
            yield from training_data.lives(connection, since, until)
