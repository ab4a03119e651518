"""A benchmark is told the same everywhere, with basis and method, and orders nothing."""

from typing import Any

import pytest

from service.analysis.policy_checks.benchmark import find_benchmark_faults
from service.analysis.policy_checks.proposal import assert_proposable
from service.core.errors import PolicyError
from service.rules.policy import DEFAULT, Policy, from_documents, load

OFFER = "fixed-income-6m"
TOLD = {
    "zh": "业绩比较基准{benchmark}，依据产品拟投资资产测算，不代表预期收益。",
    "en": "Benchmark {benchmark}, on the basis of planned assets, method in the prospectus; not an expected yield.",
}
Documents = dict[str, Any]


@pytest.fixture(scope="module")
def shipped() -> Policy:
    return load(DEFAULT)


@pytest.fixture
def documents(shipped: Policy) -> Documents:
    """The shipped policy with a benchmark of 2.20 % for one offer, rightly told."""
    documents = shipped.documents
    offer(documents)["terms"]["benchmark"] = 0.022
    documents["messages"]["offers"].setdefault(OFFER, {})["disclosures"] = [dict(TOLD)]
    return documents


def offer(documents: Documents) -> Documents:
    found: Documents = next(one for one in documents["catalogue"]["offers"] if one["id"] == OFFER)
    return found


def faults(documents: Documents) -> list[str]:
    return list(map(str, find_benchmark_faults(from_documents(documents))))


def test_the_shipped_policy_states_no_benchmark_and_tells_none(shipped: Policy) -> None:
    assert find_benchmark_faults(shipped) == []


def test_a_benchmark_that_is_stated_and_told_may_be_proposed(documents: Documents) -> None:
    assert faults(documents) == []
    assert_proposable(from_documents(documents))


def test_a_stated_benchmark_is_told_in_every_message(documents: Documents) -> None:
    del documents["messages"]["offers"][OFFER]
    assert (
        f'message of offer "{OFFER}": (zh) must tell the benchmark 2.20% that the offer states, as in every channel'
        in (faults(documents))
    )


@pytest.mark.parametrize(
    ("language", "text", "told"),
    [
        (
            "zh",
            TOLD["zh"].replace("{benchmark}", "2.80%"),
            "(zh) tells the benchmark 2.80%, which the offer does not state",
        ),
        ("zh", TOLD["zh"].replace("{benchmark}", "三个点"), "(zh) tells the benchmark 三个点"),
        ("zh", "业绩比较基准{benchmark}，依据资产，不代表预期收益。", "(zh) a benchmark needs its method"),
        ("zh", "业绩比较基准{benchmark}，测算方法见说明书，不代表预期收益。", "(zh) a benchmark needs its basis"),
        (
            "en",
            "Benchmark {benchmark}, basis and method in the prospectus.",
            "(en) a benchmark needs the words that it is no",
        ),
    ],
)
def test_a_benchmark_told_otherwise_is_refused(documents: Documents, language: str, text: str, told: str) -> None:
    documents["messages"]["offers"][OFFER]["disclosures"][0][language] = text
    assert any(told in fault for fault in faults(documents))


def test_a_channel_may_not_tell_it_in_words_of_its_own(documents: Documents) -> None:
    documents["messages"]["channels"]["sms"]["zh"] = (
        "业绩比较基准2.20%，测算依据见说明书，不代表预期收益，拒收请回复R。"
    )
    assert f'message of offer "{OFFER}": (zh) tells its benchmark in other words in one channel than in another' in (
        faults(documents)
    )


def test_a_deposit_has_no_benchmark(documents: Documents) -> None:
    terms = next(one for one in documents["catalogue"]["offers"] if one["id"] == "term-24m")["terms"]
    terms["benchmark"] = 0.02
    assert any(
        'offer "term-24m": states a benchmark; only wealth offers have one' in fault for fault in faults(documents)
    )


def test_no_rule_formula_or_response_reads_it(documents: Documents) -> None:
    fit = next(rule for rule in documents["consumer"]["rules"] if rule["stage"] == "fit")
    fit["when"] = f"({fit['when']}) and coalesce(offer.benchmark, 1) > 0"
    documents["catalogue"]["families"]["wealth"]["value"] += " + offer.ticket_yuan * coalesce(offer.benchmark_high, 0)"
    found = faults(documents)
    assert (
        f'consumer.yaml: rule "{fit["id"]}": reads offer.benchmark: offers are never ordered, weighed or closed by'
        in ("\n".join(found))
    )
    assert any('family "wealth": reads offer.benchmark_high' in fault for fault in found)
    with pytest.raises(PolicyError):
        assert_proposable(from_documents(documents))
