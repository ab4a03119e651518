"""Attribute sources: who said each of a customer's attributes, and as of when; stored beside them, never read by a
decision.

Stored by name: ``{"age": "1764518400000 import"}``, an instant (ms UTC), a blank, a source. An attribute without a
source has an unknown one: any other value is newer. A source whose attribute is missing says that the attribute is
unknown: by name, or because the customer was stored whole without it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

Told = Mapping[str, str]
"""As stored: attribute name -> source."""

IMPORT, API = "import", "api"

AHEAD = "((extract(epoch FROM now()) * 1000)::bigint + 86400000)"
"""The last instant (ms UTC) at which a word may be dated: a day ahead.

A later one comes of a file whose bank's day was wrong, never of a clock that runs fast. It holds against nothing that
is said now: any later file or call corrects it.
"""

AT = "split_part(value, ' ', 1)::bigint"
"""The instant of a row of ``jsonb_each_text(told)``."""

TOLD_AT = f"""
    CASE WHEN customers.told_at <= {AHEAD} THEN customers.told_at ELSE coalesce((
        SELECT max({AT}) FROM jsonb_each_text(customers.told) WHERE {AT} <= {AHEAD}), 0) END
"""  # noqa: S608 - our own words
"""The newest instant of a customer's sources, those dated ahead left out."""


@dataclass(frozen=True, slots=True)
class Origin:
    """A source (``import``, ``api:<client>``), and the instant as of which it speaks (ms UTC)."""

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
        """The origin of a stored word."""
        as_of, _, source = word.partition(" ")
        return cls(int(as_of), source)


def of_client(name: str, now: int) -> Origin:
    """The origin of a client's request, now."""
    return Origin(now, f"{API}:{name}")


def origins(told: Told) -> dict[str, Origin]:
    """The origin of each attribute.

    >>> origins({"age": "5 import"})
    {'age': Origin(as_of=5, source='import')}
    """
    return {name: Origin.parse(word) for name, word in told.items()}


def only(origin: Origin | None, names: Iterable[str]) -> dict[str, str]:
    """Every name with this one origin; empty where the origin is unknown."""
    return {} if origin is None else dict.fromkeys(sorted(names), origin.word)
