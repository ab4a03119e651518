"""A witness in words: the customer and the moment for whom a policy is open and the law closed. Pure."""

from collections.abc import Callable, Mapping, Sequence

from service.analysis.policy_checks.proof.cells import Cells
from service.analysis.policy_checks.proof.search import Witness
from service.analysis.policy_checks.proof.truth import TRUE, Formula, Value
from service.analysis.policy_checks.proof.variables import OTHER, YEAR_DAYS
from service.analysis.policy_checks.proof.wording import spell_number
from service.core.expressions import Kind
from service.rules.statutory import BALANCES

PORTRAIT = ("customer.risk_tolerance", "customer.risk_assessed_on", "customer.age")
"""What is always told of a customer."""
KNOWN_BALANCES = f"the sum {' + '.join(sorted(BALANCES))}"
"""The variable that is all a customer is known to own."""
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def describe_customer(witness: Witness, law: Formula, gates: Sequence[Formula], cells: Cells) -> str:
    """What of a witness matters: all that the law reads, who it is, and what the gates beside it need to be open."""
    read = [*_names(law), *(name for name in PORTRAIT if name in witness)]
    names = [name for name in dict.fromkeys(read) if name in witness]
    others = dict.fromkeys(name for gate in gates for name in _names(gate) if name in witness and name not in names)
    needed = [*names, *_needed(witness, list(others), gates)]
    sums = [name for name in needed if cells.vocabulary[name].blurred]
    told = [name for name in needed if not _is_part(name, sums, witness)]
    words = [_describe(name, witness, cells) for name in told]
    return ", ".join(dict.fromkeys(word for word in words if word))


def _is_part(name: str, sums: Sequence[str], witness: Witness) -> bool:
    """Whether a known column is told by a sum already."""
    return witness[name] is not None and any(name != each and name in each for each in sums)


def _names(formula: Formula) -> list[str]:
    return [name for atom in formula.atoms() for name in atom.names]


def _needed(witness: Witness, others: Sequence[str], gates: Sequence[Formula]) -> list[str]:
    """Those of the others without which some gate is not surely open."""
    kept = dict(witness)
    for name in others:
        less = {each: value for each, value in kept.items() if each != name}
        if all(gate.mask(less) == TRUE for gate in gates):
            kept = less
    return [name for name in others if name in kept]


def _describe(name: str, witness: Witness, cells: Cells) -> str:
    value, variable = witness[name], cells.vocabulary[name]
    plain = name.removesuffix(" (contact)")
    if plain in _WORDS:
        return _WORDS[plain](value)
    if name == YEAR_DAYS or name.endswith(", by rounding"):
        return ""
    if name.startswith("whether "):
        return f"where {name.removeprefix('whether ')} is {_truth(value)}"
    if name == KNOWN_BALANCES:
        return f"known balances together {_figure(value, variable.kind)} yuan"
    if variable.kind is Kind.DATE:
        return f"{plain} {_days(value)}"
    return f"{plain} {'=' if value is not None else ''} {_figure(value, variable.kind)}".replace("  ", " ")


def _figure(value: Value, kind: Kind) -> str:
    if value is None:
        return "unknown"
    if kind is Kind.BOOLEAN:
        return _truth(value)
    if isinstance(value, str):
        return "any other word" if value == OTHER else f"'{value}'"
    return f"{value:.12g}" if abs(value) < 1e12 else spell_number(value)


def _truth(value: Value) -> str:
    return "unknown" if value is None else "true" if value else "false"


def _days(value: Value) -> str:
    if value is None:
        return "unknown"
    assert isinstance(value, float)
    if value == 0.0:
        return "today"
    count = f"{spell_number(abs(value))} day{'s' if abs(value) > 1.0 else ''}"
    return f"{count} ago" if value < 0 else f"{count} ahead of today"


def _tolerance(value: Value) -> str:
    return "tolerance unknown" if value is None else f"tolerance C{_figure(value, Kind.NUMBER)}"


def _assessed(value: Value) -> str:
    return "assessed never" if value is None else f"assessed {_days(value)}"


def _said(what: str) -> Callable[[Value], str]:
    return lambda value: f"{what} {'never asked' if value is None else 'given' if value else 'refused'}"


def _state(what: str) -> Callable[[Value], str]:
    return lambda value: f"{what} unknown" if value is None else what if value else f"not {what}"


def _weekday(value: Value) -> str:
    assert isinstance(value, float)
    return WEEKDAYS[int(value) - 1]


_WORDS: Mapping[str, Callable[[Value], str]] = {
    "customer.risk_tolerance": _tolerance,
    "customer.risk_assessed_on": _assessed,
    "customer.age": lambda value: f"age {_figure(value, Kind.NUMBER)}",
    "customer.deceased": _state("deceased"),
    "customer.frozen": _state("frozen accounts"),
    "customer.qualified_investor": _state("qualified investor"),
    "consent.contact": _said("consent to contact"),
    "consent.personal": lambda value: "personalisation " + ("in force" if value else "withdrawn"),
    "history.consent": _said("consent to marketing"),
    "context.weekday": lambda value: f"on a {_weekday(value)} (context.weekday = {_figure(value, Kind.NUMBER)})",
}
