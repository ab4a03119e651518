"""How a verb's customer is named: by id, or by the bank's own key of them, as below /v1/external-keys/{key}."""

import click

from service.core.errors import InvalidInput
from service.store import Store

external_key_option = click.option(
    "--external-key", metavar="KEY", help="The customer by your system's own key, instead of the id."
)


def id_of(store: Store, customer_id: str | None, external_key: str | None) -> str | None:
    """The id of whom a verb names, None for nobody; InvalidInput for two names, NotFound for a key that nobody has."""
    if external_key is None:
        return customer_id
    if customer_id is not None:
        raise InvalidInput("Name the customer by id or by --external-key, not by both.")
    return store.customers.read_by_key(external_key).id


def whose(store: Store, customer_id: str | None, external_key: str | None) -> str:
    """As ``id_of``, of a verb that needs a customer; InvalidInput where none is named."""
    found = id_of(store, customer_id, external_key)
    if found is None:
        raise InvalidInput("Name the customer: by id, or by --external-key.")
    return found
