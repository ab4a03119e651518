"""Leads to advisers: worked out by hand, held against every possible assignment, and within the hours always."""

from collections import Counter
from functools import cache

from hypothesis import given
from hypothesis import strategies as st

from service.planning.leads import HOURS_FULL, NO_ADVISER, NO_SKILL, Adviser, Assigned, Candidate, assign, left_out

TWO = [Adviser("a1", "b1", 60, 30), Adviser("a2", "b1", 30, 30), Adviser("a3", "b2", 45, 30)]


def told(found: list[Assigned]) -> dict[str, str]:
    return {one.candidate.customer_id: one.adviser for one in found}


def test_the_best_go_first_and_own_advisers_keep_their_customers() -> None:
    candidates = [
        Candidate("low", 1.0, "b1"),
        Candidate("own", 5.0, "b1", "a2"),
        Candidate("best", 9.0, "b1"),
        Candidate("next", 7.0, "b1"),
        Candidate("far", 8.0, "b2"),
        Candidate("late", 6.0, "b2"),
    ]
    found = assign(candidates, TWO)
    assert told(found) == {"best": "a1", "far": "a3", "next": "a1", "own": "a2"}
    assert [one.candidate.priority for one in found] == [9.0, 8.0, 7.0, 5.0]


def test_a_full_adviser_gets_nobody_and_open_leads_count() -> None:
    full = [Adviser("a1", "b1", 60, 30, open=2), Adviser("a2", "b1", 29, 30)]
    assert assign([Candidate("c", 9.0, "b1"), Candidate("d", 9.0, "b1", "a1")], full) == []


def test_an_adviser_who_is_not_here_leaves_the_customer_to_the_branch() -> None:
    assert told(assign([Candidate("c", 1.0, "b1", "gone")], TWO)) == {"c": "a1"}
    assert assign([Candidate("c", 1.0, "b9")], TWO) == []
    assert told(assign([Candidate("c", 1.0)], TWO)) == {"c": "a1"}


def test_what_is_worth_nothing_is_no_lead() -> None:
    assert assign([Candidate("c", 0.0, "b1"), Candidate("d", -1.0, "b1"), Candidate("e", float("nan"))], TWO) == []


def test_nobody_gets_what_they_may_not_sell_and_a_colleague_makes_room() -> None:
    skilled, plain = Adviser("a1", "b1", 30, 30), Adviser("a2", "b1", 30, 30, max_risk=1)
    safe, risky = Candidate("safe", 9.0, "b1", risk=1), Candidate("risky", 5.0, "b1", "a2", risk=4)
    assert told(assign([safe, risky], [skilled, plain])) == {"safe": "a2", "risky": "a1"}, "a1 alone may sell R4"
    assert told(assign([risky, Candidate("best", 9.0, "b1", risk=3)], [skilled, plain])) == {"best": "a1"}
    assert assign([risky], [plain]) == []


def test_who_gets_no_adviser_is_told_why() -> None:
    here = [Adviser("a1", "b1", 30, 30, max_risk=2)]
    people = [
        Candidate("best", 9.0, "b1"),
        Candidate("next", 8.0, "b1"),
        Candidate("risky", 7.0, "b1", risk=3),
        Candidate("far", 6.0, "b9"),
    ]
    placed = assign(people, here)
    assert told(placed) == {"best": "a1"}
    assert left_out(people, here, placed) == {HOURS_FULL: 1, NO_SKILL: 1, NO_ADVISER: 1}


advisers = st.lists(
    st.builds(
        Adviser,
        st.sampled_from(["a1", "a2", "a3"]),
        st.sampled_from(["b1", "b2"]),
        st.integers(0, 90),
        st.sampled_from([20, 30, 45]),
        st.integers(0, 2),
        st.sampled_from([None, 1, 3]),
    ),
    max_size=3,
    unique_by=lambda one: one.id,
)
branches, own = st.sampled_from([None, "b1", "b2", "b3"]), st.sampled_from([None, None, "a1", "a2", "a9"])
candidates = st.lists(
    st.builds(
        Candidate,
        st.sampled_from([f"c{n}" for n in range(7)]),
        st.integers(-1, 9).map(float),
        branches,
        own,
        st.sampled_from([None, 1.0, 2.0, 4.0]),
    ),
    max_size=7,
    unique_by=lambda one: one.customer_id,
)


def may_sell(one: Candidate, adviser: Adviser) -> bool:
    return one.risk is None or adviser.max_risk is None or one.risk <= adviser.max_risk


def may_go(one: Candidate, adviser: Adviser, here: list[Adviser]) -> bool:
    if any(each.id == one.adviser and may_sell(one, each) for each in here):
        return adviser.id == one.adviser
    return one.branch in (None, adviser.branch) and may_sell(one, adviser)


@given(candidates, advisers)
def test_no_assignment_carries_more_priority(people: list[Candidate], here: list[Adviser]) -> None:
    """Every assignment there is, tried one by one."""

    @cache
    def best(first: int, left: tuple[int, ...]) -> float:
        if first == len(people):
            return 0.0
        found = best(first + 1, left)
        for place, adviser in enumerate(here):
            if left[place] and may_go(people[first], adviser, here):
                fewer = (*left[:place], left[place] - 1, *left[place + 1 :])
                found = max(found, people[first].priority + best(first + 1, fewer))
        return found

    total = sum(one.candidate.priority for one in assign(people, here))
    assert total == best(0, tuple(one.contacts for one in here))


@given(candidates, advisers)
def test_hours_are_never_passed_and_nobody_stands_twice(people: list[Candidate], here: list[Adviser]) -> None:
    found = assign(people, here)
    known = {one.id: one for one in here}
    counts = Counter(one.adviser for one in found)
    assert all(counts[one.id] <= one.contacts for one in here)
    assert len({one.candidate.customer_id for one in found}) == len(found)
    assert all(may_go(one.candidate, known[one.adviser], here) for one in found)
    assert found == assign(people[::-1], here[::-1])
