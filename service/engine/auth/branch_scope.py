"""The customers that a client may reach, and the answer about all others: that they do not exist.

A branch's key reaches the customers whose ``branch_id`` is that branch. A customer without a branch is reached by the
bank's own keys only. About any other customer, a branch's key gets the same answer as about a customer who does not
exist, so that it never learns who is a customer of the bank. A customer's own key may name no other customer. A token
that a branch's key minted ends for its customer as the key does. Pure; branches in the database are read by
``store.security.access_log``.
"""

from service.core.domain import Attributes, Client
from service.core.errors import Forbidden, FourcastError, NotFound, Problem, no_customer

BRANCH = "branch_id"
ADVISER = "adviser_id"


def reaches(branch: str | None, attributes: Attributes) -> bool:
    """Whether a client of ``branch`` (None: the whole bank) reaches a customer with these attributes."""
    return branch is None or attributes.get(BRANCH) == branch


def expect_reach(branch: str | None, attributes: Attributes, nobody: NotFound) -> None:
    """Return if a client of ``branch`` reaches such a customer.

    Raises:
        NotFound: the client does not; the error ``nobody``, which is that for an unknown customer.
    """
    if not reaches(branch, attributes):
        raise nobody


def expect_own(branch: str | None, attributes: Attributes) -> None:
    """Return if a client of ``branch`` may store a customer with these attributes.

    Raises:
        Forbidden: the customer is another branch's.
    """
    if not reaches(branch, attributes):
        raise Forbidden("This key belongs to a branch and stores customers of that branch only.")


def unreachable_error(client: Client, customer_id: str) -> FourcastError:
    """The error for a bound client about a customer whom it does not reach, stored or not."""
    if client.customer_id in (None, customer_id):  # their own, who has left the branch whose key minted the token
        return no_customer(customer_id)
    problem = Problem("customer_id", "is not this key's customer")
    return Forbidden("This key belongs to one customer and reaches no other customer.", [problem])
