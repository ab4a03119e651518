"""`fourcast market`: bring a data supplier's rates into a policy, and show how old they are."""

import csv
import io
import json
from datetime import date
from pathlib import Path
from typing import Any

import click

from service.analysis.policy_checks.market_age import WHERE, read_rates
from service.cli.terminal import json_option, show
from service.core.clock import now_ms
from service.core.errors import InvalidInput, PolicyError, Problem
from service.core.grid import day_at, day_number
from service.rules.loading.contact.calendar_text import head_of
from service.rules.loading.documents.folder import read_folder
from service.rules.loading.goods.market_table import HEAD, merge_rates, write_market
from service.rules.policy import DEFAULT, Policy, from_documents, load

MOST_BYTES = 1_000_000
Row = dict[str, Any]

folder_argument = click.argument(
    "folder", type=click.Path(exists=True, file_okay=False, path_type=Path), default=DEFAULT, required=False
)


@click.group()
def market() -> None:
    """Rates that others pay: what a data supplier delivers, and until when each holds."""


@market.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@folder_argument
@json_option
def import_(file: Path, folder: Path, as_json: bool) -> None:
    """Write the rates in FILE into market.yaml of the policy in FOLDER; publish and approve the policy afterwards.

    A CSV file has the columns id, rate and day, one row a rate; a JSON file is a list of such rows. A rate is a share
    per year (0.0125) or has its percent sign (1.25%). A new rate states meaning, source, licence and fresh_days too.
    Nothing is written unless every row holds, and the whole policy is sound with them.
    """
    rows, documents = _rows(file), _documents(folder)
    before = _known(documents)
    zone = from_documents(documents).contact.timezone
    rates = merge_rates(before, rows, day_at(now_ms(), zone))
    checked = from_documents({**documents, "market": {"rates": rates}})
    _replace(folder / WHERE, write_market(rates, _head(folder / WHERE)))
    show({**_told(checked), "rates": [_line(one, before) for one in rates]}, as_json)


@market.command("show")
@folder_argument
@json_option
def show_(folder: Path, as_json: bool) -> None:
    """Every rate of the policy in FOLDER (the shipped one by default), and until when it holds."""
    policy = load(folder)
    show({**_told(policy), "rates": _told_rates(policy)}, as_json)


def _told(policy: Policy) -> dict[str, Any]:
    read = read_rates(policy, _today(policy))
    return {"policy": policy.hash, "read": len(read), "stale": [str(one) for one in read if one.silent]}


def _told_rates(policy: Policy) -> list[str]:
    today = day_number(_today(policy).isoformat())
    return [
        f"{one.name} = {one.rate:.4%}, of {one.day}, {'holds' if one.holds_on(today) else 'says nothing'}: "
        f"{one.meaning} ({one.source})"
        for one in policy.market.rates
    ]


def _today(policy: Policy) -> date:
    return day_at(now_ms(), policy.contact.timezone)


def _line(rate: Row, before: list[Row]) -> str:
    """What became of one rate."""
    was = next((one for one in before if one["id"] == rate["id"]), None)
    state = "new" if was is None else "as it was" if was == rate else f"{was['rate']:.4%} before"
    return f"{rate['id']} = {rate['rate']:.4%} of {rate['day']}: {state}"


def _known(documents: dict[str, Any]) -> list[Row]:
    page = documents.get("market")
    rates = page.get("rates") if isinstance(page, dict) else None
    return [dict(one) for one in rates] if isinstance(rates, list) else []


def _documents(folder: Path) -> dict[str, Any]:
    problems: list[Problem] = []
    documents = read_folder(folder, problems)
    if problems:
        raise PolicyError("the policy cannot be read", problems)
    return documents


def _rows(file: Path) -> list[Row]:
    """The rows of a CSV or JSON file."""
    with file.open("rb") as stream:
        content = stream.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise InvalidInput(f"{file}: is larger than {MOST_BYTES} bytes; expected one row a rate")
    text = _decoded(file, content)
    return _json(file, text) if file.suffix.lower() == ".json" else _csv(file, text)


def _decoded(file: Path, content: bytes) -> str:
    """UTF-8, or GB 18030, in which spreadsheets of Chinese systems save."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InvalidInput(f"{file}: is neither UTF-8 nor GB 18030")


def _csv(file: Path, text: str) -> list[Row]:
    try:
        rows = list(csv.DictReader(io.StringIO(text)))
    except csv.Error as error:
        raise InvalidInput(f"{file}: is no CSV table: {error}") from error
    surplus = [
        Problem(f"row {number}", "holds more cells than columns") for number, row in enumerate(rows, 1) if None in row
    ]
    if surplus:
        raise InvalidInput(f"{file}: is no table of rates", surplus)
    return [{str(key).strip(): value for key, value in row.items()} for row in rows]


def _json(file: Path, text: str) -> list[Row]:
    """A list of rows, or an object that holds it as ``rates``."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"{file}: is no JSON: {error}") from error
    rows = value.get("rates") if isinstance(value, dict) else value
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise InvalidInput(f"{file}: expected a list of rates, each an object with id, rate and day")
    return rows


def _head(path: Path) -> str:
    return head_of(path.read_text(encoding="utf-8")) if path.exists() else HEAD


def _replace(path: Path, text: str) -> None:
    """Write the file whole, or leave it as it was."""
    fresh = path.with_suffix(".new")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)


VERBS = (market,)
