"""An opened bundle: raw facts in, calibrated scores out under the names of ``scoring.propensity``, for one or many.

Both run the same features, the same trees and the same arithmetic, and agree to the last bit.
"""

from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from copy import copy
from pathlib import Path
from struct import Struct
from typing import Any

import numpy as np

from service.core.attributes import Array
from service.core.attributes.features import FeatureProgram, Inputs
from service.core.domain import Scalar
from service.core.errors import BundleError, PolicyError, Problem
from service.core.expressions import Kind
from service.scoring.evidence import Evidence, Responses
from service.scoring.lifetime import Lapse
from service.scoring.models import golden
from service.scoring.models.calibration import Calibration
from service.scoring.models.lightgbm_c import Booster
from service.scoring.models.manifest import (
    EVIDENCE,
    LAPSE,
    RESPONSE,
    SEGMENTS,
    Manifest,
    canonical,
    model_bytes,
    models_of,
    names_of,
    read_manifest,
)
from service.scoring.propensity import KIND, SEGMENT
from service.scoring.segments import Segment, Segmentation

BLOCK = 16_384
_TRIED: deque[str] = deque(maxlen=16)
"""Digests of the bundles that this process tried last."""


class CalibratedModel:
    """P = calibration(mean of the boosters' P); of a ticket, yuan = calibration(mean of the boosters' log yuan)."""

    def __init__(self, entry: Mapping[str, Any], boosters: Sequence[Booster]) -> None:
        self.calibration = Calibration(entry["calibration"]["x"], entry["calibration"]["y"])
        self.boosters = tuple(boosters)

    def predict_one(self, row: bytes) -> float:
        """The figure of one customer, from their inputs as packed doubles."""
        total = 0.0
        for booster in self.boosters:
            total += booster.predict_one(row)
        return self.calibration.calibrate_one(total / len(self.boosters))

    def predict_many(self, matrix: Array) -> Array:
        """The figures of n customers, (n,), from their inputs (n, f)."""
        total = np.zeros(len(matrix))
        for booster in self.boosters:
            total += booster.predict_many(matrix)
        return self.calibration.calibrate_many(total / len(self.boosters))


class WeightedModel(CalibratedModel):
    """Uplift = calibration(sum of the boosters' figures, each times its weight): 1 and -1 of treated and untreated."""

    def __init__(self, entry: Mapping[str, Any], boosters: Sequence[Booster]) -> None:
        super().__init__(entry, boosters)
        self._weighted = tuple(zip(map(float, entry["weights"]), self.boosters, strict=True))

    def predict_one(self, row: bytes) -> float:
        """The uplift of one customer."""
        total = 0.0
        for weight, booster in self._weighted:
            total += weight * booster.predict_one(row)
        return self.calibration.calibrate_one(total)

    def predict_many(self, matrix: Array) -> Array:
        """The uplifts of n customers, (n,)."""
        total = np.zeros(len(matrix))
        for weight, booster in self._weighted:
            total += weight * booster.predict_many(matrix)
        return self.calibration.calibrate_many(total)


class ModelGroup:
    """Models that read the same inputs, by name, so that a customer's row is packed once for all of them."""

    def __init__(self, entry: Mapping[str, Any]) -> None:
        self.inputs = Inputs(entry["features"], entry["categories"])
        self.models: dict[str, CalibratedModel] = {}
        self._pack = Struct(f"={len(self.inputs.names)}d").pack

    def without(self, names: Collection[str]) -> "ModelGroup":
        """This group without the models of these names."""
        left = copy(self)
        left.models = {name: model for name, model in self.models.items() if name not in names}
        return left

    def predict_one(self, columns: Mapping[str, Any]) -> dict[str, float]:
        """The figures of one customer."""
        row = self._pack(*self.inputs.take_row(columns))
        return {name: model.predict_one(row) for name, model in self.models.items()}

    def predict_many(self, columns: Mapping[str, Any], size: int) -> dict[str, Array]:
        """The figures of n customers, block by block so that memory stays bounded."""
        scores = {name: np.empty(size) for name in self.models}
        for start in range(0, size, BLOCK):
            rows = slice(start, start + BLOCK)
            matrix = self.inputs.take_matrix(columns, rows)
            for name, model in self.models.items():
                scores[name][rows] = model.predict_many(matrix)
        return scores


