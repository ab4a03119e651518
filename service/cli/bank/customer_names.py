"""The customer of a verb, named by id or by the bank's own key, as below /v1/external-keys/{key}."""

import click

from service.core.errors import InvalidInput
from service.store import Store

external_key_option = click.option(
    "--external-key", metavar="KEY", help="The customer by your system's own key, instead of the id."
)


def id_of(store: Store, customer_id: str | None, external_key: str | None) -> str | None:
    """The customer's id; None where the verb names no customer.

    Raises: InvalidInput: when an id and a key are given. NotFound: when no customer has the key.
    """
    if external_key is None:
        return customer_id
    if customer_id is not None:
        raise InvalidInput("Name the customer by id or by --external-key, not by both.")
    return store.customers.read_by_key(external_key).id


def whose(store: Store, customer_id: str | None, external_key: str | None) -> str:
    """As ``id_of``, for a verb that needs a customer.

    Raises: InvalidInput, NotFound: as ``id_of``, and InvalidInput when no customer is named.
    """
    found = id_of(store, customer_id, external_key)
    if found is None:
        raise InvalidInput("Name the customer: by id, or by --external-key.")
    return found
