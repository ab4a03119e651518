"""Without a bundle the models answer like a bundle that knows nothing."""

import inspect

from service.scoring.models import NO_BUNDLE, Bundle, NoBundle


def test_no_bundle_gives_no_score_no_segment_and_no_version() -> None:
    assert NO_BUNDLE.score_one({"age": 40}) == {} == NO_BUNDLE.score_with_segment({"age": 40}, True)
    assert NO_BUNDLE.version is None and NO_BUNDLE.segments is None and NO_BUNDLE.lapse is None
    assert NO_BUNDLE.families == () and NO_BUNDLE.manifest == {}


def test_no_bundle_takes_the_same_questions_as_a_bundle() -> None:
    for name in ("score_one", "score_with_segment"):
        asked, answered = (inspect.signature(getattr(kind, name)) for kind in (Bundle, NoBundle))
        assert asked == answered
