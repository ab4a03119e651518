"""Damaged files: every verb that reads them ends with exit code 2 and a sentence, never with a crash.

The files of a bank in all the ways in which they arrive broken, and values that no column can hold. ``check-files``
still tells the faults of the other tables.
"""

import gzip
import io
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from service.cli.main import main
from tests.servers import MakeDatabase
from tests.training.small_bank import small_bank
from training.data.check_files import check_files

Damage = tuple[str, bytes]
HEAD = b"id,age,demand,asked\n"


def parquet(**columns: pa.Array) -> bytes:
    stream = io.BytesIO()
    pq.write_table(pa.table(columns), stream)
    return stream.getvalue()


def strange_words() -> pa.Array:
    """A column whose bytes are no UTF-8, which Arrow does not look at."""
    return pa.Array.from_buffers(pa.string(), 1, [None, pa.py_buffer(b"\0\0\0\0\2\0\0\0"), pa.py_buffer(b"\xff\xfe")])


ID = pa.array(["a"])
ENDLESS = pa.array([2**31 - 1], pa.int32()).cast(pa.date32())
WHOLE = parquet(id=ID, age=pa.array([40]), demand=pa.array([1.0]), asked=pa.array(["2026-01-01"]))
DAMAGED: dict[str, Damage] = {
    "empty": ("a.csv", b""),
    "only a head": ("a.csv", HEAD),
    "only blanks": ("a.csv", b"\n\n  \n"),
    "no text": ("a.csv", bytes(range(256)) * 4),
    "NUL": ("a.csv", HEAD + b"a,\0,1,2026-01-01\n"),
    "half a sign": ("a.csv", (HEAD.decode() + "教师,40,1,2026-01-01\n" * 9).encode()[:-30] + b"\xe6"),
    "half of UTF-16": ("a.csv", HEAD.decode().encode("utf-16")[:-1]),
    "a workbook": ("a.csv", b"PK\x03\x04" + b"\0" * 40),
    "another head": ("a.csv", b"x,y\n1,2\n"),
    "a quote that never ends": ("a.csv", HEAD + b'a,40,1,"2026\n' * 3),
    "an endless date": ("a.csv", HEAD + b"a,40,1,infinity\n"),
    "the year 20260": ("a.csv", HEAD + b"a,40,1,20260-01-01\n"),
    "no date": ("a.csv", HEAD + b"a,40,1,0000-00-00\n"),
    "an ambiguous date": ("a.csv", HEAD + b"a,40,1,03/04/2025\n"),
    "1e400": ("a.csv", HEAD + b"a,40,1e400,2026-01-01\n"),
    "inf": ("a.csv", HEAD + b"a,40,inf,2026-01-01\n"),
    "full-width digits": ("a.csv", HEAD + "a,４０,1,2026-01-01\n".encode()),
    "half a gzip": ("a.csv.gz", gzip.compress(HEAD * 99)[:-12]),
    "no gzip": ("a.csv.gz", HEAD),
    "half a Parquet": ("a.parquet", WHOLE[:-20]),
    "an empty Parquet": ("a.parquet", b""),
    "a Parquet of nothing but its mark": ("a.parquet", b"PAR1PAR1"),
    "a Parquet with damage inside": ("a.parquet", WHOLE[:20] + b"\xff" * 60 + WHOLE[80:]),
    "strange words in Parquet": ("a.parquet", parquet(id=strange_words(), age=pa.array([40]), demand=ID, asked=ID)),
    "an endless date in Parquet": (
        "a.parquet",
        parquet(id=ID, age=pa.array([40]), demand=pa.array([1]), asked=ENDLESS),
    ),
    "fractions as ids in Parquet": ("a.parquet", parquet(id=pa.array([1e15]), age=pa.array([4]), demand=ID, asked=ID)),
    "lists as ids in Parquet": ("a.parquet", parquet(id=pa.array([[1]]), age=pa.array([4]), demand=ID, asked=ID)),
}
PLACES: dict[str, Callable[[Path], object]] = {
    "nothing": lambda place: None,
    "a folder": lambda place: place.mkdir(),
    "a link to nothing": lambda place: place.symlink_to("nowhere"),
    "a link to itself": lambda place: place.symlink_to(place.name),
    "what may not be read": lambda place: place.symlink_to("/proc/self/mem"),
}
OUTCOMES = "SELECT id AS customer_id, bought AS bought_deposit FROM read_csv(file('bought.csv'))"


def bank_of(root: Path, name: str) -> tuple[Path, Path]:
    reading = "read_parquet" if name.endswith("parquet") else "read_csv"
    sql = "SELECT id AS customer_id, age, demand AS demand_yuan, asked AS risk_assessed_on"
    bank, files = small_bank(root, customers=f"{sql} FROM {reading}(file('{name}'))", outcomes=OUTCOMES)
    (files / "bought.csv").write_text("id,bought\na,7\n")
    return bank, files


