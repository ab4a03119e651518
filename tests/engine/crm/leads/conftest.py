"""Leads at noon of a working day: a branch with two advisers, and customers who may be called."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.clock import Clock, noon_of_next_wednesday
from tests.engine.crm.conftest import Crm, House
from tests.routes.conftest import SAVER
from tests.seed import attest
from tests.servers import execute

RICH = SAVER | {
    "age": 45,
    "demand_yuan": 400_000.0,
    "time_deposit_yuan": 100_000.0,
    "risk_tolerance": 3,
    "branch_id": "b-1",
    "adviser_id": "a-1",
}


@pytest.fixture(scope="module", autouse=True)
def working_hours(clock: Clock) -> None:
    """The service's clock shows noon in Shanghai of an ordinary Wednesday, so that calls may be made; time goes on."""
    clock.start_at(noon_of_next_wednesday())


@pytest.fixture
def branch(house: House) -> Iterator[Crm]:
    """The CRM of branch b-1, with two advisers for five and three contacts a week, and a clean list."""
    url = house.store.url
    execute(url, "DELETE FROM leads")
    execute(url, "DELETE FROM advisers")
    bank = house.client("bank")
    for name, minutes, where in (("a-1", 150, "b-1"), ("a-2", 90, "b-1"), ("a-9", 60, "b-2")):
        body = {"branch": where, "minutes_per_week": minutes, "minutes_per_contact": 30}
        assert bank.ask("PUT", f"/v1/advisers/{name}", body).status_code == 200
    attest(house.engine, "a-1", "a-2", "a-9")
    yield house.client("b-1-crm", branch="b-1")


NUMBER = iter(range(1_000_000))


def customers(house: House, count: int, **facts: Any) -> list[str]:
    """Customers who may be called."""
    names = [f"l-{next(NUMBER):05}" for _ in range(count)]
    house.store.customers.load((one, RICH | {"demand_yuan": 200_000.0 + 5_000 * place} | facts)
                               for place, one in enumerate(names))  # fmt: skip
    house.store.consents.load((one, "marketing:adviser_call", True) for one in names)
    return names


def step(branch: Crm, lead: dict[str, Any], what: str, who: str = "a-1", **more: Any) -> requests.Response:
    return branch.ask("POST", f"/v1/leads/{lead['id']}/{what}", {"on_behalf_of": who, **more})


def forget_all(house: House) -> None:
    """Nobody else is to be called."""
    url = house.store.url
    execute(url, "UPDATE customers SET attributes = attributes || '{\"do_not_contact\": true}'")


@pytest.fixture(autouse=True)
def quiet(house: House) -> None:
    forget_all(house)
