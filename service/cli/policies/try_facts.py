"""`fourcast try`: what a policy decides for a made-up customer at any instant; recorded nowhere."""

from pathlib import Path
from typing import Any

import click
import orjson

from service.cli.bank import selection
from service.cli.bank.services import engine_of
from service.cli.bank.stack import open_stack
from service.cli.customers.explain import LINES
from service.cli.terminal import json_option, language_option
from service.core.clock import now_ms
from service.core.errors import InvalidInput, Problem, Unavailable
from service.engine.engine import OfferRequest
from service.engine.explain import Reader
from service.engine.playground import note_withdrawal, read_instant, release_on_disk, try_out
from service.rules.policy import Policy, load
from service.store import Withdrawal

WORDS = {
    "zh": {
        "offer": "{rank}. {offer}，渠道{channel}：{why}",
        "withheld": "{offers}款因{code}未推荐：{text}",
        "nothing": "没有可提供的产品。",
        "withdrawn": "该政策已由 {by} 撤回，不得再次生效：{reason}",
        "and": "；",
    },
    "en": {
        "offer": "{rank}. {offer} in {channel}: {why}",
        "withheld": "{offers} withheld by {code}: {text}",
        "nothing": "Nothing is offered.",
        "withdrawn": "This policy was withdrawn by {by} and never serves again: {reason}",
        "and": "; ",
    },
}
"""The headlines, by language: what is offered and what is withheld."""


@click.command("try")
@click.option("--facts", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=True,
              help="JSON: attributes, consents, events and, if wanted, scores.")  # fmt: skip
@click.option("--policy", "named", metavar="FOLDER|HASH", help="A policy's folder or stored hash; else what serves.")
@click.option("--at", metavar="INSTANT", help="As 2026-11-23T09:30, in the bank's time zone; now when it is left out.")
@click.option("--channel", help="Only treatments in this channel.")
@click.option("--placement", help="The slot within the channel.")
@click.option("--trigger", help="What just happened, in the policy's words.")
@click.option("--limit", type=click.IntRange(1, 10), default=3, show_default=True)
@language_option("en")
@json_option
def try_(facts: Path, named: str | None, at: str | None, as_json: bool, **wanted: Any) -> None:
    """What would be offered to a made-up customer, why, and why not the rest. Nothing is recorded.

    With a policy's FOLDER no database is needed: rules and priors decide. Otherwise the models that serve score.
    """
    document, asked = _read_document(facts), OfferRequest(**wanted)
    answer = orjson.loads(_try_folder(Path(named), document, asked, at) if named and Path(named).is_dir()
                          else _try_stored(named, document, asked, at))  # fmt: skip
    click.echo(orjson.dumps(answer, option=orjson.OPT_INDENT_2).decode() if as_json else "\n".join(_lines(answer)))


def _read_document(facts: Path) -> object:
    try:
        return orjson.loads(facts.read_bytes())
    except orjson.JSONDecodeError as error:
        raise InvalidInput(f"{facts} is no JSON.", [Problem(str(facts), str(error))]) from None


def _try_folder(folder: Path, document: object, asked: OfferRequest, at: str | None) -> bytes:
    policy = load(folder)
    answer = try_out(release_on_disk(policy), document, asked, _instant(policy, at))
    return note_withdrawal(answer, _withdrawal(policy.hash))


def _withdrawal(policy_hash: str) -> Withdrawal | None:
    """The withdrawal of a folder's content in the bank that is here; None where there is no bank to ask."""
    settings = selection.bank_if_any()
    if settings is None:
        return None
    try:
        with open_stack(settings) as stack:
            return stack.store.withdrawals.find(policy_hash)
    except Unavailable as away:
        click.echo(f"Not held against withdrawals: {away.message}", err=True)
        return None


def _try_stored(name: str | None, document: object, asked: OfferRequest, at: str | None) -> bytes:
    with open_stack() as stack:
        whole = None if name is None else stack.store.proposals.whole_hash(name)
        engine = engine_of(stack)
        try:
            policy = engine.governance.policy(whole)
            return engine.playground.try_out(document, asked, _instant(policy, at), policy.hash)
        finally:
            engine.close()


def _instant(policy: Policy, at: str | None) -> int:
    found = now_ms() if at is None else read_instant(at, policy.contact.timezone)
    if found is None:
        raise InvalidInput("--at is no instant.", [Problem("at", f'expected as 2026-11-23T09:30, got "{at}"')])
    return found


def _lines(answer: dict[str, Any]) -> list[str]:
    """The offers with their reasons and confirmations, then the whole explanation."""
    words = WORDS[answer["language"]]
    lines = [words["offer"].format(**one, why=_why(one, words["and"])) for one in answer["offers"]]
    withheld = (words["withheld"].format(**one) for one in answer["withheld"])
    gone = answer["withdrawn"]
    warned = [] if gone is None else [words["withdrawn"].format(**gone)]
    return [*warned, *(lines or [words["nothing"]]), *withheld, "", *LINES[Reader.ANALYST](answer["explanation"])]


def _why(offer: dict[str, Any], between: str) -> str:
    said = [one["text"] for name in ("reasons", "confirmations") for one in offer.get(name, ())]
    return between.join(said) or offer["text"]["title"]


VERBS = (try_,)
