"""messages.yaml, ``positioning``: a segment's words in place of the plain ones.

Each entry names a segment that ``strategies.yaml`` declares, and a family or some offers; it has another title or body,
or both, in both languages. Entries are tried in order. An entry for a family replaces the family's words; an offer's
own words go before it. Disclosures cannot be changed, and a figure can only be a placeholder: terms are the same for
everybody (PIPL article 24), only the words about them differ. ``messages`` writes them out and checks them.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from service.core.domain import Text
from service.rules.loading.documents.entry import Entry
from service.rules.model.rules import LANGUAGES, Offer

_PLACEHOLDER, _FIGURE = re.compile(r"\{[^}]*\}"), re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class SegmentWords:
    """One segment's words for a family or for offers, with placeholders still in them; None takes the plain ones."""

    id: str
    segment: str
    family: str
    offers: tuple[str, ...]
    title: Text | None
    body: Text | None

    def covers(self, offer: Offer) -> bool:
        """Whether it is for the offer."""
        return offer.id in self.offers or offer.family == self.family


def read_segment_words(
    page: Entry, families: Sequence[str], offers: Sequence[str], segments: Sequence[str]
) -> tuple[SegmentWords, ...]:
    """Every entry; one whose segment is not in ``segments`` is a problem."""
    entries = page.children("positioning", "positioning", optional=True)
    if entries and not segments:
        page.add_fault("positioning", "speaks to segments, but strategies.yaml declares none")
    return tuple(_position(entry, families, offers, segments) for entry in entries)


def _position(entry: Entry, families: Sequence[str], offers: Sequence[str], segments: Sequence[str]) -> SegmentWords:
    position = SegmentWords(
        id=entry.name("id"),
        segment=entry.choice("segment", segments),
        family=entry.choice("family", families) if entry.has("family") else "",
        offers=entry.words("offers", offers) if entry.has("offers") else (),
        title=_read_text(entry, "title"),
        body=_read_text(entry, "body"),
    )
    if entry.has("family") == entry.has("offers"):
        entry.add_fault("", "must name either a family or offers")
    if not entry.has("title") and not entry.has("body"):
        entry.add_fault("", "must say another title or body")
    entry.close()
    return position


def _read_text(entry: Entry, key: str) -> Text | None:
    """A text in both languages without a figure of its own."""
    text = entry.bilingual_or_none(key)
    for language in LANGUAGES:
        figure = _FIGURE.search(_PLACEHOLDER.sub("", text[language])) if text else None
        if figure is not None:
            where, written = f"{key}.{language}", figure.group()
            entry.add_fault(
                where, f"writes the figure {written}; expected a {{placeholder}}: terms are the same for everybody"
            )
    return text
