"""market.yaml: rates of others as outside data, read by every expression, and silent where they are stale."""

from collections.abc import Callable
from datetime import date
from math import isnan
from typing import Any

import numpy as np
import pytest

from service.analysis.diff import diff
from service.analysis.policy_checks.lint import lint_policy
from service.analysis.policy_checks.market_age import market_warnings
from service.core.domain import Context, Release, Snapshot
from service.core.errors import InvalidInput, PolicyError
from service.core.expressions import to_sql
from service.core.grid import day_number
from service.decision import compile_policy, decide, decide_many, population_of
from service.rules.loading.documents.strict_yaml import parse
from service.rules.loading.goods.market_table import HEAD, merge_rates, write_market
from service.rules.policy import DEFAULT, Policy, from_documents, load
from tests.gates.people import instant

SHIPPED = load(DEFAULT)
ROW = {
    "id": "fund",
    "rate": 0.02,
    "day": "2026-03-01",
    "meaning": "A money fund",
    "source": "its company",
    "licence": "public",
    "fresh_days": 7,
}
TODAY = date(2026, 3, 10)
PERSON = Snapshot("a", 1, {"demand_yuan": 90_000.0, "age": 40.0, "next_maturity_yuan": 0.0})


def changed(change: Callable[[dict[str, Any]], object]) -> Policy:
    documents = SHIPPED.documents
    documents["market"] = {"rates": [ROW]}
    change(documents)
    return from_documents(documents)


def faults(change: Callable[[dict[str, Any]], object]) -> str:
    with pytest.raises(PolicyError) as raised:
        changed(change)
    return "\n".join(map(str, raised.value.problems))


def boost(documents: dict[str, Any], when: str) -> None:
    rule = next(one for one in documents["cost"]["rules"] if one["id"] == "idle-money")
    rule.update(when=when, cases=[])


def test_a_rate_holds_from_its_day_to_the_end_of_its_fresh_days() -> None:
    market = changed(lambda documents: None).market
    said = {
        day: market.columns(day_number(f"2026-{day}"))["market.fund"] for day in ("02-28", "03-01", "03-08", "03-09")
    }
    assert {day: None if isnan(rate) else rate for day, rate in said.items()} == {
        "02-28": None,
        "03-01": 0.02,
        "03-08": 0.02,
        "03-09": None,
    }


def test_a_policy_without_the_document_has_no_market_and_decides_as_before() -> None:
    documents = SHIPPED.documents
    del documents["market"]
    before = from_documents(documents)
    assert before.market.rates == ()
    assert not any(name.startswith("market.") for name in before.schema)
    now, release = instant("2026-03-10T12:00"), Release(1, "", None)
    decided = [decide(policy, PERSON, Context(now), {}, release, "d") for policy in (before, SHIPPED)]
    assert [(one.offer, one.priority, one.fit) for one in decided[0].treatments] == [
        (one.offer, one.priority, one.fit) for one in decided[1].treatments
    ]


def test_a_rule_reads_the_market_on_the_banks_day_and_one_and_many_agree() -> None:
    policy = changed(lambda documents: boost(documents, "offer.rate > market.fund - 0.01"))
    last, release = instant("2026-03-08T23:59"), Release(1, "", None)

    def fits(now: int) -> list[float]:
        found = decide(policy, PERSON, Context(now, limit=30), {}, release, "d")
        many = decide_many(policy, population_of(policy, [PERSON]), Context(now, limit=30), {}, release)
        assert [one.priority for one in found.treatments] == [one for one in many.priority[0] if not isnan(one)]
        return [one.fit for one in found.treatments if "idle-money" in one.reasons]

    assert fits(last)
    assert not fits(last + 60_000)


def test_an_unpersonalised_customer_is_decided_by_the_same_market() -> None:
    policy = changed(lambda documents: boost(documents, "offer.rate > market.fund - 0.01"))
    columns = compile_policy(policy).columns
    at = columns.moment(instant("2026-03-08T12:00"))
    found, _ = columns.of_one(PERSON, Context(0), {}, {}, at, personal=False)
    assert found["market.fund"] == 0.02


def test_a_feature_reads_the_market_and_a_model_never_does() -> None:
    feature = {"name": "gap_yuan", "kind": "money", "expression": "customer.demand_yuan * market.fund", "meaning": "x"}

    def add(documents: dict[str, Any]) -> None:
        documents["attributes"]["features"].append(feature)
        boost(documents, "customer.gap_yuan >= 1800")

    policy = changed(add)
    columns = compile_policy(policy).columns
    fresh, stale = (columns.moment(instant(f"2026-03-0{day}T12:00")) for day in (8, 9))
    assert columns.of_one(PERSON, Context(0), {}, {}, fresh)[0]["customer.gap_yuan"] == 1800.0
    assert isnan(columns.of_one(PERSON, Context(0), {}, {}, stale)[0]["customer.gap_yuan"])
    many = columns.of_many(population_of(policy, [PERSON]), Context(0), {}, fresh)[0]["customer.gap_yuan"]
    assert np.ravel(many).tolist() == [1800.0]
    alone: dict[str, Any] = policy.features.table.encode(PERSON.attributes)
    policy.features.derive_one(alone)
    assert isnan(alone["customer.gap_yuan"])


def test_value_and_portrait_read_the_market_too() -> None:
    def change(documents: dict[str, Any]) -> None:
        family = documents["catalogue"]["families"]["deposit"]
        family["value"] = f"({family['value']}) * case when market.fund > 0.01 then 2 else 1 end"
        documents["portrait"]["tags"].append(
            {
                "id": "rate-gap",
                "when": "market.fund > 0.01 and customer.demand_yuan > 0",
                "text": {"zh": "利差", "en": "Gap"},
            }
        )

    policy, release = changed(change), Release(1, "", None)
    values = [
        decide(policy, PERSON, Context(instant(f"2026-03-0{day}T12:00"), limit=1), {}, release, "d").treatments[0].value
        for day in (8, 9)
    ]
    assert values[0] == 2 * values[1]
    assert "market.fund" in next(tag.when.names for tag in policy.portrait.tags if tag.id == "rate-gap")


