"""Names of offers, channels and survey questions: those of every policy that serves, served, or was on trial."""

from dataclasses import dataclass

from sqlalchemy import Connection, text

NAMES = text(
    """
    WITH served AS (
        SELECT documents FROM policies WHERE hash IN (SELECT policy FROM releases UNION SELECT policy FROM challengers))
    SELECT 'offers' AS noun, one ->> 'id' AS name
        FROM served, json_array_elements(documents -> 'catalogue' -> 'offers') AS one
    UNION SELECT 'channels', one ->> 'id' FROM served, json_array_elements(documents -> 'channels' -> 'channels') AS one
    UNION SELECT 'questions', one ->> 'id'
        FROM served, json_array_elements(documents -> 'portrait' -> 'satisfaction' -> 'questions') AS one
    """
)


@dataclass(frozen=True, slots=True)
class PolicyNames:
    """The ids of offers, of channels, and of what surveys ask."""

    offers: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()
    questions: frozenset[str] = frozenset()


def read_names(connection: Connection) -> PolicyNames:
    """What the policies of all releases and trials name."""
    by_noun: dict[str, set[str]] = {}
    for noun, name in connection.execute(NAMES):
        by_noun.setdefault(noun, set()).add(name)
    return PolicyNames(**{noun: frozenset(each) for noun, each in by_noun.items()})
