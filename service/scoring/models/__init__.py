"""The serving side of models: a bundle is distrusted, tried, opened, and then scores one customer or a million.

Order: ``manifest`` (hashes, shape) -> ``golden`` (trial in a process of its own) -> ``lightgbm_c`` (LightGBM's trees)
-> ``bundle`` (features, trees, ``calibration``). ``NO_BUNDLE`` answers like a bundle where none serves.
``training.bundles.registry`` writes bundles, ``service.analysis.model_gate`` judges them; which bundle serves is a
release, which ``engine`` follows.

    bundle        raw facts in, calibrated figures out under the names of scoring.propensity, for one or many
    calibration   the isotonic fit as a table of points, read between two points by a straight line
    fitness       whether a bundle fits the bank that it is to serve at all, whatever its figures
    folders       bundles in a folder of bundles, each found by its version, which is its content's
    golden        a bundle's own proof that this machine reads its trees as the machine that trained them did
    lightgbm_c    LightGBM's C library through ctypes
    manifest      the manifest of a bundle
    shap          what each fact added to a model's score
"""

from service.scoring.models.bundle import NO_BUNDLE, Bundle, Models, NoBundle, open_bundle

__all__ = ["NO_BUNDLE", "Bundle", "Models", "NoBundle", "open_bundle"]
