"""Offer tokens: proof that an offer was shown to a customer, which an accept must carry.

    token = key . decision . expiry . HMAC-SHA256(key, [decision, customer, offer, channel, expiry]), cut to 128 bits

About sixty URL-safe characters, without personal data: customer, offer and channel enter the signature only. To verify
a token, the decision that it names is read from PostgreSQL, so a decision that was never recorded proves nothing. Then
the signature is computed again for each offer of that decision.

The expiry is later than the answer's ``valid_until``: an answer ends with its time grain, an offer that was shown may
be accepted for a day (a setting). The newest signing key signs; it and the one before are accepted
(``engine.auth.signing``). An acknowledged accept that is sent again needs no valid token, as its id and content are
stored. A token is accepted once (``store.events.events``), whoever sends it and however often.
"""

import base64
import hmac
import re
import uuid
from dataclasses import dataclass

from service.core.clock import Clock, now_ms
from service.core.domain import Decision, Treatment
from service.core.errors import InvalidInput, NotFound, Problem
from service.decision import decode
from service.engine.auth.signing import SigningKeys, signature, text_of
from service.store import Store

_TOKEN = re.compile(r"([0-9]{1,18})\.([A-Za-z0-9_-]{22})\.([0-9]{1,12})\.([A-Za-z0-9_-]{22})").fullmatch


class TokenRefused(InvalidInput):
    """An offer token does not prove that this offer was shown to this customer."""

    slug = "offer-token"
    title = "This offer cannot be accepted"


@dataclass(frozen=True, slots=True)
class Shown:
    """What a valid token proves: the decision that showed the offer, and the channel."""

    decision_id: str
    offer: str
    channel: str


class OfferTokens:
    """Mints and verifies tokens that are valid for ``hours``; one object per worker."""

    def __init__(self, store: Store, hours: int, clock: Clock = now_ms) -> None:
        self._store, self._seconds, self._clock = store, hours * 3600, clock
        self._signing = SigningKeys(store.signing_keys.list_accepted)

    def mint(
        self, decision_id: str, customer_id: str, offer: str, channel: str, at: int, until: int | None = None
    ) -> str:
        """The token of an offer shown at ``at``, valid until ``until`` (ms UTC; None: for the setting's hours).

        Raises:
            Unavailable: no signing key could be read yet.
        """
        number, key = self._signing.newest()
        expiry = at // 1000 + self._seconds if until is None else until // 1000
        named = text_of(bytes.fromhex(decision_id.replace("-", "")))
        return f"{number}.{named}.{expiry}.{signature(key, decision_id, customer_id, offer, channel, expiry)}"

    def sign(self, decision: Decision, treatment: Treatment, until: int | None = None) -> str:
        """The token of one treatment of a recorded decision, valid until ``until`` (ms UTC) if given."""
        return self.mint(decision.id, decision.customer_id, treatment.offer, treatment.channel, decision.at, until)

    def verify(
        self, token: str, customer_id: str, offer: str | None, channel: str | None = None, where: str = "token"
    ) -> Shown:
        """What the token proves for this customer, this offer and, if given, this channel.

        Raises:
            TokenRefused: the token is malformed, forged, expired, or another customer's, offer's or channel's.
            Unavailable: PostgreSQL does not answer.
        """
        parts = _TOKEN(token)
        key = None if parts is None else self._signing.key(int(parts[1]))
        if parts is None or key is None:
            raise _refused(where, "is not a token of this service, or its key was replaced twice since")
        shown, owner = self._shown(key, parts[2], parts[3], parts[4], where)
        if owner != customer_id:
            raise _refused(where, "was given to another customer")
        if shown.offer != offer:
            raise _refused(where, "was given for another offer")
        if channel not in (None, shown.channel):
            raise _refused(where, f'was given for the channel "{shown.channel}"')
        if int(parts[3]) * 1000 <= self._clock():
            raise _refused(where, "has expired; ask for the customer's offers again")
        return shown

    @staticmethod
    def decision_of(token: str) -> str | None:
        """The decision id in a token, not verified; None for a malformed token."""
        parts = _TOKEN(token)
        return None if parts is None else _decision(parts[2])

    def _shown(self, key: bytes, named: str, expiry: str, sealed: str, where: str) -> tuple[Shown, str]:
        """The offer of the named decision whose signature matches, and the customer to whom it was shown."""
        decision_id = _decision(named)
        try:
            stored = self._store.decisions.read(decision_id)
        except NotFound:
            raise _refused(where, "names no decision on record") from None
        for treatment in decode(stored.record)[0].treatments:
            words = decision_id, stored.customer_id, treatment.offer, treatment.channel, int(expiry)
            same = hmac.compare_digest(signature(key, *words), sealed)
            if same and text_of(uuid.UUID(decision_id).bytes) == named:
                return Shown(decision_id, treatment.offer, treatment.channel), stored.customer_id
        raise _refused(where, "is not signed by this service")


def _decision(named: str) -> str:
    return str(uuid.UUID(bytes=base64.urlsafe_b64decode(f"{named}==")))


def _refused(where: str, sentence: str) -> TokenRefused:
    return TokenRefused(f"The offer's token {sentence}.", [Problem(where, sentence)])
