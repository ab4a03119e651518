"""The small bank with stages by age, one fit rule and one applicability gate of a strategy with a target."""

from dataclasses import replace
from typing import Any

from service.core.expressions import Kind, Name, parse
from service.rules.model.portrait import StageOfLife
from service.rules.policy import Policy, Strategy
from tests.decision.bank import SCHEMA, WORDS, fit, gate, small_policy

CUSTOMER = frozenset({"customer"})
STANDING = {
    **SCHEMA,
    "customer.segment": Name(Kind.TEXT, CUSTOMER),
    "customer.stage": Name(Kind.TEXT, CUSTOMER, ("young", "settled")),
}


def says(text: str) -> Any:
    return parse(text, STANDING, Kind.BOOLEAN)


def strategy(target: str | None) -> dict[str, Strategy]:
    return {"s": Strategy("s", "consumer", WORDS, WORDS, WORDS, ("x",), True, target and says(target))}


def standing_policy(target: str | None = "customer.segment = 'keen'", **changes: Any) -> Policy:
    """Stages by age; one fit rule and one applicability gate of a strategy with a target."""
    stages = (StageOfLife("young", WORDS, says("customer.age < 40")), StageOfLife("settled", WORDS, says("true")))
    usual = small_policy()
    parts = {
        "portrait": replace(usual.portrait, stages=stages),
        "strategies": strategy(target),
        "gates": (replace(gate("big", "applicability", "customer.total_yuan >= 500000")),),
        "fits": (fit("raise", "consumer", "offer.family = 'deposit'", 2.0),),
        "schema": STANDING,
    }
    return replace(usual, **(parts | changes))
