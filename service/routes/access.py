"""Who may do what: each view declares its scope, or that it is public, and is not reachable without.

``@needs("offers:read")`` gives the view the client that asks; ``@public`` says that nobody need be known. A view that
declares neither stops the service from starting. A client bound to a customer reaches that customer alone
(``own_customer``).
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from flask import Flask, Response, current_app, request

from service.domain import Client
from service.engine import Engine
from service.errors import Forbidden, InvalidInput, Problem, Unauthorized
from service.routes.facts import facts

PUBLIC = "public"
SCOPES = {
    "offers:read": "Read the next best offers of a customer.",
    "offers:explain": "Read whole decision records and portraits, with the facts they were made from.",
    "events:write": "Report what happened between customer and bank; reserve contacts.",
    "customers:write": "Read and say what customers permit.",
    "policies:write": "Propose policies, compare and simulate them.",
    "policies:approve": "Make somebody else's proposal serve; roll back.",
}
MAX_WORD = 64

View = Callable[..., Response]


def engine() -> Engine:
    """The engine behind the app being served."""
    return cast(Engine, current_app.extensions["fourcast"])


def public(view: View) -> View:
    """Let anybody in."""
    view.scope = PUBLIC  # type: ignore[attr-defined]
    return view


def needs(*scopes: str) -> Callable[[View], View]:
    """Let in whoever holds a key with one of ``scopes``; the view gets that ``Client`` first."""

    def declare(view: View) -> View:
        @wraps(view)
        def guarded(**words: Any) -> Response:
            return view(identify(*scopes), **words)

        guarded.scope = " or ".join(scopes)  # type: ignore[attr-defined]
        return guarded

    return declare


def scope_of(view: object) -> str | None:
    """What a view declared; None when it declared nothing."""
    return getattr(view, "scope", None)


def check_declared(app: Flask) -> None:
    """Refuse to serve an app with a view that declares no scope."""
    open_doors = [endpoint for endpoint, view in app.view_functions.items() if scope_of(view) is None]
    if open_doors:
        raise InvalidInput(
            "Views must declare a scope or be public.", [Problem(name, "no scope") for name in open_doors]
        )


def identify(*scopes: str) -> Client:
    """The client that asks; Unauthorized (401) without a good key, Forbidden (403) without any of the scopes."""
    client = engine().client(_key(request.environ))
    if client.scopes.isdisjoint(scopes):
        named = " or ".join(f'"{scope}"' for scope in scopes)
        raise Forbidden(f"This key lacks the scope {named}.")
    if client.customer_id is None:
        facts().client = client.name
    return client


def own_customer(client: Client, customer_id: str, where: str = "customer_id") -> str:
    """``customer_id`` when it is well formed and the client may reach it; InvalidInput (422) or Forbidden (403)."""
    word(customer_id, where)
    if client.customer_id is not None and client.customer_id != customer_id:
        raise Forbidden("This key belongs to one customer and reaches no other.")
    return customer_id


def word(value: str, where: str) -> str:
    """``value`` when it is 1 to 64 printable characters; InvalidInput otherwise."""
    if len(value) > MAX_WORD or not value.isprintable() or value != value.strip() or "\ufffd" in value:
        raise InvalidInput(
            "The path holds no such id.", [Problem(where, f"must be 1 to {MAX_WORD} printable characters")]
        )
    return value


def _key(environ: dict[str, Any]) -> str:
    header, key = environ.get("HTTP_AUTHORIZATION"), environ.get("HTTP_X_API_KEY")
    if header is not None and key is not None:
        raise Unauthorized("Send the key once: as a Bearer token or as X-API-Key, not both.")
    if header is not None:
        scheme, _, key = header.partition(" ")
        if scheme.lower() != "bearer":
            raise Unauthorized('Send the key as "Authorization: Bearer KEY" or "X-API-Key: KEY".')
    if not key or len(key) > 256:
        raise Unauthorized('No key. Send it as "Authorization: Bearer KEY" or "X-API-Key: KEY".')
    return str(key).strip()
