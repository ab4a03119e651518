"""Who may do what: each endpoint declares its scope and which bound clients it takes, or that it is public.

An endpoint that declares neither stops the service from starting. A client may be bound to one customer or to one
branch. Where the path names a customer, the guard checks that the client may reach that customer
(``auth.branch_scope``). Everywhere else a bound client is refused, unless the endpoint takes it (``BoundClients``) and
its view narrows to it by ``expect_reachable``, ``reachable_customers`` or ``resolve_branch``. The default is closed.
"""

from collections.abc import Callable, Sequence
from enum import StrEnum
from functools import wraps
from typing import Any, cast

from flask import Flask, Response, current_app, request

from service.core.customer_ids import LONGEST_KEY
from service.core.domain import Client
from service.core.errors import Forbidden, InvalidInput, InvalidToken, Problem, Unauthorized, Unavailable
from service.engine.auth.branch_scope import unreachable_error
from service.engine.auth.keys import digest
from service.engine.auth.quotas import expect_allowed
from service.engine.engine import Engine
from service.routes.http.idempotency import HEADER, WRITES, answer_once
from service.routes.http.request_context import request_context
from service.store.customers.repository import no_customer_of

PUBLIC = "public"
OF_CUSTOMER, BY_KEY = "/v1/customers/<string:customer_id>", "/v1/external-keys/<string:external_key>"
"""Paths below the first one are there below the second one, too."""
MAX_WORD = 64
AT_ONCE = 1_000
"""External keys looked up in one statement."""
LONGEST = 8_000
"""Characters of a key or token."""

View = Callable[..., Response]


class ExternalKey(str):
    """A customer's name in a path that is not the id: the guard looks up whose it is."""

    __slots__ = ()


class BoundClients(StrEnum):
    """Which clients a route takes, beside their scope."""

    BANK = "bank"
    """Those bound to nobody; where a route says nothing and its path names no customer."""
    BRANCH = "branch"
    """Also those of a branch; the view narrows to it by ``resolve_branch``."""
    CUSTOMER = "customer"
    """All, each for the customers it may reach; the path names the customer and the guard looks."""
    NAMED = "named"
    """All, each for the customers it may reach; the view finds who is named and looks by ``expect_reachable(s)``."""


def engine() -> Engine:
    """The engine behind the app being served."""
    return cast(Engine, current_app.extensions["fourcast"])


def public(view: View) -> View:
    """Let anybody in."""
    view.scope = PUBLIC  # type: ignore[attr-defined]
    return view


def needs(
    *scopes: str,
    reach: BoundClients = BoundClients.BANK,
    body_bytes: int = 0,
    secret: bool = False,
    nameless: bool = False,
) -> Callable[[View], View]:
    """Let in whoever holds a key with one of ``scopes``, as far as it reaches; the view gets that ``Client`` first.

    ``body_bytes``: how large a body it takes, where that is more than every view does. ``secret``: its answer shows a
    secret this once. ``nameless``: it also answers while PostgreSQL is away and nobody can tell whose an external key
    is; the view then gets the ``ExternalKey`` itself for the id.
    """

    def declare(view: View) -> View:
        @wraps(view)
        def guarded(**words: Any) -> Response:
            client = identify(*scopes)
            keyed = [name for name, value in words.items() if isinstance(value, ExternalKey)]
            if "customer_id" not in words and client.bound:
                _expect_reach(client, reach)
            if keyed:
                words |= {name: _resolve_or_keep(client, words[name], nameless) for name in keyed}
            elif "customer_id" in words:
                expect_reachable(client, words["customer_id"])
            request.max_content_length = max(request.max_content_length or 0, body_bytes)
            if HEADER in request.environ and request.method in WRITES:
                return answer_once(
                    engine().access.repeats, digest(client.principal), lambda: view(client, **words), secret
                )
            return view(client, **words)

        guarded.scope, guarded.reach = " or ".join(scopes), reach  # type: ignore[attr-defined]
        guarded.secret = secret  # type: ignore[attr-defined]
        return guarded

    return declare


def reach_of(view: object, path: str) -> BoundClients | None:
    """Whom the route takes beside the scope; None for a public one."""
    if scope_of(view) in (None, PUBLIC):
        return None
    named = "customer_id>" in path or path.startswith(f"{BY_KEY}/")
    return BoundClients.CUSTOMER if named else getattr(view, "reach", BoundClients.BANK)


def scope_of(view: object) -> str | None:
    """What a view declared; None when it declared nothing."""
    return getattr(view, "scope", None)


def expect_scopes(app: Flask) -> None:
    """Refuse to serve an app with a view that declares no scope."""
    open_doors = [endpoint for endpoint, view in app.view_functions.items() if scope_of(view) is None]
    if open_doors:
        raise InvalidInput(
            "Views must declare a scope or be public.", [Problem(name, "no scope") for name in open_doors]
        )


def identify(*scopes: str) -> Client:
    """The client that asks; Unauthorized (401) without a good key, Forbidden (403) without any of the scopes."""
    client = engine().access.client(read_credential())
    spend(client, 1)
    if client.scopes.isdisjoint(scopes):
        named = " or ".join(f'"{scope}"' for scope in scopes)
        raise Forbidden(f"This key lacks the scope {named}.")
    if client.customer_id is None:
        request_context().client = client.name
    return client


