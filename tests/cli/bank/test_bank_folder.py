"""Who was erased stays erased on every table of a bank's files, is counted, and holds nobody up."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.core.domain import Lookback
from service.store import Store
from tests.cli.files import ACCOUNTS, SAID, Folders, folders
from tests.seed import put_customer
from tests.servers import MakeDatabase

LEFT_OUT = "1 erased customer left out"


@pytest.fixture
def opened(make_database: MakeDatabase) -> Iterator[tuple[Store, str]]:
    """A store in which e-1 was erased, and its address."""
    url = make_database()
    store = Store(url, 5000)
    put_customer(store, "e-1", {"demand_yuan": 1})
    store.customers.erase("e-1", lambda record, _: record, lambda _, __: True, "test", {})
    yield store, url
    store.close()


@pytest.fixture
def bank(tmp_path: Path, opened: tuple[Store, str], redis_url: str) -> Folders:
    return folders(tmp_path, opened[1], redis_url)


def consents(store: Store, customer: str) -> dict[str, bool] | None:
    found = store.customers.snapshot(customer, Lookback(0))
    return None if found is None else dict(found.consents)


def test_an_erased_customer_whom_the_file_names_blocks_nobody_s_consents(
    bank: Folders, opened: tuple[Store, str]
) -> None:
    told = bank.run("import")
    assert told.exit_code == 0, told.output
    assert LEFT_OUT in told.output
    assert [consents(opened[0], one) for one in ("e-1", "e-2", "e-3")] == [
        None,
        {"marketing:sms": True},
        {"marketing:sms": True},
    ]


def test_check_and_import_agree_on_the_same_files_and_count_the_erased(bank: Folders) -> None:
    checked = bank.run("check-files")
    assert checked.exit_code == 0, checked.output
    assert LEFT_OUT in checked.output
    assert bank.json("check-files") == {"rows": {"customers": 2, "consents": 2}, "faults": [], "erased": 1}
    assert bank.json("import") == {"customers": 2, "consents": 2, "erased": 1}


def test_an_erased_customer_is_counted_once_by_whatever_table_they_come(bank: Folders) -> None:
    bank.put("accounts.csv", ACCOUNTS.replace("e-1,1000\n", ""))
    bank.put("said.csv", SAID + "e-1,personalisation,true\n")
    assert bank.json("import") == {"customers": 2, "consents": 2, "erased": 1}


def test_a_faulty_row_of_an_erased_customer_holds_nobody_up_and_the_others_keep_their_numbers(bank: Folders) -> None:
    bank.put("said.csv", SAID.replace("e-1,marketing:sms", "e-1,marketing:pigeon"))
    assert bank.json("check-files")["faults"] == []
    assert bank.json("import")["consents"] == 2
    bank.put("said.csv", SAID.replace("e-3,marketing:sms", "e-3,marketing:pigeon"))
    for verb in ("check-files", "import"):
        refused = bank.run(verb)
        assert refused.exit_code == 2
        assert "row 3, customer 'e-3', purpose: must be one of" in refused.output


def test_who_was_erased_is_in_no_table_that_is_read(bank: Folders, opened: tuple[Store, str]) -> None:
    bank.put(
        "outcomes.sql", "SELECT id AS customer_id, id <> 'e-1' AS bought_deposit FROM read_csv(file('accounts.csv'))"
    )
    bank.put("lapse.sql", "SELECT id AS customer_id, false AS lapsed FROM read_csv(file('accounts.csv'))")
    checked = bank.run("check-files", "--json")
    assert checked.exit_code == 2, "two customers are too few to learn from"
    told = json.loads(checked.stdout)
    assert told["faults"] == []
    assert told["rows"] == {"customers": 2, "outcomes": 2, "lapse": 2, "consents": 2}
    assert told["erased"] == 1


def test_consents_of_nobody_refuse_the_whole_import_and_check_files_says_the_same(
    bank: Folders, opened: tuple[Store, str]
) -> None:
    bank.put("said.csv", SAID + "ghost,marketing:sms,true\n")
    for verb in ("check-files", "import"):
        refused = bank.run(verb)
        assert refused.exit_code == 2
        assert "row 4, customer 'ghost', customer_id: must be a customer of customers.sql" in refused.output
    assert opened[0].customers.count() == 0


def test_consents_may_come_for_who_is_stored_and_not_in_this_file(bank: Folders, opened: tuple[Store, str]) -> None:
    put_customer(opened[0], "older", {})
    bank.put("said.csv", SAID + "older,marketing:sms,false\n")
    assert bank.json("check-files")["faults"] == []
    bank.json("import")
    assert consents(opened[0], "older") == {"marketing:sms": False}
    assert consents(opened[0], "e-2") == {"marketing:sms": True}


def test_customers_and_consents_are_stored_together_or_not_at_all(opened: tuple[Store, str]) -> None:
    with pytest.raises(Exception, match="Nothing was stored"):
        opened[0].customers.load_files([("new", {})], [("ghost", "marketing:sms", True)])
    assert opened[0].customers.count() == 0


def test_files_that_name_the_erased_alone_store_nobody(bank: Folders, opened: tuple[Store, str]) -> None:
    bank.put("accounts.csv", "id,demand\ne-1,1000\n")
    bank.put("said.csv", "id,purpose,granted\ne-1,marketing:sms,true\n")
    assert bank.json("import") == {"customers": 0, "consents": 0, "erased": 1}
    assert opened[0].customers.count() == 0
