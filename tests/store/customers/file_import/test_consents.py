"""Which word holds: every case of the table at the head of ``file_import.consents``, in every order of arrival.

Days are numbered from 1; a day has 100 instants here, so that day 3 lasts from 300 to 399. Now is 1000.
"""

from itertools import count, permutations
from random import Random

import pytest

from service.core.domain import Lookback
from service.core.errors import InvalidInput
from service.store import ConsentWord, ConsentWords, Store
from tests.servers import execute

NOW, DAY = 1000, 100
NUMBER = count(1)
SMS = "marketing:sms"

YES, NO = True, False


def record(granted: bool, day: int) -> ConsentWord:
    """What the bank's record says as of a day."""
    return ConsentWord("", SMS, granted, day * DAY, day * DAY + DAY - 1)


def proven(granted: bool, day: int) -> ConsentWord:
    """What the customer said on a day, as a file tells it."""
    return record(granted, day)._replace(proven=True)


def at(granted: bool, instant: int) -> ConsentWord:
    """What the customer said at an instant, as a file tells it."""
    return ConsentWord("", SMS, granted, instant, instant, True)


class Told:
    """One new customer, told things one after the other."""

    def __init__(self, store: Store) -> None:
        self.store, self.id = store, f"told-{next(NUMBER)}"
        store.customers.load([(self.id, {})])

    def api(self, granted: bool, instant: int) -> "Told":
        """The customer's own word over the API."""
        said = {SMS: granted}
        self.store.consents.say(self.id, ConsentWords(said, "app", "v1"), instant, lambda _, __: True)
        return self

    def files(self, *words: ConsentWord, now: int = NOW) -> "Told":
        """Files, one after the other."""
        for word in words:
            self.file(word, now=now)
        return self

    def file(self, *words: ConsentWord, now: int = NOW) -> "Told":
        """One file of several rows."""
        self.store.consents.load([word._replace(customer_id=self.id) for word in words], at=now)
        return self

    @property
    def holds(self) -> bool | None:
        """The word that every request reads."""
        found = self.store.customers.snapshot(self.id, Lookback(0))
        assert found is not None
        return found.consents.get(SMS)

    @property
    def rows(self) -> int:
        """How long the customer's ledger is; with it the revision must rise."""
        found = self.store.customers.snapshot(self.id, Lookback(0))
        assert found is not None
        return found.revision - 1


@pytest.fixture
def told(store: Store) -> Told:
    return Told(store)


@pytest.mark.parametrize(("word", "holds"), [(record(YES, 3), YES), (proven(YES, 3), YES), (record(NO, 3), NO)])
def test_where_nothing_was_said_the_file_s_word_holds(told: Told, word: ConsentWord, holds: bool) -> None:
    assert told.file(word).holds is holds


@pytest.mark.parametrize(
    ("said_at", "word", "holds"),
    [
        (250, proven(YES, 3), YES),
        (299, at(YES, 300), YES),
        (300, at(YES, 300), NO),
        (301, at(YES, 300), NO),
        (350, proven(YES, 3), NO),
        (250, record(YES, 3), NO),
        (250, record(YES, 9), NO),
        (950, proven(YES, 3), NO),
    ],
)
def test_a_customer_s_own_no_gives_way_to_a_proven_later_yes_alone(
    told: Told, said_at: int, word: ConsentWord, holds: bool
) -> None:
    assert told.api(NO, said_at).file(word).holds is holds


@pytest.mark.parametrize(
    ("said_at", "word", "holds"),
    [
        (250, record(NO, 3), NO),
        (350, record(NO, 3), NO),
        (399, record(NO, 3), NO),
        (400, record(NO, 3), YES),
        (350, proven(NO, 3), NO),
        (400, proven(NO, 3), YES),
        (299, at(NO, 300), NO),
        (300, at(NO, 300), NO),
        (301, at(NO, 300), YES),
    ],
)
def test_a_file_s_no_counts_unless_the_customer_said_yes_later(
    told: Told, said_at: int, word: ConsentWord, holds: bool
) -> None:
    assert told.api(YES, said_at).file(word).holds is holds


