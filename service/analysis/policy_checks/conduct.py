"""Conduct: what no policy may open, checked before it serves: suitability, consent, and the messages. Pure.

A policy's own gates decide every request. But a policy is edited by people, so before one is published or served it is
tried on customers made for the purpose: every tolerance (and none), assessments of every age (and none), ages around
65, with everything else as inviting as can be. An offer that stays open to a customer who may not hold it, or an
outbound channel that stays open without consent, is a breach, and the policy does not serve. Its messages are checked
once more as well.

Not part of reading a policy: one that served years ago must still be read, to replay what it decided.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import product

from service.analysis.policy_checks.channel_facts import find_misdeclared_channels
from service.analysis.policy_checks.product_kinds import find_contradictions
from service.core.domain import Context, Family, Release, Scalar, Snapshot
from service.core.errors import PolicyError, Problem
from service.core.grid import Array
from service.decision.arms.assignment import arm_of
from service.decision.compiled import CompiledPolicy, compile_policy
from service.decision.privacy import PERSONALISATION
from service.decision.single import judge_cells
from service.rules import compliance
from service.rules.contact_gates import CONTACT
from service.rules.policy import Policy
from service.rules.rulebook import open_cells

NOON = 1_773_115_200_000
"""2026-03-10 12:00 in Shanghai, a Tuesday: no holiday, no quiet hour."""
VALID = {"2026-03-10": True, "2025-03-10": True, "2025-03-09": False, "2026-03-11": False, None: False}
"""Days of assessment -> whether it is valid on that Tuesday: for twelve months, and not from the future."""
TOLERANCES = (None, 1, 2, 3, 4, 5)
AGES = (None, 17, 40, 64, 65, 80)
ELDER, HIGH_RISK, ADULT = 65, 4, 18
MONEY = 5_000_000.0
PRIME: Mapping[str, Scalar] = {"age": 40, "risk_tolerance": 5, "risk_assessed_on": "2026-03-10"}
RELEASE = Release(0, "", None)
Facts = dict[str, Scalar]


@lru_cache(maxsize=16)
def assert_compliant(policy: Policy) -> None:
    """Refuse a policy that breaks a rule of conduct; a policy never changes, so the answer is cached.

    Raises: PolicyError: naming every breach.
    """
    found = find_breaches(policy)
    if found:
        raise PolicyError(f"the policy breaks conduct rules ({len(found)} problems)", found)


def find_breaches(policy: Policy) -> list[Problem]:
    """Every rule of conduct that the policy breaks, each named once."""
    compiled = compile_policy(policy)
    facts = _inviting(compiled)
    found = [*_unsuitable(compiled, facts), *_unwanted(compiled, facts), *_unsayable(policy)]
    found += [*find_contradictions(policy), *find_misdeclared_channels(policy)]
    return list(dict.fromkeys(found))


def _unsuitable(compiled: CompiledPolicy, facts: Facts) -> Iterator[Problem]:
    consents = _all_yes(compiled)
    for tolerance, (assessed, valid), age in product(TOLERANCES, VALID.items(), AGES):
        own: Facts = {"risk_tolerance": tolerance, "risk_assessed_on": assessed, "age": age}
        cells = _open(compiled, {**facts, **own}, consents)
        for place, offer in enumerate(compiled.policy.offers):
            risk = offer.terms.get("risk")
            if (offer.family != Family.WEALTH and risk is None) or not cells[place].any():
                continue
            why = _may_not(risk, tolerance, valid, age, _all_in_person(compiled, cells[place]))
            if why:
                yield Problem(f'offer "{offer.id}"', f"is open to a customer {why}")


def _may_not(risk: Scalar, tolerance: int | None, valid: bool, age: int | None, in_person: bool) -> str | None:
    """Why a customer may not hold a product of that risk; None where they may."""
    if not isinstance(risk, int | float):
        return "although it states no risk level"
    if tolerance is None or tolerance < risk:
        return f"of tolerance {'unknown' if tolerance is None else f'C{tolerance}'}"
    if not valid:
        return "whose risk assessment is missing or expired"
    if age is not None and age < ADULT:
        return "under 18"
    elder = age is None or age >= ELDER
    return (
        "of 65 or more, or of unknown age, not face to face" if elder and risk >= HIGH_RISK and not in_person else None
    )


def _unwanted(compiled: CompiledPolicy, facts: Facts) -> Iterator[Problem]:
    """Outbound channels that are open without consent, after a refusal of all contact, or without personalisation."""
    everything = _all_yes(compiled)
    wishes = {
        "who never agreed to it": {},
        "who asked not to be contacted": {**everything, CONTACT: False},
        "who withdrew personalisation": {**everything, PERSONALISATION: False},
    }
    for who, consents in wishes.items():
        cells = _open(compiled, facts, consents)
        for place, channel in enumerate(compiled.policy.channels):
            if channel.direction == "outbound" and cells[:, place].any():
                yield Problem(f'channel "{channel.id}"', f"is open to a customer {who}")


def _unsayable(policy: Policy) -> Iterator[Problem]:
    offers = {offer.id: offer for offer in policy.offers}
    variants = (variant.messages for variant in policy.variants.values())
    for (offer_id, _, language), message in (said for one in (policy.messages, *variants) for said in one.items()):
        offer = offers[offer_id]
        risk = offer.terms.get("risk")
        level = int(risk) if isinstance(risk, int | float) else None
        for fault in compliance.message_faults(
            message, language, offer.family, level, cooling_off=bool(offer.terms.get("cooling_off_hours"))
        ):
            yield Problem(f'message of offer "{offer_id}"', f"({language}) {fault}")


def _open(compiled: CompiledPolicy, attributes: Mapping[str, Scalar], consents: Mapping[str, bool]) -> Array:
    """(m, k): what the gates leave open."""
    snapshot, context = Snapshot("probe", 1, attributes, consents), Context(NOON)
    arm = arm_of(snapshot, compiled.policy.experiments)
    cells = judge_cells(compiled, snapshot, context, {}, RELEASE, arm, compiled.columns.moment(NOON))
    shape = (1, len(compiled.policy.offers), len(compiled.policy.channels))
    found: Array = open_cells(cells.gate_masks, shape)[0]
    return found


def _inviting(compiled: CompiledPolicy) -> Facts:
    """Every attribute at its most inviting: much money, mild figures, and each flag at the value that opens most."""
    mild: Facts = {"number": 5.0, "money": MONEY, "date": "2026-03-10", "text": "x"}
    table, consents = compiled.policy.attributes.attributes, _all_yes(compiled)
    facts = {one.name: one.values[0] if one.values else mild[one.kind] for one in table if one.kind in mild}
    facts |= {name: known for name, known in PRIME.items() if name in facts}
    for flag in (one.name for one in table if one.kind == "boolean"):
        tried: list[Scalar] = [None, True, False]
        facts[flag] = max(tried, key=lambda value: int(_open(compiled, {**facts, flag: value}, consents).sum()))
    return facts


def _all_yes(compiled: CompiledPolicy) -> dict[str, bool]:
    channels, rules = compiled.places.channels, compiled.policy.contact.consents
    named = {rule.purpose_for(channel) for rule in rules for channel in channels}
    return dict.fromkeys(sorted(named | {f"marketing:{channel}" for channel in channels}), True)


def _all_in_person(compiled: CompiledPolicy, cells: Array) -> bool:
    """Whether every open channel of an offer is face to face."""
    face = [channel.terms.get("face_to_face") is True for channel in compiled.policy.channels]
    return all(face[place] for place in cells.nonzero()[0].tolist())
