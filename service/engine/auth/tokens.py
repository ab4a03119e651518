"""Access tokens: OAuth 2.0 JWTs (RFC 9068, RFC 8725) of the bank's identity provider, and the client of each.

In order: the form (three base64url parts, each in canonical encoding); the header (an allowed algorithm, a known type,
a ``kid``, nothing that carries a key or asks for an extension); the key by its ``kid``; PyJWT verifies signature,
``exp``, ``nbf``, ``iat``, ``iss`` and ``aud``; last, the claims become a ``Client``. A valid token is remembered by its
digest until it expires, for ``REMEMBER_S`` at most, so it costs as little as an API key.

A claim binds a token to a customer or to a branch. A token bound to neither reaches all customers, so only the programs
that the settings name (by ``client_id`` or ``azp``) may use one: a claim that the provider forgot refuses access
instead of granting all.
"""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

import jwt

from service.core.clock import Clock, now_ms
from service.core.domain import Client
from service.core.errors import Forbidden, InvalidToken
from service.engine.auth.jwks import FITS, KeySet
from service.engine.auth.scopes import SCOPES
from service.runtime.config import Settings

LEEWAY_S = 10
REMEMBER_S = 300.0
CAPACITY = 10_000
LONGEST = 8_000
LATEST_S = 253_402_300_799
"""The last second of the year 9999."""
PREFIX = "oauth:"
"""The beginning of such a client's name, before the subject; no API key's client has it."""
REQUIRED = ("exp", "iat", "iss", "aud", "sub")
TYPES = ("jwt", "at+jwt", "application/at+jwt")
FORBIDDEN = frozenset({"jku", "jwk", "x5u", "x5c", "crit", "b64", "zip", "enc", "cty"})
"""Header members that carry or point to a key, change the form, or would have to be understood and are not."""
_WORD = re.compile(r"[^\x00-\x20\x7f]{1,64}").fullmatch
_SHAPE = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+").fullmatch


def is_token(credential: str) -> bool:
    """Whether a Bearer credential has the form of a JWT; an API key never has."""
    return credential.count(".") == 2


class AccessTokens:
    """The tokens of one issuer for one audience, as the settings name them."""

    def __init__(self, settings: Settings, keys: KeySet, clock: Clock = now_ms) -> None:
        self._settings, self._keys, self._clock = settings, keys, clock
        self._good: dict[bytes, tuple[float, Client]] = {}

    def client(self, token: str) -> Client:
        """The client of a valid token.

        Raises:
            InvalidToken: the token is not valid (401).
            Forbidden: it may not reach all customers (403).
            Unavailable: the provider's keys cannot be read (503).
        """
        digest, now = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest(), self._clock() / 1000
        known = self._good.get(digest)
        if known is not None and now < known[0]:
            return known[1]
        claims = self._verified(token)
        client = self._of(claims)
        if len(self._good) >= CAPACITY:
            self._good.clear()
        self._good[digest] = min(float(claims["exp"]), now + REMEMBER_S), client
        return client

    def _verified(self, token: str) -> Mapping[str, Any]:
        header, payload = read(token)
        algorithm, kid = self._header(header)
        try:
            jwt.decode(
                token,
                self._keys.key(kid, algorithm),
                algorithms=[algorithm],
                audience=self._settings.jwt_audience,
                issuer=self._settings.jwt_issuer,
                leeway=LEEWAY_S,
                options={"require": list(REQUIRED)},
            )
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError) as error:
            raise InvalidToken(f"The token is not good: {error}.") from error
        times = (payload.get(name, 0) for name in ("exp", "iat", "nbf"))
        if not all(type(instant) in (int, float) and 0 <= instant <= LATEST_S for instant in times):
            raise InvalidToken("The token's exp, iat and nbf must be numbers: seconds from 1970 to the year 9999.")
        return payload

    def _header(self, header: Mapping[str, Any]) -> tuple[str, str]:
        """The algorithm and the key's name.

        Raises:
            InvalidToken: the header is not as required.
        """
        algorithm, kid, kind = header.get("alg"), header.get("kid"), header.get("typ", "JWT")
        if not isinstance(algorithm, str) or algorithm not in FITS or algorithm not in self._settings.jwt_algorithms:
            raise InvalidToken(f"The token's algorithm must be one of {', '.join(self._settings.jwt_algorithms)}.")
        if foreign := sorted(FORBIDDEN & header.keys()):
            raise InvalidToken(f"The token's header must not hold {', '.join(foreign)}.")
        if not isinstance(kind, str) or kind.lower() not in TYPES:
            raise InvalidToken("The token's type must be at+jwt or JWT.")
        if not isinstance(kid, str) or not 0 < len(kid) <= 256:
            raise InvalidToken("The token's header must name its key (kid).")
        return algorithm, kid

    def _of(self, claims: Mapping[str, Any]) -> Client:
        name = _word(claims, "sub")
        customer, branch = (
            _word(claims, claim) if claims.get(claim) is not None else None
            for claim in (self._settings.jwt_customer_claim, self._settings.jwt_branch_claim)
        )
        if customer is not None and branch is not None:
            raise InvalidToken("The token is bound to a customer and to a branch: one of them only.")
        if customer is None and branch is None and _program(claims) not in self._settings.jwt_programs:
            raise Forbidden("This token is bound to no customer and no branch, and its program may not reach all.")
        return Client(f"{PREFIX}{name}", scopes_of(claims), customer, branch)


def scopes_of(claims: Mapping[str, Any]) -> frozenset[str]:
    """Our scopes that ``scope`` (text) or else ``scp`` (text or list) grants."""
    granted = claims.get("scope", claims.get("scp", ""))
    words = granted.split(" ") if isinstance(granted, str) else granted if isinstance(granted, list) else []
    return frozenset(word for word in words if isinstance(word, str) and word in SCOPES)


def read(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims of a token of the right form, not verified yet.

    Raises:
        InvalidToken: the form is wrong.
    """
    if len(token) > LONGEST or not _SHAPE(token):
        raise InvalidToken(f"The token must be three base64url parts of at most {LONGEST} characters.")
    header, payload, signature = token.split(".")
    _decoded(signature)
    return _object(header), _object(payload)


def _decoded(part: str) -> bytes:
    try:
        raw = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except binascii.Error as error:
        raise InvalidToken("A part of the token is not base64url.") from error
    if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != part:
        raise InvalidToken("A part of the token is not written the canonical way.")
    return raw


def _object(part: str) -> dict[str, Any]:
    try:
        document = json.loads(_decoded(part), object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise InvalidToken("A part of the token is not JSON that can be read in one way only.") from error
    if not isinstance(document, dict):
        raise InvalidToken("A part of the token is no JSON object.")
    return document


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name used twice")
    return members


def _word(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not _WORD(value) or not value.isprintable():
        raise InvalidToken(f"The token's claim {name} must be 1 to 64 printable characters without a space.")
    return value


def _program(claims: Mapping[str, Any]) -> object:
    named = claims.get("client_id", claims.get("azp"))
    return named if isinstance(named, str) else None
