"""Whose customers a client may reach: a branch's key reaches the customers whose ``branch_id`` is that branch. Pure.

Unknown means no: a customer without a branch belongs to none, and only the bank's own keys reach them.
"""

from service.domain import Attributes
from service.errors import Forbidden

BRANCH = "branch_id"
ADVISER = "adviser_id"


def expect_reach(branch: str | None, attributes: Attributes) -> None:
    """Return where a client of ``branch`` (None: the whole bank) may reach such a customer; Forbidden otherwise."""
    if branch is not None and attributes.get(BRANCH) != branch:
        raise Forbidden("This key belongs to a branch and reaches the customers of that branch only.")
