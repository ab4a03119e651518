"""monitoring.yaml: bounds that are read, checked, and there even where a policy is older than the document."""

from typing import Any

import pytest

from service.core.errors import PolicyError
from service.rules.model.monitoring import DEFAULT as SHIPPED_BOUNDS
from service.rules.policy import DEFAULT, from_documents, load


@pytest.fixture
def documents() -> dict[str, Any]:
    return load(DEFAULT).documents


def test_the_shipped_bounds_are_those_of_a_policy_that_states_none(documents: dict[str, Any]) -> None:
    assert load(DEFAULT).monitoring == SHIPPED_BOUNDS
    del documents["monitoring"]
    assert from_documents(documents).monitoring == SHIPPED_BOUNDS


def test_every_fault_is_named_with_its_key(documents: dict[str, Any]) -> None:
    documents["monitoring"]["drift"]["psi"] = {"watch": 0.5, "alert": 0.2}
    documents["monitoring"]["drift"]["certainty"] = 1
    documents["monitoring"]["fairness"] = {"alert": 2, "alarm": 1}
    with pytest.raises(PolicyError) as caught:
        from_documents(documents)
    said = str(caught.value)
    assert "monitoring.yaml: drift.psi.watch must not be above alert (0.2), got 0.5" in said
    assert "monitoring.yaml: drift.certainty must be 0.5 to 0.999999" in said
    assert "monitoring.yaml: fairness.alert must be 0 to 1 (a ratio), got 2" in said
    assert 'unknown key "alarm"' in said
