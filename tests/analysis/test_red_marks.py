"""Red marks: which changes of the shipped policy compliance must sign, one change at a time."""

from collections.abc import Callable
from typing import Any

import pytest

from service.analysis.diff import diff, list_changes
from service.analysis.red_marks import Guarded, Touched, why_red
from service.rules.policy import DEFAULT, Policy, from_documents, load

Documents = dict[str, Any]
Edit = Callable[[Documents], object]


@pytest.fixture(scope="module")
def shipped() -> Policy:
    return load(DEFAULT)


@pytest.fixture(scope="module")
def guarded(shipped: Policy) -> Guarded:
    return Guarded.by(shipped)


def rule(documents: Documents, stage: str, concern: str = "consumer") -> dict[str, Any]:
    return next(one for one in documents[concern]["rules"] if one["stage"] == stage and one.get("cases"))


def offer(documents: Documents, name: str) -> dict[str, Any]:
    return next(one for one in documents["catalogue"]["offers"] if one["id"] == name)


OPEN_CHANGES: dict[str, Edit] = {
    "a rate": lambda d: offer(d, "term-12m")["terms"].update(rate=0.0111),
    "a lever": lambda d: offer(d, "term-12m").update(lever=1.2),
    "exploration": lambda d: d["experiments"]["exploration"].update(epsilon=0.03),
    "the weight of a fit rule": lambda d: rule(d, "fit").update(weight=1.05),
    "one more case of a fit rule": lambda d: rule(d, "fit")["cases"].append(rule(d, "fit")["cases"][0]),
    "an offer taken away": lambda d: d["catalogue"]["offers"].remove(offer(d, "term-60m")),
    "an objective of a strategy": lambda d: d["strategies"]["strategies"][0]["objective"].update(en="Sell well"),
    "a strategy switched on": lambda d: d["strategies"]["strategies"][0].update(enabled=True),
}
RED_CHANGES: dict[str, tuple[str, Edit]] = {
    "a suitability rule": ("protective rule", lambda d: rule(d, "suitability").update(require="true")),
    "an eligibility rule": ("protective rule", lambda d: rule(d, "eligibility").update(ground="none")),
    "a rule taken away": ("deleted rule", lambda d: d["consumer"]["rules"].remove(rule(d, "fit"))),
    "a case taken away": ("deleted case", lambda d: rule(d, "fit")["cases"].pop()),
    "a case changed": ("deleted case", lambda d: rule(d, "fit")["cases"][0].update(given={})),
    "a gate for fewer": ("gate may be silenced", lambda d: rule(d, "applicability").update(applies="offer.risk = 5")),
    "a gate turned into another stage": (
        "gate may be silenced",
        lambda d: rule(d, "applicability").update(stage="fit"),
    ),
    "a strategy switched off": (
        "gate may be silenced",
        lambda d: d["strategies"]["strategies"][0].update(enabled=False),
    ),
    "a risk": ("read by a protective rule", lambda d: offer(d, "mixed-r3")["terms"].update(risk=1)),
    "an insurance": ("read by a protective rule", lambda d: offer(d, "mixed-r3")["terms"].update(insured=True)),
    "an attribute of the law": (
        "read by a protective rule",
        lambda d: next(a for a in d["attributes"]["attributes"] if a["name"] == "age").update(range=[0, 64]),
    ),
    "the customer's clock": (
        "read by a protective rule",
        lambda d: next(a for a in d["attributes"]["attributes"] if a["name"] == "timezone").update(zone=False),
    ),
    "a feature that a guard reads": (
        "read by a protective rule",
        lambda d: next(f for f in d["attributes"]["features"] if f["name"] == "wealth_yuan").update(expression="1"),
    ),
    "a channel that calls": (
        "read by a protective rule",
        lambda d: d["channels"]["channels"][0].update(direction="outbound"),
    ),
    "a cap": ("contact and consent", lambda d: d["contact"]["caps"][0].update(maximum=21)),
    "a consent": ("contact and consent", lambda d: d["contact"].update(consents=[])),
    "a title": ("words", lambda d: d["messages"]["families"]["deposit"]["title"].update(en="Save")),
    "a banned word let go": ("words", lambda d: d["messages"]["banned"].update(zh=[])),
    "a link": ("words", lambda d: d["messages"].update(link="https://elsewhere.example")),
    "a segment's words": ("words", lambda d: d["messages"].update(positioning=[])),
    "a reason that customers read": ("words", lambda d: rule(d, "fit")["reason"].update(zh="保本")),
    "an offer's name": ("words", lambda d: offer(d, "term-12m")["name"].update(zh="保本宝")),
    "a new offer": ("words", lambda d: d["catalogue"]["offers"].append(offer(d, "term-12m") | {"id": "twin"})),
    "the bound of fairness": ("fairness", lambda d: d["monitoring"]["fairness"].update(alert=0.1)),
    "kinds": ("kinds", lambda d: d.update(kinds={"kinds": [{"id": "term"}]})),
    "a document of tomorrow": ("tomorrow", lambda d: d.update(tomorrow={"anything": 1})),
}


def reasons(shipped: Policy, guarded: Guarded, edit: Edit) -> set[str | None]:
    """Why each change is red, as the documents say it, whether or not the policy would hold together."""
    documents = shipped.documents
    edit(documents)
    changes = list(list_changes(shipped.documents, documents))
    assert changes
    return {
        why_red(Touched(one.document, one.noun, one.id, one.field, one.before, one.after), guarded) for one in changes
    }


@pytest.mark.parametrize("name", OPEN_CHANGES)
def test_what_author_and_approver_decide_alone_is_not_red(shipped: Policy, guarded: Guarded, name: str) -> None:
    assert reasons(shipped, guarded, OPEN_CHANGES[name]) <= {None}


@pytest.mark.parametrize("name", RED_CHANGES)
def test_what_protects_customers_is_red_with_its_reason(shipped: Policy, guarded: Guarded, name: str) -> None:
    reason, edit = RED_CHANGES[name]
    assert reasons(shipped, guarded, edit) == {reason}


def test_the_diff_marks_each_change_and_says_what_it_needs(shipped: Policy) -> None:
    documents = shipped.documents
    offer(documents, "term-12m")["terms"]["rate"] = 0.0111
    documents["messages"]["families"]["deposit"]["title"]["en"] = "Save with us"
    found = diff(shipped, from_documents(documents))
    assert [(change.red, change.needs) for change in found.changes] == [(None, None), ("words", "compliance")]
    assert str(found).splitlines()[1].endswith("is Save with us  [needs: compliance, words]")
    document: Any = found.document()
    assert (document["needs"], [each["needs"] for each in document["changes"]]) == (
        ["compliance"],
        [None, "compliance"],
    )
