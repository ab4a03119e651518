"""Tokens of one customer, minted by a program of the bank for its app: short-lived, with at most its key's rights.

    token = "fct_" + payload . HMAC-SHA256(key, ["customer token", payload]), cut to 128 bits
    payload = [signing key, digest of the minting key, customer, expiry, scopes]

Nothing is stored. The minting key is looked up by its digest at every use, so a token ends when its key ends or is
revoked, within ``keys.REMEMBER_S``, and allows nothing that its key does not allow any more. A token that a branch's
key minted is of no use once its customer has left the branch. The digest alone authenticates nobody. ``MINTS`` is never
passed on: no token mints tokens.
"""

import base64
import hmac
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import orjson

from service.core.clock import Clock, now_ms
from service.core.domain import Client
from service.core.errors import Forbidden, InvalidToken, Problem, Unauthorized
from service.engine.auth.signing import SigningKeys, signature, text_of

MINTS = "tokens:write"
PREFIX = "fct_"
PURPOSE = "customer token"
"""The first signed word, so that no other token of this service can be used as one of these."""
_TOKEN = re.compile(rf"{PREFIX}([A-Za-z0-9_-]{{1,4000}})\.([A-Za-z0-9_-]{{22}})").fullmatch


@dataclass(frozen=True, slots=True)
class Minted:
    """A token, and the second (since 1970, UTC) at which it expires."""

    token: str
    expires_at: int


class CustomerTokens:
    """Mints and reads tokens; ``holder`` returns a key's client by its digest, or raises Unauthorized, Unavailable."""

    def __init__(self, signing: SigningKeys, holder: Callable[[str], Client], clock: Clock = now_ms) -> None:
        self._signing, self._holder, self._clock = signing, holder, clock

    def mint(self, key_digest: str, client: Client, customer_id: str, scopes: Iterable[str], seconds: int) -> Minted:
        """A token for that customer, valid for ``seconds``.

        Raises:
            Forbidden: names every scope that the client itself lacks.
        """
        asked = sorted(set(scopes))
        if lacking := [scope for scope in asked if scope not in client.scopes or scope == MINTS]:
            problems = [Problem("scopes", f'this key cannot pass on "{scope}"') for scope in lacking]
            raise Forbidden("A token has at most the scopes of the key that mints it.", problems)
        number, key = self._signing.newest()
        expiry = self._clock() // 1000 + seconds
        payload = text_of(orjson.dumps([number, key_digest, customer_id, expiry, asked]))
        return Minted(f"{PREFIX}{payload}.{signature(key, PURPOSE, payload)}", expiry)

    def client(self, token: str) -> Client:
        """The client of a token: its key's client, bound to the customer.

        Raises:
            InvalidToken: the token is forged or expired, or its key has ended.
            Unavailable: the key cannot be looked up.
        """
        parts = _TOKEN(token)
        number, key_digest, customer_id, expiry, scopes = _read(parts[1] if parts else "")
        key = self._signing.key(number)
        if parts is None or key is None or not hmac.compare_digest(signature(key, PURPOSE, parts[1]), parts[2]):
            raise InvalidToken("The token is not one of this service, or its signing key was replaced twice since.")
        if expiry * 1000 <= self._clock():
            raise InvalidToken("The token has expired: mint another.")
        try:
            minter = self._holder(key_digest)
        except Unauthorized:
            raise InvalidToken("The key that minted this token has ended.") from None
        allowed = minter.scopes.intersection(scopes) - {MINTS}
        return Client(minter.name, allowed, customer_id, minter.branch, require_if_match=minter.require_if_match)


def is_customer_token(credential: str) -> bool:
    """Whether a credential has the form of a customer token."""
    return credential.startswith(PREFIX)


def _read(payload: str) -> tuple[int, str, str, int, list[str]]:
    """The fields of a payload, not verified yet.

    Raises:
        InvalidToken: it is no payload of this service.
    """
    try:
        number, key_digest, customer_id, expiry, scopes = orjson.loads(
            base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
        )
        return int(number), str(key_digest), str(customer_id), int(expiry), [str(scope) for scope in scopes]
    except (ValueError, TypeError) as error:
        raise InvalidToken("The token is not one of this service.") from error
