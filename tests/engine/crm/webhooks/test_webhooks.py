"""Webhooks end to end: a real receiver verifies each message by the specification's own library."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import orjson
import pytest
import redis
from standardwebhooks import Webhook, WebhookVerificationError
from werkzeug.serving import make_server

from service.app import create_app
from service.cache import Cache
from service.core.errors import InvalidInput
from service.engine.crm.webhooks.addresses import check_url, is_public
from service.engine.crm.webhooks.sending import headers
from service.engine.engine import Engine
from service.runtime.config import Settings
from service.store import Store
from service.store.outbox.deliveries import DueDelivery
from tests.engine.crm.conftest import Crm, House
from tests.engine.crm.webhooks.receiver import Receiver
from tests.servers import execute


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    yield found
    found.server.shutdown()
    found.server.server_close()


@pytest.fixture(scope="module")
def house(store: Store, redis_url: str) -> Iterator[House]:
    """The service, allowed to send to this machine."""
    redis.Redis.from_url(redis_url).flushall()
    settings = replace(Settings(), webhook_loopback="on")
    engine = Engine(settings, store, Cache(redis_url))
    server = make_server("127.0.0.1", 0, create_app(settings, engine, lambda _line: None), threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield House(f"http://127.0.0.1:{server.port}", engine, store)
    server.shutdown()
    engine.close()


@pytest.fixture
def bank(house: House) -> Crm:
    """The bank's CRM, with nobody listening yet and nothing left to tell."""
    execute(house.store.url, "DELETE FROM webhooks")
    run(house)
    return house.client("bank")


def run(house: House) -> None:
    """The runner's line, until nothing is due."""
    while house.engine.crm.sender.step():
        pass


def hurry(house: House) -> None:
    """The pauses are over."""
    execute(house.store.url, "UPDATE deliveries SET next_at = 0 WHERE state = 'waiting'")


def listen(bank: Crm, receiver: Receiver, *types: str) -> dict[str, Any]:
    made = bank.ask("POST", "/v1/webhooks", {"url": receiver.url, "types": list(types)})
    assert made.status_code == 201, made.text
    found: dict[str, Any] = made.json()
    return found


def touch(bank: Crm, name: str, age: int = 30) -> None:
    assert bank.ask("PUT", f"/v1/customers/{name}", {"attributes": {"age": age}}).status_code in (200, 201)


def test_a_change_arrives_signed_and_once(house: House, bank: Crm, receiver: Receiver) -> None:
    secret = listen(bank, receiver, "customer.updated")["secret"]
    touch(bank, "w-1")
    run(house)
    run(house)
    ((named, body),) = receiver.got
    told = Webhook(secret).verify(body, named)
    assert (told["type"], told["data"]["customer_id"]) == ("customer.updated", "w-1")
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body.replace("w-1", "w-2"), named)
    listed = bank.ask("GET", "/v1/webhooks").json()["webhooks"]
    assert all("secret" not in one for one in listed)


def test_only_the_wanted_types_and_the_own_branch_are_told(house: House, bank: Crm, receiver: Receiver) -> None:
    branch = house.client("b-1-crm", branch="b-1")
    listen(branch, receiver, "customer.*")
    bank.ask("PUT", "/v1/customers/w-b1", {"attributes": {"branch_id": "b-1"}})
    bank.ask("PUT", "/v1/customers/w-b2", {"attributes": {"branch_id": "b-2"}})
    run(house)
    assert ["w-b1" in body for _, body in receiver.got] == [True]
    assert bank.ask("POST", "/v1/webhooks", {"url": receiver.url, "types": ["custmer.*"]}).status_code == 422


def test_a_branch_is_not_told_how_a_customer_is_called_after_they_left(
    house: House, bank: Crm, receiver: Receiver
) -> None:
    branch = house.client("b-moved-crm", branch="b-m1")
    listen(branch, receiver, "customer.*")
    for key, home in (("K-before", "b-m1"), ("K-after", "b-m2")):
        body = {"external_key": key, "attributes": {"branch_id": home}}
        assert bank.ask("PUT", "/v1/customers/w-moved", body).status_code in (200, 201)
    everywhere = bank.ask("GET", "/v1/changes?limit=1000").json()["changes"]
    run(house)
    told = [orjson.loads(body) for _, body in receiver.got]
    keys = {one["type"]: one["data"].get("external_key") for one in told}
    assert keys == {"customer.updated": "K-before", "customer.moved": None}
    mine = [one for one in everywhere if one["subject"] == "w-moved"]
    assert {one["data"]["external_key"] for one in mine} == {"K-after"}, "the bank is told how they are called now"


