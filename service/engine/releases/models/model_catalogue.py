"""The bundles of an installation: listed, described, and two of them compared. Reads only.

Each is shown with its role: champion, challenger or none. ``promotion`` makes one serve.
"""

import contextlib
from collections.abc import Mapping
from typing import Any

from service.core.errors import BundleError, NotFound
from service.engine.releases.artifacts import Artifacts
from service.runtime.config import Settings
from service.scoring.models.folders import VERSION
from service.scoring.models.manifest import metrics_of, read_manifest
from service.store import Store

UNTOLD = ("golden",)
"""Golden rows, which prove a model on load; readers of a manifest do not need them."""


class ModelCatalogue:
    """The bundles of an installation, as one worker reads them."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self.settings, self.store = settings, store
        self._artifacts = Artifacts.of(settings)

    def list_models(self) -> list[dict[str, Any]]:
        """Every bundle here or in the artefact store, with its metrics or its problem."""
        serving = self.list_roles()
        return [self._row(version, serving) for version in self._artifacts.versions()]

    def list_manifests(self) -> dict[str, Mapping[str, Any]]:
        """The manifests of all bundles here or in the artefact store; a damaged one is left out."""
        found: dict[str, Mapping[str, Any]] = {}
        for version in self._artifacts.versions():
            with contextlib.suppress(BundleError):
                found[version] = self._read(version)
        return found

    def manifest(self, version: str) -> dict[str, Any]:
        """A bundle's manifest: features, files, calibration, metrics, sources, seed.

        Raises:
            NotFound: no such bundle.
            BundleError: its manifest is damaged.
        """
        document = {name: part for name, part in self._read(version).items() if name != "families"}
        families = self._read(version)["families"]
        document["families"] = {
            family: {name: part for name, part in entry.items() if name not in UNTOLD}
            for family, entry in families.items()
        }
        return document | {"serves_as": self.list_roles().get(version)}

    def compare(self, one: str, other: str) -> dict[str, Any]:
        """The metrics of two bundles by family, and whether they were measured on the same files.

        Raises:
            NotFound: no such bundle.
            BundleError: a manifest is damaged.
        """
        first, second = self._read(one), self._read(other)
        return {
            "one": one,
            "other": other,
            "same_files": first["sources"] == second["sources"],
            "families": _beside(metrics_of(first), metrics_of(second)),
        }

    def _row(self, version: str, serving: Mapping[str, str]) -> dict[str, Any]:
        row: dict[str, Any] = {"version": version, "serves_as": serving.get(version), "metrics": None, "problem": None}
        try:
            return {**row, "metrics": metrics_of(self._read(version))}
        except BundleError as error:
            return {**row, "problem": str(error)}

    def list_roles(self) -> dict[str, str]:
        """Bundle version -> ``champion`` or ``challenger``."""
        active = self.store.releases.active()
        if active is None:
            return {}
        trial = self.store.challengers.find(active.id)
        return {"" if trial is None else str(trial.bundle): "challenger", str(active.bundle): "champion"}

    def _read(self, version: str) -> Mapping[str, Any]:
        if not VERSION.fullmatch(version) or not self._artifacts.holds(version):
            raise NotFound(f'No bundle "{version[:40]}". GET /v1/models lists those there are.')
        return read_manifest(self._artifacts.folder_of(version))


def _beside(one: Mapping[str, Mapping[str, Any]], other: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Each figure of both; None where a bundle lacks the family or the figure."""
    return {
        family: {
            name: {"one": one.get(family, {}).get(name), "other": other.get(family, {}).get(name)}
            for name in sorted({*one.get(family, {}), *other.get(family, {})})
        }
        for family in sorted({*one, *other})
    }
