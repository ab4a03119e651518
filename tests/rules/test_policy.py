"""A policy holds together or says, all at once, what does not: each kind of fault by its exact sentence."""

import copy
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError
from typing import Any

import numpy as np
import orjson
import pytest

from service.core.errors import PolicyError
from service.rules.policy import DEFAULT, STAGES, Policy, from_documents, load

Documents = dict[str, Any]
Change = Callable[[Documents], object]
BOTH = {"zh": "词", "en": "words"}


@pytest.fixture(scope="module")
def default() -> Policy:
    return load(DEFAULT)


def found(documents: Documents) -> list[str]:
    with pytest.raises(PolicyError) as caught:
        from_documents(documents)
    return [str(problem) for problem in caught.value.problems]


def broken(default: Policy, *changes: Change) -> list[str]:
    documents = default.documents
    for change in changes:
        change(documents)
    return found(documents)


def offer(documents: Documents, name: str = "term-12m") -> Any:
    return next(one for one in documents["catalogue"]["offers"] if one["id"] == name)


def rule(documents: Documents, name: str) -> dict[str, Any]:
    rules = [one for c in ("consumer", "cost", "convenience", "communication") for one in documents[c]["rules"]]
    return next(one for one in rules if one["id"] == name)


def cap(documents: Documents) -> Any:
    return documents["contact"]["caps"][0]


def judgments(documents: Documents) -> Any:
    return documents["weights"]["judgments"]