def test_a_failed_delivery_comes_again_with_the_same_id_and_not_at_once(
    house: House, bank: Crm, receiver: Receiver
) -> None:
    made = listen(bank, receiver, "customer.updated")
    receiver.answers = [500, 302]
    touch(bank, "w-3")
    run(house)
    assert len(receiver.got) == 1, "it waits before it comes again"
    for _ in range(2):
        hurry(house)
        run(house)
    assert len(receiver.got) == 3, "a redirect is no arrival, and nobody follows it"
    assert len({named["webhook-id"] for named, _ in receiver.got}) == 1
    (row,) = bank.ask("GET", f"/v1/webhooks/{made['id']}/deliveries?state=delivered").json()["deliveries"]
    assert (row["attempts"], row["status"], row["message_id"]) == (3, 204, receiver.got[0][0]["webhook-id"])


def test_what_was_given_up_can_be_replayed(house: House, bank: Crm, receiver: Receiver) -> None:
    made = listen(bank, receiver, "customer.updated")
    receiver.answers = [500] * 12
    touch(bank, "w-4")
    for _ in range(13):
        run(house)
        hurry(house)
    path = f"/v1/webhooks/{made['id']}"
    (row,) = bank.ask("GET", f"{path}/deliveries?state=failed").json()["deliveries"]
    assert row["attempts"] == 12
    assert bank.ask("POST", f"{path}/replay", {}).json() == {"deliveries": 1}
    run(house)
    assert len(receiver.got) == 13
    assert bank.ask("POST", f"{path}/replay", {"delivery": row["id"]}).status_code == 202
    run(house)
    assert len(receiver.got) == 14
    assert bank.ask("POST", f"{path}/replay", {"delivery": "nonsense"}).status_code == 404


def test_while_rotating_both_secrets_verify(house: House, bank: Crm, receiver: Receiver) -> None:
    made = listen(bank, receiver, "customer.updated")
    new = bank.ask("POST", f"/v1/webhooks/{made['id']}/rotate", {}).json()["secret"]
    touch(bank, "w-5")
    run(house)
    named, body = receiver.got[0]
    for secret in (made["secret"], new):
        Webhook(secret).verify(body, named)
    execute(house.store.url, "UPDATE webhooks SET old_until = 1")
    touch(bank, "w-5", 31)
    run(house)
    named, body = receiver.got[1]
    Webhook(new).verify(body, named)
    with pytest.raises(WebhookVerificationError):
        Webhook(made["secret"]).verify(body, named)


def test_no_log_keeps_an_address_in_whose_query_a_secret_stands(house: House, bank: Crm) -> None:
    for secret in ("s3cret-one", "s3cret-two"):
        made = bank.ask("POST", "/v1/webhooks", {"url": f"https://8.8.8.8/h?token={secret}", "types": ["job.*"]}).json()
        bank.ask("PUT", f"/v1/webhooks/{made['id']}", {"url": f"https://8.8.8.8/{secret}"})
        house.store.deliveries.mark_failed(DueDelivery(made["id"], made["id"], "", (), "", 1), 410, "gone", 1)
        bank.ask("DELETE", f"/v1/webhooks/{made['id']}")
    kept = [*house.store.audit.list_rows(20), *bank.ask("GET", "/v1/changes?types=webhook.disabled").json()["changes"]]
    told = orjson.dumps(kept, default=str).decode()
    assert "s3cret" not in told and told.count("8.8.8.8") >= 8


def test_a_webhook_that_fails_on_and_on_is_switched_off_on_record(house: House, bank: Crm, receiver: Receiver) -> None:
    made = listen(bank, receiver, "customer.updated")
    receiver.answers = [500]
    execute(house.store.url, "UPDATE webhooks SET failing_since = 0")
    touch(bank, "w-6")
    run(house)
    path = f"/v1/webhooks/{made['id']}"
    assert bank.ask("GET", path).json()["enabled"] is False
    assert house.store.audit.list_rows(1)[0]["action"] == "webhook.disabled"
    hurry(house)
    run(house)
    assert len(receiver.got) == 1, "nothing is sent any more"
    assert bank.ask("PUT", path, {"enabled": True}).json()["failing_since"] is None
    run(house)
    assert len(receiver.got) == 2, "and what waited arrives"


