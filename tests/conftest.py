"""Parts that tests of several rooms share: a small table, a small bank, and two models trained on it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, settings

from service.core.attributes import parse_table
from service.core.attributes.features import FeatureProgram
from tests.servers import (  # noqa: F401 - fixtures for every test
    database_url,
    fresh_database,
    fresh_store,
    make_database,
    redis_url,
    store,
)
from training.bundles.registry import write_bundle
from training.models.trained import TrainedFamily

settings.register_profile("shared machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared machine")

LONG = (
    "tests/guides/",
    "tests/engine/releases/test_activation",
    "tests/cli/",
    "tests/engine/crm/",
    "tests/observability/",
    "tests/contract/",
)
"""What takes longest goes first, so that of several processes none has it left at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put long files first; everything else keeps its order."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))


SMALL_TABLE: dict[str, Any] = {
    "attributes": [
        {"name": "age", "kind": "number", "unit": "years", "range": [0, 120], "meaning": "Age"},
        {"name": "sex", "kind": "text", "values": ["female", "male"], "meaning": "Sex"},
        {"name": "region", "kind": "text", "meaning": "Region"},
        {"name": "demand_yuan", "kind": "money", "unit": "yuan", "range": [-1e9, 1e12], "meaning": "Demand"},
        {"name": "fund_yuan", "kind": "money", "unit": "yuan", "range": [0, 1e12], "meaning": "Funds"},
        {"name": "staff", "kind": "boolean", "meaning": "Works here"},
        {"name": "risk_assessed_on", "kind": "date", "meaning": "Assessed"},
    ],
    "features": [
        {"name": "total_yuan", "kind": "money", "expression": "customer.demand_yuan + customer.fund_yuan"},
        {"name": "fund_share", "kind": "number", "expression": "customer.fund_yuan / nullif(customer.total_yuan, 0)"},
        {"name": "total_log", "kind": "number", "expression": "ln(1 + greatest(customer.total_yuan, 0))"},
        {"name": "senior", "kind": "boolean", "expression": "customer.age >= 65"},
    ],
}
FEATURES = ["age", "sex", "region", "fund_share", "total_log", "senior", "risk_assessed_on"]
CALIBRATION = ([0.0, 0.05, 0.2, 0.7], [0.01, 0.04, 0.3, 0.9])


def small_bank(rows: int, seed: int = 7) -> pd.DataFrame:
    """Customers with every kind of attribute, a tenth of each unknown."""
    chance = np.random.default_rng(seed)
    bank = pd.DataFrame(
        {
            "age": chance.integers(18, 95, rows).astype(float),
            "sex": chance.choice(["female", "male"], rows),
            "region": chance.choice(["north", "south", "siming", "huli"], rows),
            "demand_yuan": np.round(np.exp(chance.normal(8, 3, rows)), 2),
            "fund_yuan": np.round(np.exp(chance.normal(5, 4, rows)), 2),
            "staff": chance.random(rows) < 0.02,
            "risk_assessed_on": chance.choice(["2024-02-29", "2025-12-31", "2026-01-01"], rows),
        }
    ).astype(object)
    return bank.mask(pd.DataFrame(chance.random(bank.shape) < 0.1, columns=bank.columns), None)


def train_small(seed: int) -> TrainedFamily:
    """Two boosters of 40 trees on 3,000 customers, over words, dates, booleans and derived figures."""
    import lightgbm

    program, bank = FeatureProgram(parse_table(SMALL_TABLE)), small_bank(3_000, seed)
    columns: dict[str, Any] = program.table.encode_frame(bank)
    program.derive_many(columns)
    categories = program.categories(FEATURES, columns)
    matrix = program.matrix(FEATURES, categories, columns)
    taken = np.random.default_rng(seed).random(3_000) < 0.05 + 0.4 * (matrix[:, 3] > 0.5)
    models = []
    for turn in (1, 2):
        rows = lightgbm.Dataset(matrix, taken, feature_name=FEATURES, categorical_feature=["sex", "region"])
        settings = {"objective": "binary", "verbosity": -1, "seed": turn, "num_threads": 1, "deterministic": True}
        models.append(lightgbm.train({**settings, "feature_fraction": 0.6}, rows, 40).model_to_string())
    metrics = {"auc": 0.8, "calibration_error": 0.01}
    return TrainedFamily(models, FEATURES, CALIBRATION, metrics, float(taken.mean()), categories)


def write_small(root: Path, families: Mapping[str, TrainedFamily], table: Mapping[str, Any] = SMALL_TABLE) -> Path:
    """A bundle under ``root``; its folder."""
    outcome = dict.fromkeys(families, "came to hold it")
    return root / write_bundle(
        root, families, table, outcome=outcome, horizon_days=92, seed=7, sources={"bank": "0" * 64}
    )


@pytest.fixture(scope="session")
def small_table() -> dict[str, Any]:
    return SMALL_TABLE


@pytest.fixture(scope="session")
def customers() -> pd.DataFrame:
    """300 customers that no model was trained on."""
    return small_bank(300, seed=99)


@pytest.fixture(scope="session")
def trained() -> dict[str, TrainedFamily]:
    return {"deposit": train_small(1), "wealth": train_small(2)}


@pytest.fixture(scope="session")
def write_bundle_of() -> Any:
    """``(root, families, table=...) -> folder``."""
    return write_small


@pytest.fixture(scope="session")
def bundle_folder(tmp_path_factory: pytest.TempPathFactory, trained: dict[str, TrainedFamily]) -> Path:
    """One intact bundle; tests that damage something copy it first."""
    return write_small(tmp_path_factory.mktemp("bundles"), trained)
