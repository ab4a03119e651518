"""messages.yaml: a template per family, own words per offer, and every message of the policy written out.

An offer's own title or body replaces the family's; its disclosures are added to the family's. A disclosure with
``when`` (an expression over ``offer.*``) goes to the offers for which it is true. A segment's words (``positioning``)
are written out the same way, with the same disclosures. A placeholder that the offer does not state, or a stray brace,
is a problem; what may not be said is one of ``analysis.policy_checks``, as old policies must still be read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from service.core.domain import Text
from service.core.errors import Problem
from service.core.expressions import Columns, Expression, Kind, compile_truth
from service.rules.loading.documents.entry import Entry
from service.rules.loading.documents.folder import nearest
from service.rules.loading.positioning import SegmentWords, read_segment_words
from service.rules.messages import ALWAYS, ISSUER, fill_message, placeholder_values, placeholders, stray_braces
from service.rules.model.rules import LANGUAGES, Channel, Message, Offer, Schema, Term, Variant
from service.rules.model.targeting import Target

FILE = "messages.yaml"


@dataclass(frozen=True, slots=True)
class Disclosure:
    """A sentence below the messages of the offers for which ``when`` is true; None means all."""

    when: Expression | None
    text: Text


@dataclass(frozen=True, slots=True)
class Template:
    """The words of a family or an offer; None takes the family's."""

    title: Text | None
    body: Text | None
    disclosures: tuple[Disclosure, ...]


@dataclass(frozen=True, slots=True)
class MessageTemplates:
    """The whole document, with placeholders still in it."""

    families: Mapping[str, Template]
    offers: Mapping[str, Template]
    channels: Mapping[str, Text]
    link: str
    link_hosts: tuple[str, ...]
    names: tuple[str, ...]
    banned: tuple[str, ...]
    positions: tuple[SegmentWords, ...]


def read_templates(
    page: Entry, schema: Schema | None, offers: Sequence[Offer], channels: Sequence[Channel],
    targets: Mapping[str, Target],
) -> MessageTemplates:  # fmt: skip
    """The templates; every family that has an offer must have one with title and body."""
    families, own, tails = page.child("families"), _section(page, "offers"), _section(page, "channels")
    used = tuple(dict.fromkeys(offer.family for offer in offers if offer.family))
    found = MessageTemplates(
        families={family: _template(families.child(family), schema, whole=True) for family in used},
        offers={o.id: _template(own.child(o.id), schema, whole=False) for o in offers if o.id and own.has(o.id)},
        channels={
            channel.id: tails.bilingual(channel.id) for channel in channels if channel.id and tails.has(channel.id)
        },
        link=page.text("link", "a link beginning with https://"),
        link_hosts=page.words("link_hosts", optional=True),
        names=page.words("names", optional=True),
        banned=_further_banned(page),
        positions=read_segment_words(page, used, [offer.id for offer in offers], tuple(targets)),
    )
    if found.link and not found.link.startswith("https://"):
        page.add_wrong_kind("link", "a link beginning with https://")
    for entry in (families, own, tails, page):
        entry.close()
    return found


Written = dict[tuple[str, str, str], Message]


@dataclass(frozen=True, slots=True)
class MessageWriter:
    """Writes the whole document out; ``problems`` collects what cannot be filled in."""

    templates: MessageTemplates
    offers: Sequence[Offer]
    channels: Sequence[Channel]
    terms: Mapping[str, Term]
    columns: Columns
    problems: list[Problem]

    def write_plain(self) -> Written:
        """Every message by offer, channel and language."""
        written: Written = {}
        for place, offer in enumerate(self.offers):
            written |= self._of(place, None, f'{FILE}: offer "{offer.id}"')
        return written

    def write_variants(self, targets: Mapping[str, Target]) -> dict[str, Variant]:
        """The segments' words by id, in the order in which they are tried."""
        return {one.id: self._variant(one, targets[one.segment]) for one in self.templates.positions}

    def _variant(self, position: SegmentWords, target: Target) -> Variant:
        written: Written = {}
        for place, offer in enumerate(self.offers):
            if position.covers(offer):
                written |= self._of(place, position, f'{FILE}: positioning "{position.id}", offer "{offer.id}"')
        return Variant(position.id, target.id, target.when, written)

    def _of(self, place: int, position: SegmentWords | None, where: str) -> Written:
        """One offer's messages in every channel and language."""
        offer, found = self.offers[place], self.templates
        template = _joined(found, offer, place, self.columns, position)
        noted = dict.fromkeys(_unfilled(template, found, offer))
        self.problems.extend(Problem(where, fault) for fault in noted)
        return {} if noted else _messages(template, found, offer, self.channels, self.terms)


