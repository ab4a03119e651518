"""What a new policy says differently from an old one: added, removed, changed field by field, in words.

Documents are compared as their hash names them, so two policies differ here exactly where their hashes do. A list whose
entries have an ``id`` or ``name`` is compared entry by entry; its order counts, because ties go to the first. The
weights of the four C, which follow from the documents, are compared at the end. A change that compliance must sign is
marked red (``red_marks``).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import orjson

from service.analysis.message_changes import MessageChange, list_message_changes
from service.analysis.red_marks import OPEN, Guarded, Touched, why_red
from service.analysis.simulation_result import Shift
from service.rules.policy import Policy

ADDED, REMOVED, CHANGED, MOVED = "added", "removed", "changed", "moved"
COMPLIANCE = "compliance"
"""What a red change needs: a signature of somebody of compliance."""
LONGEST = 160
"""The most characters of a value in a sentence; the document has all of it."""
LEAD = 40
"""The characters shown of what two long texts begin with alike."""

NOUNS: Mapping[tuple[str, str], str] = {
    ("attributes", "attributes"): "attribute",
    ("attributes", "features"): "feature",
    ("catalogue", "terms"): "term",
    ("catalogue", "families"): "family",
    ("catalogue", "offers"): "offer",
    ("channels", "terms"): "term",
    ("channels", "channels"): "channel",
    ("strategies", "strategies"): "strategy",
    ("weights", "experts"): "expert",
    ("weights", "factors"): "factor",
    ("weights", "judgments"): "judgments of",
    ("contact", "holidays"): "holiday",
    ("contact", "consents"): "consent",
    ("contact", "quiet_hours"): "quiet hours",
    ("contact", "caps"): "cap",
    ("contact", "cool_offs"): "cool-off",
    ("messages", "channels"): "words for channel",
    ("messages", "families"): "message of family",
    ("messages", "offers"): "message of offer",
    ("messages", "positioning"): "words for a segment",
}
"""The noun for an entry of a section; each of the four C has one section of rules."""

_ABSENT = object()


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: the document, the kind of entry (``noun``), its id, and the field where it was changed.

    ``before`` and ``after`` are JSON values; None on the side where there is nothing. ``red`` is the reason for which
    compliance must sign it; None where it need not.
    """

    document: str
    noun: str
    id: str
    action: str
    field: str | None = None
    before: Any = None
    after: Any = None
    red: str | None = None

    @property
    def needs(self) -> str | None:
        """``COMPLIANCE`` where the change is red; else None."""
        return None if self.red is None else COMPLIANCE

    def __str__(self) -> str:
        what = f'{self.document}.yaml: {self.noun} "{self.id}"' if self.id else f"{self.document}.yaml: {self.noun}"
        return f"{what}{_told(self)}"


@dataclass(frozen=True, slots=True)
class Difference:
    """All changes in the order of the documents, the weights of the four C and the messages that moved with them."""

    old: str
    new: str
    changes: tuple[Change, ...]
    weights: tuple[Shift, ...]
    messages: tuple[MessageChange, ...] = ()

    @property
    def red(self) -> tuple[Change, ...]:
        """The changes that compliance must sign."""
        return tuple(change for change in self.changes if change.red is not None)

    @property
    def needs(self) -> list[str]:
        """``[COMPLIANCE]`` where a change is red; else empty."""
        return [COMPLIANCE] if self.red else []

    def document(self) -> dict[str, object]:
        """All of it as plain JSON values, each change with its sentence."""
        changes = [{**asdict(change), "needs": change.needs, "sentence": str(change)} for change in self.changes]
        moved = [asdict(one) for one in self.weights]
        read = [one for message in self.messages for one in message.documents()]
        differing = {"changes": changes, "weights": moved, "messages": read}
        return {"old": self.old, "new": self.new, "needs": self.needs, **differing}

    def __str__(self) -> str:
        if not self.changes:
            return "The two policies say the same."
        moved = [f"  weight of {w.name} {w.old:.4f} -> {w.new:.4f} ({w.difference:+.4f})" for w in self.weights]
        told = [f"{change}{_needs(change)}" for change in self.changes]
        read = ["what customers would read otherwise:", *map(str, self.messages)] if self.messages else []
        return "\n".join([*told, *(["the four C as composed:", *moved] if moved else []), *read])


def diff(old: Policy, new: Policy) -> Difference:
    """What ``new`` says differently from ``old``."""
    moved = [Shift(name, old.weights[name], new.weights[name]) for name in old.weights]
    guarded = Guarded.by(old, new)
    found = tuple(_marked(change, guarded) for change in list_changes(old.documents, new.documents))
    weights = tuple(one for one in moved if one.difference)
    return Difference(old.hash, new.hash, found, weights, list_message_changes(old, new))


def _marked(change: Change, guarded: Guarded) -> Change:
    """The change with its red mark."""
    if change.action == MOVED and change.document in OPEN:
        return change
    touched = Touched(change.document, change.noun, change.id, change.field, change.before, change.after)
    return replace(change, red=why_red(touched, guarded))


