"""`fourcast explain`: why a customer is offered what they are, why not the rest, and what would change it."""

from typing import Any

import click
import orjson

from service.cli.bank.customer_names import external_key_option, id_of
from service.cli.bank.services import engine_of
from service.cli.bank.stack import open_stack
from service.cli.customers.recommend import language_option
from service.cli.terminal import json_option
from service.core.errors import InvalidInput
from service.engine.engine import Engine, OfferRequest


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
    """The message variant of a shown offer; empty without one."""
    return f" {offer['positioning']['text']}" if offer["positioning"] else ""


VERBS = (explain,)
