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
"""Every path below the first prefix is also served below the second."""
MAX_WORD = 64
AT_ONCE = 1_000
"""Most external keys that one statement looks up."""
LONGEST = 8_000
"""Most characters of an API key or a token."""

View = Callable[..., Response]


class ExternalKey(str):
    """An external key in a path, in place of the id. The guard resolves it."""

    __slots__ = ()


class BoundClients(StrEnum):
    """Which clients an endpoint takes, beside their scope."""

    BANK = "bank"
    """Only clients that are not bound. The default where the path names no customer."""
    BRANCH = "branch"
    """Also clients of a branch, never a customer's own. Where the path names a customer the guard checks; elsewhere the
    view narrows to the branch by ``resolve_branch`` or ``reachable_customers``."""
    CUSTOMER = "customer"
    """All clients, each for customers it may reach. The path names the customer and the guard checks."""
    NAMED = "named"
    """All clients, each for customers it may reach. The view checks them by ``reachable_customers``."""


def engine() -> Engine:
    """The engine of the app that serves this request."""
    return cast(Engine, current_app.extensions["fourcast"])


def public(view: View) -> View:
    """Mark a view as public: no key is needed."""
    view.scope = PUBLIC  # type: ignore[attr-defined]
    return view


def needs(
    *scopes: str,
    reach: BoundClients = BoundClients.BANK,
    body_bytes: int = 0,
    secret: bool = False,
    nameless: bool = False,
) -> Callable[[View], View]:
    """Return the guard of a view: the client must hold one of ``scopes``, and may be bound as ``reach`` says.

    The view receives the ``Client`` first.

    ``body_bytes``: the largest body, where it exceeds the app's.
    ``secret``: the answer shows a secret once.
    ``nameless``: the endpoint also answers while PostgreSQL is away and no external key can be resolved. The view then
    receives the ``ExternalKey`` as the id.
    """

    def declare(view: View) -> View:
        @wraps(view)
        def guarded(**words: Any) -> Response:
            client = identify(*scopes)
            keyed = [name for name, value in words.items() if isinstance(value, ExternalKey)]
            if client.bound and ("customer_id" not in words or reach == BoundClients.BRANCH):
                _expect_reach(client, reach)
            if keyed:
                words |= {name: _resolve_or_keep(client, words[name], nameless) for name in keyed}
            elif "customer_id" in words:
                expect_reachable(client, words["customer_id"])
            request.max_content_length = max(request.max_content_length or 0, body_bytes)
            if HEADER in request.environ and request.method in WRITES:
                return answer_once(
                    engine().access.idempotency, digest(client.principal), lambda: view(client, **words), secret
                )
            return view(client, **words)

        guarded.scope, guarded.reach = " or ".join(scopes), reach  # type: ignore[attr-defined]
        guarded.secret = secret  # type: ignore[attr-defined]
        return guarded

    return declare


def reach_of(view: object, path: str) -> BoundClients | None:
    """Which bound clients an endpoint takes; None for a public one."""
    if scope_of(view) in (None, PUBLIC):
        return None
    reach: BoundClients = getattr(view, "reach", BoundClients.BANK)
    named = "customer_id>" in path or path.startswith(f"{BY_KEY}/")
    return BoundClients.CUSTOMER if named and reach != BoundClients.BRANCH else reach


def scope_of(view: object) -> str | None:
    """The scopes a view declared; None where it declared none."""
    return getattr(view, "scope", None)


def expect_scopes(app: Flask) -> None:
    """Check that every view of the app declares a scope or is public.

    Raises: InvalidInput: naming each view that does not.
    """
    open_doors = [endpoint for endpoint, view in app.view_functions.items() if scope_of(view) is None]
    if open_doors:
        raise InvalidInput(
            "Views must declare a scope or be public.", [Problem(name, "no scope") for name in open_doors]
        )


def identify(*scopes: str) -> Client:
    """The client of this request, counted against its quota.

    Raises: Unauthorized (401): without a valid key. Forbidden (403): where the key has none of the scopes.
    """
    client = engine().access.client(read_credential())
    spend(client, 1)
    if client.scopes.isdisjoint(scopes):
        named = " or ".join(f'"{scope}"' for scope in scopes)
        raise Forbidden(f"This key lacks the scope {named}.")
    if client.customer_id is None:
        request_context().client = client.name
    return client


