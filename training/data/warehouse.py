"""A bank's SQL, run by DuckDB, which can read the folder of the bank's files and nothing else.

The query reads files as ``read_csv(file('balances.csv.gz'))`` or ``read_parquet(file('*.parquet'))``; ``as_of()`` is
the bank's day. The query is one SELECT. It has no other folder, no network, no extension and cannot write. A file that
is not UTF-8 is converted into a temporary folder; ``csv_kinds`` finds the kind of each CSV column. The result is an
Arrow table, which ``bank_tables`` checks.
"""

import json
import re
from collections.abc import Mapping, Sequence
from glob import glob
from hashlib import sha256
from os.path import realpath
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pyarrow as pa

from service.core.errors import InvalidInput
from training.data.bank import FILE, OWN_TABLE, Bank, read_yaml
from training.data.files.csv_calls import Call, csv_calls, rewrite_calls
from training.data.files.csv_dialect import in_dialect
from training.data.files.csv_kinds import columns_of
from training.data.files.encoding import ENCODINGS, convert, encoding_of, ends_marked
from training.data.files.ragged_lines import find_ragged_lines

THREADS = 2
Read = tuple[Call, dict[Path, Path]]
FILE_NAMES = re.compile(r"""file\(\s*'([^']+)'\s*\)""")


def query(bank: Bank, files: Path, name: str) -> pa.Table:
    """Run ``<name>.sql`` over the folder ``files`` and return its table.

    Raises: InvalidInput: a file is missing, the SQL is not one SELECT, or DuckDB fails; with the file and DuckDB's
    message.
    """
    text = bank.sql(name)
    if text is None:
        raise InvalidInput(f"{bank.folder / name}.sql: no such file")
    if not Path(files).is_dir():
        raise InvalidInput(f"{files}: no such folder of files")
    where = bank.folder / f"{name}.sql"
    try:
        with TemporaryDirectory() as copies, _locked(bank, Path(files).resolve(), Path(copies)) as connection:
            _check_one_select(where, connection.extract_statements(text))
            reads = _reads(connection, text, Path(copies), bank.encoding)
            try:
                return connection.sql(_as_plain(connection, text, reads)).to_arrow_table()
            except (duckdb.InvalidInputException, duckdb.BinderException):
                _refuse_ragged(connection, where, reads)
                raise
    except (duckdb.Error, pa.ArrowException) as error:
        raise InvalidInput(f"{where}: {str(error)[:1500]}") from error


def files_read(bank: Bank, files: Path) -> dict[str, str]:
    """``{name: SHA-256}`` of the sources of a model: the bank's YAML and SQL, and every file that the SQL names.

    Comments, blanks and the order of keys in YAML and SQL do not change the hash.
    """
    texts = {f"{name}.sql": bank.sql(name) for name in ("customers", "outcomes", "lapse")}
    patterns = {found for text in texts.values() if text for found in FILE_NAMES.findall(text)}
    hashes = {name: _hash_of(_said(text)) for name, text in texts.items() if text}
    described = {name: bank.folder / name for name in (FILE, OWN_TABLE)}
    hashes |= {name: _hash_of(_plainly(read_yaml(path))) for name, path in described.items() if path.is_file()}
    found = {path for pattern in patterns for path in Path(files).glob(pattern)}
    return hashes | {str(path.relative_to(files)): _hash(path) for path in sorted(found)}


def _said(sql: str) -> bytes:
    """The words of an SQL text, one a line, without comments.

    >>> _said("SELECT  a -- why\\nFROM b") == _said("SELECT a /* how */ FROM b")
    True
    """
    raw, tokens = sql.encode(), duckdb.tokenize(sql)
    ends = [at for at, _ in tokens[1:]] + [len(raw)]
    words = [
        raw[at:end].strip() for (at, kind), end in zip(tokens, ends, strict=True) if kind != duckdb.token_type.comment
    ]
    return b"\n".join(words)


def _plainly(document: Any) -> bytes:
    return json.dumps(document, sort_keys=True, default=str).encode()


def _hash_of(content: bytes) -> str:
    return sha256(content).hexdigest()


