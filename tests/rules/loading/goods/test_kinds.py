"""kinds.yaml is read row by row, may be missing, and asks everything of a new kind."""

from typing import Any

import pytest

from service.core.errors import PolicyError
from service.rules.model.kinds import STATUTORY_KINDS
from service.rules.policy import DEFAULT, from_documents, load


def documents() -> Any:
    return load(DEFAULT).documents


def faults(pages: Any) -> list[str]:
    with pytest.raises(PolicyError) as refused:
        from_documents(pages)
    return [str(problem) for problem in refused.value.problems]


def test_a_policy_without_kinds_has_those_of_the_law() -> None:
    pages = documents()
    del pages["kinds"]
    assert dict(from_documents(pages).kinds) == STATUTORY_KINDS


def test_a_row_states_what_it_wishes_and_the_law_the_rest() -> None:
    pages = documents()
    pages["kinds"]["kinds"] = [{"id": "cash", "minimum_yuan": 100, "most_share": 0.3, "risk": [1, 1]}]
    cash = from_documents(pages).kinds["cash"]
    assert (cash.minimum_yuan, cash.most_share, cash.least_risk, cash.most_risk) == (100, 0.3, 1, 1)
    assert (cash.family, cash.bank_kind) == ("wealth", "wealth_product")
    assert cash.disclosures == ("not-a-deposit", "no-guarantee")


def test_a_new_kind_states_everything() -> None:
    pages = documents()
    pages["kinds"]["kinds"] = [{"id": "gold", "family": "wealth"}]
    said = faults(pages)
    assert 'kinds.yaml: kind "gold": risk is missing: a new kind states everything' in said
    assert len(said) == 12


def test_wrong_values_and_unknown_keys_are_named() -> None:
    pages = documents()
    pages["kinds"]["kinds"] = [
        {"id": "cash", "risk": [3, 2], "bank_kind": "cash", "sold": "nowhere", "disclosures": ["nothing"], "minimum": 1}
    ]
    said = "\n".join(faults(pages))
    assert "risk must be [least, most] risk level, 1 to 5, or none, got [3, 2]" in said
    assert 'bank_kind must be one of structured, term, large_cd, wealth_product, fund, plan, none, got "cash"' in said
    assert 'sold must be one of anywhere, face_to_face, got "nowhere"' in said
    assert "disclosures must be from deposit-insurance" in said
    assert 'unknown key "minimum"; did you mean "minimum_yuan"?' in said