@pytest.mark.parametrize(
    ("first", "second", "holds"),
    [
        (record(NO, 2), record(YES, 3), YES),
        (record(NO, 3), record(YES, 3), NO),
        (record(NO, 4), record(YES, 3), NO),
        (record(YES, 2), record(NO, 3), NO),
        (proven(NO, 2), record(YES, 3), NO),
        (proven(NO, 2), proven(YES, 3), YES),
        (proven(NO, 3), proven(YES, 3), NO),
        (proven(NO, 3), at(YES, 399), NO),
        (at(NO, 310), at(YES, 320), YES),
        (at(NO, 310), at(YES, 310), NO),
        (record(NO, 3), proven(YES, 4), YES),
        (record(NO, 3), proven(YES, 3), NO),
    ],
)
def test_of_two_words_of_files_the_same_one_holds_in_either_order(
    store: Store, first: ConsentWord, second: ConsentWord, holds: bool
) -> None:
    assert Told(store).files(first, second).holds is holds
    assert Told(store).files(second, first).holds is holds


def test_of_any_proven_words_the_same_one_holds_in_every_order_whatever_the_record_says(store: Store) -> None:
    for words in permutations([record(YES, 5), proven(NO, 3), proven(YES, 4), at(NO, 250)]):
        assert Told(store).files(*words).holds is YES, words
    for words in permutations([record(YES, 5), proven(NO, 4), proven(YES, 3), at(NO, 250)]):
        assert Told(store).files(*words).holds is NO, words


def test_several_words_in_one_file_are_a_history(told: Told) -> None:
    assert told.file(proven(YES, 1), proven(NO, 3), proven(YES, 2)).holds is NO
    assert told.file(proven(YES, 1), proven(NO, 3), proven(YES, 4)).holds is YES


def test_a_record_s_yes_beside_an_older_no_of_the_same_file_proves_nothing(told: Told) -> None:
    assert told.file(record(YES, 5), proven(NO, 3)).holds is NO


def test_the_no_beneath_a_record_s_no_is_not_forgotten(told: Told) -> None:
    assert told.api(NO, 150).files(record(NO, 2), record(YES, 3)).holds is NO


def test_after_a_proven_yes_the_record_may_change_again(told: Told) -> None:
    assert told.api(NO, 150).files(proven(YES, 2), record(NO, 3)).holds is NO
    assert told.file(record(YES, 4)).holds is YES


def test_what_the_customer_says_now_holds_whatever_any_file_said(told: Told) -> None:
    told.files(record(YES, 3), proven(NO, 2))
    assert told.api(YES, 1000).holds is YES
    assert told.api(NO, 1001).holds is NO
    assert told.file(proven(NO, 10), now=1010).api(YES, 1005).holds is YES


def test_the_same_file_again_changes_nothing_and_raises_no_revision(told: Told) -> None:
    words = record(YES, 3), proven(NO, 2), at(YES, 150)
    told.file(*words)
    before = told.rows
    assert told.file(*words).rows == before
    told.api(YES, 1500)
    assert told.file(*words, now=2000).holds is YES
    assert told.rows == before + 1


def test_a_no_of_today_that_is_read_again_does_not_outvote_the_yes_said_since(told: Told) -> None:
    today = record(NO, 10)
    told.file(today, now=1010).api(YES, 1020).file(today, now=1030)
    assert told.holds is YES
    assert Told(told.store).file(proven(NO, 10), now=1010).api(YES, 1020).file(proven(NO, 10), now=1030).holds is YES


def test_a_record_that_repeats_itself_adds_nothing_to_the_ledger(told: Told) -> None:
    told.files(*(record(NO, day) for day in range(1, 9)))
    assert (told.holds, told.rows) == (NO, 1)
    told = Told(told.store).files(*(record(YES, day) for day in range(1, 9)))
    assert (told.holds, told.rows) == (YES, 1)


def test_a_correction_of_the_same_day_may_withdraw_and_never_grant(told: Told) -> None:
    assert told.files(record(YES, 3), record(NO, 3)).holds is NO
    assert told.file(record(YES, 3)).holds is NO
    assert told.file(proven(YES, 4)).holds is YES