def _reads(connection: duckdb.DuckDBPyConnection, text: str, copies: Path, encoding: str | None) -> list[Read]:
    """Every call of ``read_csv`` with its files: as they are named, and where they are read as UTF-8."""
    said = csv_calls(text)
    files = [_files(connection, call, copies / str(place), encoding) for place, call in enumerate(said)]
    return [(call.without("encoding"), of) for call, of in zip(said, files, strict=True)]


def _as_plain(connection: duckdb.DuckDBPyConnection, text: str, reads: Sequence[Read]) -> str:
    """The SQL in which every ``read_csv`` reads UTF-8 with the kind of each column."""
    calls = [in_dialect(connection, call, list(files.values())) for call, files in reads]
    paths = [call.path if _is_plain(files) else str([str(path) for path in files.values()]) for call, files in reads]
    found = [columns_of(connection, call, path) for call, path in zip(calls, paths, strict=True)]
    codes = {name for columns in found if columns is not None for name in columns.codes}
    readings = [
        call.reading(path) if columns is None else columns.reading(codes)
        for call, path, columns in zip(calls, paths, found, strict=True)
    ]
    return rewrite_calls(text, calls, readings)


def _is_plain(files: Mapping[Path, Path]) -> bool:
    return all(name == path for name, path in files.items())


def _refuse_ragged(connection: duckdb.DuckDBPyConnection, where: Path, reads: Sequence[Read]) -> None:
    """Raise InvalidInput where lines of the files cannot be rows; ``--rejects`` sets aside only rows that were read."""
    faults = [fault for call, files in reads for fault in find_ragged_lines(connection, call, files)]
    if faults:
        raise InvalidInput(f"{where}: reads lines that are no rows (--rejects sets aside only rows that are)", faults)


def _files(connection: duckdb.DuckDBPyConnection, call: Call, copies: Path, encoding: str | None) -> dict[Path, Path]:
    """Each file of a call and the path it is read from: a converted copy where it is not UTF-8, or ends with 0x1A."""
    encoding = _stated(connection, call) or encoding
    said = connection.execute(f"SELECT {call.path}").fetchall()[0][0]
    patterns = said if isinstance(said, list) else [said]
    found = [Path(path) for pattern in patterns for path in sorted(glob(str(pattern), recursive=True))]  # noqa: PTH207
    written = {path: encoding_of(path, encoding) for path in found}
    plain = {path: written[path] == "utf-8" and not ends_marked(path) for path in found}
    return {path: path if plain[path] else _copied(path, written[path], copies) for path in found}


def _stated(connection: duckdb.DuckDBPyConnection, call: Call) -> str | None:
    """The encoding that the call itself states."""
    if call.option("encoding") is None:
        return None
    stated = str(call.value(connection, "encoding")).lower()
    if stated not in ENCODINGS:
        raise InvalidInput(f"{call.path}: encoding must be {' or '.join(ENCODINGS)}, got {stated[:60]!r}")
    return stated


def _copied(path: Path, encoding: str, copies: Path) -> Path:
    target = copies / path.relative_to(path.anchor)
    convert(path, encoding, target)
    return target


def _locked(bank: Bank, files: Path, copies: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(":memory:", config={"threads": THREADS})
    quoted = str(files).replace("'", "''")
    for statement in (
        f"SET TimeZone = '{bank.timezone.key}'",
        f"SET allowed_directories = ['{quoted}', '{copies.resolve()}']",
        f"SET allowed_paths = [{', '.join(_linked(files))}]",
        "SET autoinstall_known_extensions = false",
        "SET autoload_known_extensions = false",
        f"SET VARIABLE files = '{quoted}'",
        "CREATE MACRO file(name) AS getvariable('files') || '/' || name",
        f"CREATE MACRO as_of() AS DATE '{bank.as_of}'",
        "SET enable_external_access = false",
        "SET lock_configuration = true",
    ):
        connection.execute(statement)
    return connection


def _linked(files: Path) -> list[str]:
    """The targets of the folder's symbolic links, quoted for SQL: they may be read, too."""
    links = sorted({realpath(path) for path in files.rglob("*") if path.is_symlink()})
    return ["'" + link.replace("'", "''") + "'" for link in links]


def _check_one_select(where: Path, statements: list[duckdb.Statement]) -> None:
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise InvalidInput(f"{where}: must be one SELECT and nothing else, got {len(statements)} statements")


def _hash(path: Path) -> str:
    with path.open("rb") as stream:
        digest = sha256()
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
