"""Fair terms: no personal trait decides which terms a customer is offered, without a lawful ground. Pure.

Two offers are alike where they are of one kind (a kind that the law does not know is alike to every kind of its
family). A rule tells two alike offers apart where it is not the same condition for both, once the policy's own terms
are put in. If their terms differ and the rule reads a trait, it is refused: a gate, a fit rule, the segments it is for,
a ticket, value or response formula, and a segment's own words. ``trait_ground`` names the ground that the rule claims;
it must be one that fits the rule's stage, its traits, the kind and the direction (who protects the elderly closes
nothing to those of 40), and ``ground`` must name one of its laws, or another rule that exists, by its id.

The parts of a gate that stand side by side (``and``) are judged one by one, as if each were a gate. Conditions are
compared as they are written, not for every customer: a rule that is refused and tells nobody apart is parted in two.
A gate that reads a trait needs a ground also where it tells no offers apart: it closes something to people for who they
are, and with another gate (of a channel, a placement) it could close one of two alike offers.

Ground: PIPL article 24 (no unreasonable differences in terms); Consumer Rights Regulations 2024 article 9.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np

from service.core.errors import Problem
from service.core.expressions import Expression, Kind, fold
from service.core.expressions.tree import Node, is_missing
from service.rules.loading.rule_files import FALLS_AWAY
from service.rules.model.kinds import STATUTORY_KINDS
from service.rules.model.traits import FORMULA, GATES, TRAIT_GROUNDS, TraitGround, tells_trait, words_of
from service.rules.policy import FitRule, GateRule, Offer, Policy
from service.rules.statutory import STATUTORY

PRODUCT = "product"
PRICES = ("rate", "fee_share", "minimum_yuan")
"""The terms that are named first."""
INTERNAL = frozenset(
    {
        "years",
        "transfer_price",
        "cannibalised_share",
        "deposit_margin",
        "staying_effect",
        "servicing_yuan",
        PRODUCT,
        "sold_as",
    }
)
"""Terms between the bank and itself, or that name the kind: no customer gets better or worse by them."""
MOST_NAMED = 4
"""So many terms of a pair are named at most."""
Pair = tuple[Offer, Offer]
NO_PROXIES: Mapping[str, str] = {}
PROXY = " (told by "
"""Before the attribute that tells a trait. One that closes offers and tells no alike ones apart is left to be measured:
what it takes from a group shows in what the group is offered."""
AGE = "customer.age"
AGE_WORDS = frozenset({"age", "birth"})
WORDS = "words"
"""The stage of a segment's words: no ground lets them choose between terms."""
NO_COLUMNS: Mapping[str, Any] = {}
STATUTORY_IDS = frozenset(one.id for one in STATUTORY)
Shape = Any
"""What is left of a condition once an offer's terms are put in: nested tuples, equal for equal conditions."""
TRUE, FALSE = ("const", True), ("const", False)


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of a policy that may tell offers apart, and the ground that it claims.

    ``of`` gives its shape for one offer; ``names`` is what it reads.
    """

    where: str
    stage: str
    expressions: tuple[Expression, ...]
    ground: str | None
    claimed: str | None
    also: frozenset[str] = frozenset()
    weight: float = 1.0

    @property
    def names(self) -> frozenset[str]:
        """Every name that it reads, with those of the segments it is for."""
        return self.also.union(*(one.names for one in self.expressions))


def find_unfair_terms(policy: Policy, proxies: Mapping[str, str] = NO_PROXIES) -> list[Problem]:
    """Every rule, formula and segment's words by which a trait decides on terms, without a ground that holds.

    ``proxies``: attributes that tell a trait by their values, each with the trait (``analysis.fairness.proxies``).
    """
    traits = Traits(policy, proxies)
    alike = tuple(pair for pair in combinations(policy.offers, 2) if _alike(policy, *pair) and _differ(*pair))
    found = [_judge(one, traits, alike, policy) for one in _conditions(policy)]
    found += [_judge_words(policy, variant, traits, alike) for variant in policy.variants]
    return list(dict.fromkeys(problem for problem in found if problem is not None))


def drop_trait_fits(policy: Policy, proxies: Mapping[str, str] = NO_PROXIES) -> Policy:
    """The policy without the fit rules that read a trait, by name or by an attribute that tells it."""
    traits = Traits(policy, proxies)
    reading = {rule.id for rule in policy.fits for condition in _of_rule(rule, policy) if traits.of(condition.names)}
    return replace(policy, fits=tuple(rule for rule in policy.fits if rule.id not in reading)) if reading else policy


class Traits:
    """The personal traits that a policy's names lead to, through features, stages and segments."""

    def __init__(self, policy: Policy, proxies: Mapping[str, str] = NO_PROXIES) -> None:
        """Collects what each name is made of."""
        table = policy.attributes
        self._raw = {
            f"customer.{one.name}": frozenset({one.name}) if one.personal or tells_trait(one) else frozenset()
            for one in table.attributes
        }
        self._raw |= {f"customer.{name}": frozenset({f"{trait}{PROXY}{name})"}) for name, trait in proxies.items()}
        self._made = {f"customer.{one.name}": one.expression.names for one in table.features}
        stages = (stage.when.names for stage in policy.portrait.stages)
        self._made["customer.stage"] = frozenset[str]().union(*stages)

    def of(self, names: Iterable[str]) -> frozenset[str]:
        """The traits among the names, and among what they are made of."""
        found: set[str] = set()
        waiting, seen = list(names), set[str]()
        while waiting:
            name = waiting.pop()
            if name not in seen:
                seen.add(name)
                found |= self._raw.get(name, frozenset())
                waiting += self._made.get(name, frozenset())
        return frozenset(found)


