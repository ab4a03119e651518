"""Segments: planted groups are found, the same bytes every time, assigned alike one by one and all at once."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from service.core.attributes import AttributeTable, parse_table
from service.core.attributes.features import FeatureProgram
from service.scoring.segments import Segmentation, faults
from training.models.segments import cluster, segment, silhouette_of

TABLE = parse_table(
    {
        "attributes": [
            {"name": "demand_yuan", "kind": "money", "meaning": "Demand deposits"},
            {"name": "deposit_yuan", "kind": "money", "meaning": "Term deposits"},
            {"name": "wealth_yuan", "kind": "money", "meaning": "Wealth products"},
            {"name": "logins_30d", "kind": "number", "meaning": "Logins"},
        ],
        "features": [],
    }
)
PLANTED = {  # typical demand, term deposits, wealth, logins
    "cash-keepers": (80_000, 0, 0, 3),
    "term-savers": (100, 300_000, 0, 1),
    "wealth-holders": (1_000, 1_000, 500_000, 2),
    "app-users": (500, 10, 0, 40),
}
EACH = 300


@pytest.fixture(scope="module")
def bank() -> pd.DataFrame:
    chance = np.random.default_rng(11)
    typical = np.repeat(np.array(list(PLANTED.values()), dtype=float), EACH, axis=0)
    return pd.DataFrame(
        np.round(typical * np.exp(chance.normal(0, 0.25, typical.shape)), 2), columns=[a.name for a in TABLE.attributes]
    )


def columns(bank: pd.DataFrame, table: AttributeTable = TABLE) -> dict[str, Any]:
    found: dict[str, Any] = dict(table.encode_frame(bank))
    FeatureProgram(table).derive_many(found)
    return found


@pytest.fixture(scope="module")
def document(bank: pd.DataFrame) -> dict[str, Any]:
    found = segment(TABLE, columns(bank), seed=3)
    assert found is not None
    return found


def test_four_planted_groups_are_found_whole(document: dict[str, Any], bank: pd.DataFrame) -> None:
    segments = Segmentation(document)
    labels = segments.assign_many(segments.standard.standardize_frame(bank)).reshape(4, EACH)
    assert len(document["segments"]) == 4
    assert all((row == row[0]).all() for row in labels)
    assert len(set(labels[:, 0])) == 4
    assert silhouette_of(document) > 0.7


def test_segments_are_named_by_what_stands_out(document: dict[str, Any], bank: pd.DataFrame) -> None:
    segments = Segmentation(document)
    for place, name in enumerate(PLANTED):
        found = segments.assign(bank.iloc[place * EACH].to_dict())
        assert found is not None
        assert name in found.id
        assert found.name["zh"] and found.name["en"]


def test_ids_are_unique_and_shares_sum_to_one(document: dict[str, Any]) -> None:
    ids = [one["id"] for one in document["segments"]]
    assert len(set(ids)) == len(ids)
    assert sum(one["share"] for one in document["segments"]) == pytest.approx(1.0, abs=1e-5)


def test_same_customers_and_seed_give_the_same_document(document: dict[str, Any], bank: pd.DataFrame) -> None:
    assert json.dumps(segment(TABLE, columns(bank), seed=3)) == json.dumps(document)


def test_a_document_survives_json(document: dict[str, Any], bank: pd.DataFrame) -> None:
    again, first = Segmentation(json.loads(json.dumps(document))), Segmentation(document)
    z = first.standard.standardize_frame(bank)
    assert (again.assign_many(again.standard.standardize_frame(bank)) == first.assign_many(z)).all()


def test_one_customer_and_many_are_assigned_alike(document: dict[str, Any], bank: pd.DataFrame) -> None:
    segments = Segmentation(document)
    many = segments.assign_many(segments.standard.standardize_frame(bank.iloc[::50]))
    one = [segments.assign(row) for row in bank.iloc[::50].to_dict("records")]
    assert [segments.segments[place] for place in many] == one


def test_the_live_road_gives_the_same_bits_as_the_arrays(document: dict[str, Any], bank: pd.DataFrame) -> None:
    standard = Segmentation(document).standard
    facts = {"demand_yuan": -12_345.67, "deposit_yuan": 0.0, "wealth_yuan": None, "logins_30d": 7}
    rows = [facts, *bank.head(200).to_dict("records")]
    for row in rows:
        assert repr(standard.standardize_row(standard.encode(row))) == repr(standard.standardize_one(row)[0].tolist())


def test_columns_of_another_table_serve_only_where_it_declares_the_figures_alike(document: dict[str, Any]) -> None:
    standard, own = Segmentation(document).standard, TABLE.document["attributes"]
    other = {"name": "age", "kind": "number", "meaning": "Age"}
    assert standard.declares_alike({"attributes": [*own, other], "features": []})
    assert not standard.declares_alike({"attributes": [{**own[0], "kind": "number"}, *own[1:]], "features": []})
    assert not standard.declares_alike({"attributes": own[1:], "features": []})


def test_of_whom_less_than_half_is_known_there_is_no_segment(document: dict[str, Any]) -> None:
    segments = Segmentation(document)
    assert segments.assign({}) is None
    assert segments.assign({"demand_yuan": 80_000}) is None
    assert segments.assign({"demand_yuan": 80_000, "deposit_yuan": 0}) is not None


def test_profiles_are_medians_in_yuan(document: dict[str, Any]) -> None:
    savers = next(one for one in document["segments"] if "term-savers" in one["id"])
    assert savers["profile"]["deposit_yuan"] == pytest.approx(300_000, rel=0.05)


def test_customers_who_are_all_the_same_have_no_segments() -> None:
    same = pd.DataFrame({name: [100.0] * 50 for name in ("demand_yuan", "deposit_yuan")})
    assert segment(TABLE, columns(same)) is None


def test_the_silhouette_picks_the_number_of_groups_that_was_planted() -> None:
    chance = np.random.default_rng(5)
    centres = np.array([[0, 0], [9, 0], [0, 9], [9, 9], [4, 20]])
    clusters = cluster(np.repeat(centres, 200, axis=0) + chance.normal(0, 0.5, (1000, 2)), seed=1)
    assert max(clusters.silhouettes, key=lambda size: clusters.silhouettes[size]) == 5
    assert sorted(map(tuple, np.round(clusters.centroids))) == sorted(map(tuple, centres.astype(float)))


@pytest.mark.parametrize(
    "change",
    [
        {"segments": []},
        {"segments": [{"id": "x"}]},
        {"figures": []},
        {"table": {"attributes": []}},
    ],
)
def test_damaged_segments_are_a_fault_and_no_crash(document: dict[str, Any], change: dict[str, Any]) -> None:
    assert list(faults(document)) == []
    assert len(list(faults({**document, **change}))) == 1


def test_a_centroid_of_another_width_is_a_fault(document: dict[str, Any]) -> None:
    cut = [{**one, "centroid": one["centroid"][:-1]} for one in document["segments"]]
    (fault,) = faults({**document, "segments": cut})
    assert "one finite centroid of 4 figures each" in fault
