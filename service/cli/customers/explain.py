"""`fourcast explain`: why a customer is offered what they are, why not the rest, and what would change it.

For one of three readers: the analyst reads everything, the customer and the adviser what they may know. Each reading is
written to the access log.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import click
import orjson

from service.cli.actor import person_of
from service.cli.bank.customer_names import external_key_option, id_of
from service.cli.bank.services import engine_of
from service.cli.bank.stack import open_stack
from service.cli.terminal import json_option, language_option
from service.core.errors import InvalidInput
from service.engine.engine import Engine, OfferRequest
from service.engine.explain import Reader


@click.command()
@click.argument("customer_id", required=False)
@external_key_option
@click.option("--channel", help="Only treatments in this channel.")
@click.option("--placement", help="The slot within the channel.")
@click.option("--limit", type=click.IntRange(1, 10), default=3, show_default=True)
@click.option("--decision", "decision_id", help="A stored decision instead of what would be decided now.")
@click.option("--shap", is_flag=True, help="Also what each fact added to the model's score (slow).")
@click.option(
    "--reader", type=click.Choice([one.value for one in Reader]), default=Reader.ANALYST.value, show_default=True,
    help="For whom: the customer and the adviser are told less, in their own words.",
)  # fmt: skip
@language_option("en")
@json_option
def explain(
    customer_id: str | None, external_key: str | None, decision_id: str | None, shap: bool, reader: str, as_json: bool,
    **wanted: Any,
) -> None:  # fmt: skip
    """Why CUSTOMER_ID is offered what they are, why not the rest, and what would change it. Records no decision."""
    if (customer_id is None and external_key is None) == (decision_id is None):
        raise InvalidInput("Name either a customer, by id or by --external-key, or --decision.")
    if shap and reader != Reader.ANALYST:
        raise InvalidInput("--shap is for the analyst alone.")
    asked, spoken_to = OfferRequest(**wanted), Reader(reader)
    with open_stack() as stack:
        named = id_of(stack.store, customer_id, external_key)
        engine = engine_of(stack)
        try:
            told = _told(engine, named, decision_id, asked, shap, spoken_to)
            reading = person_of(stack).name, told["customer_id"], f"fourcast explain --reader {reader}"
            engine.store.access_log.record_reading(*reading)
        finally:
            engine.close()
    lines = LINES[spoken_to](told)
    click.echo(orjson.dumps(told, option=orjson.OPT_INDENT_2).decode() if as_json else "\n".join(lines))


def _told(
    engine: Engine, customer_id: str | None, decision_id: str | None, asked: OfferRequest, shap: bool, reader: Reader
) -> dict[str, Any]:
    if decision_id is not None:
        record = engine.read_decision(decision_id).record
    else:
        record = engine.explanations.decide_now(customer_id or "", asked)[0].record
    if reader is Reader.ANALYST:
        return engine.explanations.explain_record(record, asked.language, shap)
    return engine.explanations.explain_to(reader, record, asked.language)


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


def _lines_for_customer(told: dict[str, Any]) -> list[str]:
    """The customer's explanation: what was chosen and why, what was used, what was not, what they can change."""
    lines = [told["summary"], told["method"], told["personalisation"], ""]
    lines += [one["text"] for name in ("offers", "withheld") for one in told[name]]
    lines += ["", *(_source(one) for one in (*told["used"], told["not_used"])), ""]
    return [*lines, *(one["text"] for one in told["can_change"]), told["rights"]]


def _source(source: dict[str, Any]) -> str:
    items = ", ".join(item["text"] for item in source["items"])
    return f"{source['text']}: {items}" if items else source["text"]


def _lines_for_adviser(told: dict[str, Any]) -> list[str]:
    """The adviser's explanation: what to mind, what may be said of which product, why others are held back."""
    lines = [told["summary"], *told["notes"], ""]
    for offer in told["offers"]:
        lines += [f"{offer['name']}: {'; '.join(offer['reasons'])}", *(f"  {one}" for one in offer["say"])]
    lines += ["", *_grounded(told["not_offered"]), "", *told["unlocks"], "", *_grounded(told["conduct"]["rules"])]
    return lines


def _grounded(rows: list[dict[str, Any]]) -> Iterator[str]:
    for row in rows:
        count = f" ({row['offers']})" if "offers" in row else ""
        yield f"{row['text']}{count}" + (f" [{row['ground']}]" if row["ground"] else "")


LINES: Mapping[Reader, Callable[[dict[str, Any]], list[str]]] = {
    Reader.CUSTOMER: _lines_for_customer,
    Reader.ADVISER: _lines_for_adviser,
    Reader.ANALYST: _lines,
}

VERBS = (explain,)
