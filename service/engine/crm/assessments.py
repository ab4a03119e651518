"""A customer's risk assessment and qualification: who may write it, and what the audit log says of every write. Pure.

What stands here decides which risk a customer may be offered, so it is written by those alone who assess: keys with the
scope ``assessments:write``, and the bank's own files while a setting lets them. Any other key writes a customer only so
that all of it stays as it stands, and who said it, too: naming a value that stands is no word on it.
"""

from collections.abc import Iterable
from typing import Any

from service.core.attributes import AttributeTable
from service.core.domain import Attributes, Client
from service.core.errors import Forbidden, Problem

SCOPE = "assessments:write"
ASSESSED = frozenset({"risk_tolerance", "risk_assessed_on", "qualified_investor"})


def protected_from(client: Client) -> frozenset[str]:
    """The attributes on which the client has no say."""
    return frozenset() if SCOPE in client.scopes else ASSESSED


def changed_names(before: Attributes, after: Attributes) -> list[str]:
    """The names whose value differs, unknown and absent being the same; sorted."""
    return sorted(name for name in {*before, *after} if before.get(name) != after.get(name))


def expect_allowed(client: Client, before: Attributes, after: Attributes) -> None:
    """Raise Forbidden naming every attribute that would change and on which the client has no say."""
    refused = protected_from(client).intersection(changed_names(before, after))
    if refused:
        words = f'changes only by a key with the scope "{SCOPE}": name it as it stands'
        problems = [Problem(f"attributes.{name}", words) for name in sorted(refused)]
        raise Forbidden("This key may not change a customer's risk assessment; nothing was stored.", problems)


def audit_detail(table: AttributeTable, before: Attributes, after: Attributes) -> dict[str, Any]:
    """For the audit log: the names of what changed; old and new value where it is no trait of the person.

    What the table does not know any more counts as a trait.
    """
    names, plain = changed_names(before, after), {one.name for one in table.attributes if not one.personal}
    values = {name: {"old": before.get(name), "new": after.get(name)} for name in names if name in plain}
    return {"attributes": names, "values": values}


def problems_in_files(columns: Iterable[str], replaces: bool) -> list[Problem]:
    """What is wrong with files that may not speak of assessments, and do."""
    found = [Problem(name, "is not for files to say") for name in sorted(ASSESSED.intersection(columns))]
    return [*found, Problem("--replace", "would make unknown what the files may not say")] if replaces else found