def spend(client: Client, count: int, of: int = 1) -> None:
    """Count requests against the client's quota.

    Raises: TooMany: where the quota is used up; the message names ``of``.
    """
    if count:
        request_context().allowance = allowance = engine().access.quotas.spend(client, count)
        expect_allowed(allowance, of)


def expect_reachable(client: Client, customer_id: str, where: str = "customer_id") -> str:
    """``customer_id``, checked: well formed, and within the client's reach.

    Raises: InvalidInput (422). NotFound (404): for a branch's client, as for a customer who does not exist. Forbidden
    (403): for a customer's own client.
    """
    expect_word(customer_id, where)
    if client.bound and not reachable_customers(client, (customer_id,)):
        raise unreachable_error(client, customer_id)
    return customer_id


def reachable_customers(client: Client, customer_ids: Sequence[str]) -> frozenset[str]:
    """The ids that the client may reach. Each read by a branch's client is appended to the access log."""
    rule = request.url_rule
    operation = f"{request.method} {rule.rule if rule is not None else ''}"
    return engine().access.reachable(client, customer_ids, operation)


def note_reading(client: Client, customer_id: str) -> None:
    """Log that the client read what is held of the customer; the guard has logged a branch's client already."""
    if client.branch is None:
        rule = request.url_rule
        operation = f"{request.method} {rule.rule if rule is not None else ''}"
        engine().store.access_log.record_reading(client.name, customer_id, operation)


def resolve_external_keys(client: Client, external_keys: Sequence[str]) -> dict[str, str]:
    """External key -> id, of customers whom the client may reach. The one place that resolves keys.

    A customer out of reach is left out, like a key of no customer.
    """
    reached: dict[str, str] = {}
    for first in range(0, len(external_keys), AT_ONCE):
        ids = engine().crm.customers.ids_of(external_keys[first : first + AT_ONCE])
        mine = reachable_customers(client, list(ids.values()))
        reached |= {key: one for key, one in ids.items() if one in mine}
    return reached


def resolve_external_key(client: Client, external_key: str) -> str:
    """The id of the customer with that key.

    Raises: NotFound: also where the client may not reach the customer.
    """
    ids = resolve_external_keys(client, (expect_word(external_key, "external_key", LONGEST_KEY),))
    if external_key not in ids:
        raise no_customer_of(external_key)
    return ids[external_key]


def _resolve_or_keep(client: Client, key: ExternalKey, nameless: bool) -> str:
    """The id of the customer with that key.

    While PostgreSQL is away: the key itself, for an unbound client of a ``nameless`` endpoint.
    """
    try:
        return resolve_external_key(client, key)
    except Unavailable:
        if client.bound or not nameless:
            raise
        return key


def resolve_customer_of_body(client: Client, body: dict[str, Any]) -> None:
    """Set ``customer_id`` of a body that names its customer by id or by external key.

    Raises: Forbidden, NotFound: where the client may not reach the customer.
    """
    key = body.pop("external_key", None)
    body["customer_id"] = (
        expect_reachable(client, body["customer_id"]) if key is None else resolve_external_key(client, key)
    )


def with_external_key(view: View, parameter: str = "customer_id") -> View:
    """The guarded view, called with an external key in place of the id."""

    @wraps(view)
    def keyed(external_key: str, **words: Any) -> Response:
        return view(**words, **{parameter: ExternalKey(external_key)})

    keyed.__name__ = f"{view.__name__}_by_key"
    return keyed


def resolve_branch(client: Client, branch: str | None) -> str | None:
    """The branch a request is about: the client's own, or the one named; None means all branches.

    Raises: Forbidden: for another branch than the client's own.
    """
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
    """``value``, checked: 1 to ``longest`` printable characters.

    Raises: InvalidInput: otherwise.
    """
    if len(value) > longest or not value.isprintable() or value != value.strip() or "\ufffd" in value:
        raise InvalidInput(
            "The path holds no such id.", [Problem(where, f"must be 1 to {longest} printable characters")]
        )
    return value


def read_credential() -> str:
    """The API key or token of the request.

    Raises: Unauthorized: where there is none, or more than one.
    """
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
