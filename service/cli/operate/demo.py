"""`fourcast demo`: a whole Fourcast from nothing, on a synthetic bank or on a real bank's files.

In order: check the machine (OpenMP, port) -> start PostgreSQL and Valkey -> the customers -> two trained models -> the
policy -> a synthetic bank's advisers, attested -> keys -> serve. What a former start left in the state folder is used
again: then only the servers start.
"""

import json
import os
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.client import HTTPException
from pathlib import Path
from shlex import quote as quoted
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

import click

from service.cli.actor import person_of
from service.cli.bank.selection import named_bank, state_name
from service.cli.bank.stack import Stack, open_stack
from service.cli.bank.state import KEYS as KEYS_FILE
from service.cli.bank.state import BankState, served
from service.cli.customers.advisers import read_advisers
from service.cli.customers.import_files import load_bank
from service.cli.models.train import train_and_publish
from service.cli.operate.serve import base, check_port, run_server, wait_until_served
from service.cli.terminal import bar
from service.core.clock import now_ms
from service.core.domain import Client
from service.core.errors import InvalidInput
from service.core.grid import DAY_MS, day_at
from service.engine.auth import new_key
from service.engine.releases.promotion import promote
from service.rendering.readers.conduct import VERSION
from service.rules.policy import load
from service.runtime.config import Settings
from service.scoring.models.lightgbm_c import library
from service.store import Mandate
from service.store.leads import Actor

KEYS: Mapping[str, tuple[str, ...]] = {
    "app": ("offers:read", "events:write"),
    "analyst": ("offers:read", "offers:explain", "events:write", "customers:write"),
    "author": ("policies:write",),
    "approver": ("policies:approve",),
    "compliance": ("policies:comply",),
}
"""The demo's clients and their scopes."""
PEOPLE = ("mei", "wei", "lan")
"""The demo's made-up people: the author, the approver, and the one of compliance."""
ADVISERS = "advisers.csv"
"""The file of a synthetic bank that names its advisers."""
DAYS = 366
SEEDED = "demo: one person on one machine acts for made-up people; nobody else confirmed it"
SAMPLE_SIZE = 40
START_S = 60
"""How long the first answer may take: workers open models and policy first."""


@dataclass(frozen=True)
class Stage:
    """A prepared stack: customers stored, a release active, and the demo's keys by client."""

    stack: Stack
    keys: Mapping[str, str]


@contextmanager
def prepared(
    settings: Settings,
    bank: Path | None = None,
    files: Path | None = None,
    customers: int = 50_000,
    supplement: bool = False,
    seed: int = 7,
) -> Iterator[Stage]:
    """Everything before serving: servers started, customers stored, models trained and promoted; earlier results are
    used.
    """
    with open_stack(settings) as stack:
        if stack.store.customers.count() == 0 or stack.store.releases.active() is None:
            bank, files = _bank(settings, bank, files, customers, seed)
            load_bank(stack, bank, files, supplement, seed)
            version = train_and_publish(settings, bank, files, seed).version
            seed_advisers(stack, files / ADVISERS)
            promote(stack.store, stack.settings, version, person_of(stack).name, override=True, against=True)
        seed_mandates(stack, embedded=settings.database_url is None)
        yield Stage(stack, demo_keys(stack))


def _bank(settings: Settings, bank: Path | None, files: Path | None, count: int, seed: int) -> tuple[Path, Path]:
    """The bank's own folders, or those of a synthetic bank made here."""
    if bank is not None and files is not None:
        return bank, files
    from training.synthetic import write

    with bar(f"Making a bank of {count:,} customers"):
        return write(settings.state_dir / "bank", count, seed)


def seed_mandates(stack: Stack, embedded: bool) -> None:
    """Let whoever starts a demo act for its three made-up people: author, approver and compliance.

    So one person on one machine can walk the whole way of a policy. Only in the embedded database of a demo, and only
    while it has no mandate; in a bank's own database a second person confirms each.
    """
    if not embedded or stack.store.mandates.list_mandates():
        return
    user, now = person_of(stack).name, now_ms()
    for person, acts_for in [*((user, name) for name in PEOPLE), (PEOPLE[-1], None)]:
        stack.store.mandates.seed(Mandate(person, acts_for, now, now + DAYS * DAY_MS, SEEDED, user))


