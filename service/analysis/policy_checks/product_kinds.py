"""Product kinds: every offer against its kind, every kind against the law, and channels against what they are. Pure.

``find_contradictions`` is part of conduct: a policy in which an offer contradicts its kind does not serve.
``find_unstated`` names what a proposal must say besides, which policies stored before could not: as what a wealth
product is sold, by whom it is issued, and the kind's disclosures in every message.

A renamed kind opens nothing: an unknown one is refused, a new one is held to what its bank kind or its family demands,
and an offer whose name or issuer tells a kind (``NAME_WORDS``, ``ISSUER_WORDS``) must be of a kind at least as strict.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from service.core.domain import Family, Scalar
from service.core.errors import Problem
from service.core.expressions import Kind
from service.core.folding import fold_text
from service.rules.loading.documents.folder import nearest
from service.rules.model.kinds import (
    DISCLOSURES,
    FACE_TO_FACE,
    ISSUER_WORDS,
    NAME_WORDS,
    STATUTORY_KINDS,
    ProductKind,
    floor_of,
    laxer_than,
)
from service.rules.policy import Message, Offer, Policy

PRODUCT = "product"
"""The term in which an offer names its kind."""
TERM_KINDS = {
    PRODUCT: Kind.TEXT,
    "risk": Kind.NUMBER,
    "issuer_risk": Kind.NUMBER,
    "bank_risk": Kind.NUMBER,
    "insured": Kind.BOOLEAN,
    "cooling_off_hours": Kind.NUMBER,
    "minimum_yuan": Kind.MONEY,
    "qualified_only": Kind.BOOLEAN,
    "in_person": Kind.BOOLEAN,
    "sold_as": Kind.TEXT,
}
"""The terms that a kind speaks of; a catalogue that has one gives it this kind."""
SOLD_AS = ("issuer", "agency", "own")
"""The bank sells a product of its own management, another company's as its agent, or one on its own account."""
SAID_OF_CHANNELS = ("recording", "qualified_staff")
"""Terms of a channel: what is sold there is recorded; nobody explains an offer there without the qualification."""
DECISIVE = "structured"
"""A structured deposit's name may say to what it is linked, and is still a structured deposit."""
_GAP = re.compile(r"[\W_]+")


def find_contradictions(policy: Policy) -> list[Problem]:
    """Every offer that contradicts its kind, every kind that is laxer than the law, and every term of a wrong kind."""
    found = [*_misdeclared(policy), *_of_no_kind(policy), *_lax(policy.kinds.values())]
    for offer in policy.offers:
        kind = policy.kinds.get(str(offer.terms.get(PRODUCT)))
        faults = [*_unknown(offer)] if kind is None else [*_against(offer, kind), *_tells_otherwise(offer, kind)]
        found += [Problem(f'catalogue.yaml: offer "{offer.id}"', fault) for fault in faults]
    return found


def find_unstated(policy: Policy) -> list[Problem]:
    """What an offer must state and does not, and the messages that lack a disclosure of their offer's kind."""
    found = []
    for offer in policy.offers:
        kind = policy.kinds.get(str(offer.terms.get(PRODUCT)))
        found += [Problem(f'catalogue.yaml: offer "{offer.id}"', fault) for fault in _seller_faults(offer, kind)]
        if kind is not None:
            found += _silent(policy, offer, kind)
    return list(dict.fromkeys([*found, *_unsaid_of_channels(policy)]))


def _unsaid_of_channels(policy: Policy) -> Iterator[Problem]:
    """What each channel must state, so that the law can hold the kinds to it: the row closes where it is not stated."""
    for channel in policy.channels:
        for term in SAID_OF_CHANNELS:
            if not isinstance(channel.terms.get(term), bool):
                got = _shown(channel.terms.get(term))
                yield Problem(f'channels.yaml: channel "{channel.id}"', f"{term} must be true or false, got {got}")


