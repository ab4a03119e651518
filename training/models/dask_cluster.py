"""The same training and scoring on a Dask cluster: boosters by ``lightgbm.dask``, scores block by block.

Order of training: each fold's customers, then all, are sent to the workers in equal parts -> ``lightgbm.dask`` trains
one booster over all of them, data-parallel -> the booster is returned. Folds, rounds, calibration, gate and bundle are
the same as on one machine. LightGBM on Dask has no early stopping, so every fold trains all its rounds and the best
number is chosen afterwards. Histograms are summed over workers in their order, so a bundle trained on a cluster is not
byte-identical to one trained here; its scores are close, and the gate is the same. Scoring runs the code of one
machine, each worker verifying the bundle first, and gives the same bits.

One training at a time: two at once would wait for each other's workers for ever.
"""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

import lightgbm as lgb
import numpy as np
import pyarrow as pa

from service.core.errors import InvalidInput
from service.scoring.models import Bundle, open_bundle
from training.arrays import Floats
from training.models.training_set import TrainingSet

BLOCK = 50_000
"""Customers scored by one task."""
PATIENCE = "20s"
"""Timeout of the connection to the cluster's scheduler."""
_TRAINING = Lock()


def booster(
    address: str, settings: Mapping[str, Any], training_set: TrainingSet, new_buyer_weight: float, rounds: int
) -> lgb.Booster:
    """Train a booster on all rows of the training set, by the cluster's workers together."""
    import dask.array

    split: Any = dask.array.from_array
    weight = training_set.weight * np.where(training_set.held, 1.0, new_buyer_weight)
    with _TRAINING, connect(address) as client:
        workers = max(1, len(client.scheduler_info(n_workers=-1)["workers"]))
        part = -(-len(training_set.rows) // workers)
        rows, taken, weights = (
            split(one, chunks=(part, *one.shape[1:])) for one in (training_set.rows, training_set.taken, weight)
        )
        own = {name: value for name, value in settings.items() if name != "num_threads"}
        model: Any = lgb.DaskLGBMClassifier(client=client, n_estimators=rounds, tree_learner="data", **own)
        fit = {"feature_name": list(training_set.names), "categorical_feature": list(training_set.categorical)}
        model.fit(rows, taken, sample_weight=weights, **fit)
        return lgb.Booster(model_str=model.booster_.model_to_string())


def losses(grown: lgb.Booster, training_set: TrainingSet, new_buyer_weight: float, every: int) -> Floats:
    """Mean weighted log loss of a booster on the training set after each ``every`` rounds, (rounds // every,)."""
    weight = training_set.weight * np.where(training_set.held, 1.0, new_buyer_weight)
    total, found = np.zeros(len(training_set.rows)), []
    for start in range(0, grown.num_trees() - every + 1, every):
        total = total + np.asarray(
            grown.predict(training_set.rows, raw_score=True, start_iteration=start, num_iteration=every, num_threads=1)
        )
        found.append(np.average(np.logaddexp(0.0, np.where(training_set.taken > 0, -total, total)), weights=weight))
    return np.array(found)


def scores_of(address: str, bundle: Path, customers: pa.Table) -> dict[str, Floats]:
    """``{family: (n,)}`` scores of the customers, block by block on the cluster, to the bits of one machine."""
    files = {path.name: path.read_bytes() for path in sorted(Path(bundle).iterdir()) if path.is_file()}
    blocks = [customers.slice(start, BLOCK) for start in range(0, len(customers), BLOCK)]
    with connect(address) as client:
        held = client.scatter(files, broadcast=True)
        found = client.gather([client.submit(_scored, held, Path(bundle).name, block, pure=False) for block in blocks])
    return {family: np.concatenate([part[family] for part in found]) for family in found[0]} if found else {}


@contextmanager
def connect(address: str) -> Iterator[Any]:
    """A client of the cluster at ``tcp://host:port``.

    Raises: InvalidInput: no scheduler answers there.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise InvalidInput("--cluster needs Dask; install it with: pip install 'fourcast[cluster]'") from error
    try:
        client: Any = Client(address, timeout=PATIENCE)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise InvalidInput(f"--cluster {address}: no Dask scheduler answers there: {error}") from error
    with client:
        yield client


def _scored(files: Mapping[str, bytes], version: str, customers: pa.Table) -> dict[str, Floats]:
    """On a worker: the scores of a block of customers."""
    return dict(_opened(version, tuple(files.items())).score_many(customers))


@lru_cache(maxsize=2)
def _opened(version: str, files: tuple[tuple[str, bytes], ...]) -> Bundle:
    """On a worker: the bundle, verified and loaded once."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / version
        place.mkdir()
        for name, content in files:
            (place / name).write_bytes(content)
        return open_bundle(place)