def test_a_receiver_that_is_gone_is_taken_at_its_word(house: House, bank: Crm, receiver: Receiver) -> None:
    made = listen(bank, receiver, "customer.updated")
    receiver.answers = [410]
    touch(bank, "w-7")
    run(house)
    assert bank.ask("GET", f"/v1/webhooks/{made['id']}").json()["enabled"] is False
    assert bank.ask("DELETE", f"/v1/webhooks/{made['id']}").status_code == 204
    assert bank.ask("GET", f"/v1/webhooks/{made['id']}").status_code == 404


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/", "https://localhost/", "https://10.0.0.1/", "https://172.16.5.4/", "https://192.168.1.1/",
        "https://169.254.169.254/latest/meta-data", "https://0.0.0.0/", "https://100.64.0.1/", "https://224.0.0.1/",
        "https://[::1]/", "https://[::]/", "https://[fe80::1]/", "https://[fd00::1]/", "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:169.254.169.254]/", "https://[64:ff9b::7f00:1]/", "https://[2002:7f00:1::]/",
        "https://[::127.0.0.1]/", "https://[::ffff:0:10.0.0.1]/", "https://[fec0::1]/", "https://[64:ff9b:1::a00:1]/",
        "https://[5f00::1]/", "https://[100::1]/", "https://192.0.0.8/", "https://192.88.99.1/", "https://0177.0.0.1/",
        "https://2130706433/", "https://0x7f000001/", "https://127.1/", "http://8.8.8.8/", "ftp://8.8.8.8/",
        "https://user:word@8.8.8.8/", "https://8.8.8.8/#part", "https:///nowhere", "https://[bad/",
        "https://8.8.8.8:0/",
    ],
)  # fmt: skip
def test_addresses_inside_are_refused(url: str) -> None:
    with pytest.raises(InvalidInput):
        check_url(url, loopback=False)


def test_a_public_address_is_taken_and_loopback_only_where_allowed() -> None:
    assert check_url("https://8.8.8.8/x?y=1", loopback=False)[1] == "8.8.8.8"
    for outside in ("2606:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8"):
        assert check_url(f"https://[{outside}]/", loopback=False)
    assert check_url("http://127.0.0.1:9/", loopback=True)[1] == "127.0.0.1"
    with pytest.raises(InvalidInput):
        check_url("http://10.0.0.1/", loopback=True)


def test_a_name_that_also_leads_inside_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rebinding: every address of the name is judged, and the one judged is the one dialled."""
    rows = [(2, 1, 6, "", ("8.8.8.8", 443)), (2, 1, 6, "", ("10.1.2.3", 443))]
    monkeypatch.setattr("service.engine.crm.webhooks.addresses.socket.getaddrinfo", lambda *_, **__: rows)
    with pytest.raises(InvalidInput, match="not public"):
        check_url("https://crm.example/", loopback=False)
    monkeypatch.setattr("service.engine.crm.webhooks.addresses.socket.getaddrinfo", lambda *_, **__: rows[:1])
    assert check_url("https://crm.example/", loopback=False)[1] == "8.8.8.8"


def test_without_the_setting_a_webhook_to_this_machine_is_refused(house: House, receiver: Receiver) -> None:
    from service.engine.crm.webhooks.webhooks import Sender

    with pytest.raises(InvalidInput):
        Sender(house.store, loopback=False).expect_allowed(receiver.url)


def test_an_erased_customers_messages_are_gone(house: House, bank: Crm, receiver: Receiver) -> None:
    listen(bank, receiver, "customer.*")
    touch(bank, "w-gone")
    run(house)
    assert bank.ask("DELETE", "/v1/customers/w-gone").status_code == 204
    run(house)
    assert "customer.erased" in receiver.got[-1][1]
    left = execute(house.store.url, "SELECT type FROM deliveries WHERE body LIKE '%w-gone%'")
    assert left == [("customer.erased",)], "the one word that tells the receiver to do the same"


def test_headers_are_those_of_the_specification() -> None:
    assert set(headers(["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"], "msg_1", "{}", 1_614_265_330)) >= {
        "webhook-id", "webhook-timestamp", "webhook-signature", "content-type"}  # fmt: skip
    assert is_public(__import__("ipaddress").ip_address("8.8.8.8"))
