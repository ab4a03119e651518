"""A customer whom a full file does not name: on no list, no contact, served when they ask, back when named."""

import pytest

from service.store import ConsentWords, CustomerFile
from tests.engine.crm.conftest import Crm, House
from tests.routes.customers.reachable import REACHABLE, YES, noon

__all__ = ["noon"]

NOW_MS = 1_769_875_200_000


def read(house: House, as_of: int, *names: str) -> None:
    """A full file of these customers."""
    file = CustomerFile(as_of, list(REACHABLE), full=True, agreed=True)
    house.store.customers.load([(name, REACHABLE) for name in names], None, file)


@pytest.fixture
def gone(house: House) -> str:
    """A customer who may be reached in every channel, and whom the newest file does not name."""
    read(house, NOW_MS, "r-1", "r-2")
    house.store.consents.say("r-1", ConsentWords(YES, "app", "1"), 1)
    return "r-1"


def sms(bank: Crm, name: str, contact: str) -> int:
    body = {"id": contact, "customer_id": name, "offer": "term-12m", "channel": "sms"}
    return bank.ask("POST", "/v1/contacts", body).status_code


def listed(bank: Crm, name: str, channel: str) -> bool:
    """Whether a list of many customers has an offer for them in that channel."""
    (row,) = bank.ask("POST", "/v1/offers/bulk", {"customers": [name], "channel": channel}).json()["customers"]
    return bool(row["answer"]["offers"])


def test_the_retired_are_reached_on_no_road_and_served_when_they_ask(house: House, bank: Crm, gone: str) -> None:
    path = f"/v1/customers/{gone}/offers?channel="
    assert bank.ask("GET", path + "sms").json()["offers"]
    assert listed(bank, gone, "sms")
    assert sms(bank, gone, "r-before") == 201
    read(house, NOW_MS + 1, "r-2")
    assert bank.ask("GET", path + "sms").json()["offers"] == []
    assert not listed(bank, gone, "sms")
    assert sms(bank, gone, "r-while") == 409
    assert bank.ask("GET", path + "mobile_app").json()["offers"]
    assert bank.ask("GET", f"/v1/customers/{gone}").json()["attributes"] == REACHABLE
    read(house, NOW_MS + 2, "r-1", "r-2")
    assert listed(bank, gone, "sms")
