"""The short form of ``python -m tests.sabotage``: sixty policies loosened on purpose, and where the templates reach."""

from collections import Counter
from dataclasses import replace

from tests.few_cells import with_few_cells
from tests.sabotage.templates import GUARDS, TEMPLATES, columns, generate, shipped
from tests.sabotage.trial import CLEAN, REFUSED, Trials, verdict


def test_each_of_sixty_sabotages_is_refused_and_served_all_the_same_shows_nothing_forbidden() -> None:
    trials = Trials(bare_every=2)
    for number, case in enumerate(generate(60, seed=1)):
        few = replace(case, policy=replace(with_few_cells(case.policy), fits=case.policy.fits[:3]))
        trials.judge(few, number, 40)
    assert trials.faults == []
    levers = trials.outcomes.pop("lever")
    assert levers == Counter({CLEAN: 7, "seen open": 0}), "a lever opens nothing, and is proven so"
    others: Counter[str] = sum(trials.outcomes.values(), start=Counter())
    assert others[CLEAN] == 1, "a nullif that gives back what it is given opens nothing"
    assert others[REFUSED] >= 45, "with a customer in words"
    assert others["seen open"] >= 2, "the crowd must meet what the witnesses tell of"
    assert {"many", "one", "exploration", "default offers", "leads"} == set(trials.met)
    assert min(trials.met.values()) > 20


def test_the_shipped_policy_is_proven_and_each_template_reaches_each_law() -> None:
    assert verdict(shipped()) == CLEAN
    met = {(case.law, case.template) for case in generate(len(GUARDS) * len(TEMPLATES), seed=2)}
    assert met == {(law, template) for law in GUARDS for template in TEMPLATES}
    assert {case.column for case in generate(len(columns()), seed=2)} == set(columns())


def test_the_rules_that_guard_each_law_are_in_the_shipped_policy() -> None:
    known = {gate.id for gate in shipped().gates}
    assert {rule for rules in GUARDS.values() for rule in rules} <= known
