"""The rate shown is the published one: no score, attribute or past changes a word of what an offer says."""

import re

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.decision import NOW, customers
from service.core.domain import Context, Release, Snapshot
from service.decision import decide
from service.rendering.answer import Phrasebook, render
from service.rules.messages import format_value
from service.rules.policy import DEFAULT, Message, load
from tests.gates.people import people

POLICY = load(DEFAULT)
PHRASES = Phrasebook(POLICY)
CROWD = [*customers(POLICY, 60), *people(60, NOW, seed=9)]
LANGUAGES = ("zh", "en")
chance = st.one_of(st.none(), st.floats(0.0, 1.0))


def texts(snapshot: Snapshot, scores: dict[str, float | None], language: str) -> dict[tuple[str, str], object]:
    """What the answer says of each offer it shows, by offer and channel."""
    found = decide(POLICY, snapshot, Context(NOW, limit=23), scores, Release(1, POLICY.hash, None), "d")
    answer = orjson.loads(render(found, PHRASES, language, NOW))
    return {(offer["offer"], offer["channel"]): offer["text"] for offer in answer["offers"]}


@given(st.sampled_from(CROWD), st.fixed_dictionaries({"deposit": chance, "wealth": chance}), st.sampled_from(LANGUAGES))
@settings(max_examples=150, deadline=None)
def test_an_offer_says_only_published_words_whoever_asks_and_whatever_a_model_thinks(
    snapshot: Snapshot, scores: dict[str, float | None], language: str
) -> None:
    for (offer, channel), text in texts(snapshot, scores, language).items():
        assert text in [published(said, offer, language) for said in spoken(offer, channel, language)]


def spoken(offer: str, channel: str, language: str) -> list[Message]:
    """The plain words, and every segment's."""
    written = [POLICY.messages, *(variant.messages for variant in POLICY.variants.values())]
    return [one[offer, channel, language] for one in written if (offer, channel, language) in one]


def published(said: Message, offer: str, language: str) -> dict[str, object]:
    return {
        "name": next(one.name[language] for one in POLICY.offers if one.id == offer),
        "family": next(one.family for one in POLICY.offers if one.id == offer),
        "title": said.title,
        "body": said.body,
        "disclosures": list(said.disclosures),
        "link": said.link,
    }


def test_a_segments_words_state_the_same_terms() -> None:
    for variant in POLICY.variants.values():
        for (offer, channel, language), said in variant.messages.items():
            plain = POLICY.messages[offer, channel, language]
            assert (said.disclosures, said.link) == (plain.disclosures, plain.link)
            stated = set(re.findall(r"[0-9][0-9.,]*%?", f"{said.title} {said.body}".replace(", ", " ")))
            terms = POLICY.offers[[one.id for one in POLICY.offers].index(offer)].terms
            figures = {
                format_value(value, POLICY.offer_terms[name]) for name, value in terms.items() if value is not None
            }
            names = next(one.name[language] for one in POLICY.offers if one.id == offer)
            assert {one.rstrip(".,") for one in stated} <= figures | set(re.findall(r"[0-9]+", names)), said


def test_every_rate_in_a_message_is_the_rate_of_the_catalogue() -> None:
    stated = [offer for offer in POLICY.offers if offer.terms.get("rate") is not None]
    assert stated
    for offer in stated:
        rate = format_value(offer.terms["rate"], POLICY.offer_terms["rate"])
        for language in LANGUAGES:
            bodies = {said.body for channel in POLICY.channels for said in spoken(offer.id, channel.id, language)}
            assert all(body.count("%") == body.count(rate) for body in bodies), offer.id
