"""`fourcast portrait`: one customer on one page."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click
import orjson

from service.cli.actor import person_of
from service.cli.bank.customer_names import external_key_option, whose
from service.cli.bank.services import engine_of
from service.cli.bank.stack import open_stack
from service.cli.terminal import json_option, language_option, show

UNKNOWN = "-"


@click.command()
@click.argument("customer_id", required=False)
@external_key_option
@language_option("en")
@json_option
def portrait(customer_id: str | None, external_key: str | None, language: str, as_json: bool) -> None:
    """Who CUSTOMER_ID is: segment, stage, worth, satisfaction, needs, holdings, channels, history, tags."""
    with open_stack() as stack:
        named = whose(stack.store, customer_id, external_key)
        engine = engine_of(stack)
        found: dict[str, Any] = orjson.loads(engine.portrait(named, language))
        stack.store.access_log.record_reading(person_of(stack).name, named, "fourcast portrait")
        engine.close()
    show(found if as_json else dict(page(found)), as_json)


def page(found: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The portrait as lines of text; ``-`` is unknown."""
    yield "customer", f"{found['customer_id']} at {found['at']}"
    if found["note"]:
        yield "note", found["note"]
    yield "who", _listed([f"{one['name']} {_plain(one['value'])}" for one in found["who"] if one["value"] is not None])
    yield "segment", _of(found["segment"], "{name} ({share:.0%} of customers): {description}")
    yield "stage", _of(found["stage"], "{name}")
    yield "lifetime value", _of(found["lifetime"], "{value_yuan:,.2f} yuan over {years} years")
    yield from _assumptions(found["lifetime"])
    yield from _satisfaction(found["satisfaction"])
    yield "needs", _texts(found["needs"])
    yield "propensity", _listed([f"{family} {p:.1%}" for family, p in (found["propensity"] or {}).items()])
    yield "holdings", _listed([f"{one['name']} {_figure(one['yuan'])}" for one in found["holdings"]])
    yield "channels", _listed([_channel(one) for one in found["channels"]])
    yield "last 90 days", _listed([f"{kind} {n}" for kind, n in found["contact_history"]["counts_90d"].items()])
    yield "tags", _texts(found["tags"])
    for one in found["missing"]:
        yield f"missing for {one['part']}", _listed(one["facts"])


def _assumptions(lifetime: Mapping[str, Any] | None) -> Iterator[tuple[str, str]]:
    for number, sentence in enumerate((lifetime or {}).get("assumptions", ()), start=1):
        yield f"  assumption {number}", sentence


def _satisfaction(found: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    parts = [f"{concern} {_figure(index, 0)}" for concern, index in found["concerns"].items()]
    yield "satisfaction", f"{_figure(found['overall'], 0)} of 100 ({', '.join(parts)})" if found["answers"] else UNKNOWN
    if found["advice"]:
        yield "  advice", found["advice"]


def _channel(one: Mapping[str, Any]) -> str:
    word = {True: "yes", False: "no", None: "never asked" if one["consent_needed"] else "no consent needed"}
    return f"{one['name']}: {word[one['consent']]}{', preferred' if one['preferred'] else ''}"


def _of(value: Mapping[str, Any] | None, sentence: str) -> str:
    return UNKNOWN if value is None else sentence.format(**value)


def _texts(tags: Sequence[Mapping[str, str]] | None) -> str:
    return UNKNOWN if tags is None else _listed([tag["text"] for tag in tags])


def _listed(words: Sequence[str]) -> str:
    return "; ".join(words) or UNKNOWN


def _plain(value: object) -> object:
    """Whole numbers without their point."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _figure(value: float | None, digits: int = 2) -> str:
    return UNKNOWN if value is None else f"{value:,.{digits}f}"


VERBS = (portrait,)
