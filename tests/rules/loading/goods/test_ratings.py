"""The issuer's rating and the bank's stand apart, and the stricter one counts."""

from typing import Any

import pytest

from service.core.errors import PolicyError
from service.rules.policy import DEFAULT, Policy, from_documents, load


def rated(**ratings: Any) -> Policy:
    """The shipped policy, where the bond fund states these ratings alone."""
    documents = load(DEFAULT).documents
    stated = next(one for one in documents["catalogue"]["offers"] if one["id"] == "bond-fund-r2")["terms"]
    for name in ("risk", "issuer_risk", "bank_risk"):
        stated.pop(name, None)
    stated.update(ratings)
    return from_documents(documents)


def risk_of(policy: Policy) -> Any:
    return next(offer for offer in policy.offers if offer.id == "bond-fund-r2").terms["risk"]


@pytest.mark.parametrize(
    ("ratings", "counts"),
    [
        ({"issuer_risk": 2, "bank_risk": 3}, 3),
        ({"issuer_risk": 3, "bank_risk": 2}, 3),
        ({"risk": 3}, 3),
        ({"bank_risk": 2}, 2),
        ({"risk": 3, "issuer_risk": 2, "bank_risk": 2}, 3),
    ],
)
def test_the_stricter_rating_counts(ratings: dict[str, int], counts: int) -> None:
    policy = rated(**ratings)
    assert risk_of(policy) == counts
    place = [offer.id for offer in policy.offers].index("bond-fund-r2")
    assert policy.static_columns["offer.risk"][0, place, 0] == counts
    assert f"R{counts}" in policy.message("bond-fund-r2", "mobile_app", "zh").title


def test_a_risk_below_a_rating_is_refused() -> None:
    with pytest.raises(PolicyError) as refused:
        rated(risk=2, issuer_risk=2, bank_risk=3)
    assert 'catalogue.yaml: offer "bond-fund-r2": risk must not be below bank_risk (3), got 2' in [
        str(problem) for problem in refused.value.problems
    ]