def _alike(policy: Policy, one: Offer, other: Offer) -> bool:
    kinds = {str(offer.terms.get(PRODUCT)) for offer in (one, other)}
    return len(kinds) == 1 or (one.family == other.family and not kinds <= STATUTORY_KINDS.keys())


def _differ(one: Offer, other: Offer) -> list[str]:
    """The terms that the customer of one gets otherwise than the customer of the other, prices first."""
    names = dict.fromkeys((*PRICES, *sorted({*one.terms, *other.terms})))
    return [name for name in names if name not in INTERNAL and one.terms.get(name) != other.terms.get(name)]


def _conditions(policy: Policy) -> Iterator[Condition]:
    rules: tuple[GateRule | FitRule, ...] = (*policy.gates, *policy.fits)
    for rule in rules:
        yield from _of_rule(rule, policy)
    for family in policy.families.values():
        for key, formula in (("ticket", family.ticket), ("value", family.value)):
            where = f'catalogue.yaml: family "{family.id}": {key}'
            yield Condition(where, FORMULA, (formula,), family.trait_ground, family.trait_ground)
    for channel in policy.channels:
        yield Condition(f'channels.yaml: channel "{channel.id}": response', FORMULA, (channel.response,), None, None)


def _of_rule(rule: GateRule | FitRule, policy: Policy) -> Iterator[Condition]:
    where, strategy = f'{rule.concern}.yaml: rule "{rule.id}"', policy.strategies.get(rule.strategy)
    target = strategy.target if strategy is not None and rule.stage in FALLS_AWAY else None
    also = frozenset[str]() if target is None else target.names
    whole = Condition(where, rule.stage, (), rule.ground, rule.trait_ground, also)
    if isinstance(rule, FitRule):
        yield replace(whole, expressions=(rule.when,), weight=rule.weight)
        return
    applies = () if rule.applies is None else (rule.applies,)
    for part in _side_by_side(rule.require):
        yield replace(whole, expressions=(part, *applies))


def _side_by_side(expression: Expression) -> list[Expression]:
    """The parts of a condition that are joined by ``and``."""
    if expression.tree.op != "and":
        return [expression]
    parts = [Expression(f"{expression.text} [{place}]", arg, arg) for place, arg in enumerate(expression.tree.args)]
    return [each for part in parts for each in _side_by_side(part)]


def _judge(condition: Condition, traits: Traits, alike: Sequence[Pair], policy: Policy) -> Problem | None:
    read = traits.of(condition.names)
    if not read:
        return None
    shapes = {offer.id: _shape(condition, offer, policy) for offer in policy.offers}
    apart = [pair for pair in alike if shapes[pair[0].id] != shapes[pair[1].id]]
    closed = [offer for offer in policy.offers if condition.stage in GATES and shapes[offer.id] != TRUE]
    if all(PROXY in one for one in read):
        closed = []
    touched = [*closed, *(offer for pair in apart for offer in pair)]
    if not touched or _holds(condition, read, touched, policy):
        return None
    names = ", ".join(offer.id for offer in closed[:MOST_NAMED])
    does = _tells(apart) if apart else f"closes {names} to customers by it"
    return Problem(condition.where, _sentence(condition, read, does, touched, policy))


