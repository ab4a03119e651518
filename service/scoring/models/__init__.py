"""Bundles of models: verified, tried, opened, scoring one customer or many.

Order: ``manifest`` (hashes, shape) -> ``golden`` (trial in a process of its own) -> ``lightgbm_c`` (LightGBM's trees)
-> ``bundle`` (features, trees, ``calibration``). ``NO_BUNDLE`` answers like a bundle where none serves.
``training.bundles.registry`` writes bundles, ``service.analysis.model_gate`` judges them; which bundle serves is a
release, which ``engine`` follows.

    bundle        bundles: raw facts in, calibrated scores out, for one customer or many
    calibration   calibration: the isotonic fit as a table of points, interpolated
    fitness       fitness: whether a bundle fits this bank and this policy at all
    folders       folders of bundles, each found by its version
    golden        golden rows: the proof that this machine scores as the machine that trained
    lightgbm_c    LightGBM's C library through ctypes
    manifest      the manifest of a bundle: read and verified
    shap          SHAP values: what each fact added to a model's score
    shelf         the shelf: the offers on which the family models learned, with their terms
"""

from service.scoring.models.bundle import NO_BUNDLE, Bundle, Models, NoBundle, open_bundle

__all__ = ["NO_BUNDLE", "Bundle", "Models", "NoBundle", "open_bundle"]