def seed_advisers(stack: Stack, file: Path) -> None:
    """Store the made-up advisers of a synthetic bank, each of whom confirmed the rules of conduct today.

    Without them no lead could be built, and without the attestation none for a risk-rated product. A real bank's files
    hold no such list: it stores its own advisers, who confirm for themselves.
    """
    if not file.exists():
        return
    rows, actor = read_advisers(file), Actor(person_of(stack).name)
    stack.store.leads.put_advisers(rows, actor)
    today = day_at(now_ms(), load(stack.settings.policy).contact.timezone)
    for one in rows:
        stack.store.attestations.record(one.id, VERSION, today, actor)


def demo_keys(stack: Stack) -> dict[str, str]:
    """The demo's keys: those of the last start, else new ones, readable by this user only."""
    kept = stack.settings.state_dir / KEYS_FILE
    if kept.exists():
        found: dict[str, str] = json.loads(kept.read_text())
        if found.keys() == KEYS.keys():
            return found
    keys = {name: _made(stack, name, scopes) for name, scopes in KEYS.items()}
    kept.touch(mode=0o600)
    kept.write_text(json.dumps(keys))
    return keys


def _made(stack: Stack, name: str, scopes: tuple[str, ...]) -> str:
    key, digest = new_key()
    stack.store.clients.add(Client(name, frozenset(scopes)), digest, actor=person_of(stack).name)
    return key


def telling_answer(base: str, key: str, customers: Iterable[str]) -> dict[str, Any]:
    """The answer that shows the most (deposit and wealth, many words) among these customers; asks the API."""
    return max((_asked(base, key, one) for one in customers), key=_tells)


def _asked(base: str, key: str, customer: str) -> dict[str, Any]:
    path = f"/v1/customers/{quote(customer, safe='')}/offers?channel=mobile_app&placement=home_banner"
    asked = Request(base + path, headers={"Authorization": f"Bearer {key}"})  # noqa: S310 (our own address)
    with urlopen(asked, timeout=START_S) as answer:  # noqa: S310
        return dict(json.load(answer))


def _tells(answer: dict[str, Any]) -> tuple[int, int, int]:
    offers = answer["offers"]
    families = {offer["text"]["family"] for offer in offers}
    return len(families), len(offers), sum(len(offer["reasons"]) for offer in offers)


GUIDE = """
Fourcast serves on {base}   API documentation: {base}/docs   Ctrl-C stops everything.

# The next best offers for one customer, as the mobile app asks for them
curl -s -H 'Authorization: Bearer {app}' \\
  '{base}/v1/customers/{customer}/offers?channel=mobile_app&placement=home_banner'

# In English, any channel, the best one named
curl -s -H 'Authorization: Bearer {app}' -H 'Accept-Language: en' '{base}/v1/customers/{customer}/offers?limit=5'

# The customer dismisses an offer: the next call counts it
curl -s -X POST -H 'Authorization: Bearer {app}' -H 'Content-Type: application/json' {base}/v1/events \\
  -d '{{"id": "{decision}-dismiss", "customer_id": "{customer}", "kind": "dismiss", "offer": "{offer}",
       "channel": "mobile_app", "at": "{now}"}}'

# They accept one: the token proves that it was shown to them
curl -s -X POST -H 'Authorization: Bearer {app}' -H 'Content-Type: application/json' {base}/v1/events \\
  -d '{{"id": "{decision}-accept", "customer_id": "{customer}", "kind": "accept", "offer": "{offer}",
       "token": "{token}", "at": "{now}"}}'

# Why, in words: the funnel, every gate, the factors, what would change it
curl -s -H 'Authorization: Bearer {analyst}' -H 'Accept-Language: en' {base}/v1/decisions/{decision}/explanation

# What its customer may read of it: what was used, why, what they can change
curl -s -H 'Authorization: Bearer {app}' {base}/v1/decisions/{decision}/explanation/customer

# Who the customer is
curl -s -H 'Authorization: Bearer {analyst}' -H 'Accept-Language: en' {base}/v1/customers/{customer}/portrait

# The customer opts out of being profiled: from the next call on nothing personal is read
curl -s -X PUT -H 'Authorization: Bearer {analyst}' -H 'Content-Type: application/json' \\
  {base}/v1/customers/{customer}/preferences -d '{{"personalisation": false, "version": "demo"}}'

# The same bank on the command line, in a second terminal; {fourcast} --help lists every verb
{where}
{fourcast} explain {customer}
{fourcast} portrait {customer}
{fourcast} replay {decision}
{fourcast} experiments
{fourcast} policy simulate --customers 200
{fourcast} audit verify

# Further keys, to propose a policy, to sign it for compliance and to approve it:
# author {author}   compliance {compliance}   approver {approver}
# At a terminal you may act for three made-up people, by --as: mei (author), lan (compliance), wei (approver).
# That is so in a demo alone; in a bank's own database a second person confirms who may act for whom:
{fourcast} mandates list
"""


