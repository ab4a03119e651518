"""An opened bundle: raw facts in, one calibrated propensity per family out, for one customer or for many.

Both ways run the same features, the same trees and the same arithmetic, and agree to the last bit.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from struct import Struct
from typing import Any

import numpy as np

from service.errors import BundleError, PolicyError, Problem
from service.expressions import Kind
from service.scoring.attributes import Array
from service.scoring.features import FeatureProgram, Inputs
from service.scoring.lifetime import Lapse
from service.scoring.models import golden
from service.scoring.models.calibration import Calibration
from service.scoring.models.library import Booster
from service.scoring.models.manifest import Manifest, canonical, model_bytes, read
from service.scoring.segments import Segmentation

BLOCK = 16_384


class FamilyModel:
    """P = calibration(mean of the boosters' P)."""

    def __init__(self, entry: Mapping[str, Any], boosters: Sequence[Booster]) -> None:
        self.calibration = Calibration(entry["calibration"]["x"], entry["calibration"]["y"])
        self.boosters = tuple(boosters)

    def one(self, row: bytes) -> float:
        """The propensity of one customer, 0 to 1, from their inputs as packed doubles."""
        total = 0.0
        for booster in self.boosters:
            total += booster.one(row)
        return self.calibration.one(total / len(self.boosters))

    def many(self, matrix: Array) -> Array:
        """The propensities of n customers, (n,), from their inputs (n, f)."""
        total = np.zeros(len(matrix))
        for booster in self.boosters:
            total += booster.many(matrix)
        return self.calibration.many(total / len(self.boosters))


class Reading:
    """Families whose models read the same inputs: a customer's row is laid out once for all of them."""

    def __init__(self, entry: Mapping[str, Any]) -> None:
        self.inputs = Inputs(entry["features"], entry["categories"])
        self.models: dict[str, FamilyModel] = {}
        self._pack = Struct(f"={len(self.inputs.names)}d").pack

    def one(self, columns: Mapping[str, Any]) -> dict[str, float]:
        """The propensities of one customer."""
        row = self._pack(*self.inputs.one(columns))
        return {family: model.one(row) for family, model in self.models.items()}

    def many(self, columns: Mapping[str, Any], size: int) -> dict[str, Array]:
        """The propensities of n customers, block by block so that memory stays bounded."""
        scores = {family: np.empty(size) for family in self.models}
        for start in range(0, size, BLOCK):
            rows = slice(start, start + BLOCK)
            matrix = self.inputs.many(columns, rows)
            for family, model in self.models.items():
                scores[family][rows] = model.many(matrix)
        return scores


class Bundle:
    """A proven set of models: ``version``, ``families`` in the manifest's order, and the manifest itself.

    A bundle reads customers by the table it was trained with. Where that table equals the policy's, a caller that has
    encoded the customer and derived the features already may pass those columns (``score_columns``).
    ``segments`` and ``lapse`` are what it knows for the portrait, each None where it was trained without.
    """

    def __init__(self, manifest: Manifest, readings: Sequence[Reading], program: FeatureProgram) -> None:
        self.manifest = manifest
        self.version: str = manifest["version"]
        self.families: tuple[str, ...] = tuple(manifest["families"])
        self.program = program
        self.readings = tuple(readings)
        self.segments = Segmentation(manifest["segments"]) if "segments" in manifest else None
        self.lapse = Lapse(manifest["lapse"]) if "lapse" in manifest else None

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences on what works, but not as well as it should."""
        models = [model for reading in self.readings for model in reading.models.values()]
        reasons = {booster.slow_reason for model in models for booster in model.boosters}
        return tuple(sorted(reason for reason in reasons if reason is not None))

    def score_one(self, attributes: Mapping[str, object]) -> dict[str, float]:
        """``{family: P}`` of one record of raw attributes; unknown names are passed over, faulty values unknown."""
        columns = self.program.table.encode(attributes)
        self.program.one(columns)
        return self.score_columns(columns)

    def score_columns(self, columns: Mapping[str, Any]) -> dict[str, float]:
        """``{family: P}`` of one customer whose attributes are encoded and features derived by an equal table."""
        scores: dict[str, float] = {}
        for reading in self.readings:
            scores.update(reading.one(columns))
        return scores

    def score_many(self, frame: Any) -> dict[str, Array]:
        """``{family: (n,)}`` of a pandas or Arrow table of raw attributes.

        Raises InvalidInput where a column holds another kind altogether.
        """
        columns: dict[str, Any] = self.program.table.encode_frame(frame)
        self.program.many(columns)
        size = frame.num_rows if hasattr(frame, "num_rows") else len(frame)
        return {family: p for reading in self.readings for family, p in reading.many(columns, size).items()}

    def reads_like(self, document: object) -> bool:
        """True where a table's document means the same to these models: what they need is declared alike in both."""
        try:
            return FeatureProgram.from_document(document, self._needed()).table == self.program.table
        except PolicyError:
            return False

    def _needed(self) -> set[str]:
        return {name for reading in self.readings for name in reading.inputs.names}


def open_bundle(folder: Path, *, threads: int = 1, proven: str | None = None) -> Bundle:
    """Check every hash, try the bundle in a process of its own, then load it here.

    Parameters
    ----------
    folder
        The bundle's folder, as ``training.registry`` wrote it.
    threads
        Threads for scoring many, for the whole process. Leave it at 1 where the process may fork.
    proven
        The digest of a bundle that this machine has proven a moment ago (the launcher, before its workers); the trial
        is then not repeated for the same content.

    Raises
    ------
    BundleError
        Something is missing, changed, or scores differently from the machine that trained it.
    """
    folder = Path(folder)
    manifest = read(folder)
    contents = model_bytes(folder, manifest)
    program = _program(folder, manifest)
    if proven != manifest["digest"]:
        golden.prove_apart(folder, manifest["digest"])
    boosters = {family: [Booster(one, threads) for one in models] for family, models in contents.items()}
    golden.prove(manifest, boosters)
    return Bundle(manifest, _readings(manifest, boosters), program)


def _readings(manifest: Manifest, boosters: Mapping[str, Sequence[Booster]]) -> list[Reading]:
    readings: dict[bytes, Reading] = {}
    for family, entry in manifest["families"].items():
        same = canonical({"features": entry["features"], "categories": entry["categories"]})
        reading = readings.setdefault(same, Reading(entry))
        reading.models[family] = FamilyModel(entry, boosters[family])
    return list(readings.values())


def _program(folder: Path, manifest: Manifest) -> FeatureProgram:
    """The part of the manifest's table that the models read, compiled."""
    needed = {name for entry in manifest["families"].values() for name in entry["features"]}
    try:
        program = FeatureProgram.from_document(manifest.get("table"), needed)
    except PolicyError as error:
        raise BundleError(f"{folder}: the manifest's table does not hold together", error.problems) from error
    problems = [
        problem for family, entry in manifest["families"].items() for problem in _misread(program, family, entry)
    ]
    if problems:
        raise BundleError(f"{folder}: models and table of the manifest do not agree", problems)
    return program


def _misread(program: FeatureProgram, family: str, entry: Mapping[str, Any]) -> Iterator[Problem]:
    """Features the table lacks, words without codes, codes without words."""
    for name in entry["features"]:
        kind = program.table.kind_of(name)
        if kind is None:
            yield Problem(f"families.{family}", f'feature "{name}" is not in the table')
        elif (kind is Kind.TEXT) != (name in entry["categories"]):
            yield Problem(
                f"families.{family}", f'feature "{name}" is {kind}; categories belong to text, and all text has them'
            )
