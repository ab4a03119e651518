"""Decisions of former days replay to the same bytes for ever, whatever is recorded or decided today."""

import gzip
import hashlib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import orjson
import pytest

from service.decision import replay
from service.decision.record import FORMAT
from service.decision.trace.record_differences import list_differences
from service.rules.policy import Policy, from_documents
from tests.records.capture import FOLDER, LEAST, POLICIES, RECORDS, forms

FILES = sorted(FOLDER.glob("format-*.jsonl.gz"))


@cache
def policy_of(policy_hash: str) -> Policy:
    """A captured policy, read as the store's documents are."""
    return from_documents(orjson.loads((POLICIES / f"{policy_hash}.json").read_bytes()))


def captured(file: Path) -> Iterator[bytes]:
    return iter(gzip.decompress(file.read_bytes()).split(b"\n"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_captured_decision_replays_to_the_same_bytes(file: Path):
    for record in captured(file):
        again = replay(record, policy_of(orjson.loads(record)["release"]["policy"]))
        assert again == record, list_differences(record, again)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_three_hundred_decisions_of_every_form_are_captured(file: Path):
    records = list(captured(file))
    counted = Counter(form for record in records for form in forms(record))
    assert len(records) == RECORDS
    assert {form: counted[form] for form in LEAST if counted[form] < LEAST[form]} == {}


def test_every_form_of_record_since_the_fourth_is_captured():
    assert [file.name for file in FILES] == [f"format-{form}.jsonl.gz" for form in range(4, FORMAT + 1)]


def test_what_was_captured_was_never_changed():
    sums = dict(line.split()[::-1] for line in (FOLDER / "SHA256SUMS").read_text().splitlines())
    kept = [*FILES, *sorted(POLICIES.glob("*.json"))]
    found = {file.relative_to(FOLDER).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest() for file in kept}
    assert found == sums
