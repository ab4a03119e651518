"""The REST API: one file per resource, found by walking this folder; what they all share is in ``http``.

    offers/       what to offer next: one customer, many, visitors; events; decisions as recorded and explained
    customers/    customers and their list, preferences, contacts, portrait, tokens
    crm/          leads, builds of leads, advisers, jobs, changes, webhooks
    governance/   policies and releases, models, drift, experiments
    about         what the algorithm is for, its filing, and where a customer uses which right
    health, docs  for operators and for readers
    http/         what every resource shares: resource, guard, JSON body, fields, OpenAPI, problems, middleware ...
    examples/     the larger examples, captured from a running service

A new resource is one file with ``api = Resource(...)``; an endpoint is one decorator in it (``http.resource``). Its
schemas and short examples are in the same file, or beside it in its folder. Inputs are checked by their
schemas and refuse unknown names. Answers are only documented by them: dumping an answer through a schema costs more
than deciding, so the engine encodes answers and tests hold the bytes against the schemas. Answers may grow.
"""

from collections.abc import Iterator
from importlib import import_module
from pkgutil import walk_packages

from service.core.errors import InvalidInput
from service.routes.http.resource import Resource

FIRST = ("offers", "customers", "crm", "governance")
"""The rooms in the order in which a reader of the contract meets them; any other comes after."""
NO_RESOURCES = ("docs", "examples", "http")
"""Entries of this folder without a resource."""


def resources() -> tuple[Resource, ...]:
    """The ``api`` of every file below this folder, by room and name.

    Raises: InvalidInput: where a file has no ``api``, naming the file.
    """
    apis = dict.fromkeys(map(resource_of, sorted(_names(), key=_place)))
    return tuple(apis)


def _names() -> Iterator[str]:
    for row in walk_packages(__path__, f"{__name__}."):
        room, _, file = row.name.removeprefix(f"{__name__}.").partition(".")
        if room not in NO_RESOURCES and not row.ispkg and not file.endswith("schemas"):
            yield row.name


def resource_of(name: str) -> Resource:
    """The ``api`` of a module.

    Raises: InvalidInput: when it has none, naming the file.
    """
    api = getattr(import_module(name), "api", None)
    if not isinstance(api, Resource):
        raise InvalidInput(f"{name.replace('.', '/')}.py needs a resource: api = Resource(name, __name__, ...)")
    return api


def _place(name: str) -> tuple[int, str]:
    room = name.removeprefix(f"{__name__}.").partition(".")[0]
    return FIRST.index(room) if room in FIRST else len(FIRST), name