def test_a_withdrawn_personalisation_is_a_word_like_any_other(store: Store) -> None:
    store.customers.load([("own", {})])
    store.consents.say("own", ConsentWords({"personalisation": False}, "app", "v1"), 250, lambda _, __: True)
    yes = ConsentWord("own", "personalisation", True, 300, 399)
    assert store.consents.load([yes], at=NOW) == 1
    assert store.consents.read_current("own").said["personalisation"].granted is False
    store.consents.load([yes._replace(proven=True)], at=NOW)
    word = store.consents.read_current("own").said["personalisation"]
    assert (word.granted, word.at, word.source) == (True, 300, "import:said_on")


def test_a_word_of_the_future_refuses_the_file(store: Store, told: Told) -> None:
    with pytest.raises(InvalidInput, match="says in the future"):
        told.file(at(YES, 500), at(NO, NOW + 1))
    assert told.holds is None


def test_simulated_words_prove_nothing(told: Told) -> None:
    told.api(NO, 250)
    told.store.consents.load([(told.id, SMS, True)], source="simulated", at=NOW)
    assert told.holds is NO


def test_a_load_counts_the_yes_that_does_not_hold(store: Store) -> None:
    first, second = Told(store).api(NO, 250), Told(store)
    words = [record(YES, 3)._replace(customer_id=one.id) for one in (first, second)]
    assert store.customers.load_files([], words).outvoted == 1
    assert (first.holds, second.holds) == (NO, YES)


def test_the_ledger_keeps_every_word_and_changes_none(store: Store, database_url: str, told: Told) -> None:
    ledger = f"SELECT seq, granted, at, source FROM consents WHERE customer_id = '{told.id}' ORDER BY seq"
    told.files(record(YES, 5), proven(NO, 3))
    before = execute(database_url, ledger)
    assert [row[1:] for row in before] == [
        (True, 500, "import"),
        (False, 399, "import:said_on"),
        (False, 500, "import:verdict"),
    ]
    told.file(proven(YES, 4))
    after = execute(database_url, ledger)
    assert after[:3] == before
    assert [row[1:] for row in after[3:]] == [(True, 400, "import:said_on"), (True, 500, "import:verdict")]


def judged(words: list[ConsentWord]) -> bool | None:
    """The table at the head of the module, told anew: what holds after these words, one file each."""
    proven_words, records = list[tuple[int, bool]](), list[tuple[int, bool]]()

    def holds() -> bool | None:
        last, record_last = max(proven_words, default=None), max(records, default=None)
        if last is None:
            return None if record_last is None else not record_last[1]
        refused = last[1] or (record_last is not None and record_last[1] and record_last[0] >= last[0])
        return not refused

    for word in words:
        assert word.earliest is not None
        assert word.latest is not None
        said = (word.earliest, False) if word.granted else (word.latest, True)  # of one instant, no is the greater
        last_no = bool(records) and max(records)[1]
        if word.proven:
            proven_words.append(said)
        elif word.granted:
            proves_nothing = bool(proven_words) and max(proven_words)[1]
            records += [] if holds() is True or proves_nothing else [said]
        else:
            records += [] if holds() is False and last_no else [said]
    return holds()


def test_a_thousand_histories_made_of_chance_are_judged_as_the_table_says(store: Store) -> None:
    chance = Random(7)
    kinds = [record, proven, lambda granted, day: at(granted, day * DAY + chance.choice((1, 50, 98)))]

    def word() -> ConsentWord:
        return chance.choice(kinds)(chance.random() < 0.5, chance.randrange(1, 6))

    people = {f"chance-{number}": [word() for _ in range(5)] for number in range(1000)}
    store.customers.load((one, {}) for one in people)
    for turn in range(5):
        store.consents.load([words[turn]._replace(customer_id=one) for one, words in people.items()], at=NOW)
    found = {
        one: snapshot.consents.get(SMS)
        for one, snapshot in store.customers.snapshots(list(people), Lookback(0)).items()
    }
    assert {one: words for one, words in people.items() if found[one] is not judged(words)} == {}
