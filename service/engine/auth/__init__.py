"""Authentication, scopes, quotas, and the customers that a client may reach.

A credential is a key (``keys``), a token that a key minted for one customer (``customer_tokens``, signed by
``signing``), or an access token of the bank's identity provider (``tokens``, verified by ``jwks``).
``Access.reachable`` returns the customers that a branch's client may reach, and logs each look. Which route needs which
scope is in ``routes.http.guard``; clients are stored by ``store.security.clients``.

    audit_anchors    the head of the audit log, anchored outside the database
    keys             clients by the SHA-256 of their key, remembered for two seconds
    customer_tokens  tokens of one customer, minted by a program of the bank for its app
    signing          the keys with which this service signs tokens
    tokens           access tokens: OAuth 2.0 JWTs (RFC 9068, RFC 8725) of the bank's identity provider
    jwks             the identity provider's public keys (RFC 7517), from a URL or a file
    scopes           the scopes, each with its meaning
    quotas           requests a minute of each client, over all workers
    branch_audit     what a branch's client did, appended to the audit log
    branch_scope     the customers that a branch's client may reach, and the answer about all others
"""

from collections.abc import Iterable, Sequence

from service.cache import Cache
from service.core.clock import Clock
from service.core.domain import Client
from service.core.errors import Forbidden
from service.engine.auth.customer_tokens import CustomerTokens, Minted, is_customer_token
from service.engine.auth.jwks import KeySet
from service.engine.auth.keys import Clients, key_digest, new_key
from service.engine.auth.quotas import Quotas
from service.engine.auth.scopes import SCOPES
from service.engine.auth.signing import SigningKeys
from service.engine.auth.tokens import AccessTokens, is_token
from service.runtime.config import Settings
from service.store import Store

__all__ = ["SCOPES", "Access", "new_key"]


class Access:
    """Authentication and authorisation of one worker."""

    def __init__(self, settings: Settings, store: Store, cache: Cache, clock: Clock) -> None:
        self._access_log, self.idempotency = store.access_log, store.idempotency
        self.quotas = Quotas(settings, cache.taken, clock)
        self._clients = Clients(store.clients.find_by_key_hash)
        self.signing = SigningKeys(store.signing_keys.list_accepted)
        self.customer_tokens = CustomerTokens(self.signing, self._clients.holder, clock)
        source = settings.jwt_jwks
        self._tokens = None if source is None else AccessTokens(settings, KeySet(source), clock)

    def client(self, credential: str) -> Client:
        """The client of a key, a customer's token or an access token.

        Raises:
            Unauthorized: the credential is of no client.
            Unavailable: PostgreSQL or the identity provider's keys cannot be read.
        """
        if is_customer_token(credential):
            return self.customer_tokens.client(credential)
        if self._tokens is not None and is_token(credential):
            return self._tokens.client(credential)
        return self._clients.client(credential)

    def mint_token(
        self, credential: str, client: Client, customer_id: str, scopes: Iterable[str], seconds: int
    ) -> Minted:
        """A token of that customer, minted with the key ``credential``, valid for ``seconds``.

        Raises:
            Forbidden: the credential is no key, or lacks a scope.
        """
        if is_customer_token(credential) or (self._tokens is not None and is_token(credential)):
            raise Forbidden("Only a key mints tokens. Who signs in at the identity provider gets its tokens there.")
        return self.customer_tokens.mint(key_digest(credential), client, customer_id, scopes, seconds)

    def reachable(self, client: Client, customer_ids: Sequence[str], operation: str) -> frozenset[str]:
        """The customers that the client may reach; each that a branch's client asks for is written to the access log.

        No branch reaches a customer whose branch is unknown.

        Raises:
            Unavailable: the customers' branches cannot be read.
        """
        allowed = [one for one in customer_ids if client.customer_id in (None, one)]
        if client.branch is None or not allowed:
            return frozenset(allowed)
        return self._access_log.record_views(client.name, client.branch, allowed, operation)
