"""Risk assessments: which client may write them, and what the audit log says of each write. Pure.

An assessment decides which risk a customer may be offered. Only clients with the scope ``assessments:write`` write it,
and the bank's own files if a setting allows that. Any other client must leave all of it, and its origin, as stored; to
send the stored value is no change.
"""

from collections.abc import Iterable
from typing import Any

from service.core.attributes import AttributeTable
from service.core.domain import Attributes, Client
from service.core.errors import Forbidden, Problem

SCOPE = "assessments:write"
ASSESSED = frozenset({"risk_tolerance", "risk_assessed_on", "qualified_investor"})


def protected_from(client: Client) -> frozenset[str]:
    """The attributes that the client may not change."""
    return frozenset() if SCOPE in client.scopes else ASSESSED


def changed_names(before: Attributes, after: Attributes) -> list[str]:
    """The names whose value differs, sorted; unknown equals absent."""
    return sorted(name for name in {*before, *after} if before.get(name) != after.get(name))


def expect_allowed(client: Client, before: Attributes, after: Attributes) -> None:
    """Return if the client may make these changes.

    Raises:
        Forbidden: names every attribute that would change and that the client may not change.
    """
    refused = protected_from(client).intersection(changed_names(before, after))
    if refused:
        words = f'changes only by a key with the scope "{SCOPE}": name it as it stands'
        problems = [Problem(f"attributes.{name}", words) for name in sorted(refused)]
        raise Forbidden("This key may not change a customer's risk assessment; nothing was stored.", problems)


def audit_detail(table: AttributeTable, before: Attributes, after: Attributes) -> dict[str, Any]:
    """For the audit log: the changed names, and old and new values of attributes that are not personal.

    An attribute that the table no longer has counts as personal.
    """
    names, plain = changed_names(before, after), {one.name for one in table.attributes if not one.personal}
    values = {name: {"old": before.get(name), "new": after.get(name)} for name in names if name in plain}
    return {"attributes": names, "values": values}


def problems_in_files(columns: Iterable[str], replaces: bool) -> list[Problem]:
    """The problems of files that may not contain assessments, and do."""
    problems = [Problem(name, "is not for files to say") for name in sorted(ASSESSED.intersection(columns))]
    return [*problems, Problem("--replace", "would make unknown what the files may not say")] if replaces else problems