FAULTS: dict[str, tuple[Change, str]] = {
    "a segment that nobody declares": (
        lambda d: d["strategies"]["strategies"][1].update(segments=["saver"]),
        'strategies.yaml: strategy "product-ladder": segments must be from all, savers, first-time-investors, '
        "investors, payroll, maturing, inflows, pensioners, rate-seekers, large-balances, idle-money, leaving, "
        'elderly, got "saver"; did you mean "savers"?',
    ),
    "a segment named like everybody": (
        lambda d: d["strategies"]["segments"].append({"id": "all", "name": BOTH, "when": "customer.age > 5"}),
        'strategies.yaml: segment "all": id "all" is everybody and needs no declaration',
    ),
    "a stage that no portrait knows": (
        lambda d: d["strategies"]["segments"][0].update(when="customer.stage = 'growing'"),
        "strategies.yaml: segment \"savers\": when (line 1, column 18): 'growing' is not a value of "
        "customer.stage; did you mean grow?",
    ),
    "a rate out of range": (
        lambda d: offer(d)["terms"].update(rate=2.1),
        'catalogue.yaml: offer "term-12m": rate must be 0 to 0.2 (per year), got 2.1',
    ),
    "a term of another kind": (
        lambda d: offer(d)["terms"].update(insured="yes"),
        'catalogue.yaml: offer "term-12m": insured must be true or false, got "yes"',
    ),
    "a word that is none of the term's": (
        lambda d: offer(d, "cash-r1")["terms"].update(product="money"),
        'catalogue.yaml: offer "cash-r1": product must be one of demand, notice, instalment, term, large_cd,'
        " structured, cash, fixed_income, fixed_income_plus, mixed, equity, bond_fund, index_fund,"
        " equity_fund, insurance, plan,"
        ' got "money"',
    ),
    "a term nobody declared": (
        lambda d: offer(d)["terms"].update(ratee=0.01),
        'catalogue.yaml: offer "term-12m": terms: unknown term "ratee"; did you mean "rate"?',
    ),
    "a family that is none": (
        lambda d: offer(d).update(family="deposits"),
        'catalogue.yaml: offer "term-12m": family must be one of deposit, wealth, got "deposits";'
        ' did you mean "deposit"?',
    ),
    "an id that cannot be one": (
        lambda d: offer(d).update(id="Term 12"),
        'catalogue.yaml: offer "Term 12": id must be small letters, digits, - and _ (at most 64, a letter first),'
        ' got "Term 12"',
    ),
    "two offers of one id": (
        lambda d: d["catalogue"]["offers"].append(copy.deepcopy(offer(d))),
        'catalogue.yaml: offers name id "term-12m" more than once',
    ),
    "a popularity below zero": (
        lambda d: offer(d).update(popularity=-1),
        'catalogue.yaml: offer "term-12m": popularity must be 0.001 to 1000, got -1',
    ),
    "a missing language": (
        lambda d: offer(d)["name"].pop("en"),
        'catalogue.yaml: offer "term-12m": name.en is missing: expected text',
    ),
    "a misspelt key": (
        lambda d: offer(d).update(populraity=3),
        'catalogue.yaml: offer "term-12m": unknown key "populraity"; did you mean "popularity"?',
    ),
    "a family without its formulas": (
        lambda d: d["catalogue"]["families"].pop("wealth"),
        "catalogue.yaml: families.wealth is missing: expected a mapping",
    ),
    "a formula of the wrong kind": (
        lambda d: d["catalogue"]["families"]["deposit"].update(ticket="'much'"),
        "catalogue.yaml: families.deposit.ticket (line 1, column 1): ",
    ),
    "a formula that is unknown for an unknown customer": (
        lambda d: d["catalogue"]["families"]["wealth"].update(ticket="customer.demand_yuan"),
        'catalogue.yaml: family "wealth": ticket is unknown for offer "cash-r1" for an unknown customer; expected'
        " coalesce(...) or a term",
    ),
    "a channel that goes nowhere": (
        lambda d: d["channels"]["channels"][0].update(direction="sideways"),
        'channels.yaml: channel "mobile_app": direction must be one of inbound, outbound, got "sideways"',
    ),
    "a name no schema knows": (
        lambda d: rule(d, "idle-money").update(when="customer.demand_yaun >= 1"),
        'cost.yaml: rule "idle-money": when (line 1, column 1): ',
    ),
    "a stage that is none": (
        lambda d: rule(d, "idle-money").update(stage="fitt"),
        'cost.yaml: rule "idle-money": stage must be one of eligibility, applicability, suitability, contact, fit,'
        ' got "fitt"; did you mean "fit"?',
    ),
    "a strategy that is none": (
        lambda d: rule(d, "idle-money").update(strategy="tiered-rate"),
        'cost.yaml: rule "idle-money": strategy must be one of portrait-matching, product-ladder, ',
    ),
    "a weight above four": (
        lambda d: rule(d, "idle-money").update(weight=4.01),
        'cost.yaml: rule "idle-money": weight must be 0 to 4 (neutral is 1, at most 4), got 4.01',
    ),
    "a weight of nought": (
        lambda d: rule(d, "idle-money").update(weight=0),
        'cost.yaml: rule "idle-money": weight must be above 0: only a gate may close an offer; expected up to 4, got 0',
    ),
    "a reason in one language": (
        lambda d: rule(d, "idle-money").update(reason="money"),
        'cost.yaml: rule "idle-money": reason must be a text in both languages (zh, en), got "money"',
    ),
    "a gate without its condition": (
        lambda d: rule(d, "not-deceased").pop("require"),
        'consumer.yaml: rule "not-deceased": require is missing: expected an expression (boolean)',
    ),
    "a gate with a weight": (
        lambda d: rule(d, "not-deceased").update(weight=2),
        'consumer.yaml: rule "not-deceased": unknown key "weight"; ',
    ),
    "an id taken in another file": (
        lambda d: rule(d, "idle-money").update(id="not-deceased"),
        'cost.yaml: rule "not-deceased": id is taken by a rule in consumer.yaml; expected a new one',
    ),
    "an id taken by a cap": (
        lambda d: cap(d).update(id="not-deceased"),
        'contact.yaml: rule "not-deceased": id is taken by a rule in consumer.yaml; expected a new one',
    ),
    "a gate that closes what it does not speak of": (
        lambda d: rule(d, "care-from-65").update(applies="offer.risk >= 4"),
        'consumer.yaml: rule "care-from-65": applies is unknown for offer "demand-sweep"; what is unknown applies, and'
        " may close it: expected coalesce(...) or a stated term",
    ),
    "a case that comes out otherwise": (
        lambda d: rule(d, "idle-money")["cases"][0].update(expect="rests"),
        'cost.yaml: rule "idle-money": cases[1] expected that it rests, but it fires',
    ),
    "a case of an offer that is none": (
        lambda d: rule(d, "idle-money")["cases"][0]["given"].update(offer="notice-7"),
        'cost.yaml: rule "idle-money": cases[1] knows no offer "notice-7"; did you mean "notice-7d"?',
    ),
    "a case that leaves the offer open": (
        lambda d: rule(d, "idle-money")["cases"][0]["given"].pop("offer"),
        'cost.yaml: rule "idle-money": cases[1] must say which offer it speaks of (offer: ...)',
    ),
    "a case with a fact of another kind": (
        lambda d: rule(d, "idle-money")["cases"][0]["given"].update({"customer.demand_yuan": "much"}),
        'cost.yaml: rule "idle-money": cases[1] gives customer.demand_yuan: expected a money, got "much"',
    ),
    "a strategy without a concern": (
        lambda d: d["strategies"]["strategies"][0].pop("concern"),
        'strategies.yaml: strategy "portrait-matching": concern is missing: expected one of consumer, cost,'
        " convenience, communication",
    ),
    "a time zone that is none": (
        lambda d: d["contact"].update(timezone="Asia/Xiamen"),
        'contact.yaml: timezone must be an IANA time zone such as Asia/Shanghai, got "Asia/Xiamen"',
    ),
    "an hour that is none": (
        lambda d: d["contact"]["quiet_hours"][0].update({"from": "25:00"}),
        'contact.yaml: quiet hours "quiet-night": from must be a time of day (HH:MM, 00:00 to 24:00), got "25:00"',
    ),
    "quiet hours for nobody": (
        lambda d: d["contact"]["quiet_hours"][0].pop("direction"),
        'contact.yaml: quiet hours "quiet-night": must name either a direction or channels',
    ),
    "quiet hours for a channel that is none": (
        lambda d: d["contact"]["quiet_hours"][1].update(channels=["adviser"]),
        'contact.yaml: quiet hours "quiet-calls": channels must be from mobile_app, branch, adviser_call, sms, wechat,'
        ' email, got "adviser"; did you mean "adviser_call"?',
    ),
    "a holiday that is no day": (
        lambda d: d["contact"]["holidays"].append("2026-02-30"),
        'contact.yaml: holidays must be dates (YYYY-MM-DD), got "2026-02-30"',
    ),
    "a cap that counts nothing known": (
        lambda d: cap(d).update(counts=["view"]),
        'contact.yaml: cap "cap-offer-shown": counts must be from impression, click, accept, reject, dismiss, contact,'
        ' purchase, complaint, survey, got "view"',
    ),
    "a cap of nothing": (
        lambda d: cap(d).update(maximum=0),
        'contact.yaml: cap "cap-offer-shown": maximum must be a whole number from 1 to 1000, got 0',
    ),
    "a chance above a half": (
        lambda d: d["experiments"]["exploration"].update(epsilon=0.9),
        "experiments.yaml: exploration.epsilon must be 0 to 0.5 (a probability), got 0.9",
    ),
    "a test of no kind": (
        lambda d: d["experiments"]["tests"][0].update(kind="random"),
        'experiments.yaml: test "random-relevant": kind must be one of random-relevant, propensity-only,'
        ' without-levers, eligibility-only, without-strategy, got "random"',
    ),
    "a test of nobody": (
        lambda d: d["experiments"]["tests"][0].update(share=0),
        'experiments.yaml: test "random-relevant": share must be 0.0001 to 0.5 (a share of the customers), got 0',
    ),
    "tests of more than half": (
        lambda d: d["experiments"]["tests"][0].update(share=0.45),
        "experiments.yaml: tests and the holdout take 0.53 of the customers together; expected at most 0.5",
    ),
    "a test by the name of an arm": (
        lambda d: d["experiments"]["tests"][0].update(id="holdout"),
        'experiments.yaml: test "holdout": id must not be "holdout": every decision already knows an arm of that name',
    ),
    "two tests with one salt": (
        lambda d: d["experiments"]["tests"][1].update(salt="random-relevant-2026"),
        'experiments.yaml: tests give "propensity-only" the salt "random-relevant-2026" of test "random-relevant";'
        " expected its own",
    ),
    "a test that withholds no strategy": (
        lambda d: d["experiments"]["tests"][4].pop("strategy"),
        'experiments.yaml: test "without-portrait-matching": strategy is missing: expected one of portrait-matching,',
    ),
    "a strategy where none is withheld": (
        lambda d: d["experiments"]["tests"][0].update(strategy="life-events"),
        'experiments.yaml: test "random-relevant": strategy belongs to tests of kind without-strategy only, got kind'
        " random-relevant",
    ),
    "a factor from nowhere": (
        lambda d: d["weights"]["factors"][0].update(origin="weather"),
        'weights.yaml: factor "local-roots": origin must be one of political, economic, social, technological, rivalry,'
        ' new_entrants, substitutes, supplier_power, buyer_power, got "weather"',
    ),
    "a judgment off the scale": (
        lambda d: judgments(d)["groups"]["retail-head"].update({"strengths/weaknesses": 12}),
        "weights.yaml: judgments.groups.retail-head.strengths/weaknesses must be 1 to 9 or 1/2 to 1/9 (Saaty's scale),"
        " got 12",
    ),
    "a judgment left out": (
        lambda d: judgments(d)["groups"]["retail-head"].pop("strengths/threats"),
        "weights.yaml: judgments.groups.retail-head.strengths/threats is missing: expected 1 to 9 or 1/2 to 1/9"
        " (Saaty's scale)",
    ),
    "an expert who does not judge": (
        lambda d: judgments(d)["concerns"]["licence"].pop("retail-head"),
        "weights.yaml: judgments.concerns.licence.retail-head is missing: expected a mapping",
    ),
    "a placeholder nobody states": (
        lambda d: d["messages"]["families"]["deposit"]["title"].update(en="{nmae}"),
        'messages.yaml: offer "term-12m": title.en names {nmae}, which the offer does not state; did you mean "name"?',
    ),
    "a stray brace": (
        lambda d: d["messages"]["offers"]["demand-sweep"]["body"].update(en="{rate!r}"),
        'messages.yaml: offer "demand-sweep": body.en holds a brace outside a placeholder; expected {name} in small'
        " letters",
    ),
    "a disclosure that looks at the customer": (
        lambda d: d["messages"]["families"]["deposit"]["disclosures"][0].update(when="customer.age > 60"),
        "messages.yaml: families.deposit.disclosures[1].when may read offer.* only, got customer.age",
    ),
    "a link that is not secure": (
        lambda d: d["messages"].update(link="http://bank.example"),
        'messages.yaml: link must be a link beginning with https://, got "http://bank.example"',
    ),
    "words for an offer that is none": (
        lambda d: d["messages"]["offers"].update({"term-13m": {"title": BOTH}}),
        'messages.yaml: offers holds the unknown key "term-13m"; ',
    ),
    "words for a segment that is none": (
        lambda d: d["messages"]["positioning"][0].update(segment="maturin"),
        'messages.yaml: positioning "renew-at-maturity": segment must be one of savers, first-time-investors,',
    ),
    "words for a segment in one language": (
        lambda d: d["messages"]["positioning"][0]["body"].pop("en"),
        'messages.yaml: positioning "renew-at-maturity": body.en is missing: expected text',
    ),
    "a figure that only a segment reads": (
        lambda d: d["messages"]["positioning"][0]["body"].update(zh="到期钱续存{name}，年利率１.９%。"),
        'messages.yaml: positioning "renew-at-maturity": body.zh writes the figure １; expected a {placeholder}',
    ),
    "a placeholder that a segment's offer does not state": (
        lambda d: d["messages"]["positioning"][1].update(offers=["cash-r1"]),
        'messages.yaml: positioning "payday-saving", offer "cash-r1": body.zh names {rate}, which the offer does not',
    ),
    "words for a segment about nothing": (
        lambda d: d["messages"]["positioning"][0].pop("family"),
        'messages.yaml: positioning "renew-at-maturity": must name either a family or offers',
    ),
    "a segment's words that say nothing": (
        lambda d: d["messages"]["positioning"][0].pop("body"),
        'messages.yaml: positioning "renew-at-maturity": must say another title or body',
    ),
    "a segment's words for an offer that is none": (
        lambda d: d["messages"]["positioning"][1].update(offers=["instalment-13m"]),
        'messages.yaml: positioning "payday-saving": offers must be from',
    ),
    "two words for segments of one id": (
        lambda d: d["messages"]["positioning"][1].update(id="renew-at-maturity"),
        'messages.yaml: positioning name id "renew-at-maturity" more than once',
    ),
    "an attribute of no kind": (
        lambda d: d["attributes"]["attributes"][0].update(kind="integer"),
        'attributes.yaml: attribute "age": kind must be one of',
    ),
    "a document left out": (lambda d: d.pop("weights"), "weights.yaml: is missing"),
    "a document that is none": (
        lambda d: d.update(weight={}),
        'weight: is no document of a policy; did you mean "weights"?',
    ),
    "a document that is a list": (
        lambda d: d.update(experiments=[1]),
        "experiments.yaml: must be a mapping, got [1]",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_has_its_sentence(default: Policy, fault: str) -> None:
    change, sentence = FAULTS[fault]
    said = broken(default, change)
    assert any(one.startswith(sentence) for one in said), said


def test_one_fault_is_told_once_and_drags_no_others_along(default: Policy) -> None:
    lonely = ("a rate out of range", "a name no schema knows", "a weight above four", "an hour that is none")
    for fault in (*lonely, "a document left out", "a chance above a half"):
        assert len(broken(default, FAULTS[fault][0])) == 1, fault


TOGETHER = (
    *(
        "a rate out of range",
        "a popularity below zero",
        "a missing language",
        "a misspelt key",
        "a family that is none",
    ),
    *("a family without its formulas", "a channel that goes nowhere", "a name no schema knows", "a weight above four"),
    *("a strategy that is none", "a gate without its condition", "a strategy without a concern"),
    *("a time zone that is none", "an hour that is none", "a holiday that is no day", "a cap of nothing"),
    *("a chance above a half", "a judgment off the scale", "a judgment left out", "an expert who does not judge"),
    *("a disclosure that looks at the customer", "a link that is not secure", "words for an offer that is none"),
)
"""Cases, messages and formulas are tried on sound parts only; everything else comes together."""


def test_all_faults_are_told_at_once_and_nothing_else(default: Policy) -> None:
    said = broken(default, *(FAULTS[fault][0] for fault in TOGETHER))
    for fault in TOGETHER:
        assert any(one.startswith(FAULTS[fault][1]) for one in said), fault
    assert len(said) == len(TOGETHER)


def test_a_broken_table_of_attributes_raises_no_false_alarm_about_the_rules(default: Policy) -> None:
    said = broken(default, FAULTS["an attribute of no kind"][0])
    assert {one.partition(":")[0] for one in said} == {"attributes.yaml"}


def test_a_misspelt_name_is_answered_with_the_right_one_and_its_position(default: Policy) -> None:
    said = broken(default, FAULTS["a name no schema knows"][0])
    assert "customer.demand_yuan" in said[0]


def test_a_contradicting_expert_is_told_which_judgment_would_mend_it(default: Policy) -> None:
    turned = {"consumer/cost": 3, "consumer/convenience": 5, "consumer/communication": "1/7"}
    turned |= {"cost/convenience": 2, "cost/communication": 3, "convenience/communication": 2}
    (said,) = broken(default, lambda d: judgments(d)["concerns"]["local-roots"].update({"retail-head": turned}))
    assert said.startswith("weights.yaml: judgments.concerns.local-roots.retail-head contradicts itself: consistency")
    assert "must be below 0.1 (random index: Alonso and Lamata 2006)" in said
    assert 'the judgment "consumer/communication: 1/7" is furthest off' in said


def test_a_policy_from_its_files_from_its_documents_and_from_json_has_one_name(default: Policy) -> None:
    again = from_documents(default.documents)
    stored = from_documents(orjson.loads(orjson.dumps(default.documents)))
    assert default.hash == again.hash == stored.hash
    assert len(default.hash) == 64
    assert [rule.id for rule in again.rules] == [rule.id for rule in default.rules]


def test_equal_documents_are_read_once(default: Policy) -> None:
    first = from_documents(default.documents)
    assert from_documents(first.documents) is first
    assert from_documents(first.documents, exact=True) is not first


def test_any_change_gives_a_new_name(default: Policy) -> None:
    documents = default.documents
    offer(documents)["lever"] = 1.1
    assert from_documents(documents).hash != default.hash


def test_a_policy_cannot_be_changed(default: Policy) -> None:
    with pytest.raises(FrozenInstanceError):
        default.hash = "x"  # type: ignore[misc]
    with pytest.raises(TypeError):
        default.weights["cost"] = 1.0  # type: ignore[index]
    with pytest.raises(ValueError, match="read-only"):
        default.static_columns["offer.rate"][0, 0, 0] = 1.0
    default.documents["catalogue"].clear()
    assert default.documents["catalogue"]


def test_a_policy_travels_between_processes(default: Policy) -> None:
    assert pickle.loads(pickle.dumps(default)).hash == default.hash


def test_a_switched_off_strategy_takes_its_fit_and_applicability_rules_but_never_a_protection(default: Policy) -> None:
    documents = default.documents
    for strategy in documents["strategies"]["strategies"]:
        strategy["enabled"] = False
    off = from_documents(documents)
    assert off.fits == ()
    kept = [gate for gate in default.gates if gate.stage != "applicability"]
    assert [gate.id for gate in off.gates] == [gate.id for gate in kept]
    assert [one.id for one in off.contact.rules] == [one.id for one in default.contact.rules]


def test_gates_stand_in_stage_order(default: Policy) -> None:
    stages = [STAGES.index(gate.stage) for gate in default.gates]
    assert stages == sorted(stages)


def test_columns_have_the_shape_of_their_axis_and_nan_where_nothing_is_stated(default: Policy) -> None:
    columns = default.static_columns
    assert columns["offer.rate"].shape == (1, len(default.offers), 1)
    assert columns["channel.id"].shape == (1, 1, len(default.channels))
    at = [one.id for one in default.offers].index("demand-sweep")
    assert np.isnan(columns["offer.risk"][0, at, 0])
    assert columns["offer.insured"][0, at, 0] == 1.0


def test_shares_of_a_family_sum_to_one(default: Policy) -> None:
    for family in ("deposit", "wealth"):
        assert sum(one.share for one in default.offers if one.family == family) == pytest.approx(1)


NEW_OFFER = {
    "id": "term-18m",
    "family": "deposit",
    "name": {"zh": "十八个月定期存款", "en": "18-month term deposit"},
    "terms": {"product": "term", "minimum_yuan": 50, "term_months": 18, "years": 1.3, "rate": 0.0122}
    | {"transfer_price": 0.0162, "servicing_yuan": 2, "insured": True},
}


NEW_CHANNEL = {
    "id": "atm",
    "direction": "inbound",
    "contact_cost_yuan": 0.1,
    "response": "1.0",
    "name": BOTH,
    "terms": {"face_to_face": False, "adviser": False, "short_text": True},
}
NEW = {"id": "new", "strategy": "total-cost", "reason": BOTH}
NEW_RULE = NEW | {"stage": "fit", "when": "customer.age > 30", "weight": 1.1}
NEW_CAP = NEW | {"per": "channel", "counts": ["click"], "window_days": 1, "maximum": 9}
NEW_STRATEGY = {"id": "new", "concern": "cost", "name": BOTH, "objective": BOTH, "kpi": BOTH, "segments": ["all"]}
EDITS: dict[str, Change] = {
    "an offer": lambda d: d["catalogue"]["offers"].append(NEW_OFFER),
    "a channel": lambda d: d["channels"]["channels"].append(NEW_CHANNEL),
    "a rule": lambda d: d["cost"]["rules"].append(NEW_RULE),
    "a strategy": lambda d: d["strategies"]["strategies"].append(NEW_STRATEGY),
    "a cap": lambda d: d["contact"]["caps"].append(NEW_CAP),
    "words for a segment": lambda d: d["messages"]["positioning"].append(
        {"id": "new", "segment": "investors", "offers": ["term-24m"], "title": BOTH}
    ),
    "a message": lambda d: d["messages"]["offers"].update({"term-24m": {"title": BOTH}}),
}


@pytest.mark.parametrize("added", EDITS)
def test_one_edit_in_one_file_adds(default: Policy, added: str) -> None:
    documents = default.documents
    EDITS[added](documents)
    assert from_documents(documents).hash != default.hash
