"""Training and scoring on a real Dask cluster of two workers on this machine."""

from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from service.core.errors import InvalidInput
from service.scoring.models import open_bundle
from tests.training.small_bank import keep_deposits
from training.models.dask_cluster import losses, scores_of
from training.models.propensity import PropensityModel
from training.score import score
from training.synthetic import write
from training.train import train

SMALL = PropensityModel(rounds=30, folds=2, members=((8, 2.0),), learning_rate=0.15)


@pytest.fixture(scope="module")
def cluster():
    from distributed import LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as made:
        yield made.scheduler_address


@pytest.fixture(scope="module")
def synthetic(tmp_path_factory):
    bank, files = write(tmp_path_factory.mktemp("synthetic"), 3_000, seed=1, today=date(2026, 1, 31))
    keep_deposits(bank)
    return bank, files


def test_a_bundle_trained_on_a_cluster_is_as_good_as_one_trained_here_and_scores_to_the_same_bits(
    cluster, synthetic, tmp_path
):
    there = train(*synthetic, artifacts=tmp_path, model=SMALL, cluster=cluster)
    here = train(*synthetic, artifacts=tmp_path, model=SMALL)
    gap = there.metrics["deposit"]["auc"] - here.metrics["deposit"]["auc"]
    assert abs(gap) < 0.03
    folder = tmp_path / there.version
    assert score(*synthetic, folder, tmp_path / "there.parquet", cluster=cluster).customers == 3_000
    score(*synthetic, open_bundle(folder), tmp_path / "here.parquet")
    assert pq.read_table(tmp_path / "there.parquet").equals(pq.read_table(tmp_path / "here.parquet"))


def test_losses_are_those_of_the_first_rounds_by_hand():
    rows = np.random.default_rng(1).normal(size=(400, 2))
    taken = (rows[:, 0] > 0).astype(float)
    model = PropensityModel(rounds=10, folds=2, members=((4, 1.0),), min_data_in_leaf=20).fit(rows, taken)
    training_set, grown = model.training_set(rows, taken), model.boosters_[0]
    p = grown.predict(rows, num_iteration=5)
    expected = -np.mean(taken * np.log(p) + (1 - taken) * np.log(1 - p))
    assert losses(grown, training_set, 1.0, 5)[0] == pytest.approx(expected)


def test_a_cluster_that_nobody_answers_for_is_said_so(bundle_folder, monkeypatch):
    monkeypatch.setattr("training.models.dask_cluster.PATIENCE", "1s")
    with pytest.raises(InvalidInput, match="no Dask scheduler answers"):
        scores_of("tcp://127.0.0.1:9", bundle_folder, pa.table({"customer_id": ["1"]}))