class Bundle:
    """A proven set of models: ``version``, the manifest, and in its order ``families`` and names of ``kinds``' scores.

    A bundle reads customers by the table it was trained with, which may be older than the policy's.
    ``segments`` and ``lapse`` are for the portrait; each is None where the bundle was trained without. Scores are by
    name: of its families, and where it has them of offers, kinds, tickets, evidence and responses.
    """

    def __init__(self, manifest: Manifest, groups: Sequence[ModelGroup], program: FeatureProgram) -> None:
        self.manifest = manifest
        self.version: str = manifest["version"]
        self.families: tuple[str, ...] = tuple(manifest.get("families", {}))
        self.kinds: tuple[str, ...] = tuple(KIND + name for name in manifest.get("kinds", {}))
        self.program = program
        self.model_groups = tuple(groups)
        self.segments = Segmentation(manifest["segments"]) if "segments" in manifest else None
        self.lapse = Lapse(manifest["lapse"]) if "lapse" in manifest else None
        models = [name for group in self.model_groups for name in group.models]
        self._segments_share = _shared_figures(manifest, self.segments) != frozenset()
        self._evidence = Evidence(manifest["evidence"]).scores_beside(models) if "evidence" in manifest else {}
        self._responses = Responses(manifest["response"]) if "response" in manifest else None
        self.stopped: tuple[str, ...] = ()

    def without(self, stopped: Collection[str]) -> "Bundle":
        """This bundle without the models of these names: it answers as if it had been trained without them."""
        mine = [name for name in names_of(self.manifest) if name in stopped]
        if not mine:
            return self
        left = copy(self)
        left.stopped = tuple(mine)
        left.model_groups = tuple(group.without(mine) for group in self.model_groups)
        left.segments = None if SEGMENTS in mine else self.segments
        left.lapse = None if LAPSE in mine else self.lapse
        left._evidence = {} if EVIDENCE in mine else self._evidence
        left._responses = None if RESPONSE in mine else self._responses
        return left

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences on what slows the bundle down."""
        models = [model for group in self.model_groups for model in group.models.values()]
        reasons = {booster.slow_reason for model in models for booster in model.boosters}
        return tuple(sorted(reason for reason in reasons if reason is not None))

    def attributes_read(self, name: str | None = None) -> list[str]:
        """The raw attributes that a model reads, by itself or through features; of all models without a name."""
        entries = models_of(self.manifest)
        features = {one for model in ([name] if name else entries) for one in entries[model]["features"]}
        return [one.name for one in self.program.table.only(features).attributes]

    def score_one(self, attributes: Mapping[str, object]) -> dict[str, float]:
        """``{name: score}`` of one customer's raw attributes; unknown names are ignored, faulty values are unknown."""
        return self.score_columns(self.columns(attributes))

    def columns(self, attributes: Mapping[str, object]) -> dict[str, Any]:
        """One record of raw attributes, encoded and with the features derived, by the bundle's own table."""
        columns: dict[str, Any] = self.program.table.encode(attributes)
        self.program.derive_one(columns)
        return columns

    def score_with_segment(self, attributes: Mapping[str, Scalar], segment: bool) -> dict[str, float]:
        """``{name: figure}`` of one customer for a decision; with ``segment``, ``segment:<id>`` with the figure 1 too.

        The segment is a score, so that a record keeps it like any other. None is added where too little is known.
        """
        columns = self.columns(attributes)
        scores = self.score_columns(columns)
        mine = self.segment_of(attributes, columns) if segment else None
        return scores if mine is None else {**scores, SEGMENT + mine.id: 1.0}

    def segment_of(self, attributes: Mapping[str, object], columns: Mapping[str, Any]) -> Segment | None:
        """The segment of one customer, from ``columns`` where segments and models declare what they read alike."""
        if self.segments is None:
            return None
        return self.segments.assign_columns(columns) if self._segments_share else self.segments.assign(attributes)

    def score_columns(self, columns: Mapping[str, Any]) -> dict[str, float]:
        """``{name: figure}`` of one customer, from what ``columns`` made of them."""
        scores: dict[str, float] = {}
        for group in self.model_groups:
            scores.update(group.predict_one(columns))
        scores.update(self._evidence)
        if self._responses is not None:
            scores.update(self._responses.look_up_one(columns))
        return scores

    def score_many(self, frame: Any) -> dict[str, Array]:
        """``{name: (n,)}`` of a pandas or Arrow table of raw attributes.

        Raises: InvalidInput: when a column holds another kind.
        """
        columns: dict[str, Any] = self.program.table.encode_frame(frame)
        self.program.derive_many(columns)
        size = frame.num_rows if hasattr(frame, "num_rows") else len(frame)
        scores = {
            name: found for group in self.model_groups for name, found in group.predict_many(columns, size).items()
        }
        scores.update({name: np.full(size, figure) for name, figure in self._evidence.items()})
        return scores if self._responses is None else scores | self._responses.look_up_many(columns, size)


