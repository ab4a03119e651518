"""Who said each of a customer's attributes, and as of when: told beside the attributes, never read by a decision.

Kept by name: ``{"age": "1764518400000 import"}``, an instant (ms UTC), a blank, a source. A name that is not told was
said by nobody knows whom: any word on it is newer. A name that is told while the attributes lack it was said to be
unknown: by name, or by storing the customer whole without it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

Told = Mapping[str, str]
"""As stored: the origin of each attribute."""

IMPORT, API = "import", "api"

AHEAD = "((extract(epoch FROM now()) * 1000)::bigint + 86400000)"
"""The last instant (ms UTC) at which a word may be dated: a day ahead.

A later one comes of a file whose bank's day was wrong, never of a clock that runs fast. It holds against nothing that
is said now: any later file or call corrects it.
"""

AT = "split_part(value, ' ', 1)::bigint"
"""When one of ``jsonb_each_text(told)`` was said."""

TOLD_AT = f"""
    CASE WHEN customers.told_at <= {AHEAD} THEN customers.told_at ELSE coalesce((
        SELECT max({AT}) FROM jsonb_each_text(customers.told) WHERE {AT} <= {AHEAD}), 0) END
"""  # noqa: S608 - our own words
"""The newest word on a customer, those that are dated ahead passed over."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Who said something (``import``, ``api:<client>``), and the instant as of which it holds (ms UTC)."""

    as_of: int
    source: str

    @property
    def word(self) -> str:
        """As it is stored.

        >>> Origin(17, "api:crm 2").word, Origin.parse("17 api:crm 2")
        ('17 api:crm 2', Origin(as_of=17, source='api:crm 2'))
        """
        return f"{self.as_of} {self.source}"

    @classmethod
    def parse(cls, word: str) -> "Origin":
        """As it was stored."""
        as_of, _, source = word.partition(" ")
        return cls(int(as_of), source)


def of_client(name: str, now: int) -> Origin:
    """The origin of what a client says over the API, now."""
    return Origin(now, f"{API}:{name}")


def origins(told: Told) -> dict[str, Origin]:
    """The origin of each name.

    >>> origins({"age": "5 import"})
    {'age': Origin(as_of=5, source='import')}
    """
    return {name: Origin.parse(word) for name, word in told.items()}


def only(origin: Origin | None, names: Iterable[str]) -> dict[str, str]:
    """All of it said by one origin; nothing where nobody knows whom."""
    return {} if origin is None else dict.fromkeys(sorted(names), origin.word)
