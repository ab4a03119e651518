"""CONTRIBUTING's table is true: rows of it performed in a copy of the tree, each in the files it names and no other.

What a row adds must work: a rule withholds, an offer is offered, an attribute is read, an endpoint answers, a verb
prints, a setting is read, a history name counts.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

from service.core.domain import Context, Decision, Release, Snapshot
from service.decision import decide
from service.rules.policy import load
from tests.added_rule import RULE

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
NOW = 1_790_000_000_000
POLICY = "service/rules/default"
SAVER = {"age": 44, "demand_yuan": 180_000.0, "mobile_app_active": True, "logins_30d": 12}
DECISION_ID = "01900000-0000-7000-8000-000000000000"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the service."""
    shutil.copytree(ROOT / "service", tmp_path / "service", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


@pytest.fixture
def policy_folder(tmp_path: Path) -> Path:
    """A copy of the shipped policy alone, where the service is to find it."""
    shutil.copytree(ROOT / POLICY, tmp_path / POLICY)
    return tmp_path


def named_by(row: str) -> set[str]:
    """The files and folders that the second cell of a row names, each brace written out."""
    cells = next(
        line.split("|")[2] for line in PAGE.splitlines() if line.startswith("| ") and row in line.split("|")[1]
    )
    return {name for pattern in re.findall(r"`([\w./{},-]+/[\w./{},-]*)`", cells) for name in written_out(pattern)}


def written_out(pattern: str) -> Iterator[str]:
    parts = [part.strip("{}").split(",") for part in re.split(r"(\{[^}]*\})", pattern)]
    yield from ("".join(chosen) for chosen in product(*parts))


def perform(row: str, tree: Path, file: str, after: str | None, text: str) -> None:
    """Write what a row adds, into a file that the row names: behind the line ``after``, or as a file of its own."""
    assert any(file == name or file.startswith(name.rstrip("/") + "/") for name in named_by(row)), (row, named_by(row))
    path = tree / file
    if after is None:
        path.write_text(text, encoding="utf-8")
        return
    old = path.read_text(encoding="utf-8")
    assert old.count(f"{after}\n") == 1, f"{file} has no one line {after}"
    path.write_text(old.replace(f"{after}\n", f"{after}\n{text}", 1), encoding="utf-8")


def decided(tree: Path, attributes: dict[str, object], limit: int = 10) -> Decision:
    """What the policy of a tree decides for one customer in the app."""
    policy = load(tree / POLICY)
    context = Context(NOW, "mobile_app", "home_banner", limit)
    return decide(policy, Snapshot("c-1", 1, attributes), context, {}, Release(1, policy.hash, None), DECISION_ID)


def run(tree: Path, code: str, *arguments: str) -> str:
    """What Python prints of ``code`` with the tree's own service."""
    words = ["-c", code] if code else arguments
    environ = {**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    ran = subprocess.run([sys.executable, *words], cwd=tree, env=environ, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


def test_a_rule_is_one_entry_and_withholds(policy_folder: Path) -> None:
    perform("add a rule", policy_folder, f"{POLICY}/convenience.yaml", "rules:", RULE)
    assert "only-the-busiest" in decided(policy_folder, SAVER).withheld
    assert "only-the-busiest" not in decided(policy_folder, SAVER | {"logins_30d": 4_711}).withheld


OFFER = """  - id: term-7m
    family: deposit
    popularity: 90
    name: {zh: 七个月定期存款, en: 7-month term deposit}
    terms: {product: term, minimum_yuan: 50, term_months: 7, years: 0.6, rate: 0.0107, transfer_price: 0.0256,
            servicing_yuan: 2, insured: true}
"""


def test_an_offer_is_one_entry_and_is_offered(policy_folder: Path) -> None:
    perform("add or change an offer", policy_folder, f"{POLICY}/catalogue.yaml", "offers:", OFFER)
    assert "term-7m" in [each.offer for each in decided(policy_folder, SAVER).treatments]


def test_an_attribute_is_one_line_and_a_rule_reads_it(policy_folder: Path) -> None:
    line = "  - {name: owns_a_boat, kind: boolean, meaning: Owns a boat}\n"
    perform("add a raw attribute", policy_folder, f"{POLICY}/attributes.yaml", "attributes:", line)
    rule = RULE.replace("customer.logins_30d >= 4711", "customer.owns_a_boat")
    rule = rule.replace("customer.logins_30d: 4711", "customer.owns_a_boat: true")
    rule = rule.replace("customer.logins_30d: 12", "customer.owns_a_boat: false")
    perform("add a rule", policy_folder, f"{POLICY}/convenience.yaml", "rules:", rule)
    assert "only-the-busiest" not in decided(policy_folder, SAVER | {"owns_a_boat": True}).withheld
    assert "only-the-busiest" in decided(policy_folder, SAVER | {"owns_a_boat": False}).withheld


ENDPOINT = '''"""GET /v1/greeting: a word for whoever asks."""

from flask import Response
from marshmallow import fields

from service.routes.http.fields import Loose
from service.routes.http.guard import PUBLIC
from service.routes.http.resource import Resource, response_doc
from service.routes.http.responses import RawResponse

api = Resource("greeting", __name__, description="Greetings.")


class Greeting(Loose):
    """A greeting."""

    word = fields.String(required=True)


@api.get("/v1/greeting", scope=PUBLIC, answers={"200": response_doc("The word.", Greeting)})
def read_greeting() -> Response:
    """A word for whoever asks

    The same for everybody.
    """
    return RawResponse(b'{"word": "hello"}')
'''
ASKED = """
from service.app import create_app
from service.runtime.config import Settings
app = create_app(Settings(), None, lambda line: None)
contract = app.test_client().get("/openapi.json").json
print(app.test_client().get("/v1/greeting").json["word"], contract["paths"]["/v1/greeting"]["get"]["operationId"])
"""


def test_an_endpoint_is_one_file_that_answers_and_is_in_the_contract(tree: Path) -> None:
    perform("add an endpoint", tree, "service/routes/greeting.py", None, ENDPOINT)
    assert run(tree, ASKED) == "hello readGreeting"


VERB = '''"""`fourcast greet`: a word on the terminal."""

import click


@click.command()
def greet() -> None:
    """Print a word."""
    click.echo("hello")


VERBS = (greet,)
'''


def test_a_verb_is_one_file_that_the_command_line_finds(tree: Path) -> None:
    perform("add a verb", tree, "service/cli/operate/greet.py", None, VERB)
    assert run(tree, "", "-m", "service.cli.main", "greet") == "hello"


def test_a_setting_is_one_line_that_is_read_and_documented(tree: Path) -> None:
    line = '    greeting: str = setting("GREETING", address("a word"), "hello", "The word of greeting.")\n'
    after = '    """Which of these fields the environment set."""'
    perform("add a setting", tree, "service/runtime/config/__init__.py", after, line)
    code = "from service.runtime.config import *\nprint(Settings.read({'FOURCAST_GREETING': 'hi'}).greeting, " \
           "'`FOURCAST_GREETING`' in settings_table())"  # fmt: skip
    assert run(tree, code) == "hi True"


COUNTED = """
from service.core.domain import Context, Release, Snapshot, Trail
from service.decision import decide
from service.rules.policy import load, DEFAULT
now, policy = 1_790_000_000_000, load(DEFAULT)
def withheld(days):
    clicked = Trail("click", "term-12m", "mobile_app", (now - days * 86_400_000,))
    snapshot = Snapshot("c-1", 1, {"demand_yuan": 180_000.0, "mobile_app_active": True}, trails=(clicked,))
    decision = decide(policy, snapshot, Context(now, "mobile_app"), {}, Release(1, "", None), "ID")
    return "only-the-busiest" in decision.withheld
print(withheld(1), withheld(4))
"""


def test_a_history_name_is_one_row_that_counts(tree: Path) -> None:
    row = '    _count("clicks_3d", "customer", EventKind.CLICK, 3, "Clicks in 3 days."),\n'
    perform("add a name of `history.*`", tree, "service/rules/vocabulary.py", "HISTORY_NAMES = (", row)
    rule = RULE.replace("customer.logins_30d >= 4711", "history.clicks_3d < 1")
    rule = rule.replace("customer.logins_30d: 4711", "history.clicks_3d: 0")
    rule = rule.replace("customer.logins_30d: 12", "history.clicks_3d: 1")
    perform("add a rule", tree, f"{POLICY}/convenience.yaml", "rules:", rule)
    assert run(tree, COUNTED.replace("ID", DECISION_ID)) == "True False"


def test_the_walk_through_the_house_keeps_its_bounds_and_counts_right() -> None:
    told = re.findall(r"\*\*(.+?)\*\*: (\d+) files, at most (\d+)\.[^\n]*\n\n(.+?)\n\n", PAGE, re.DOTALL)
    assert [int(most) for _, _, most, _ in told] == [25, 25, 30, 20]
    for title, count, most, files in told:
        passed = re.findall(r"`([\w/.]+)`", files)
        assert len(passed) == len(set(passed)) == int(count) <= int(most), title