def test_the_market_exports_to_sql_as_any_name() -> None:
    policy = changed(lambda documents: boost(documents, "offer.rate > market.fund"))
    when = next(fit.when for fit in policy.fits if fit.id == "idle-money")
    assert to_sql(when, "postgres", {"market.fund": "m.fund"}) == "offer.rate > m.fund"


def test_a_gate_that_reads_the_market_can_be_linted_and_proven() -> None:
    def close(documents: dict[str, Any]) -> None:
        rule = next(one for one in documents["cost"]["rules"] if one["id"] == "large-cd-pays-more")
        rule["require"] = "coalesce(market.fund, 0) < 0.05 and (" + rule["require"] + ")"

    assert lint_policy(changed(close)).problems == ()


def test_a_row_says_all_that_is_wrong_with_it() -> None:
    said = faults(
        lambda documents: documents["market"]["rates"].append(
            {"id": "one-year", "rate": 1.25, "day": "2026-02-30", "meaning": "x", "source": "y", "fresh_days": 0}
        )
    )
    assert 'market.yaml: rate "one-year": id must be small letters, digits and _' in said
    assert "rate must be -0.05 to 0.3 (per year; 1.25 percent is 0.0125), got 1.25" in said
    assert 'day must be the day on which the source told it (YYYY-MM-DD), got "2026-02-30"' in said
    assert "licence is missing" in said
    assert "fresh_days must be a whole number from 1 to 3660, got 0" in said


def test_a_rate_that_is_not_there_is_named_with_the_one_that_was_meant() -> None:
    assert "did you mean market.fund?" in faults(lambda documents: boost(documents, "offer.rate > market.funds"))


def test_a_stale_rate_is_a_warning_where_something_reads_it() -> None:
    unread, read = (
        changed(lambda documents: None),
        changed(lambda documents: boost(documents, "offer.rate > market.fund")),
    )
    assert market_warnings(unread, TODAY) == []
    assert market_warnings(read, date(2026, 3, 8)) == []
    (warning,) = market_warnings(read, TODAY)
    assert str(warning) == (
        'market.yaml: market.fund is of 2026-03-01 and held until 2026-03-08 (read by "idle-money"); '
        "it says nothing until it is renewed: fourcast market import FILE FOLDER"
    )


def test_a_difference_names_the_rate_and_is_red_where_a_guard_reads_it() -> None:
    def guard(documents: dict[str, Any]) -> None:
        rule = next(one for one in documents["cost"]["rules"] if one["id"] == "within-means")
        rule["require"] = f"coalesce(market.fund, 0) < 0.05 and ({rule['require']})"

    def higher(documents: dict[str, Any]) -> None:
        documents["market"] = {"rates": [{**ROW, "rate": 0.03}]}

    (plain,) = diff(changed(lambda documents: None), changed(higher)).changes
    assert str(plain) == 'market.yaml: rate "fund": rate was 0.02, is 0.03'
    assert plain.red is None
    (red,) = diff(changed(guard), changed(lambda documents: (guard(documents), higher(documents)))).changes
    assert red.red == "read by a protective rule"


def test_a_suppliers_row_replaces_what_it_states_and_keeps_the_rest() -> None:
    rows = [{"id": "fund", "rate": "1.25%", "day": "2026-03-09"}]
    assert merge_rates([ROW], rows, TODAY) == [{**ROW, "rate": 0.0125, "day": "2026-03-09"}]
    assert merge_rates([ROW], [{"id": "fund", "rate": 0.0125, "day": "2026-03-09"}], TODAY)[0]["rate"] == 0.0125


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ({"rate": "0.01", "day": "2026-03-09"}, "id is missing"),
        ({"id": "fund", "rate": "1.25", "day": "2026-03-09"}, "got 1.25; is it 1.25%? Then write the sign"),
        ({"id": "fund", "rate": "n/a", "day": "2026-03-09"}, "rate must be a share per year (0.0125) or a percentage"),
        ({"id": "fund", "rate": "0.01", "day": "2026-03-11"}, "day must not lie after today, 2026-03-10"),
        ({"id": "fund", "rate": "0.01", "day": "9.3.2026"}, "day must be a date (YYYY-MM-DD), got '9.3.2026'"),
        ({"id": "fund", "rate": "0.01", "day": "2026-02-01"}, "is of 2026-02-01, older than what is there"),
        (
            {"id": "new", "rate": "0.01", "day": "2026-03-09"},
            "is new, and states no meaning, source, licence, fresh_days",
        ),
        ({"id": "fund", "rate": "0.01", "day": "2026-03-09", "yield": "1"}, "holds yield; expected id, rate, day"),
        ({"id": "fund", "rate": "0.01", "day": "2026-03-09", "fresh_days": "1.5"}, "must be a whole number of days"),
    ],
)
def test_a_suppliers_row_that_does_not_hold_is_refused_with_its_number(row: dict[str, Any], fault: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        merge_rates([ROW], [row], TODAY)
    (problem,) = raised.value.problems
    assert str(problem).startswith("row 1")
    assert fault in str(problem)


def test_rates_written_out_are_read_back_alike() -> None:
    documents = SHIPPED.documents
    text = write_market(documents["market"]["rates"], HEAD)
    assert text.startswith("# The market")
    assert parse("market.yaml", text, []) == documents["market"]
