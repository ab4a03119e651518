"""Rule files written out with other weights: the text stays as its author wrote it, comments too. Pure."""

import re
from collections.abc import Mapping

_ENTRY = re.compile(r"^(?P<indent> *)- id: *(?P<id>[\w-]+) *(?:#.*)?$")
_WEIGHT = re.compile(r"^(?P<head> +weight: *)(?P<weight>[^ #]+)(?P<rest>.*)$")


def write_weights(text: str, weights: Mapping[str, float]) -> str:
    """The text of a rule file with these weights, by the id of the rule; rules of other files are passed over.

    >>> print(write_weights("rules:\\n  - id: a\\n    weight: 1.4  # by feel", {"a": 1.1}))
    rules:
      - id: a
        weight: 1.1  # by feel
    """
    rule, lines = "", []
    for line in text.split("\n"):
        entry = _ENTRY.match(line)
        rule = entry["id"] if entry else rule
        lines.append(_with_weight(line, weights.get(rule)))
    return "\n".join(lines)


def _with_weight(line: str, weight: float | None) -> str:
    """The line with another weight, where it states one."""
    found = _WEIGHT.match(line)
    return line if weight is None or not found else f"{found['head']}{weight:g}{found['rest']}"
