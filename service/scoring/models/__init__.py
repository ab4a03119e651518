"""The serving side of models: a bundle is distrusted, tried, opened, and then scores one customer or a million.

Order: ``manifest`` (hashes, shape) -> ``golden`` (trial in a process of its own) -> ``library`` (LightGBM's trees) ->
``bundle`` (features, trees, ``calibration``). ``training.bundles.registry`` writes bundles,
``service.analysis.model_gate`` judges them; which bundle serves is a release, which ``engine`` follows.
"""

from service.scoring.models.bundle import Bundle, open_bundle

__all__ = ["Bundle", "open_bundle"]
