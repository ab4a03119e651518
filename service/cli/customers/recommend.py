"""`fourcast recommend | explain | replay`: the engine on the command line, the same answers as the API."""

import sys
from typing import Any

import click
import orjson

from service.cli.bank.customer_names import external_key_option, id_of, whose
from service.cli.bank.stack import Stack, open_stack
from service.cli.terminal import json_option, show
from service.core.errors import InvalidInput
from service.engine.engine import Engine, OfferRequest

language_option = click.option("--language", type=click.Choice(["zh", "en"]), default="en", show_default=True)


def engine_of(stack: Stack) -> Engine:
    """The engine of this process."""
    return Engine(stack.settings, stack.store, stack.cache)


@click.command()
@click.argument("customer_id", required=False)
@external_key_option
@click.option("--channel", help="Only treatments in this channel.")
@click.option("--placement", help="The slot within the channel.")
@click.option("--limit", type=click.IntRange(1, 10), default=3, show_default=True)
@language_option
def recommend(customer_id: str | None, external_key: str | None, **wanted: Any) -> None:
    """The next best offers of CUSTOMER_ID now, as the API would answer, as JSON."""
    with open_stack() as stack:
        named = whose(stack.store, customer_id, external_key)
        engine = engine_of(stack)
        answer = engine.recommend(named, OfferRequest(**wanted))
        engine.close()
    click.echo(answer.body.decode())


@click.command()
@click.argument("customer_id", required=False)
@external_key_option
@click.option("--channel", help="Only treatments in this channel.")
@click.option("--placement", help="The slot within the channel.")
@click.option("--limit", type=click.IntRange(1, 10), default=3, show_default=True)
@click.option("--decision", "decision_id", help="A stored decision instead of what would be decided now.")
@click.option("--shap", is_flag=True, help="Also what each fact added to the model's score (slow).")
@language_option
@json_option
def explain(
    customer_id: str | None, external_key: str | None, decision_id: str | None, shap: bool, as_json: bool, **wanted: Any
) -> None:
    """Why CUSTOMER_ID is offered what they are, why not the rest, and what would change it. Records nothing."""
    if (customer_id is None and external_key is None) == (decision_id is None):
        raise InvalidInput("Name either a customer, by id or by --external-key, or --decision.")
    asked = OfferRequest(**wanted)
    with open_stack() as stack:
        named = id_of(stack.store, customer_id, external_key)
        engine = engine_of(stack)
        try:
            told = _told(engine, named, decision_id, asked, shap)
        finally:
            engine.close()
    click.echo(orjson.dumps(told, option=orjson.OPT_INDENT_2).decode() if as_json else "\n".join(_lines(told)))


def _told(
    engine: Engine, customer_id: str | None, decision_id: str | None, asked: OfferRequest, shap: bool
) -> dict[str, Any]:
    if decision_id is not None:
        return engine.explanations.explain_record(engine.read_decision(decision_id).record, asked.language, shap)
    told: dict[str, Any] = orjson.loads(engine.explanations.explain_now(customer_id or "", asked, shap))["explanation"]
    return told


def _lines(told: dict[str, Any]) -> list[str]:
    """The explanation as a person reads it: summary, funnel, unlocks, sensitivity, offers, contributions."""
    lines = [told["summary"]]
    for part in ("funnel", "unlocks", "sensitivity"):
        lines += ["", *(one["text"] for one in told[part])]
    width = max((len(one["offer"]) for one in told["offers"]), default=0)
    lines += ["", *(f"{one['offer']:<{width}}  {one['text']}{_words(one)}" for one in told["offers"])]
    for family, found in told.get("contributions", {}).items():
        lines += ["", f"{family}: P {found['propensity']:.4f}, log-odds {found['raw']:+.3f} = {found['base']:+.3f}"]
        lines += [f"  {one['contribution']:+.3f}  {one['name']} = {one['value']}" for one in found["features"][:10]]
    return lines


def _words(offer: dict[str, Any]) -> str:
    """In whose words a shown offer is told."""
    return f" {offer['positioning']['text']}" if offer["positioning"] else ""


@click.command()
@click.argument("decision_id")
@json_option
def replay(decision_id: str, as_json: bool) -> None:
    """Decide DECISION_ID again from its own record, policy and models. Exit code 1 unless every byte is the same."""
    with open_stack() as stack:
        engine = engine_of(stack)
        try:
            stored = engine.read_decision(decision_id)
            replayed = engine.explanations.replay_record(stored.id, stored.record)
        finally:
            engine.close()
    told = replayed.document()
    if not as_json:
        differences = {one.path or "record": f"was {one.stored}, is {one.now}" for one in replayed.differences}
        told = {name: value for name, value in told.items() if name != "differences"} | differences
    show(told, as_json)
    sys.exit(0 if replayed.identical else 1)


VERBS = (recommend, explain, replay)