NEXT = """\b
Once it serves, it prints a sample customer, and lines that work as pasted.
In a second terminal, in the same folder, other verbs speak of its bank:
  fourcast explain CUSTOMER     why these offers and not the rest
  fourcast portrait CUSTOMER    who the customer is
  fourcast experiments          what each part of the method brings
  fourcast policy simulate      a policy beside the one that serves
  fourcast audit verify         whether the audit log is whole
fourcast --bank-state NAME picks another bank; Ctrl-C stops everything.
"""
URLS = {"database_url": "FOURCAST_DATABASE_URL", "redis_url": "FOURCAST_REDIS_URL"}


def guide(settings: Settings, keys: Mapping[str, str], customers: Iterable[str]) -> str:
    """The curl lines and commands that work as pasted."""
    answer = telling_answer(base(settings), keys["app"], customers)
    return GUIDE.format(
        base=base(settings),
        where=where(settings),
        fourcast=typed(),
        customer=answer["customer_id"],
        offer=answer["offers"][0]["offer"] if answer["offers"] else "",
        token=answer["offers"][0]["token"] if answer["offers"] else "",
        decision=answer["decision_id"],
        now=answer["decided_at"],
        **keys,
    )


def where(settings: Settings) -> str:
    """The environment and folder with which a second terminal finds the demo."""
    words = [f"cd {quoted(str(Path.cwd()))}"]
    if "state_dir" in settings.given:
        words.append(f"export FOURCAST_STATE_DIR={quoted(str(settings.state_dir.absolute()))}")
    words += [f"# and {variable} as here" for name, variable in URLS.items() if name in settings.given]
    return "\n".join(words)


def typed() -> str:
    """The command that starts our own program in a second terminal."""
    program, here = Path(sys.argv[0]).absolute(), Path.cwd()
    return quoted(str(program.relative_to(here) if program.is_relative_to(here) else program))


@click.command(epilog=NEXT)
@click.option("--bank", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Folder with a bank's SQL.")
@click.option("--files", type=click.Path(exists=True, file_okay=False, path_type=Path), help="The bank's files.")
@click.option("--supplement", is_flag=True, help="Add simulated, labelled risk assessments and consents.")
@click.option("--customers", type=click.IntRange(500, 5_000_000), default=50_000, show_default=True)
@click.option("--seed", type=int, default=7, show_default=True)
@click.option("--port", type=click.IntRange(1, 65535), help="The port to listen on; FOURCAST_PORT by default.")
def demo(bank: Path | None, files: Path | None, supplement: bool, customers: int, seed: int, port: int | None) -> None:
    """Start a whole Fourcast: servers, customers, models, policy, API; on a synthetic bank or a real one's files."""
    if (bank is None) != (files is None):
        raise InvalidInput("--bank and --files go together: the SQL, and the files it reads.")
    settings = _demo_settings(bank, supplement, port)
    library()
    check_port(settings.host, settings.port)
    with served(settings, "demo") as tell, prepared(settings, bank, files, customers, supplement, seed) as stage:
        tell(base(settings))
        words = settings, stage.keys, stage.stack.store.customers.sample_ids(SAMPLE_SIZE)
        threading.Thread(target=_say_when_served, args=words, daemon=True).start()
        raise SystemExit(run_server(stage.stack, {**stage.stack.environ, "FOURCAST_PORT": str(settings.port)}))


def _demo_settings(bank: Path | None, supplement: bool, port: int | None) -> Settings:
    """Each bank has a state folder of its own, so that one demo never shows another's customers."""
    settings = Settings.read(os.environ)
    own = BankState.of(settings.state_dir, named_bank() or state_name(bank, supplement))
    return replace(settings, state_dir=own.folder, port=port or settings.port)


def _say_when_served(settings: Settings, keys: Mapping[str, str], customers: Iterable[str]) -> None:
    if not wait_until_served(settings.port):
        return
    try:
        click.echo(guide(settings, keys, customers))
    except HTTPError as error:
        click.echo(f"No sample customer to show: {base(settings)} answered {error.code} ({error.reason}).", err=True)
    except (OSError, HTTPException):  # told to stop before it served
        return


VERBS = (demo,)
