"""An import never turns a customer's own no into yes, unless the file proves that a yes was said later."""

from pathlib import Path

import pytest

from service.store import ConsentWords, Store
from service.store.customers.consents import ConsentOnPurpose
from tests.cli.files import Folders, folders
from tests.seed import put_customer

SMS = "marketing:sms"
DATED = "SELECT id AS customer_id, purpose, granted, said_on FROM read_csv(file('said.csv'))"
APRIL_10 = 1_775_793_600_000
"""2026-04-10 12:00 in Shanghai."""


@pytest.fixture
def bank(tmp_path: Path, opened: tuple[Store, str], redis_url: str) -> Folders:
    """A bank whose file of 2026-03-31 says that o-1 agreed to short messages."""
    made = folders(tmp_path, opened[1], redis_url)
    made.put("accounts.csv", "id,demand\no-1,90000\n")
    made.put("said.csv", "id,purpose,granted\no-1,marketing:sms,true\n")
    return made


def own(store: Store, granted: bool, purpose: str = SMS) -> None:
    """o-1 speaks for themselves, on 2026-04-10."""
    put_customer(store, "o-1", {"demand_yuan": 1})
    store.consents.say("o-1", ConsentWords({purpose: granted}, "app", "v1"), APRIL_10, lambda _, __: True)


def word(store: Store, purpose: str = SMS) -> ConsentOnPurpose:
    return store.consents.read_current("o-1").said[purpose]


def test_a_file_that_proves_no_later_yes_leaves_the_customer_s_own_no_and_says_so(
    bank: Folders, opened: tuple[Store, str]
) -> None:
    own(opened[0], False)
    for day in ("2026-03-31", "2026-04-10", "2026-06-30"):
        bank.day(day)
        assert bank.json("import") == {"customers": 1, "consents": 1, "outvoted": 1}
        assert word(opened[0]) == ConsentOnPurpose(False, APRIL_10, "app", "v1")
    told = bank.run("import")
    assert "1 consents of the file do not hold: a no stands that is as new, or is the customer's own." in told.output


@pytest.mark.parametrize(
    ("said_on", "holds"),
    [
        ("2026-04-09", False),
        ("2026-04-10", False),
        ("2026-04-10 12:00:00", False),
        ("2026-04-10 12:00:01", True),
        ("2026-04-11", True),
        ("", False),
    ],
)
def test_a_file_that_says_when_turns_a_no_into_yes_from_the_next_day_or_instant_on(
    bank: Folders, opened: tuple[Store, str], said_on: str, holds: bool
) -> None:
    own(opened[0], False)
    bank.put("consents.sql", DATED)
    bank.put("said.csv", f"id,purpose,granted,said_on\no-1,marketing:sms,true,{said_on}\n")
    assert bank.json("check-files")["faults"] == []
    assert ("outvoted" in bank.json("import")) is not holds
    assert word(opened[0]).granted is holds


def test_the_file_s_word_is_dated_as_of_the_bank_s_day_and_not_at_the_import(
    bank: Folders, opened: tuple[Store, str]
) -> None:
    bank.json("import")
    assert word(opened[0]) == ConsentOnPurpose(True, 1_774_886_400_000, "import", "1")  # 2026-03-31 00:00 in Shanghai
    own(opened[0], False)
    assert word(opened[0]).granted is False


def test_a_file_s_no_counts_unless_the_customer_said_yes_later(bank: Folders, opened: tuple[Store, str]) -> None:
    own(opened[0], True)
    bank.put("said.csv", "id,purpose,granted\no-1,marketing:sms,false\n")
    bank.json("import")
    assert word(opened[0]).granted is True
    bank.day("2026-04-30")
    bank.json("import")
    assert word(opened[0]).granted is False


def test_a_withdrawn_personalisation_stays_withdrawn(bank: Folders, opened: tuple[Store, str]) -> None:
    own(opened[0], False, "personalisation")
    bank.put("said.csv", "id,purpose,granted\no-1,personalisation,true\n")
    bank.day("2026-06-30")
    assert bank.json("import")["outvoted"] == 1
    assert word(opened[0], "personalisation").granted is False


def test_what_is_said_in_the_future_is_refused_by_check_and_import_alike(
    bank: Folders, opened: tuple[Store, str]
) -> None:
    bank.put("consents.sql", DATED)
    bank.put("said.csv", "id,purpose,granted,said_on\no-1,marketing:sms,true,2199-01-01\n")
    for verb in ("check-files", "import"):
        refused = bank.run(verb)
        assert refused.exit_code == 2
        assert "row 1, customer 'o-1', said_on: must not lie in the future" in refused.output
    assert opened[0].customers.count() == 0


@pytest.mark.parametrize("name", ["import", "import:said_on", "simulated"])
def test_no_client_may_be_called_as_the_words_of_files_are(bank: Folders, name: str) -> None:
    from click.testing import CliRunner

    from service.cli.main import main

    refused = CliRunner().invoke(main, ["keys", "add", name, "--scope", "offers:read"], env=bank.servers)
    assert refused.exit_code == 2
    assert "so the words of a bank's files are called" in refused.output
