"""An opened bundle: raw facts in, one calibrated propensity per family out, for one customer or for many.

Both ways run the same features, the same trees and the same arithmetic, and agree to the last bit.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from service.errors import BundleError, PolicyError, Problem
from service.expressions import Kind
from service.scoring.attributes import Array
from service.scoring.features import FeatureProgram, Inputs
from service.scoring.models import golden
from service.scoring.models.calibration import Calibration
from service.scoring.models.library import Booster
from service.scoring.models.manifest import Manifest, model_bytes, read

BLOCK = 16_384


class FamilyModel:
    """P = calibration(mean of the boosters' P); ``inputs`` says what they read."""

    def __init__(self, entry: Mapping[str, Any], boosters: Sequence[Booster]) -> None:
        self.inputs = Inputs(entry["features"], entry["categories"])
        self.calibration = Calibration(entry["calibration"]["x"], entry["calibration"]["y"])
        self.boosters = tuple(boosters)

    def one(self, columns: Mapping[str, Any]) -> float:
        """The propensity of one customer, 0 to 1."""
        row = self.inputs.one(columns)
        total = 0.0
        for booster in self.boosters:
            total += booster.one(row)
        return self.calibration.one(total / len(self.boosters))

    def many(self, columns: Mapping[str, Any], size: int) -> Array:
        """The propensities of n customers, (n,), block by block so that memory stays bounded."""
        blocks = [self._block(columns, slice(start, start + BLOCK)) for start in range(0, size, BLOCK)]
        return np.concatenate(blocks) if blocks else np.empty(0)

    def _block(self, columns: Mapping[str, Any], rows: slice) -> Array:
        matrix = self.inputs.many(columns, rows)
        total = np.zeros(len(matrix))
        for booster in self.boosters:
            total += booster.many(matrix)
        return self.calibration.many(total / len(self.boosters))


class Bundle:
    """A proven set of models: ``version``, ``families`` in the manifest's order, and the manifest itself.

    A bundle reads customers by the table it was trained with. Where that table equals the policy's, a caller that has
    encoded the customer and derived the features already may pass those columns (``score_columns``).
    """

    def __init__(self, manifest: Manifest, models: Mapping[str, FamilyModel], program: FeatureProgram) -> None:
        self.manifest = manifest
        self.version: str = manifest["version"]
        self.families = tuple(models)
        self.program = program
        self.models = models

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences on what works, but not as well as it should."""
        reasons = {booster.slow_reason for model in self.models.values() for booster in model.boosters}
        return tuple(sorted(reason for reason in reasons if reason is not None))

    def score_one(self, attributes: Mapping[str, object]) -> dict[str, float]:
        """``{family: P}`` of one record of raw attributes; unknown names are passed over, faulty values unknown."""
        columns = self.program.table.encode(attributes)
        self.program.one(columns)
        return self.score_columns(columns)

    def score_columns(self, columns: Mapping[str, Any]) -> dict[str, float]:
        """``{family: P}`` of one customer whose attributes are encoded and features derived by an equal table."""
        return {family: model.one(columns) for family, model in self.models.items()}

    def score_many(self, frame: Any) -> dict[str, Array]:
        """``{family: (n,)}`` of a pandas or Arrow table of raw attributes.

        Raises InvalidInput where a column holds another kind altogether.
        """
        columns: dict[str, Any] = self.program.table.encode_frame(frame)
        self.program.many(columns)
        size = frame.num_rows if hasattr(frame, "num_rows") else len(frame)
        return {family: model.many(columns, size) for family, model in self.models.items()}

    def reads_like(self, document: object) -> bool:
        """True where a table's document means the same to these models: what they need is declared alike in both."""
        try:
            return FeatureProgram.from_document(document, self._needed()).table == self.program.table
        except PolicyError:
            return False

    def _needed(self) -> set[str]:
        return {name for model in self.models.values() for name in model.inputs.names}


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
    models = {family: FamilyModel(manifest["families"][family], boosters[family]) for family in boosters}
    return Bundle(manifest, models, program)


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
