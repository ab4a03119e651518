"""The REST API: one file per resource, found by walking this folder. What a view does not say stands in ``http``.

    offers/       what to offer next: one customer, many, visitors; events; decisions as recorded and told
    customers/    customers and their list, preferences, contacts, portrait, tokens
    crm/          leads, builds of leads, advisers, jobs, changes, webhooks
    governance/   policies and releases, models, drift, experiments
    health, docs  for operators and for readers
    http/         what every resource shares: guard, JSON body, fields, OpenAPI, problems, middleware ...
    schemas/      what goes in and out, as marshmallow schemas
    examples/     an example of each operation, response_doc in the contract

A new resource is one file with a ``blueprint``.
"""

from importlib import import_module
from pkgutil import walk_packages
from typing import Any

FIRST = ("offers", "customers", "crm", "governance")
"""The rooms in the order in which a reader of the contract meets them; any other comes after."""


def blueprints() -> tuple[Any, ...]:
    """The ``blueprint`` of every file below this folder, by room and name."""
    names = sorted((row.name for row in walk_packages(__path__, f"{__name__}.")), key=_place)
    found = (getattr(import_module(name), "blueprint", None) for name in names)
    return tuple(blueprint for blueprint in found if hasattr(blueprint, "serve"))


def _place(name: str) -> tuple[int, str]:
    room = name.removeprefix(f"{__name__}.").partition(".")[0]
    return FIRST.index(room) if room in FIRST else len(FIRST), name