def _misdeclared(policy: Policy) -> Iterator[Problem]:
    for name, kind in TERM_KINDS.items():
        term = policy.offer_terms.get(name)
        if term is not None and term.kind != kind:
            yield Problem(f'catalogue.yaml: term "{name}"', f"kind must be {kind}, got {term.kind}")


def _of_no_kind(policy: Policy) -> Iterator[Problem]:
    """The values of the term ``product`` that belong to no kind."""
    product, known = policy.offer_terms.get(PRODUCT), tuple(sorted(policy.kinds))
    for value in product.values or () if product is not None else ():
        if value not in policy.kinds:
            yield Problem(
                f'catalogue.yaml: term "{PRODUCT}"', f'"{value}" is no kind of kinds.yaml; {nearest(value, known)}'
            )


def _lax(kinds: Iterable[ProductKind]) -> Iterator[Problem]:
    for kind in kinds:
        for key, expected in laxer_than(kind, floor_of(kind)):
            yield Problem(f'kinds.yaml: kind "{kind.id}"', f"{key} is laxer than the law; expected {expected}")


def _unknown(offer: Offer) -> Iterator[str]:
    stated = offer.terms.get(PRODUCT)
    got = "none" if stated is None else f'"{stated}"'
    yield f"{PRODUCT} must be a kind of kinds.yaml, got {got}"


def _against(offer: Offer, kind: ProductKind) -> Iterator[str]:
    """What the offer states in contradiction to its kind."""
    said = f'where its kind "{kind.id}"'
    if offer.family != kind.family:
        yield f"is of the family {offer.family}, {said} is of {kind.family}"
    if offer.terms.get("insured") is True and not kind.insured:
        yield f"insured is true, {said} is not covered by deposit insurance"
    yield from _misrated(offer.terms, kind, said)
    for term, least in (("cooling_off_hours", kind.cooling_off_hours), ("minimum_yuan", kind.minimum_yuan)):
        if _number(offer.terms.get(term)) < least:
            yield f"{term} is {_shown(offer.terms.get(term))}, {said} asks for at least {least:,.0f}"
    demanded = {"qualified_only": kind.qualified_only, "in_person": kind.sold == FACE_TO_FACE}
    for term, needed in demanded.items():
        if needed and offer.terms.get(term) is not True:
            yield f"{term} is {_shown(offer.terms.get(term))}, {said} asks for true"


def _misrated(terms: Mapping[str, Scalar], kind: ProductKind, said: str) -> Iterator[str]:
    """Ratings outside the kind's bounds: the one that counts, and each that it was computed from."""
    if not kind.rated:
        if terms.get("risk") is not None:
            yield f"risk is R{_number(terms['risk']):g}, {said} has no risk level"
        return
    if not isinstance(terms.get("risk"), int | float):
        yield f"risk is not stated, {said} is R{kind.least_risk} to R{kind.most_risk or 5}"
    for name in ("risk", "issuer_risk", "bank_risk"):
        level = terms.get(name)
        if isinstance(level, int | float) and not (kind.least_risk or 0) <= level <= (kind.most_risk or 5):
            yield f"{name} is R{level:g}, {said} is R{kind.least_risk} to R{kind.most_risk or 5}"


def _tells_otherwise(offer: Offer, kind: ProductKind) -> Iterator[str]:
    """Words of the offer's name, or of its issuer's, that tell another kind, if that is stricter."""
    for said, tellings in (("named", _told_by(offer)), ("issued by", _issued_as(offer))):
        for word, told in tellings:
            if not any(_as_strict(kind, STATUTORY_KINDS[other]) for other in told):
                yield f'is {said} "{word}" and of the kind "{kind.id}", which is laxer than {" or ".join(told)}'