def ran(*words: object, env: dict[str, str] | None = None) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words], env=env)


def refused(result: Result) -> str:
    assert isinstance(result.exception, SystemExit), (result.output, repr(result.exception))
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    return result.output


def told(bank: Path, files: Path) -> str:
    """What is wrong with customers.sql; the fault of outcomes.sql must be told beside it."""
    faults = [f"{table}: {fault}" for table, fault in check_files(bank, files).faults]
    assert "outcomes: row 1, customer 'a', bought_deposit: must be true or false" in " ".join(faults)
    return "\n".join(one for one in faults if one.startswith("customers"))


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_damaged_file_is_told_beside_the_faults_of_the_other_tables(tmp_path: Path, damage: str) -> None:
    name, content = DAMAGED[damage]
    bank, files = bank_of(tmp_path, name)
    (files / name).write_bytes(content)
    assert told(bank, files)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
def test_what_stands_in_a_files_place_is_told(tmp_path: Path, name: str, place: str) -> None:
    bank, files = bank_of(tmp_path, name)
    PLACES[place](files / name)
    assert name in told(bank, files)


@pytest.mark.parametrize("damage", ["no text", "an ambiguous date", "half a Parquet"])
@pytest.mark.parametrize("verb", ["check-files", "import", "train", "score", "drift", "evaluate"])
def test_a_verb_that_reads_a_banks_files_refuses_damaged_ones(
    tmp_path: Path, bundle_folder: Path, make_database: MakeDatabase, redis_url: str, verb: str, damage: str
) -> None:
    name, content = DAMAGED[damage]
    bank, files = bank_of(tmp_path, name)
    (files / name).write_bytes(content)
    version = bundle_folder.name
    more = {
        "score": ["--bundle", version, "--out", tmp_path / "out.csv"],
        "drift": ["--bundle", version],
        "evaluate": [version],
    }
    env = {
        "FOURCAST_ARTIFACTS": str(bundle_folder.parent),
        "FOURCAST_STATE_DIR": str(tmp_path / "state"),
        **({"FOURCAST_DATABASE_URL": make_database(), "FOURCAST_REDIS_URL": redis_url} if verb == "import" else {}),
    }
    said = refused(ran(verb, *more.get(verb, []), "--bank", bank, "--files", files, env=env))
    assert verb == "drift" or name in said or "risk_assessed_on" in said  # drift first misses the bundle's references


TABLES = {
    "no text": DAMAGED["no text"],
    "empty": DAMAGED["empty"],
    "only a head": ("a.csv", b"a,r,p,q\n"),
    "GBK that names no number": ("a.csv", "a,r,p,q\n甲,很多,1,1\n乙,1,1,1\n".encode("gbk")),
    "half a gzip": DAMAGED["half a gzip"],
    "half a Parquet": DAMAGED["half a Parquet"],
    "strange words": ("a.parquet", parquet(a=strange_words(), r=strange_words(), p=strange_words(), q=strange_words())),
    "an endless date": ("a.parquet", parquet(a=ENDLESS, r=ENDLESS, p=ENDLESS, q=ENDLESS)),
}


@pytest.mark.parametrize("damage", TABLES)
@pytest.mark.parametrize(
    "words",
    [
        ("policy-value", "--log", "--action=a", "--reward=r", "--propensity=p", "--new-propensity=q"),
        ("uplift", "--files", "--treatment=p", "--outcome=r"),
    ],
)
def test_a_verb_that_reads_one_table_refuses_a_damaged_one(tmp_path: Path, words: tuple[str, ...], damage: str) -> None:
    name, content = TABLES[damage]
    (tmp_path / name).write_bytes(content)
    refused(ran(words[0], words[1], tmp_path / name, *words[2:]))


def few(treated: int, untreated: int) -> bytes:
    """A trial of so few."""
    rows = [*((1, 1, 0.5),) * treated, *((0, 0, 1.5),) * untreated]
    return b"t,y,x\n" + "".join(f"{t},{y},{x}\n" for t, y, x in rows).encode()


@pytest.mark.parametrize(("treated", "untreated"), [(2, 1), (30, 1), (9, 9)])
def test_a_trial_too_small_to_learn_from_is_wrong_input(tmp_path: Path, treated: int, untreated: int) -> None:
    (tmp_path / "trial.csv").write_bytes(few(treated, untreated))
    assert "of each arm" in refused(ran("uplift", "--files", tmp_path / "trial.csv", "--treatment=t", "--outcome=y"))
