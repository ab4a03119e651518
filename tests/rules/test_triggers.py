"""The triggers of a policy are the words its expressions compare the trigger with, however they do."""

from typing import Any

import pytest

from service.core.domain import Release
from service.core.errors import InvalidInput
from service.engine.offers.request import OfferRequest, check_slot
from service.engine.releases.active_release import ActiveRelease
from service.rendering.answer import Phrasebook
from service.rules.policy import DEFAULT, from_documents, load
from service.rules.triggers import triggers_of

LEFT = "coalesce(context.trigger, 'none') = 'maturity'"


def test_the_shipped_policy_knows_one() -> None:
    assert triggers_of(load(DEFAULT)) == {"maturity"}


@pytest.mark.parametrize(
    ("written", "known"),
    [
        ("context.trigger in ('inflow', 'salary')", {"inflow", "salary"}),
        ("'inflow' = context.trigger or not context.trigger <> 'salary'", {"inflow", "salary"}),
        ("case context.trigger when 'inflow' then true else false end", {"inflow"}),
        ("context.trigger is not null", set()),
        ("context.placement = 'lobby'", set()),
    ],
)
def test_a_word_counts_wherever_it_is_compared(written: str, known: set[str]) -> None:
    assert triggers_of(from_documents(rewritten(load(DEFAULT).documents, written))) == known


def rewritten(documents: dict[str, Any], written: str) -> dict[str, Any]:
    """The shipped documents with another condition in both rules that read the trigger, and without their cases."""
    for rule in documents["communication"]["rules"]:
        for key in ("applies", "when"):
            if LEFT in rule.get(key, ""):
                rule[key], rule["cases"] = rule[key].replace(LEFT, f"({written})"), []
    return documents


def test_where_no_rule_reads_the_trigger_any_may_be_said() -> None:
    policy = from_documents(rewritten(load(DEFAULT).documents, "context.hour > 25"))
    asked = OfferRequest(trigger="salary")
    check_slot(asked, ActiveRelease(Release(1, policy.hash, None), policy, None, Phrasebook(policy)))
    shipped = load(DEFAULT)
    with pytest.raises(InvalidInput, match="no such trigger"):
        check_slot(asked, ActiveRelease(Release(1, shipped.hash, None), shipped, None, Phrasebook(shipped)))
