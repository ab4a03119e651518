"""How much a proposed policy may hold: so much that reading and compiling it takes seconds, not minutes.

Each list of a document has its bound, and so have three sums: words and signs of all expressions (the cost of reading);
cases of all rules; and rules x offers x channels (the cost of a decision). Checked before anything is compiled. Not
part of reading a policy: one that served before there were bounds must still be read.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import islice

from service.core.errors import MOST_PROBLEMS, PolicyError, Problem
from service.rules.model.rules import CONCERNS

MOST_ENTRIES = 300
"""Entries of each list and each object of a document, but for those in ``MOST``."""
MOST: Mapping[tuple[str, str], int] = {
    ("attributes", "attributes"): 1_000,
    ("channels", "channels"): 30,
    ("contact", "holidays"): 3_000,
    ("market", "rates"): 100,
}
"""Document and key -> entries."""
RULES = (
    *((concern, "rules") for concern in CONCERNS),
    *(("contact", kind) for kind in ("consents", "quiet_hours", "caps", "cool_offs")),
)
"""Document and key of the lists that hold rules."""
MOST_SIGNS = 30_000
MOST_CASES = 2_000
MOST_CELLS = 500_000

EXPRESSIONS = frozenset(
    {"applies", "require", "when", "ticket", "value", "expression", "response", "yuan", "margin_yuan"}
)
"""Keys with expressions; a short text of another meaning under one of them counts for little."""
_SIGN = re.compile(r"[\w.]+|'[^']*'|[^\w\s]")
Documents = Mapping[str, object]


def refuse_oversized(documents: Documents) -> None:
    """Check the documents against the bounds.

    Raises:
        PolicyError: names each bound that is passed, and where.
    """
    problems = list(islice(_problems(documents), MOST_PROBLEMS))
    if problems:
        raise PolicyError("the policy is too large", problems)


def count_cells(rules: int, offers: int, channels: int) -> int:
    """The cells of a decision: rules x offers x channels."""
    return rules * offers * channels


def _problems(documents: Documents) -> Iterator[Problem]:
    yield from _entries(documents)
    yield from _expressions(documents)
    yield from _cases(documents)
    rules = sum(len(_list(documents, *place)) for place in RULES)
    offers, channels = len(_list(documents, "catalogue", "offers")), len(_list(documents, "channels", "channels"))
    if (got := count_cells(rules, offers, channels)) > MOST_CELLS:
        sentence = f"{rules:,} rules x {offers:,} offers x {channels:,} channels are {got:,}"
        yield Problem("catalogue.yaml", f"{sentence}; expected at most {MOST_CELLS:,}")


def _entries(documents: Documents) -> Iterator[Problem]:
    for document, page in documents.items():
        for key, below in page.items() if isinstance(page, Mapping) else ():
            most = MOST.get((document, key), MOST_ENTRIES)
            if isinstance(below, list | Mapping) and len(below) > most:
                yield Problem(f"{document}.yaml", f"{key} holds {len(below):,} entries; expected at most {most:,}")


def _expressions(documents: Documents) -> Iterator[Problem]:
    """The first expression beyond the bound, where there is one."""
    signs = 0
    for where, text in _texts(documents):
        signs += sum(1 for _ in _SIGN.finditer(text))
        if signs > MOST_SIGNS:
            words = f"all expressions of the policy may hold {MOST_SIGNS:,} words and signs; this one goes beyond"
            yield Problem(where, words)
            return


def _texts(documents: Documents) -> Iterator[tuple[str, str]]:
    """Every expression with its place, in the order of the documents."""
    stack: list[tuple[str, object]] = [(f"{name}.yaml", below) for name, below in documents.items()][::-1]
    while stack:
        where, value = stack.pop()
        if isinstance(value, Mapping):
            yield from ((f"{where}: {key}", each) for key, each in value.items() if _is_expression(key, each))
            stack += [(f"{where}: {key}", each) for key, each in value.items()][::-1]
        elif isinstance(value, list):
            stack += [(f"{where}[{place}]", each) for place, each in enumerate(value, 1)][::-1]


def _is_expression(key: object, value: object) -> bool:
    return key in EXPRESSIONS and isinstance(value, str)


def _cases(documents: Documents) -> Iterator[Problem]:
    """The first rule whose cases, with those before it, are too many."""
    count = 0
    for name, key in RULES:
        for place, rule in enumerate(_list(documents, name, key), 1):
            count += len(_list({"rule": rule}, "rule", "cases"))
            if count > MOST_CASES:
                words = f"all rules of the policy may have {MOST_CASES:,} cases; those of this rule go beyond"
                yield Problem(f"{name}.yaml: {key}[{place}]", words)
                return


def _list(documents: Documents, document: str, key: str) -> list[object]:
    page = documents.get(document)
    entries = page.get(key) if isinstance(page, Mapping) else None
    return entries if isinstance(entries, list) else []
