"""A withdrawn policy serves from nowhere: not from the folder of a service either."""

from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
import pytest

from service.cache import Cache
from service.cli.bank.stack import Stack
from service.cli.operate.serve import refuse_withdrawn_folder
from service.core.errors import Unavailable, Withdrawn
from service.engine.offers.request import OfferRequest
from service.engine.playground import Playground
from service.engine.releases.active_release import ReleaseFollower
from service.rules.policy import DEFAULT, load
from service.runtime.config import Settings
from service.store import Store

POLICY = load(DEFAULT)


@pytest.fixture
def store(make_database: Callable[[], str]) -> Iterator[Store]:
    """A store that nothing was released in; mei proposed what the folder holds."""
    opened = Store(make_database(), 2000)
    opened.proposals.propose(POLICY.hash, POLICY.documents, "mei", "")
    yield opened
    opened.close()


@pytest.fixture
def follow(store: Store, tmp_path: Path) -> Iterator[Callable[[], ReleaseFollower]]:
    """Opens followers of the store, each as a worker has one."""
    settings, followers = Settings(policy=DEFAULT, artifacts=tmp_path), list[ReleaseFollower]()

    def follow_now() -> ReleaseFollower:
        followers.append(ReleaseFollower(settings, store))
        return followers[-1]

    yield follow_now
    for one in followers:
        one.close()


def test_a_folder_that_serves_stops_where_it_is_withdrawn_and_no_worker_starts_with_it(
    store: Store, follow: Callable[[], ReleaseFollower]
) -> None:
    running = follow()
    assert running.serving.policy.hash == POLICY.hash
    store.proposals.withdraw(POLICY.hash, "wei", "wrong rate")
    running.refresh()
    with pytest.raises(Unavailable, match="withdrawn"):
        _ = running.serving
    with pytest.raises(Withdrawn, match="wrong rate"):
        follow()


def test_serving_a_withdrawn_folder_is_refused_before_a_worker_starts(store: Store, redis_url: str) -> None:
    stack = Stack(Settings(policy=DEFAULT), store, Cache(redis_url))
    refuse_withdrawn_folder(stack)
    store.proposals.withdraw(POLICY.hash, "wei", "wrong rate")
    with pytest.raises(Withdrawn, match="never serves again: wrong rate"):
        refuse_withdrawn_folder(stack)


def test_it_may_be_tried_and_says_that_it_was_withdrawn(store: Store, follow: Callable[[], ReleaseFollower]) -> None:
    playground = Playground(follow(), store.withdrawals, lambda: 1_790_000_000_000)
    assert orjson.loads(playground.try_out({}, OfferRequest(limit=1)))["withdrawn"] is None
    store.proposals.approve(POLICY.hash, "wei", "")
    store.proposals.propose("p-2", {}, "mei", "")
    store.proposals.approve("p-2", "wei", "")
    store.proposals.withdraw(POLICY.hash, "wei", "wrong rate")
    answer = orjson.loads(playground.try_out({}, OfferRequest(limit=1), None, POLICY.hash))
    assert answer["withdrawn"] == {"by": "wei", "reason": "wrong rate"}
