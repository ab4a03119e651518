"""A customer who can be reached in every channel, at noon: what tests of contacts share."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from service.store import ConsentWords, Store
from tests.clock import Clock, noon_of_a_working_day
from tests.routes.conftest import SAVER
from tests.seed import put_customer

Keys = dict[str, dict[str, str]]


Ask = Callable[..., Any]


HOUR = 3_600_000


NOON_MS, NOON_LOCAL = 4 * HOUR, 12 * HOUR


REACHABLE = {**SAVER, "sms_reachable": True, "email_reachable": True, "wechat_bound": True, "adviser_id": "A1"}


YES = {f"marketing:{channel}": True for channel in ("sms", "email", "wechat", "adviser_call")}


NUMBER = itertools.count(1)


@pytest.fixture(autouse=True)
def noon(clock: Clock) -> Iterator[None]:
    """It is noon in Shanghai of a working day, so that no quiet hour depends on when the tests run."""
    clock.start_at(noon_of_a_working_day())
    yield
    clock.reset()


@pytest.fixture
def customer(store: Store) -> str:
    """A customer of this test alone, who can be reached in every channel and agreed to all."""
    name = f"k-{next(NUMBER)}"
    put_customer(store, name, REACHABLE)
    store.consents.say(name, ConsentWords(YES, "app", "1"), 1)
    return name


@pytest.fixture
def ask(client: Any, keys: Keys, customer: str) -> Ask:
    def post(spoken: str = "en", **changes: Any) -> Any:
        body = {"id": f"k-{next(NUMBER)}", "customer_id": customer, "offer": "term-12m", "channel": "sms"}
        headers = keys["app"] | {"Accept-Language": spoken}
        return client.post("/v1/contacts", headers=headers, json=body | changes)

    return post


def closed(answer: Any) -> str:
    """The gate that was named."""
    assert (answer.status_code, answer.json["type"]) == (409, "urn:fourcast:problem:contact-refused")
    (fault,) = answer.json["errors"]
    return str(fault["where"])
