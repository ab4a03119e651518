"""Segments: which of the groups that training found a customer is nearest to.

``segment = argmin_k |z - centroid_k|`` over standardised figures (``standardize``): log balances, activity and the age
of the relationship. An unknown figure counts as the mean. A customer of whom less than half is known has no segment
(None). Training (``training.models.segments``) finds the centroids, names them by their profiles and writes them into
a bundle's manifest; here they are read and applied. Pure.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from service.core.attributes import Array
from service.core.domain import Text
from service.core.errors import BundleError, FourcastError
from service.scoring.standardize import KNOWN_SHARE, Standard, are_known, fill_with_mean

NO_SEGMENT = -1
"""The index of a customer of whom too little is known."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One group: id, name and description in both languages, share of the customers in training, typical figures.

    ``profile`` maps each figure to its median among the members, in the figure's own unit.
    """

    id: str
    name: Text
    description: Text
    share: float
    profile: Mapping[str, float | None]


class Segmentation:
    """The segments of one bundle."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        """Reads the manifest's ``segments``.

        Raises: BundleError: when a centroid lacks a figure, or there is none.
        """
        self.standard = Standard.from_document(document)
        self.segments = tuple(_segment(row) for row in document["segments"])
        self.centroids = np.array([row["centroid"] for row in document["segments"]], dtype=np.float64)
        self._rows = self.centroids.tolist()
        width = (len(self.segments), len(self.standard.names))
        if not self.segments or self.centroids.shape != width or not np.isfinite(self.centroids).all():
            raise BundleError(f"segments need one finite centroid of {width[1]} figures each")

    def assign(self, attributes: Mapping[str, object]) -> Segment | None:
        """The segment of one customer's raw attributes; None where less than half of the figures are known."""
        return self.assign_columns(self.standard.encode(attributes))

    def assign_columns(self, columns: Mapping[str, Any]) -> Segment | None:
        """``assign`` from columns that are encoded already (``Standard.encode``)."""
        z = self.standard.standardize_row(columns)
        if sum(one == one for one in z) < KNOWN_SHARE * len(z):  # noqa: PLR0124 - NaN alone differs from itself
            return None
        sure = [one if one == one else 0.0 for one in z]  # noqa: PLR0124
        distances = [sum([(a - b) * (a - b) for a, b in zip(sure, centroid, strict=True)]) for centroid in self._rows]
        return self.segments[distances.index(min(distances))]

    def assign_many(self, z: Array) -> Array:
        """(n,) index of the nearest centroid for z (n, f), the first of equals; -1 where too little is known."""
        distances = np.square(fill_with_mean(z)[:, np.newaxis, :] - self.centroids).sum(axis=2)
        return np.where(are_known(z), distances.argmin(axis=1), NO_SEGMENT)


def faults(document: object) -> Iterator[str]:
    """The faults of a manifest's ``segments``."""
    try:
        Segmentation(document)  # type: ignore[arg-type]
    except (KeyError, TypeError, ValueError, AttributeError, FourcastError) as error:
        yield f"segments do not hold together: {type(error).__name__}: {str(error)[:200]}"


def _segment(row: Mapping[str, Any]) -> Segment:
    return Segment(row["id"], dict(row["name"]), dict(row["description"]), float(row["share"]), dict(row["profile"]))
