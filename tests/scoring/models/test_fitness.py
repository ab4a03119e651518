"""A bundle that does not fit the bank it is to serve: told by name, whatever its figures."""

from pathlib import Path
from typing import Any

import pytest

from service.core.attributes import AttributeTable, parse_table
from service.rules.policy import DEFAULT, load
from service.scoring.models import Bundle, open_bundle
from service.scoring.models.fitness import find_misfits

OURS = {"about": {"bank": "Ours"}}


@pytest.fixture(scope="module")
def bundle(bundle_folder: Path) -> Bundle:
    return open_bundle(bundle_folder)


@pytest.fixture(scope="module")
def policy() -> AttributeTable:
    return load(DEFAULT).attributes


def as_of(bundle: Bundle, **more: Any) -> Bundle:
    """The bundle with another manifest."""
    return Bundle({**bundle.manifest, **more}, bundle.model_groups, bundle.program)


def test_a_bundle_of_the_same_bank_with_the_same_families_fits(bundle: Bundle, policy: AttributeTable) -> None:
    assert find_misfits(as_of(bundle, **OURS), {**bundle.manifest, **OURS}, policy) == []
    assert find_misfits(bundle, None, policy) == []
    assert find_misfits(bundle, {**bundle.manifest, **OURS}, policy) == [], (
        "what does not say its bank is nobody else's"
    )


def test_another_bank_s_bundle_does_not_fit(bundle: Bundle, policy: AttributeTable) -> None:
    (told,) = find_misfits(as_of(bundle, about={"bank": "Theirs"}), {**bundle.manifest, **OURS}, policy)
    assert told == 'it was trained for another bank, "Theirs"; the champion for "Ours" (name in bank.yaml)'


def test_a_family_that_only_the_champion_scores_is_missing_unless_evidence_speaks_for_it(
    bundle: Bundle, policy: AttributeTable
) -> None:
    alone = {"deposit": bundle.manifest["families"]["deposit"]}
    told = "wealth: the champion scores it, the challenger does not"
    assert find_misfits(as_of(bundle, families=alone), bundle.manifest, policy) == [told]
    evidence = {"offers": {"fund": {"family": "wealth", "chance": 0.1, "share": None}}}
    assert find_misfits(as_of(bundle, families=alone, evidence=evidence), bundle.manifest, policy) == []


def test_attributes_that_the_policy_does_not_know_or_knows_otherwise_are_named(
    bundle: Bundle, small_table: dict[str, Any]
) -> None:
    rows = [row for row in small_table["attributes"] if row["name"] not in ("sex", "fund_yuan")]
    rows = [{**row, "kind": "money", "unit": "yuan"} if row["name"] == "age" else row for row in rows]
    rows = [{"name": "region", "kind": "boolean", "meaning": "?"} if row["name"] == "region" else row for row in rows]
    assert find_misfits(bundle, None, parse_table({"attributes": rows})) == [
        "it reads attributes that the policy does not know: sex, fund_yuan (its attributes.yaml)",
        "it reads region as text, the policy knows it as boolean",
    ]
