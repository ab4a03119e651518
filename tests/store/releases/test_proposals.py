"""Two pairs of eyes: who may make a policy serve, what a rollback restores, and that the log tells all of it."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest

from service.core.domain import Release
from service.core.errors import Conflict, FourcastError, InvalidInput, NotFound, OwnApproval
from service.store import Store
from service.store.outbox.jobs import APPROVAL, POLICIES, LeaseLost, end
from service.store.releases.challengers import Challenger
from service.store.releases.persons import same_person
from tests.seed import activate, put_policy


@pytest.fixture
def store(make_database: Callable[[], str]) -> Iterator[Store]:
    """A store in which policy p-1 serves with bundle b-1, and p-2 and p-3 are proposed by Anna."""
    opened = Store(make_database(), 2000)
    opened.releases.put_bundle("b-1", {})
    opened.proposals.bootstrap("p-1", {}, "b-1", "demo", "first light")
    for policy in ("p-2", "p-3"):
        opened.proposals.propose(policy, {"of": policy}, "Anna", "rates of autumn")
    yield opened
    opened.close()


def actions(store: Store) -> list[tuple[str, str]]:
    return [(row["actor"], row["action"]) for row in reversed(store.audit.list_rows(100))]


def serves(store: Store) -> str:
    active = store.releases.active()
    assert active is not None
    return active.policy


def test_a_proposal_waits_and_changes_nothing(store: Store) -> None:
    proposal = store.proposals.find("p-2")
    assert (proposal.author, proposal.note, proposal.state, proposal.release) == (
        "Anna",
        "rates of autumn",
        "proposed",
        None,
    )
    assert serves(store) == "p-1"
    assert store.releases.policy("p-2") == {"of": "p-2"}


@pytest.mark.parametrize("name", ["Anna", "anna", " ANNA ", "Ａｎｎａ"])
def test_the_author_cannot_approve_however_they_write_themselves(store: Store, name: str) -> None:
    with pytest.raises(OwnApproval, match='"Anna" proposed this policy: somebody else must approve it'):
        store.proposals.approve("p-2", name, "")
    assert serves(store) == "p-1"
    assert ("Anna", "policy.approve") not in actions(store)


def test_another_approves_and_it_serves_beside_what_served(store: Store) -> None:
    activate(store, "p-1", "b-1", "prices", "plan", {"channel:adviser_call": 12.5})
    release = store.proposals.approve("p-2", "Ben", "looks right")
    assert store.releases.active() == release == Release(release.id, "p-2", "b-1", {"channel:adviser_call": 12.5})
    found = store.proposals.find("p-2")
    assert (found.state, found.release, found.approver) == ("active", release.id, "Ben")
    assert store.releases.list_releases()[0]["note"] == "approved, proposed by Anna: looks right"
    assert store.proposals.find("p-3").state == "proposed"


def test_a_runner_that_was_thought_dead_and_comes_back_releases_nothing(store: Store) -> None:
    store.jobs.add_whole(APPROVAL, "Ben", None, {})
    dead, alive = (store.jobs.take(-1, POLICIES) for _ in range(2))
    assert dead is not None and alive is not None and dead.id == alive.id
    with pytest.raises(LeaseLost):
        store.proposals.approve("p-2", "Ben", "", lambda connection, _: end(connection, dead))
    assert (serves(store), store.jobs.read(alive.id).state) == ("p-1", "running")
    store.proposals.approve("p-2", "Ben", "", lambda connection, _: end(connection, alive))
    assert (serves(store), store.jobs.read(alive.id).state) == ("p-2", "done")


def test_proposing_the_same_content_again_makes_nobody_else_its_author(store: Store) -> None:
    again, new = store.proposals.propose("p-2", {"of": "p-2"}, "Ben", "mine now")
    assert (again.author, again.note, new) == ("Anna", "rates of autumn", False)
    with pytest.raises(OwnApproval):
        store.proposals.approve("p-2", "Anna", "")
    assert store.proposals.approve("p-2", "Ben", "").policy == "p-2"


def test_what_serves_cannot_be_approved_again_and_what_was_never_proposed_not_at_all(store: Store) -> None:
    store.proposals.approve("p-2", "Ben", "")
    with pytest.raises(Conflict, match="serves already, as release 2"):
        store.proposals.approve("p-2", "Ben", "")
    put_policy(store, "p-slipped-in", {})
    for unknown in ("p-slipped-in", "p-none"):
        with pytest.raises(NotFound, match=f'No policy "{unknown}" was proposed'):
            store.proposals.approve(unknown, "Ben", "")


def test_a_retired_policy_may_be_approved_anew(store: Store) -> None:
    store.proposals.approve("p-2", "Ben", "")
    store.proposals.approve("p-3", "Ben", "")
    assert store.proposals.find("p-2").state == "retired"
    store.proposals.approve("p-2", "Cleo", "")
    assert (store.proposals.find("p-2").approver, store.proposals.find("p-3").state) == ("Cleo", "retired")


def test_neither_a_rollback_nor_a_promotion_makes_an_approver(store: Store) -> None:
    store.proposals.approve("p-2", "Ben", "")
    store.proposals.approve("p-3", "Cleo", "")
    back = store.proposals.rollback("Dora", "")
    activate(store, "p-2", "b-1", "prices", "plan", {"channel:adviser_call": 12.5})
    found = store.proposals.find("p-2")
    assert (found.state, found.approver, store.proposals.find("p-3").approver) == ("active", "Ben", "Cleo")
    assert found.release is not None and found.release > back.id


def test_a_list_says_what_was_withdrawn(store: Store) -> None:
    store.proposals.withdraw("p-2", "Ben", "wrong words")
    assert {each.policy: each.withdrawn for each in store.proposals.list_proposals(10)} == {
        "p-1": False,
        "p-2": True,
        "p-3": False,
    }


def test_the_first_release_alone_needs_no_second_person(store: Store, make_database: Callable[[], str]) -> None:
    with pytest.raises(Conflict, match="let somebody else approve it"):
        store.proposals.bootstrap("p-9", {}, None, "Anna", "")
    assert [each.policy for each in store.proposals.list_proposals(10)][-1] == "p-1"
    assert store.releases.list_releases()[-1]["actor"] == "demo"


def test_rolling_back_goes_further_back_each_time_and_never_forth(store: Store) -> None:
    store.proposals.approve("p-2", "Ben", "")
    store.proposals.approve("p-3", "Ben", "")
    assert store.proposals.rollback("Ben", "complaints").policy == "p-2"
    assert store.releases.list_releases()[0]["note"] == "rollback to release 2: complaints"
    assert store.proposals.rollback("Ben", "").policy == "p-1"
    with pytest.raises(Conflict, match="no earlier release"):
        store.proposals.rollback("Ben", "")
    store.proposals.approve("p-3", "Ben", "")
    assert store.proposals.rollback("Ben", "").policy == "p-1"
    assert store.releases.list_releases()[0]["restores"] == 1


def test_a_rollback_ends_a_trial_before_it_goes_further_back(store: Store) -> None:
    store.proposals.approve("p-2", "Ben", "")
    store.challengers.begin(Challenger("p-1", "b-1", 0.1), "Ben", "")
    assert store.proposals.rollback("Ben", "").policy == "p-2"
    assert store.challengers.find(4) is None
    assert store.proposals.rollback("Ben", "").policy == "p-1"


def test_what_may_serve_next_is_the_newest_proposals_and_the_release_before(store: Store) -> None:
    assert set(store.proposals.list_likely()) == {"p-2", "p-3"}
    store.proposals.approve("p-2", "Ben", "")
    assert store.proposals.list_likely() == ["p-3", "p-1"]
    store.proposals.rollback("Ben", "")
    assert store.proposals.list_likely() == ["p-3"]


def test_a_rollback_brings_back_bundle_and_prices_too(store: Store) -> None:
    store.releases.put_bundle("b-2", {})
    activate(store, "p-1", "b-1", "prices", "plan", {"offer:x": 1.0})
    store.releases.promote("b-2", "better", "cli")
    assert store.releases.active() == Release(3, "p-1", "b-2", {"offer:x": 1.0})
    assert store.proposals.rollback("Ben", "") == Release(4, "p-1", "b-1", {"offer:x": 1.0})
    assert store.proposals.rollback("Ben", "") == Release(5, "p-1", "b-1", {})


def test_with_nothing_active_there_is_nothing_to_go_back_to_or_to_promote_beside(
    make_database: Callable[[], str],
) -> None:
    fresh = Store(make_database(), 2000)
    fresh.releases.put_bundle("b-1", {})
    with pytest.raises(Conflict, match="no earlier release"):
        fresh.proposals.rollback("Ben", "")
    with pytest.raises(Conflict, match="No policy serves yet"):
        fresh.releases.promote("b-1", "", "cli")
    fresh.proposals.propose("p-1", {}, "Anna", "")
    assert fresh.proposals.approve("p-1", "Ben", "") == Release(1, "p-1", None, {})
    fresh.close()


def test_every_step_stands_in_the_log_and_the_chain_holds(store: Store) -> None:
    store.proposals.approve("p-2", "Ben", "yes")
    store.proposals.rollback("Cleo", "no")
    assert actions(store) == [
        ("demo", "policy.propose"),
        ("demo", "release.bootstrap"),
        ("demo", "release.activate"),
        ("Anna", "policy.propose"),
        ("Anna", "policy.propose"),
        ("Ben", "policy.approve"),
        ("Ben", "release.activate"),
        ("Cleo", "release.rollback"),
        ("Cleo", "release.activate"),
    ]
    assert store.audit.verify().broken_at is None
    approved = store.audit.list_rows(4)[3]
    assert approved["detail"] == {"author": "Anna", "note": "yes", "red": 0, "signed_by": []}
    assert approved["subject"] == "p-2"
    assert len(approved["hash"]) == 64


@pytest.mark.parametrize("blank", ["", " ", "　"])
def test_nobody_is_no_person(store: Store, blank: str) -> None:
    with pytest.raises(InvalidInput):
        store.proposals.propose("p-4", {}, blank, "")
    with pytest.raises(InvalidInput):
        store.proposals.approve("p-2", blank, "")


@pytest.mark.parametrize("note", ["x" * 501, "a\0b"])
def test_a_note_has_bounds(store: Store, note: str) -> None:
    for attempt in (
        lambda: store.proposals.propose("p-4", {}, "Anna", note),
        lambda: store.proposals.approve("p-2", "Ben", note),
        lambda: store.proposals.rollback("Ben", note),
    ):
        with pytest.raises((InvalidInput, Conflict), match=r"note does not fit|no earlier"):
            attempt()
    assert serves(store) == "p-1"


def test_the_newest_proposals_come_first(store: Store) -> None:
    listed = store.proposals.list_proposals(10)
    assert {each.policy for each in listed} == {"p-1", "p-2", "p-3"}
    assert [each.at for each in listed] == sorted((each.at for each in listed), reverse=True)
    assert store.proposals.list_proposals(2) == listed[:2]


def test_the_start_of_a_hash_stands_for_it_while_it_is_the_only_one(store: Store) -> None:
    for policy in ("abcdef01", "abcdef02", "abc%ef03"):
        put_policy(store, policy, {})
    assert store.proposals.whole_hash("abcdef01") == "abcdef01"
    with pytest.raises(InvalidInput, match="give more of the hash"):
        store.proposals.whole_hash("abcdef")
    for none in ("abcde", "zzzzzzz", "abc%ef0_"):
        with pytest.raises(NotFound):
            store.proposals.whole_hash(none)


def test_approvals_promotions_and_rollbacks_at_once_never_bring_back_an_old_policy_unseen(store: Store) -> None:
    store.releases.put_bundle("b-2", {})

    def act(turn: int) -> object:
        steps: list[Callable[[], object]] = [
            lambda: store.proposals.approve("p-2", "Ben", ""),
            lambda: store.releases.promote("b-2" if turn % 2 else "b-1", "", "cli"),
            lambda: store.proposals.approve("p-3", "Ben", ""),
        ]
        try:
            return steps[turn % 3]()
        except FourcastError as refused:
            return refused

    with ThreadPoolExecutor(6) as threads:
        outcomes = list(threads.map(act, range(18)))
    assert all(isinstance(each, Release | Conflict) for each in outcomes)
    rows = list(reversed(store.releases.list_releases()))
    for before, after in pairwise(rows):
        if after["actor"] == "cli":
            assert after["policy"] == before["policy"], "a promotion keeps the policy that served just then"
        else:
            assert after["bundle"] == before["bundle"], "an approval keeps the bundle that served just then"
    assert store.audit.verify().broken_at is None


def test_names_are_compared_as_people_read_them() -> None:
    assert same_person("李 娜", "李　娜")
    assert not same_person("anna", "anne")
