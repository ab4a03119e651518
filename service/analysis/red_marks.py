"""Red marks: the changes of a policy that somebody of compliance must sign, each with the reason in a word or two.

A change is red where it touches a guard (a rule of the stage eligibility, suitability or contact), what a guard reads,
or words that reach a person; where it takes away a proof (a rule, or a rule's case); and where it can silence a gate
(``applies``, ``stage``, a strategy's switch or segments). A document that is not listed in ``OPEN`` is red as a whole,
so that a new kind of document is signed until somebody decides otherwise. Levers, weights, rates that no guard reads,
experiments and fit rules' weights are their author's and the approver's alone.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from service.rules.policy import CONCERNS, LANGUAGES, Policy
from service.rules.statutory import LAW_COLUMNS, LAW_TERMS

GUARDS = frozenset({"eligibility", "suitability", "contact"})
"""The stages whose rules protect the customer, whatever strategy they belong to."""
FIT = "fit"
WHOLE: Mapping[str, str] = {
    "calendar": "contact and consent",
    "contact": "contact and consent",
    "kinds": "kinds",
    "messages": "words",
}
"""Documents that are red as a whole, with the reason; any other that is not ``OPEN`` is red by its name."""
OPEN = frozenset(
    {
        *CONCERNS,
        "attributes",
        "catalogue",
        "channels",
        "experiments",
        "market",
        "monitoring",
        "portrait",
        "strategies",
        "weights",
    }
)
"""Documents of which parts are red."""
KIND_TERMS = ("family", "insured", "issuer_risk", "bank_risk", "sold_as", "in_person", "cooling_off_hours")
"""What an offer's kind decides of its terms, beside what the law reads."""
STATED = frozenset({*LAW_COLUMNS, *LAW_TERMS, *(f"offer.{name}" for name in KIND_TERMS)})
"""What the law reads, whether or not a guard of this policy reads it too."""
INTERNAL = frozenset({"strategy", "expert", "factor"})
"""Nouns whose texts stay inside the bank's own planning."""


@dataclass(frozen=True, slots=True)
class Touched:
    """A changed entry: its document, noun and id, the changed field (None: the whole entry), before and after."""

    document: str
    noun: str
    id: str
    field: str | None
    before: Any
    after: Any

    @property
    def is_gone(self) -> bool:
        """Whether the whole entry was taken away."""
        return self.field is None and self.after is None


@dataclass(frozen=True, slots=True)
class Guarded:
    """What two policies' guards rest on: names they read, rules by stage, strategies and segments that carry gates."""

    names: frozenset[str]
    stages: Mapping[tuple[str, str], frozenset[str]]
    carriers: frozenset[str]
    segments: frozenset[str]

    @classmethod
    def by(cls, *policies: Policy) -> "Guarded":
        """What is guarded in any of the policies."""
        rules = [rule for policy in policies for rule in _rules(policy.documents)]
        stages: dict[tuple[str, str], frozenset[str]] = {}
        for concern, rule in rules:
            key = concern, str(rule.get("id"))
            stages[key] = stages.get(key, frozenset()) | {str(rule.get("stage"))}
        gates = [rule for _, rule in rules if rule.get("stage") != FIT]
        silenced = {rule.get("strategy") for rule in gates if rule.get("stage") not in GUARDS}
        return cls(
            STATED.union(*map(_read_names, policies)),
            stages,
            frozenset(str(rule.get("strategy")) for rule in gates),
            frozenset(name for policy in policies for name in _segments(policy, silenced)),
        )

    def is_guard(self, touched: Touched) -> bool:
        """Whether the entry is a rule of a guarding stage, before or after."""
        return bool(GUARDS & self.stages.get((touched.document, touched.id), frozenset()))

    def is_gate(self, touched: Touched) -> bool:
        """Whether the entry is a rule that can close, before or after."""
        return bool(self.stages.get((touched.document, touched.id), frozenset()) - {FIT})


def why_red(touched: Touched, guarded: Guarded) -> str | None:
    """The reason for which compliance must sign the change; None where it need not."""
    if touched.document not in OPEN:
        return WHOLE.get(touched.document, touched.document)
    return next((why for why, is_so in REASONS if is_so(touched, guarded)), None)


def _is_deleted_rule(touched: Touched, _: Guarded) -> bool:
    return touched.noun == "rule" and touched.is_gone


