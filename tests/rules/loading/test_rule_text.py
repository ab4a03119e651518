"""Rule files with other weights: every shipped file keeps all of its text but the weights."""

import pytest

from service.rules.loading.rule_text import write_weights
from service.rules.policy import DEFAULT, load

FILES = ("consumer", "cost", "convenience", "communication")


@pytest.mark.parametrize("name", FILES)
def test_without_weights_a_file_stays_as_it_is(name: str) -> None:
    text = (DEFAULT / f"{name}.yaml").read_text("utf-8")
    assert write_weights(text, {}) == text


def test_every_shipped_fit_rule_can_be_rewritten_and_nothing_else_changes() -> None:
    weights = {rule.id: rule.weight for rule in load(DEFAULT).fits}
    for name in FILES:
        text = (DEFAULT / f"{name}.yaml").read_text("utf-8")
        changed = [
            (old, new)
            for old, new in zip(
                text.split("\n"), write_weights(text, dict.fromkeys(weights, 0.77)).split("\n"), strict=True
            )
            if old != new
        ]
        assert all(old.strip().startswith("weight:") and "0.77" in new for old, new in changed)
        assert len(changed) == sum(line.strip().startswith("weight:") for line in text.split("\n"))


def test_a_rule_before_and_after_keeps_its_weight() -> None:
    text = "rules:\n  - id: a\n    weight: 2\n  - id: b\n    weight: 3\n  - id: c\n    weight: 4\n"
    assert write_weights(text, {"b": 1.25}) == text.replace("3", "1.25")