class NoBundle:
    """The models of a release without a bundle: it answers like a bundle that knows nothing of anybody."""

    version: None = None
    families: tuple[str, ...] = ()
    segments: None = None
    lapse: None = None
    stopped: tuple[str, ...] = ()

    def without(self, stopped: Collection[str]) -> "NoBundle":
        """Itself: there is no model to stop."""
        return self

    @property
    def manifest(self) -> Manifest:
        """An empty manifest."""
        return {}

    def score_one(self, attributes: Mapping[str, object]) -> dict[str, float]:
        """No score."""
        return {}

    def score_with_segment(self, attributes: Mapping[str, Scalar], segment: bool) -> dict[str, float]:
        """No score and no segment."""
        return {}


NO_BUNDLE = NoBundle()
Models = Bundle | NoBundle
"""What a release scores with: its bundle, or ``NO_BUNDLE`` where priors alone decide."""


def open_bundle(folder: Path, *, threads: int = 1, proven: str | None = None) -> Bundle:
    """Check every hash, try the bundle in a process of its own, then load it here.

    Parameters
    ----------
    folder
        The bundle's folder, as ``training.bundles.registry`` wrote it.
    threads
        Threads for scoring many, for the whole process. Leave it at 1 where the process may fork.
    proven
        The digest of a bundle that this machine has proven a moment ago (the launcher, before its workers). The trial
        is not repeated for the same content, nor for what this process itself has tried.

    Raises:
        BundleError: when something is missing, changed, or scores differently from the machine that trained it.
    """
    folder = Path(folder)
    manifest = read_manifest(folder)
    contents = model_bytes(folder, manifest)
    program = _program(folder, manifest)
    if manifest["digest"] not in (proven, *_TRIED):
        golden.prove_apart(folder, manifest["digest"])
        _TRIED.append(manifest["digest"])
    boosters = {name: [Booster(one, threads) for one in models] for name, models in contents.items()}
    golden.prove(manifest, boosters)
    return Bundle(manifest, _model_groups(manifest, boosters), program)


def _model_groups(manifest: Manifest, boosters: Mapping[str, Sequence[Booster]]) -> list[ModelGroup]:
    groups: dict[bytes, ModelGroup] = {}
    for name, entry in models_of(manifest).items():
        same = canonical({"features": entry["features"], "categories": entry["categories"]})
        group = groups.setdefault(same, ModelGroup(entry))
        kind = WeightedModel if "weights" in entry else CalibratedModel
        group.models[name] = kind(entry, boosters[name])
    return list(groups.values())


def _program(folder: Path, manifest: Manifest) -> FeatureProgram:
    """The part of the manifest's table that the models read, compiled."""
    try:
        segments = Segmentation(manifest["segments"]) if "segments" in manifest else None
        figures = _shared_figures(manifest, segments)
        program = FeatureProgram.from_document(manifest.get("table"), _read(manifest) | figures)
    except PolicyError as error:
        raise BundleError(f"{folder}: the manifest's table does not hold together", error.problems) from error
    problems = [problem for name, entry in models_of(manifest).items() for problem in _misread(program, name, entry)]
    grouped = manifest.get("response", {}).get("attribute")
    if grouped is not None and program.table.kind_of(grouped) in (None, Kind.TEXT):
        problems.append(Problem("response", f'attribute "{grouped}" must be a number of the table'))
    if problems:
        raise BundleError(f"{folder}: models and table of the manifest do not agree", problems)
    return program


def _read(manifest: Manifest) -> set[str]:
    """The attributes and features that the bundle reads for its scores."""
    grouped = {manifest["response"]["attribute"]} if "response" in manifest else set()
    return grouped | {name for entry in models_of(manifest).values() for name in entry["features"]}


def _shared_figures(manifest: Manifest, segments: Segmentation | None) -> frozenset[str]:
    """The figures of the segments, where the models' table declares them alike: a customer is then encoded once."""
    alike = segments is not None and segments.standard.declares_alike(manifest.get("table"))
    return frozenset(segments.standard.names) if segments is not None and alike else frozenset()


def _misread(program: FeatureProgram, model: str, entry: Mapping[str, Any]) -> Iterator[Problem]:
    """Features that the table lacks, text without categories, categories without text."""
    for name in entry["features"]:
        kind = program.table.kind_of(name)
        if kind is None:
            yield Problem(model, f'feature "{name}" is not in the table')
        elif (kind is Kind.TEXT) != (name in entry["categories"]):
            yield Problem(model, f'feature "{name}" is {kind}; categories belong to text, and all text has them')
