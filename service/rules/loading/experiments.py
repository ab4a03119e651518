"""experiments.yaml: exploration, the holdout, and the standing tests.

Shares are of all customers, and a whole number of buckets (``service.core.hashing.BUCKETS``). The holdout and the tests
together leave at least half of the customers to the whole method, with whom all of them are compared.
"""

from collections.abc import Mapping

from service.core.domain import Arm
from service.core.hashing import BUCKETS
from service.rules.loading.documents.entry import Entry, quote_json
from service.rules.model.rules import ATTRIBUTION_DAYS, TEST_KINDS, Experiments, ReleaseGate, StandingTest, Strategy

MOST = 0.5
LEAST = 1 / BUCKETS
WITHOUT_STRATEGY = "without-strategy"
Strategies = Mapping[str, Strategy]


def read_experiments(page: Entry, strategies: Strategies) -> Experiments:
    """Exploration, holdout, standing tests, the attribution window and the cache's grain."""
    exploration, holdout, cache = page.child("exploration"), page.child("holdout"), page.child("cache")
    attribution = page.child("attribution") if page.has("attribution") else None
    tests = tuple(_test(one, strategies) for one in page.children("tests", "test", optional=True))
    experiments = Experiments(
        exploration_epsilon=exploration.number("epsilon", 0.0, 0.5, "a probability"),
        exploration_salt=exploration.text("salt"),
        holdout_share=holdout.number("share", 0.0, MOST, "a share of the customers"),
        holdout_salt=holdout.text("salt"),
        cache_grain_minutes=cache.whole("grain_minutes", 1, 1440),
        tests=tests,
        attribution_days=_attribution(attribution),
        release_gate=_release_gate(page),
    )
    _demand_room(page, experiments)
    _demand_salts(page, experiments)
    for entry in (exploration, holdout, cache, *([] if attribution is None else [attribution]), page):
        entry.close()
    return experiments


def _attribution(entry: Entry | None) -> float:
    return ATTRIBUTION_DAYS if entry is None else entry.number("window_days", 0.01, 366.0, "days")


def _test(entry: Entry, strategies: Strategies) -> StandingTest:
    name, kind = entry.name("id"), entry.choice("kind", TEST_KINDS)
    if name in set(Arm):
        entry.add_fault("id", f'must not be "{name}": every decision already knows an arm of that name')
    share = entry.number("share", LEAST, MOST, "a share of the customers")
    test = StandingTest(name, kind, share, entry.text("salt"), _strategy(entry, kind, strategies))
    entry.close()
    return test


def _release_gate(page: Entry) -> ReleaseGate:
    """The thresholds of the gate; its defaults where the policy says nothing."""
    if not page.has("release_gate"):
        return ReleaseGate()
    entry = page.child("release_gate")
    gate = ReleaseGate(
        most_worse_share=entry.number("most_worse_share", 0.0, 1.0, "a share of the champion's value"),
        least_effective=entry.whole("least_effective", 10, 1_000_000),
    )
    entry.close()
    return gate


def _strategy(entry: Entry, kind: str, strategies: Strategies) -> str | None:
    """The strategy that is withheld; only tests of that kind name one."""
    if kind == WITHOUT_STRATEGY:
        return entry.choice("strategy", tuple(strategies)) if strategies else entry.text("strategy")
    if entry.has("strategy") and kind:
        entry.add_fault("strategy", f"belongs to tests of kind {WITHOUT_STRATEGY} only, got kind {kind}")
    return None


def _demand_room(page: Entry, experiments: Experiments) -> None:
    whole = experiments.holdout_share + sum(test.share for test in experiments.tests)
    if whole > MOST + 1e-9:
        page.add_fault(
            "tests", f"and the holdout take {whole:.4g} of the customers together; expected at most {MOST:g}"
        )


def _demand_salts(page: Entry, experiments: Experiments) -> None:
    """Add a problem for each shared salt: a test with another's salt would always draw its neighbours."""
    seen = {experiments.holdout_salt: "the holdout"}
    for test in experiments.tests:
        if test.salt and test.salt in seen:
            page.add_fault(
                "tests", f'give "{test.id}" the salt {quote_json(test.salt)} of {seen[test.salt]}; expected its own'
            )
        seen.setdefault(test.salt, f'test "{test.id}"')