def _section(page: Entry, key: str) -> Entry:
    return page.child(key) if page.has(key) else Entry({}, page.file, page.problems, page.noun, key)


def _further_banned(page: Entry) -> tuple[str, ...]:
    if not page.has("banned"):
        return ()
    entry = page.child("banned")
    found = tuple(word for language in LANGUAGES for word in entry.words(language, optional=True))
    entry.close()
    return found


def _template(entry: Entry, schema: Schema | None, *, whole: bool) -> Template:
    template = Template(
        title=entry.bilingual("title") if whole or entry.has("title") else None,
        body=entry.bilingual("body") if whole or entry.has("body") else None,
        disclosures=tuple(_disclosure(one, schema) for one in _disclosures(entry)),
    )
    entry.close()
    return template


def _disclosures(entry: Entry) -> list[Entry]:
    entries = entry.children("disclosures", "disclosure", optional=True, named_by="")
    for place, one in enumerate(entries, 1):
        one.where, one.path = entry.where, f"{entry.path}.disclosures[{place}]"
    return entries


def _disclosure(entry: Entry, schema: Schema | None) -> Disclosure:
    when = entry.expression("when", schema, Kind.BOOLEAN) if entry.has("when") else None
    if schema is not None and when is not None and not (when.static and when.axes <= {"offer"}):
        entry.add_fault("when", f"may read offer.* only, got {', '.join(sorted(when.names))}")
        when = None
    text = {language: entry.text(language) for language in LANGUAGES}
    entry.close()
    return Disclosure(when, text)


@dataclass(frozen=True, slots=True)
class _Joined:
    """One offer's templates: its own words where it has them, else its family's."""

    title: Text
    body: Text
    disclosures: tuple[Text, ...]


def _joined(
    found: MessageTemplates, offer: Offer, place: int, columns: Columns, position: SegmentWords | None
) -> _Joined:
    """An offer's templates, each the first there is of: a segment's for the offer, its own, a segment's for the family,
    the family's.
    """
    blank = Template(None, None, ())
    own, family = found.offers.get(offer.id, blank), found.families.get(offer.family, blank)
    ranked: list[Template | SegmentWords] = [own, family]
    if position is not None:
        ranked.insert(0 if position.offers else 1, position)
    disclosures = [one.text for one in (*family.disclosures, *own.disclosures) if _goes_to(one, place, columns)]
    nothing = dict.fromkeys(LANGUAGES, "")
    titles, bodies = (one.title for one in ranked), (one.body for one in ranked)
    return _Joined(next(filter(None, titles), nothing), next(filter(None, bodies), nothing), tuple(disclosures))


def _goes_to(disclosure: Disclosure, place: int, columns: Columns) -> bool:
    if disclosure.when is None:
        return True
    held = np.ravel(compile_truth(disclosure.when, many=True)(columns))
    return bool(held[place if held.size > 1 else 0])


def _templates(template: _Joined, found: MessageTemplates) -> list[tuple[str, str]]:
    """Every text of an offer's messages with its key."""
    texts = {"title": template.title, "body": template.body}
    texts |= {f"disclosures[{i}]": text for i, text in enumerate(template.disclosures, 1)}
    texts |= {f"channels.{channel}": text for channel, text in found.channels.items()}
    spoken = [(f"{key}.{language}", text[language]) for key, text in texts.items() for language in LANGUAGES]
    return [*spoken, ("link", found.link)]


def _unfilled(template: _Joined, found: MessageTemplates, offer: Offer) -> list[str]:
    stated = tuple(sorted((*ALWAYS, *offer.terms, *((ISSUER,) if offer.issuer else ()))))
    texts = _templates(template, found)
    unknown = [(key, name) for key, text in texts for name in placeholders(text) if name not in stated]
    stray = [key for key, text in texts if stray_braces(text)]
    return [
        f"{key} names {{{name}}}, which the offer does not state; {nearest(name, stated)}" for key, name in unknown
    ] + [f"{key} holds a brace outside a placeholder; expected {{name}} in small letters" for key in stray]


def _messages(
    template: _Joined, found: MessageTemplates, offer: Offer, channels: Sequence[Channel], terms: Mapping[str, Term]
) -> dict[tuple[str, str, str], Message]:
    written = {}
    for channel in channels:
        tail = found.channels.get(channel.id)
        for language in LANGUAGES:
            values = placeholder_values(offer, channel, language, terms)
            parts = (template.title, template.body, template.disclosures, found.link, tail)
            written[offer.id, channel.id, language] = fill_message(*parts, language, values)
    return written
