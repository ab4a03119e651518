"""Whom a client may reach, and what it hears of everybody else: that they are not there.

A branch's key reaches the customers whose ``branch_id`` is that branch. Unknown means no: a customer without a branch
belongs to none, and only the bank's own keys reach them. Whatever a branch's key asks of somebody else's customer is
answered in the very words that it would hear of a customer nobody has, so that it never learns who is a customer of the
bank. A customer's own key may name nobody else, stored or not; a token that a branch's key minted ends for its
customer as the key does. Pure;
``engine.auth`` asks ``store.security.access_log`` for the branch of a customer.
"""

from service.core.domain import Attributes, Client
from service.core.errors import Forbidden, FourcastError, NotFound, Problem, no_customer

BRANCH = "branch_id"
ADVISER = "adviser_id"


def reaches(branch: str | None, attributes: Attributes) -> bool:
    """Whether a client of ``branch`` (None: the whole bank) reaches a customer with these attributes."""
    return branch is None or attributes.get(BRANCH) == branch


def expect_reach(branch: str | None, attributes: Attributes, nobody: NotFound) -> None:
    """Return where a client of ``branch`` reaches such a customer; else raise ``nobody``, as where there is none."""
    if not reaches(branch, attributes):
        raise nobody


def expect_own(branch: str | None, attributes: Attributes) -> None:
    """Return where a client of ``branch`` may store a customer with these attributes; Forbidden otherwise."""
    if not reaches(branch, attributes):
        raise Forbidden("This key belongs to a branch and stores customers of that branch only.")


def unreachable_error(client: Client, customer_id: str) -> FourcastError:
    """What a bound client hears of a customer whom it does not reach, stored or not."""
    if client.customer_id in (None, customer_id):  # their own, who has left the branch whose key minted the token
        return no_customer(customer_id)
    problem = Problem("customer_id", "is not this key's customer")
    return Forbidden("This key belongs to one customer and reaches no other customer.", [problem])