def list_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    """Every difference between two sets of documents; none exactly where they are equal."""
    for document in dict.fromkeys([*old, *new]):
        before, after = old.get(document, _ABSENT), new.get(document, _ABSENT)
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            for section in dict.fromkeys([*before, *after]):
                yield from _section(document, section, before.get(section, _ABSENT), after.get(section, _ABSENT))
        elif _differ(before, after):
            yield _whole(Change(document, "document", "", CHANGED), before, after)


def _section(document: str, section: str, before: Any, after: Any) -> Iterator[Change]:
    old, new = _entries(before), _entries(after)
    if old is None or new is None or type(before) is not type(after):
        yield from _fields(Change(document, section, "", CHANGED), None, before, after)
        return
    noun = NOUNS.get((document, section), section.removesuffix("s"))
    for entry in dict.fromkeys([*old, *new]):
        blank = Change(document, noun, entry, CHANGED)
        if entry not in new or entry not in old:
            yield _whole(blank, old.get(entry, _ABSENT), new.get(entry, _ABSENT))
        else:
            yield from _fields(blank, None, old[entry], new[entry])
    yield from _order(document, section, before, list(old), list(new))


def _entries(value: Any) -> dict[str, Any] | None:
    """A section's entries by name; None where it is no collection, or names are missing or repeated."""
    if isinstance(value, Mapping):
        return dict(value) if all(isinstance(entry, Mapping) for entry in value.values()) else None
    if not isinstance(value, list):
        return None
    named = {_name(entry): entry for entry in value}
    return (
        {str(name): entry for name, entry in named.items()} if None not in named and len(named) == len(value) else None
    )


def _name(entry: Any) -> str | None:
    if isinstance(entry, Mapping):
        name = entry.get("id", entry.get("name"))
        return name if isinstance(name, str) else None
    return entry if isinstance(entry, str) else None


def _order(document: str, section: str, before: Any, old: Sequence[str], new: Sequence[str]) -> Iterator[Change]:
    """A change of order among the entries of both lists; the order of a mapping means nothing."""
    was, now = [name for name in old if name in set(new)], [name for name in new if name in set(old)]
    if isinstance(before, list) and was != now:
        yield Change(document, f"order of {section}", "", MOVED, None, was, now)


def _fields(blank: Change, field: str | None, before: Any, after: Any) -> Iterator[Change]:
    """Every leaf that differs; a list is one leaf."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in dict.fromkeys([*before, *after]):
            below = name if field is None else f"{field}.{name}"
            yield from _fields(blank, below, before.get(name, _ABSENT), after.get(name, _ABSENT))
    elif _differ(before, after):
        yield _whole(blank, before, after, field)


def _differ(before: Any, after: Any) -> bool:
    """Unequal as JSON: true is not 1."""
    if before is _ABSENT or after is _ABSENT:
        return True
    return orjson.dumps(before, option=orjson.OPT_SORT_KEYS) != orjson.dumps(after, option=orjson.OPT_SORT_KEYS)


def _whole(blank: Change, before: Any, after: Any, field: str | None = None) -> Change:
    action = ADDED if before is _ABSENT else REMOVED if after is _ABSENT else CHANGED
    values = (None if value is _ABSENT else value for value in (before, after))
    return Change(blank.document, blank.noun, blank.id, action, field, *values)


def _needs(change: Change) -> str:
    return "" if change.red is None else f"  [needs: {change.needs}, {change.red}]"


def _told(change: Change) -> str:
    if change.action == MOVED:
        return f" was {_shown(change.before)}, is {_shown(change.after)} (ties go to the first)"
    field = f": {change.field}" if change.field else ""
    if change.action == ADDED:
        return f"{field} is new{': ' + _shown(change.after) if field or not change.id else ''}"
    if change.action == REMOVED:
        return f"{field} is gone{'; it was ' + _shown(change.before) if field or not change.id else ''}"
    before, after = _differing(change.before, change.after)
    return f"{field} was {_shown(before)}, is {_shown(after)}"


def _differing(before: Any, after: Any) -> tuple[Any, Any]:
    """Of two lists the entries that only one has; of two long texts what follows their common beginning, but for a
    few words: whoever signs must see what changed.
    """
    if isinstance(before, list) and isinstance(after, list):
        gone, new = [one for one in before if one not in after], [one for one in after if one not in before]
        return (gone, new) if gone or new else (before, after)
    if isinstance(before, str) and isinstance(after, str) and max(len(before), len(after)) > LONGEST:
        same = _alike(before, after) - LEAD
        return (f"...{before[same:]}", f"...{after[same:]}") if same > 0 else (before, after)
    return before, after


def _alike(before: str, after: str) -> int:
    """The length of what both begin with."""
    letters = zip(before, after, strict=False)
    return next((place for place, (was, now) in enumerate(letters) if was != now), min(len(before), len(after)))


def _shown(value: Any) -> str:
    text = value.strip() if isinstance(value, str) else orjson.dumps(value).decode()
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
