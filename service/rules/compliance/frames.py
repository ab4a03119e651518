"""Promises by composition: who says what of which figure, in any order and in any of a concept's words.

A frame names the roles that must be filled within one stretch of a sentence (a denier and a loss; a principal and
something that keeps it; a payer, a cover and a gap), and what frees them (an agent that turns the denial: "cannot rule
out a loss"). A role is a concept of the language's table, so a new word widens every frame that has the role.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise, product

_MOST_PLACES = 8
"""A sentence that says one concept more often is judged by the first of them: work stays bounded."""
_AROUND = 10
"""So many characters around a stretch can free it."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A promise of one class. ``on`` is where it is refused; ``roles`` are concepts, in any order unless ``ordered``.

    ``within``: at most so many characters from the first role to the last; no comma among them where the order counts.
    ``unless``: concepts none of which may stand in or around that stretch. ``nowhere``: none in the sentence.
    """

    kind: str
    on: str
    roles: tuple[str, ...]
    within: int
    ordered: bool = False
    unless: tuple[str, ...] = ()
    nowhere: tuple[str, ...] = ()


@dataclass(frozen=True)
class Lexicon:
    """One language's concepts, each a regular expression, and its frames."""

    concepts: Mapping[str, str]
    frames: tuple[Frame, ...]
    edge: str = ""
    """What stands before and after every word: nothing in Chinese, the edges of a word in English."""

    @cached_property
    def sought(self) -> dict[str, re.Pattern[str]]:
        """Every concept compiled."""
        return {name: re.compile(self._at_edges(words)) for name, words in self.concepts.items()}

    def _at_edges(self, words: str) -> str:
        return f"(?<![a-z0-9])(?:{words})(?![a-z0-9])" if self.edge else words


@dataclass(frozen=True)
class _Sentence:
    """A sentence with the places of the concepts that were asked for."""

    text: str
    lexicon: Lexicon
    found: dict[str, tuple[range, ...]] = field(default_factory=dict)

    def places(self, concept: str) -> tuple[range, ...]:
        known = self.found.get(concept)
        if known is None:
            said = self.lexicon.sought[concept].finditer(self.text)
            known = self.found[concept] = tuple(
                range(*one.span()) for one, _ in zip(said, range(_MOST_PLACES), strict=False)
            )
        return known


def find_framed(text: str, lexicon: Lexicon) -> Iterator[tuple[Frame, range]]:
    """The frames that a sentence of ``spelling`` fills, each with its shortest stretch."""
    sentence = _Sentence(text, lexicon)
    for frame in lexicon.frames:
        if all(sentence.places(role) for role in frame.roles):
            yield from ((frame, stretch) for stretch in _stretches(sentence, frame))


def _stretches(sentence: _Sentence, frame: Frame) -> Iterator[range]:
    """The shortest free stretch in which every role has a place of its own."""
    if any(sentence.places(one) for one in frame.nowhere):
        return
    filled = (_span(each) for each in product(*map(sentence.places, frame.roles)) if _are_apart(each, frame.ordered))
    for stretch in sorted((one for one in filled if len(one) <= frame.within), key=len):
        if frame.ordered and "," in sentence.text[stretch.start : stretch.stop]:
            continue
        if not any(_is_near(place, stretch) for one in frame.unless for place in sentence.places(one)):
            yield stretch
            return


def _span(places: tuple[range, ...]) -> range:
    return range(min(one.start for one in places), max(one.stop for one in places))


def _are_apart(places: tuple[range, ...], ordered: bool) -> bool:
    said = places if ordered else sorted(places, key=lambda one: one.start)
    return all(first.stop <= second.start for first, second in pairwise(said))


def _is_near(place: range, stretch: range) -> bool:
    return place.start < stretch.stop + _AROUND and stretch.start - _AROUND < place.stop