def _is_deleted_case(touched: Touched, _: Guarded) -> bool:
    """Whether a case that was there is there no more as it was."""
    left = touched.after or []
    return (
        touched.noun == "rule" and touched.field == "cases" and any(case not in left for case in touched.before or [])
    )


def _is_guard(touched: Touched, guarded: Guarded) -> bool:
    return touched.noun == "rule" and guarded.is_guard(touched)


def _silences(touched: Touched, guarded: Guarded) -> bool:
    """Whether a gate may apply to fewer than before: by its condition, its stage, its strategy or that one's reach."""
    if touched.noun == "rule":
        return guarded.is_gate(touched) and touched.field in {"applies", "stage", "strategy"}
    if touched.noun == "strategy":
        is_off = touched.field == "enabled" and touched.after is False
        return touched.id in guarded.carriers and (touched.is_gone or is_off or touched.field == "segments")
    return touched.document == "strategies" and touched.noun == "segment" and touched.id in guarded.segments


def _is_read(touched: Touched, guarded: Guarded) -> bool:
    """Whether a guard reads what changed: an attribute, a feature, a stated term, a stage of life."""
    return bool(guarded.names & set(_names(touched)))


def _names(touched: Touched) -> Iterator[str]:
    if touched.document == "attributes":
        yield f"customer.{touched.id}"
    elif touched.document == "market":
        yield f"market.{touched.id}"
    elif touched.document == "portrait":
        yield f"customer.{touched.noun}"
    elif touched.noun == "term":
        yield from (f"{owner}.{touched.id}" for owner in ("offer", "channel"))
    elif touched.noun in {"offer", "channel"}:
        yield f"{touched.noun}.{(touched.field or '').removeprefix('terms.')}"


def _is_direction(touched: Touched, _: Guarded) -> bool:
    """Whether a channel turns from answering to calling, or back: consent and quiet hours hang on it."""
    return touched.noun == "channel" and touched.field == "direction"


def _is_fairness(touched: Touched, _: Guarded) -> bool:
    return touched.document == "monitoring" and touched.noun == "fairness"


def _are_words(touched: Touched, _: Guarded) -> bool:
    """Whether a text in a language is new, changed or left out; not where the whole entry went with it."""
    if touched.noun in INTERNAL or touched.is_gone:
        return False
    last = (touched.field or "").rpartition(".")[2]
    return last in LANGUAGES or any(_holds_text(value) for value in (touched.before, touched.after))


REASONS: tuple[tuple[str, Callable[[Touched, Guarded], bool]], ...] = (
    ("deleted rule", _is_deleted_rule),
    ("deleted case", _is_deleted_case),
    ("protective rule", _is_guard),
    ("gate may be silenced", _silences),
    ("read by a protective rule", _is_read),
    ("direction of a channel", _is_direction),
    ("fairness", _is_fairness),
    ("words", _are_words),
)
"""The reasons in the order in which they are named."""


def _holds_text(value: Any) -> bool:
    """Whether a text by language stands anywhere in a value."""
    if isinstance(value, Mapping):
        spoken = any(isinstance(value.get(language), str) for language in LANGUAGES)
        return spoken or any(map(_holds_text, value.values()))
    return isinstance(value, list) and any(map(_holds_text, value))


def _rules(documents: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for concern in CONCERNS:
        yield from ((concern, rule) for rule in documents[concern]["rules"])


def _read_names(policy: Policy) -> frozenset[str]:
    """Every name that a guard reads, and what the features among them are made of."""
    expressions = {f"customer.{one.name}": one.expression for one in policy.attributes.features}
    guards = (gate for gate in policy.gates if gate.stage in GUARDS)
    waiting = {
        name for gate in guards for each in (gate.applies, gate.require) if each is not None for name in each.names
    }
    waiting |= {f"customer.{policy.attributes.zone}"}  # the clock of quiet hours
    found: set[str] = set()
    while waiting:
        found |= waiting
        waiting = {name for one in waiting & expressions.keys() for name in expressions[one].names} - found
    return frozenset(found)


def _segments(policy: Policy, strategies: Iterable[Any]) -> Iterator[str]:
    """The segments that these strategies name."""
    for strategy in strategies:
        if strategy in policy.strategies:
            yield from policy.strategies[strategy].segments
