"""A proposed policy is checked by a process of its own: what it finds, and what it may use up."""

from typing import Any

import pytest

from service.core.errors import PolicyError, Unavailable
from service.engine.releases import policy_check_process
from service.rules.policy import DEFAULT, Policy, load
from service.runtime.child_process import Patience
from tests.runtime import endless


@pytest.fixture(scope="module")
def shipped() -> Policy:
    return load(DEFAULT)


def test_a_sound_policy_has_the_hash_and_the_documents_that_it_has_everywhere(shipped: Policy) -> None:
    found = policy_check_process.check_policy(shipped.documents)
    assert (found.hash, found.documents) == (shipped.hash, shipped.documents)


def test_every_problem_comes_back_in_its_own_words(shipped: Policy) -> None:
    broken: dict[str, Any] = shipped.documents
    broken["channels"]["channels"][0]["direction"] = "sideways"
    broken["strategies"] = 7
    with pytest.raises(PolicyError) as caught:
        policy_check_process.check_policy(broken)
    told = "\n".join(map(str, caught.value.problems))
    assert "sideways" in told
    assert "strategies.yaml" in told


def test_a_policy_of_a_megabyte_is_refused_by_its_bound_and_its_place(shipped: Policy) -> None:
    large: dict[str, Any] = shipped.documents
    text = " and ".join("coalesce(customer.age, 0) >= 0" for _ in range(100))
    rule = {**large["consumer"]["rules"][0], "require": text}
    large["consumer"]["rules"] = [{**rule, "id": f"x-{number}"} for number in range(290)]
    with pytest.raises(PolicyError, match="the policy is too large") as caught:
        policy_check_process.check_policy(large)
    (problem,) = caught.value.problems
    assert problem.where.startswith("consumer.yaml: rules[")
    assert "30,000 words and signs" in problem.message


def test_one_that_computes_for_too_long_is_ended_and_refused(shipped: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy_check_process, "PROCESS", endless.PROCESS)
    monkeypatch.setattr(policy_check_process, "CPU_S", 1)
    with pytest.raises(PolicyError, match="checking it takes more than 1 seconds of computing"):
        policy_check_process.check_policy(shipped.documents)


def test_where_there_is_no_time_it_may_be_tried_again(shipped: Policy) -> None:
    with pytest.raises(Unavailable, match="no time to check the policy; it was not proposed") as caught:
        policy_check_process.check_policy(shipped.documents, Patience(0.0))
    assert caught.value.retry_after == policy_check_process.AGAIN_S