def _judge_words(policy: Policy, name: str, traits: Traits, alike: Sequence[Pair]) -> Problem | None:
    """Words for some of several alike offers, for a segment that is told by a trait."""
    variant = policy.variants[name]
    read = traits.of(variant.when.names)
    apart = [pair for pair in alike if len({offer.id in variant.offers for offer in pair}) == 2]
    if not read or not apart:
        return None
    where = f'messages.yaml: positioning "{variant.id}"'
    words = Condition(where, WORDS, (variant.when,), None, None)
    return Problem(where, f"{_sentence(words, read, _tells(apart), (), policy)}; or the words for all of them")


def _shape(condition: Condition, offer: Offer, policy: Policy, known: Mapping[str, Any] = NO_COLUMNS) -> Shape:
    """What a condition is for one offer; of a gate, with the part of ``applies`` in front.

    ``known``: columns of a customer of whom something is given, as their age.
    """
    place = policy.offers.index(offer)
    columns = {
        name: column[:, place : place + 1] if name.startswith("offer.") else column
        for name, column in policy.static_columns.items()
    }
    columns |= known
    expressions = [_given(one, known) for one in condition.expressions] if known else condition.expressions
    first, *rest = (_reduced(fold(one, columns).program) for one in expressions)
    if not rest:
        return first
    return TRUE if first == TRUE or rest[0] == FALSE else (first, *rest)


def _reduced(node: Node) -> Shape:
    """A folded condition as nested tuples, without the sides that a constant decides."""
    if node.op == "const":
        return "const", _plain(node)
    if node.op in ("and", "or"):
        return _joined(node.op, [_reduced(arg) for arg in node.args])
    if node.op == "not":
        inner = _reduced(node.args[0])
        return {TRUE: FALSE, FALSE: TRUE}.get(inner, ("not", inner)) if inner in (TRUE, FALSE) else ("not", inner)
    if node.op == "case":
        return _chosen([_reduced(arg) for arg in node.args])
    value = node.value if not isinstance(node.value, np.ndarray) else node.value.tobytes()
    return node.op, str(value), *(_reduced(arg) for arg in node.args)


def _joined(op: str, parts: list[Shape]) -> Shape:
    decides, neutral = (FALSE, TRUE) if op == "and" else (TRUE, FALSE)
    if decides in parts:
        return decides
    left = [part for part in parts if part != neutral]
    return neutral if not left else left[0] if len(left) == 1 else (op, *left)


def _chosen(parts: list[Shape]) -> Shape:
    """A case without the branches that cannot be: its conditions and results in turn, then what is left."""
    kept: list[Shape] = []
    for when, then in zip(parts[:-1:2], parts[1:-1:2], strict=True):
        if when == TRUE:
            return ("case", *kept, then) if kept else then
        if when != FALSE:
            kept += [when, then]
    return ("case", *kept, parts[-1]) if kept else parts[-1]


def _plain(node: Node) -> object:
    """A constant that compares: a word, a figure, true or false, None for NULL; the bytes of a longer one."""
    value = node.value
    if isinstance(value, np.ndarray):
        each = value.ravel().tolist()
        if len(set(each)) != 1:
            return tuple(each)
        value = each[0]
    if is_missing(value):
        return None
    return bool(value) if node.kind is Kind.BOOLEAN else value


def _holds(condition: Condition, read: frozenset[str], touched: Sequence[Offer], policy: Policy) -> bool:
    """Whether the claimed ground fits and is named as ``ground``."""
    claimed = TRAIT_GROUNDS.get(condition.claimed or "")
    return (
        claimed is not None
        and _fits(claimed, condition, read, touched, policy)
        and _is_named(claimed, condition, policy)
    )


def _is_named(claimed: TraitGround, condition: Condition, policy: Policy) -> bool:
    """Whether ``ground`` names a law of the ground, or another rule that exists."""
    rules = {one.id for one in policy.rules if f'rule "{one.id}"' not in condition.where} | STATUTORY_IDS
    return bool(condition.ground) and claimed.rests_on(str(condition.ground), rules)