def _issued_as(offer: Offer) -> Iterator[tuple[str, Sequence[str]]]:
    """The issuer's name with the kinds that such a company issues, as far as it tells."""
    names = {} if offer.issuer is None else offer.issuer
    for words, told in ISSUER_WORDS.items():
        named = [name for name in names.values() if any(_is_in(word, _plain(name)) for word in words)]
        yield from ((name, told) for name in named[:1])


def _told_by(offer: Offer) -> Iterator[tuple[str, Sequence[str]]]:
    """Each telling word of a name with the kinds it tells; of a structured deposit only that it is one."""
    names = [_plain(words) for words in offer.name.values()]
    words = dict.fromkeys(word for several in NAME_WORDS.values() for word in several)
    said = [word for word in words if any(_is_in(word, name) for name in names)]
    decisive = [word for word in said if word in NAME_WORDS[DECISIVE]]
    for word in decisive or said:
        yield word, [kind for kind, several in NAME_WORDS.items() if word in several]


def _as_strict(kind: ProductKind, other: ProductKind) -> bool:
    """Whether a kind asks for no less than another; what its messages say is not compared."""
    return all(key in ("disclosures", "most_risk") for key, _ in laxer_than(kind, other))


def _is_in(word: str, name: str) -> bool:
    if word.isascii():
        return re.search(rf"(?<![a-z]){re.escape(word)}(?:s|es)?(?![a-z])", name) is not None
    return word in name.replace(" ", "")


def _plain(text: str) -> str:
    return _GAP.sub(" ", fold_text(text)).strip()


def _seller_faults(offer: Offer, kind: ProductKind | None) -> Iterator[str]:
    """As what a wealth product is sold, and who issues it (agency sales, 金规〔2025〕6号)."""
    if offer.family != Family.WEALTH:
        return
    sold = offer.terms.get("sold_as")
    if sold not in SOLD_AS:
        yield f"sold_as must be one of {', '.join(SOLD_AS)}, got {_shown(sold)}"
    if sold != "agency" and kind is not None and kind.agency_only:
        yield f'sold_as must be agency, as other companies issue the kind "{kind.id}", got {_shown(sold)}'
    if sold == "own" and offer.issuer is not None:
        yield "issuer names another company, but sold_as is own; expected agency"
    if sold == "agency":
        if offer.issuer is None:
            yield "issuer is missing: expected the name of the company for which the bank sells it, in both languages"
        missing = [name for name in ("issuer_risk", "bank_risk") if offer.terms.get(name) is None]
        if missing:
            yield f"{' and '.join(missing)} must be stated: of what is sold as an agent, both ratings are kept"


def _silent(policy: Policy, offer: Offer, kind: ProductKind) -> Iterator[Problem]:
    """The disclosures that some message about the offer lacks."""
    every = (policy.messages, *(variant.messages for variant in policy.variants.values()))
    for (offer_id, _, language), message in (each for messages in every for each in messages.items()):
        if offer_id == offer.id:
            words = _words(message)
            for missing, phrases in _demanded(offer, kind, language):
                if not any(_is_in(_plain(phrase), words) for phrase in phrases):
                    yield Problem(
                        f'messages.yaml: offer "{offer.id}"',
                        f"({language}) the disclosure {missing} is missing: expected {' or '.join(map(repr, phrases))}",
                    )


def _demanded(offer: Offer, kind: ProductKind, language: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    yield from ((name, DISCLOSURES[name][language]) for name in kind.disclosures)
    if offer.family == Family.WEALTH and offer.issuer is not None:
        yield "issuer", (offer.issuer[language],)
    if offer.terms.get("sold_as") == "agency":
        yield "agency", AGENCY[language]


AGENCY = {"zh": ("代销", "代理销售"), "en": ("as an agent", "as agent")}
"""How a message says that the bank sells another company's product."""


def _words(message: Message) -> str:
    return _plain("\n".join((message.title, message.body, *message.disclosures)))


def _number(value: Scalar) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _shown(value: Scalar) -> str:
    return "not stated" if value is None else str(value).lower() if isinstance(value, bool) else f"{value}"
