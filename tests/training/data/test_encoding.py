"""A bank's texts are read as its machines write them, or refused in one sentence with file, byte and remedy."""

import gzip
import logging
from pathlib import Path

import pytest

from service.core.errors import InvalidInput
from tests.training.small_bank import YAML, small_bank
from training.data.bank import open_bank
from training.data.bank_tables import read_customers, table_of
from training.data.files.encoding import encoding_of, read_text

SQL = "SELECT id AS customer_id, region FROM read_csv(file('accounts.csv'))"
ACCOUNTS = "id,region\n007,教师\n008,医生\n"
READ = [("007", {"region": "教师"}), ("008", {"region": "医生"})]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"])
def test_a_csv_is_read_in_each_encoding_that_can_be_told_apart(tmp_path: Path, encoding: str) -> None:
    bank, files = small_bank(tmp_path, customers=SQL)
    (files / "accounts.csv").write_bytes(ACCOUNTS.encode(encoding))
    assert list(read_customers(bank, files)) == READ


def test_what_is_taken_for_gb18030_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    bank, files = small_bank(tmp_path, customers=SQL)
    (files / "accounts.csv").write_bytes(ACCOUNTS.encode("gbk"))
    with caplog.at_level(logging.WARNING, "fourcast.files"):
        read_customers(bank, files)
    assert [one.getMessage() for one in caplog.records] == [
        f"{files}/accounts.csv: is not UTF-8 (byte 14); read as GB18030"
    ]


def test_a_packed_file_and_a_pattern_of_files_are_converted_where_they_need_it(tmp_path: Path) -> None:
    bank, files = small_bank(tmp_path, customers=SQL.replace("accounts.csv", "accounts_*.csv.gz"))
    (files / "accounts_1.csv.gz").write_bytes(gzip.compress("id,region\n007,教师\n".encode("gb18030")))
    (files / "accounts_2.csv.gz").write_bytes(gzip.compress("id,region\n008,医生\n".encode()))
    assert list(read_customers(bank, files)) == READ


def test_a_stated_encoding_is_taken_at_its_word(tmp_path: Path) -> None:
    bank, files = small_bank(tmp_path, "encoding: big5\n", customers=SQL)
    (files / "accounts.csv").write_bytes("id,region\n007,教師\n".encode("big5"))
    assert list(read_customers(bank, files)) == [("007", {"region": "教師"})]
    (files / "accounts.csv").write_bytes(b"id,region\n007,\xff\n")
    with pytest.raises(InvalidInput, match=r"accounts\.csv: is not BIG5 \(byte 14\); save it as UTF-8"):
        read_customers(bank, files)


def test_a_call_of_the_sql_may_state_its_files_encoding(tmp_path: Path) -> None:
    bank, files = small_bank(tmp_path, customers=SQL.replace("'))", "'), encoding = 'gbk')"))
    (files / "accounts.csv").write_bytes(ACCOUNTS.encode("gbk"))
    assert list(read_customers(bank, files)) == READ
    (bank / "customers.sql").write_text(SQL.replace("'))", "'), encoding = 'chinese')"))
    with pytest.raises(InvalidInput, match=r"accounts\.csv'\): encoding must be utf-8 or gb18030 or .*, got 'chinese'"):
        read_customers(bank, files)


def test_an_encoding_that_nobody_knows_is_refused_with_those_there_are(tmp_path: Path) -> None:
    bank, _ = small_bank(tmp_path, "encoding: chinese\n", customers=SQL)
    with pytest.raises(InvalidInput, match="encoding: must be utf-8 or gb18030 or"):
        open_bank(bank)


def test_sql_and_yaml_may_be_gbk_too(tmp_path: Path) -> None:
    bank, files = small_bank(tmp_path)
    (bank / "bank.yaml").write_bytes((YAML + "notes: 测试银行\n").encode("gbk"))
    (bank / "customers.sql").write_bytes(f"-- 客户表\n{SQL} WHERE region = '教师'".encode("gbk"))
    document = "attributes:\n- {name: branch_code, kind: text, meaning: 网点}\n"
    (bank / "attributes.yaml").write_bytes(document.encode("gbk"))
    (files / "accounts.csv").write_text(ACCOUNTS, encoding="utf-8")
    assert list(read_customers(bank, files)) == READ[:1]
    assert open_bank(bank).notes == "测试银行"
    assert next(one.meaning for one in table_of(bank).attributes if one.name == "branch_code") == "网点"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            ("id,region\n" + "教师\n" * 20).encode() + b"\xe6\n",
            r"is not UTF-8 or GB18030, or is damaged \(byte 150\)",
        ),
        (b"id,region\n7,caf\xe9\n", r"is not UTF-8 or GB18030, or is damaged \(byte 15\)"),
        (b"id,region\n7,\0\n", r"is not UTF-8 or GB18030, or is damaged \(byte 12\)"),
        (b"PK\x03\x04\x14\0", "is an Excel workbook or an archive, no text; save it as CSV UTF-8"),
        ("id,region\n".encode("utf-16")[:-1], r"is not UTF-16 \(byte 20\)"),
    ],
)
def test_what_no_encoding_reads_is_refused_with_the_byte(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "accounts.csv").write_bytes(content)
    with pytest.raises(InvalidInput, match=rf"accounts\.csv: {said}"):
        encoding_of(tmp_path / "accounts.csv")


def test_a_sign_across_two_blocks_is_no_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.data.files.encoding.BLOCK", 5)
    for encoding in ("utf-8", "gb18030"):
        (tmp_path / encoding).write_bytes(("ab" + "教师" * 9).encode(encoding))
        assert read_text(tmp_path / encoding) == "ab" + "教师" * 9
