"""Words: no text of a policy that can reach a person promises anything, before it is published or served. Pure.

Messages are judged as they are sent: filled in, by offer, channel, language and segment. Every other text of the
documents in both languages (reasons, hints, names of segments, strategies, channels and tags, what a channel adds) is
held to the rules of wealth, because it may stand beside any offer; an offer's name to those of its own family. Texts
of ``weights.yaml`` stay inside the bank. Links, and addresses within a text, lead to the listed hosts only.

Not part of reading a policy: one that served years ago must still be read, to replay what it decided.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service.core.errors import Problem
from service.rules.compliance import VERSION, message_faults, text_faults, wording_faults
from service.rules.compliance.links import DEFAULT_HOSTS, host_faults, link_faults, written_link_faults
from service.rules.model.rules import LANGUAGES, Messages, Offer
from service.rules.policy import Policy

SENTENCE, MESSAGE = PARTS = ("sentence", "message")
"""What a text may be: something said, or a whole message."""
INSIDE = frozenset({"weights"})
"""Documents whose texts only the bank's experts read."""
TEMPLATES = frozenset({"families", "offers", "positioning"})
"""Parts of messages.yaml that are judged as messages, with their placeholders filled in."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a text stands: the file, the entry (``rule "idle-money"``) and the keys within it."""

    file: str
    entry: str = ""
    key: str = ""

    def below(self, key: str) -> "_Place":
        return _Place(self.file, self.entry, f"{self.key}.{key}" if self.key else key)

    def entered(self, name: str) -> "_Place":
        section = self.key.rpartition(".")[2]
        noun = f"{section.removesuffix('ies')}y" if section.endswith("ies") else section.removesuffix("s")
        return _Place(self.file, f'{noun} "{name}"')

    @property
    def where(self) -> str:
        return f"{self.file}: {self.entry}" if self.entry else self.file


def find_promises(policy: Policy) -> list[Problem]:
    """Every text that may not reach a person, with its place and language."""
    documents = policy.documents
    banned = further_banned(documents)
    found = [*_in_messages(policy, banned), *_in_names(policy, banned), *_in_texts(documents, banned)]
    found += _in_links(policy, documents)
    return list(dict.fromkeys(found))


def judge_texts(
    texts: Sequence[str],
    language: str,
    family: str,
    risk: int | None = None,
    part: str = SENTENCE,
    banned: Sequence[str] = (),
    reasons: str | None = None,
) -> dict[str, object]:
    """Each text about a product with its faults, how many are refused, and the versions of the lists.

    ``part``: a sentence is judged by what it says, a ``message`` also by what it must say. ``reasons``: the language of
    the faults, that of the texts where None.
    """
    spoken = reasons or language
    found = [(text, text_faults(text, language, family, risk, banned, part == MESSAGE, spoken)) for text in texts]
    return {
        "lists": VERSION,
        "refused": sum(1 for _, faults in found if faults),
        "texts": [{"text": text, "faults": faults} for text, faults in found],
    }


def list_texts(documents: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Every text of the documents that is no template: its place, its key there, and its words by language."""
    for name, document in documents.items():
        if name not in INSIDE:
            for place, text in _texts(document, _Place(f"{name}.yaml")):
                yield place.where, place.key, {language: text[language] for language in LANGUAGES}


def further_banned(documents: Mapping[str, Any]) -> tuple[str, ...]:
    """The bank's own further words, of both languages."""
    listed = documents["messages"].get("banned") or {}
    return tuple(word for language in LANGUAGES for word in listed.get(language) or ())


def allowed_hosts(documents: Mapping[str, Any]) -> tuple[str, ...]:
    """The hosts to which messages may lead."""
    return tuple(documents["messages"].get("link_hosts") or DEFAULT_HOSTS)


def risk_of(offer: Offer) -> int | None:
    """The risk level of an offer, 1 to 5; None where it states none."""
    risk = offer.terms.get("risk")
    return int(risk) if isinstance(risk, int | float) else None


def _in_links(policy: Policy, documents: Mapping[str, Any]) -> Iterator[Problem]:
    """Every link, and every address written in a text, that leads elsewhere than to the listed hosts."""
    hosts = allowed_hosts(documents)
    yield from (Problem("messages.yaml", fault) for fault in host_faults(hosts))
    messages = [(key, one) for written in _all_messages(policy) for key, one in written.items()]
    led = {fault.partition('" ')[2]: fault for _, one in reversed(messages) for fault in link_faults(one.link, hosts)}
    yield from (Problem("messages.yaml", fault) for fault in led.values())
    for (offer_id, _, _), message in messages:
        for fault in written_link_faults("\n".join((message.title, message.body, *message.disclosures)), hosts):
            yield Problem(f'message of offer "{offer_id}"', fault)
    for name, document in documents.items():
        for place, text in _texts(document, _Place(f"{name}.yaml")):
            for fault in written_link_faults("\n".join(text.values()), hosts):
                yield Problem(place.where, f"{place.key}: {fault}")


def _all_messages(policy: Policy) -> tuple[Messages, ...]:
    return policy.messages, *(variant.messages for variant in policy.variants.values())


def _in_messages(policy: Policy, banned: tuple[str, ...]) -> Iterator[Problem]:
    offers = {offer.id: offer for offer in policy.offers}
    yield from _of_messages(policy.messages, offers, banned, "message")
    for variant in policy.variants.values():
        yield from _of_messages(variant.messages, offers, banned, f'positioning "{variant.id}", message')


def _of_messages(
    messages: Messages, offers: Mapping[str, Offer], banned: tuple[str, ...], noun: str
) -> Iterator[Problem]:
    for (offer_id, _, language), message in messages.items():
        offer = offers[offer_id]
        rests = bool(offer.terms.get("cooling_off_hours"))
        for fault in message_faults(message, language, offer.family, risk_of(offer), banned, rests):
            yield Problem(f'{noun} of offer "{offer_id}"', f"({language}) {fault}")


def _in_names(policy: Policy, banned: tuple[str, ...]) -> Iterator[Problem]:
    for offer in policy.offers:
        for language in LANGUAGES:
            for fault in text_faults(offer.name[language], language, offer.family, risk_of(offer), banned):
                yield Problem(f'catalogue.yaml: offer "{offer.id}"', f"name.{language}: {fault}")


def _in_texts(documents: Mapping[str, Any], banned: tuple[str, ...]) -> Iterator[Problem]:
    for where, key, text in list_texts(documents):
        for language, words in text.items():
            for fault in wording_faults(words, banned):
                yield Problem(where, f"{key}.{language}: {fault}".lstrip("."))


def _texts(value: object, place: _Place) -> Iterator[tuple[_Place, dict[str, str]]]:
    """Every text in both languages below a value of a document, except what is judged with its offer."""
    if isinstance(value, list):
        for each in value:
            named = each.get("id", each.get("name", each.get("attribute"))) if isinstance(each, dict) else None
            yield from _texts(each, place.entered(named) if isinstance(named, str) else place)
    elif isinstance(value, dict):
        if _is_text(value):
            yield place, value
            return
        for key, each in value.items():
            if not _judged_elsewhere(place, str(key)):
                yield from _texts(each, place.below(str(key)))


def _is_text(value: Mapping[str, object]) -> bool:
    return all(isinstance(value.get(language), str) for language in LANGUAGES)


def _judged_elsewhere(place: _Place, key: str) -> bool:
    if place.entry or place.key:
        return False
    return (place.file, key) == ("catalogue.yaml", "offers") or (place.file == "messages.yaml" and key in TEMPLATES)