def spend(client: Client, count: int, of: int = 1) -> None:
    """Count so many requests against the client's quota; TooMany, which names ``of``, where they are too many."""
    if count:
        request_context().allowance = allowance = engine().access.spend(client, count)
        expect_allowed(allowance, of)


def expect_reachable(client: Client, customer_id: str, where: str = "customer_id") -> str:
    """``customer_id`` when it is well formed and the client may reach it.

    InvalidInput (422); for a branch's client NotFound (404), as of nobody; for a customer's own Forbidden (403).
    """
    expect_word(customer_id, where)
    if client.bound and not reachable_customers(client, (customer_id,)):
        raise unreachable_error(client, customer_id)
    return customer_id


def reachable_customers(client: Client, customer_ids: Sequence[str]) -> frozenset[str]:
    """Those of the customers whom the client may reach; each look of a branch's client is on record."""
    rule = request.url_rule
    operation = f"{request.method} {rule.rule if rule is not None else ''}"
    return engine().access.reachable(client, customer_ids, operation)


def resolve_external_keys(client: Client, external_keys: Sequence[str]) -> dict[str, str]:
    """External key -> id, of those of the customers whom the client may reach: the one place where keys are resolved.

    Whom the client may not reach is nobody, as who is not stored.
    """
    reached: dict[str, str] = {}
    for first in range(0, len(external_keys), AT_ONCE):
        found = engine().crm.customers.ids_of(external_keys[first : first + AT_ONCE])
        mine = reachable_customers(client, list(found.values()))
        reached |= {key: one for key, one in found.items() if one in mine}
    return reached


def resolve_external_key(client: Client, external_key: str) -> str:
    """The id of the customer of that key; NotFound, also for whom the client may not reach."""
    found = resolve_external_keys(client, (expect_word(external_key, "external_key", LONGEST_KEY),))
    if external_key not in found:
        raise no_customer_of(external_key)
    return found[external_key]


def _resolve_or_keep(client: Client, key: ExternalKey, nameless: bool) -> str:
    """The id of that key's customer.

    While PostgreSQL is away, the key itself for an unbound client of a ``nameless`` endpoint.
    """
    try:
        return resolve_external_key(client, key)
    except Unavailable:
        if client.bound or not nameless:
            raise
        return key


def resolve_customer_of_body(client: Client, body: dict[str, Any]) -> None:
    """Put the id of whom a body names, by id or by external key, into it; Forbidden, NotFound."""
    key = body.pop("external_key", None)
    body["customer_id"] = (
        expect_reachable(client, body["customer_id"]) if key is None else resolve_external_key(client, key)
    )


def with_external_key(view: View, parameter: str = "customer_id") -> View:
    """The guarded view at a path that names its customer by external key."""

    @wraps(view)
    def keyed(external_key: str, **words: Any) -> Response:
        return view(**words, **{parameter: ExternalKey(external_key)})

    keyed.__name__ = f"{view.__name__}_by_key"
    return keyed


def resolve_branch(client: Client, branch: str | None) -> str | None:
    """The branch that a request is about: the client's own, or the one named (None: all); Forbidden for another's."""
    if client.customer_id is not None or client.branch not in (None, branch or client.branch):
        raise Forbidden(f"{_belonging(client)} and reaches no other.")
    return client.branch or branch


def _expect_reach(client: Client, reach: BoundClients) -> None:
    if reach == BoundClients.NAMED or (reach == BoundClients.BRANCH and client.customer_id is None):
        return
    raise Forbidden(f"{_belonging(client)} and has no part in this.")


def _belonging(client: Client) -> str:
    return "This key belongs to one customer" if client.customer_id is not None else "This key belongs to one branch"


def expect_word(value: str, where: str, longest: int = MAX_WORD) -> str:
    """``value`` when it is 1 to ``longest`` printable characters; InvalidInput otherwise."""
    if len(value) > longest or not value.isprintable() or value != value.strip() or "\ufffd" in value:
        raise InvalidInput(
            "The path holds no such id.", [Problem(where, f"must be 1 to {longest} printable characters")]
        )
    return value


def read_credential() -> str:
    """The key or token that the request brings; Unauthorized where there is none, or more than one."""
    environ = request.environ
    header, key = environ.get("HTTP_AUTHORIZATION"), environ.get("HTTP_X_API_KEY")
    if header is not None and key is not None:
        raise Unauthorized("Send the key once: as a Bearer token or as X-API-Key, not both.")
    if header is not None:
        scheme, _, key = header.partition(" ")
        if scheme.lower() != "bearer":
            raise Unauthorized('Send the key as "Authorization: Bearer KEY" or "X-API-Key: KEY".')
    if key and len(key) > LONGEST:
        raise InvalidToken(f"The key or token is longer than {LONGEST} characters.")
    if not key:
        raise Unauthorized('No key. Send it as "Authorization: Bearer KEY" or "X-API-Key: KEY".')
    return str(key).strip()
