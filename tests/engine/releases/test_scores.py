"""One way to ask a bundle of a customer: the live road, the gate of value, simulations and leads hear the same."""

import ast
from pathlib import Path

import numpy as np

import service.engine
from service.core.domain import Snapshot
from service.engine.releases.scores import score_many, score_one
from service.scoring.models import NO_BUNDLE, Bundle
from tests.engine.segmented import GONE, RICH

ASKS = {"score_columns", "score_with_segment"}


def test_a_customer_is_scored_with_the_segment_where_it_is_read(segmented_bundle: Bundle) -> None:
    rich = Snapshot("c1", 1, RICH, {})
    assert segmented_bundle.segments is not None
    found = score_one(segmented_bundle, rich, True)
    segments = [name for name in found if name.startswith("segment:")]
    assert len(segments) == 1 and found[segments[0]] == 1.0
    assert score_one(segmented_bundle, rich, False) == {
        name: said for name, said in found.items() if name not in segments
    }


def test_who_withdrew_personalisation_is_not_scored_and_without_a_bundle_nobody_is(segmented_bundle: Bundle) -> None:
    withdrawn = Snapshot("c1", 1, RICH, {"personalisation": False})
    assert score_one(segmented_bundle, withdrawn, True) == {} == score_one(NO_BUNDLE, Snapshot("c1", 1, RICH, {}), True)


def test_many_are_scored_as_one_by_one_and_silence_is_nan(segmented_bundle: Bundle) -> None:
    people = [
        Snapshot("a", 1, RICH, {}),
        Snapshot("b", 1, GONE, {"personalisation": False}),
        Snapshot("c", 1, GONE, {}),
    ]
    found = score_many(segmented_bundle, people)
    for place, one in enumerate(people):
        said = {name: float(column[place]) for name, column in found.items() if not np.isnan(column[place])}
        assert said == score_one(segmented_bundle, one, True)


def test_no_other_module_of_the_engine_asks_a_bundle_for_a_decision() -> None:
    asking = set()
    for path in Path(str(service.engine.__file__)).parent.rglob("*.py"):
        names = {node.func.attr for node in ast.walk(ast.parse(path.read_text()))
                 if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)}  # fmt: skip
        names |= {node.id for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Name)}
        asking |= {path.name} if names & ASKS else set()
    assert asking == {"scores.py", "explain.py"}, "explain.py scores a record again, whatever was withdrawn since"