def _fits(
    claimed: TraitGround, condition: Condition, read: frozenset[str], touched: Sequence[Offer], policy: Policy
) -> bool:
    """Whether a ground is for this stage, these traits, these kinds, and the direction in which it tells apart."""
    kinds = {str(offer.terms.get(PRODUCT)) for offer in touched}
    return (
        condition.stage in claimed.stages
        and claimed.covers(read)
        and (claimed.kinds is None or kinds <= claimed.kinds)
        and (not claimed.lifts or condition.weight >= 1)
        and _spares(claimed, condition, read, touched, policy)
    )


def _spares(
    claimed: TraitGround, condition: Condition, read: frozenset[str], touched: Sequence[Offer], policy: Policy
) -> bool:
    """Whether a condition closes nothing by age at the ages that the ground does not speak of."""
    if claimed.ages is None or all(AGE_WORDS.isdisjoint(words_of(name)) for name in read):
        return True
    ages = _probes(condition, claimed.ages, policy)
    alone = all(not AGE_WORDS.isdisjoint(words_of(name)) for name in read)
    for offer in touched:
        shapes = [_shape(condition, offer, policy, _at_age(age, policy)) for age in ages]
        if any(shape != (TRUE if alone else shapes[0]) for shape in shapes):
            return False
    return True


def _probes(condition: Condition, bounds: tuple[int, int], policy: Policy) -> list[float]:
    """The ages within the bounds at which a condition may change: its own figures, those beside them, and the ends."""
    low, high = bounds
    made = [one.expression for one in policy.attributes.features if AGE in one.expression.names]
    figures = {figure for one in (*condition.expressions, *made) for figure in _figures(one.tree)}
    near = {figure + step for figure in figures for step in (-1.0, 0.0, 1.0)}
    return sorted(age for age in near | {float(low), float(high - 1)} if low <= age < high)


def _figures(node: Node) -> Iterator[float]:
    if node.op == "const" and isinstance(value := _plain(node), int | float):
        yield float(value)
    for arg in node.args:
        yield from _figures(arg)


def _at_age(age: float, policy: Policy) -> dict[str, Any]:
    """The columns of a customer of that age: the age, and the features that it alone decides."""
    known: dict[str, Any] = {AGE: age}
    for one in policy.attributes.features:
        if one.expression.names == {AGE}:
            known[f"customer.{one.name}"] = fold(_given(one.expression, known), known).program.value
    return known


def _given(expression: Expression, known: Mapping[str, Any]) -> Expression:
    """The expression with these names marked as fixed, so that they fold away."""
    return replace(expression, program=_fixed(expression.program, known))


def _fixed(node: Node, known: Mapping[str, Any]) -> Node:
    if node.op == "name":
        return replace(node, static=True, axes=frozenset()) if node.value in known else node
    args = tuple(_fixed(arg, known) for arg in node.args)
    return replace(node, args=args, static=all(arg.static for arg in args)) if args else node


def _tells(apart: Sequence[Pair]) -> str:
    """Which alike offers are told apart, and in which terms they differ."""
    one, other = apart[0]
    pairs = ((name, one.terms.get(name), other.terms.get(name)) for name in _differ(one, other)[:MOST_NAMED])
    terms = ", ".join(f"{name} {_told(mine)} and {_told(yours)}" for name, mine, yours in pairs)
    more = f", and {len(apart) - 1} more pairs" if len(apart) > 1 else ""
    return f"tells {one.id} from {other.id} ({terms}){more}"


def _sentence(condition: Condition, read: frozenset[str], does: str, touched: Sequence[Offer], policy: Policy) -> str:
    refused = f"its trait_ground {condition.claimed} does not allow it"
    claim = "it states no trait_ground" if condition.claimed is None else refused
    fitting = [one for one, row in TRAIT_GROUNDS.items() if _fits(row, condition, read, touched, policy)]
    expected = ", ".join(fitting) or "none, for no law allows it"
    article = "; and its article in ground" if fitting and not condition.ground else ""
    if condition.ground and condition.claimed in fitting:
        laws = ", ".join(TRAIT_GROUNDS[condition.claimed].laws)
        article = f'; and ground must name a law ({laws}) or another rule by its id, got "{condition.ground}"'
        claim = f"it claims {condition.claimed}"
    return f"reads {', '.join(sorted(read))} and {does}; {claim}: expected {expected}{article}"


def _told(value: object) -> str:
    return "not stated" if value is None else f"{value}"
