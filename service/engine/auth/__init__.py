"""Who asks, and whom they may reach: clients by their key or access token, customers by their branch.

In order: ``keys`` tells which client holds a key, ``customer_tokens`` whom a token stands for that a key minted (signed
by ``signing``), ``tokens`` whom an access token of the identity provider stands for (by the keys of ``jwks``);
``scopes`` lists what a client may be allowed, ``quotas`` how often; ``Access.reachable`` says which customers a
branch's client may reach, and leaves a row for each that it asked after. Not here: which route needs which scope
(``routes.http.guard``), where clients are stored (``store.clients``).

    customer_tokens  tokens of one customer, minted by a program of the bank for its app
    jwks             the public keys of the bank's identity provider (RFC 7517), from a URL or a file, by their kid
    keys             clients looked up by the key's SHA-256, remembered for a moment
    quotas           how many requests a client may make a minute, over all workers, at the cost of a local count
    branch_scope     the customers that a branch's client may reach, and the answer about all others
    scopes           what a client may be allowed, each with its meaning
    signing          the keys that this service signs tokens with
    tokens           OAuth 2.0 JWTs (RFC 9068, RFC 8725) of the bank's identity provider, and the client each stands for
"""

from collections.abc import Iterable, Sequence

from service.cache import Cache
from service.core.clock import Clock
from service.core.domain import Client
from service.core.errors import Forbidden
from service.engine.auth.customer_tokens import CustomerTokens, Minted, is_customer_token
from service.engine.auth.jwks import KeySet
from service.engine.auth.keys import Clients, key_digest, new_key
from service.engine.auth.quotas import Allowance, Quotas
from service.engine.auth.scopes import SCOPES
from service.engine.auth.signing import SigningKeys
from service.engine.auth.tokens import AccessTokens, is_token
from service.runtime.config import Settings
from service.store import Store

__all__ = ["SCOPES", "Access", "new_key"]


class Access:
    """One per worker."""

    def __init__(self, settings: Settings, store: Store, cache: Cache, clock: Clock) -> None:
        self._views, self.repeats = store.access_log, store.idempotency
        self._quotas = Quotas(settings, cache.taken, clock)
        self._clients = Clients(store.clients.find_by_key_hash)
        self.signing = SigningKeys(store.signing_keys.list_accepted)
        self.customer_tokens = CustomerTokens(self.signing, self._clients.holder, clock)
        source = settings.jwt_jwks
        self._tokens = None if source is None else AccessTokens(settings, KeySet(source), clock)

    def client(self, credential: str) -> Client:
        """The client behind a key, a customer's token or an access token; Unauthorized, or Unavailable."""
        if is_customer_token(credential):
            return self.customer_tokens.client(credential)
        if self._tokens is not None and is_token(credential):
            return self._tokens.client(credential)
        return self._clients.client(credential)

    def mint_token(
        self, credential: str, client: Client, customer_id: str, scopes: Iterable[str], seconds: int
    ) -> Minted:
        """A token of that customer, minted with the key ``credential``; Forbidden for what is no key."""
        if is_customer_token(credential) or (self._tokens is not None and is_token(credential)):
            raise Forbidden("Only a key mints tokens. Who signs in at the identity provider gets its tokens there.")
        return self.customer_tokens.mint(key_digest(credential), client, customer_id, scopes, seconds)

    def spend(self, client: Client, count: int = 1) -> Allowance:
        """So many requests counted against the client's quota; its ``left`` is -1 where they were too many."""
        return self._quotas.spend(client, count)

    def reachable(self, client: Client, customer_ids: Sequence[str], operation: str) -> frozenset[str]:
        """Those of the customers whom the client may reach; a branch's client leaves a row for each it asks after.

        A customer of an unknown branch is nobody's. Unavailable where the branch cannot be read.
        """
        allowed = [one for one in customer_ids if client.customer_id in (None, one)]
        if client.branch is None or not allowed:
            return frozenset(allowed)
        return self._views.record_views(client.name, client.branch, allowed, operation)
