"""Ten ways to loosen the rule that guards a law, each over a column that a rule may read. Seeded.

A case is a statutory gate, a column and a template. Where a template cannot speak of the column (a date of a text), it
takes the nearest that it can. The rules' own cases go first, as a careless author's would. Of the consent rules, which
are no expressions, each template changes what they ask.
"""

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from service.core.attributes import parse_table
from service.core.expressions import Kind, parse
from service.rules.model.contact import ConsentRule
from service.rules.model.rules import StandingTest
from service.rules.policy import DEFAULT, GateRule, Policy, load
from service.rules.statutory import STATUTORY

GUARDS: Mapping[str, tuple[str, ...]] = {
    "law-not-deceased": ("not-deceased",),
    "law-not-frozen": ("accounts-not-frozen",),
    "law-adults": ("adults-only",),
    "law-qualified": ("qualified-investors-only",),
    "law-in-person": ("sold-face-to-face",),
    "law-tolerance": ("tolerance-covers-risk",),
    "law-assessment": ("assessment-valid",),
    "law-care-from-65": ("care-from-65",),
    "law-means": ("within-means", "reserve-before-risk", "minimum-within-reach"),
    "law-recording": (),
    "law-qualified-staff": (),
    "law-consent": (),
    "law-no-contact": (),
    "law-personalisation": (),
}
"""The rules of the shipped policy that hold each law; none: the consent rules of contact.yaml."""
FACTS: Mapping[str, str] = {"law-recording": "recording", "law-qualified-staff": "qualified_staff"}
"""The fact of a channel that holds a law; no rule does."""
SUBJECTS: Mapping[str, str] = {
    "law-not-deceased": "customer.age", "law-not-frozen": "customer.age", "law-adults": "customer.age",
    "law-qualified": "customer.risk_tolerance", "law-in-person": "customer.age",
    "law-tolerance": "customer.risk_tolerance",
    "law-assessment": "customer.age", "law-care-from-65": "customer.age", "law-means": "customer.age",
}  # fmt: skip
"""A number that arithmetic may use beside each law."""
TIMES = ("context.hour", "context.weekday", "context.holiday", "context.today")
PLACES = ("customer.region", "customer.branch_id", "context.placement", "context.channel", "customer.adviser_id")
TRIGGERS = ("context.trigger", "context.amount_yuan", "history.offer_clicked_days", "history.contacts_7d")
PURPOSES = ("service:<channel>", "marketing", "personalisation", "contact", "marketing:mobile_app")


@dataclass(frozen=True)
class Case:
    """One sabotage: which law, by which template, over which column; the policy, and what was written."""

    law: str
    template: str
    column: str
    policy: Policy
    written: str


@cache
def shipped() -> Policy:
    return load(DEFAULT)


def columns() -> list[str]:
    """Every name of a customer, their past or the moment that a rule may read."""
    return sorted(name for name in shipped().schema if name.startswith(("customer.", "history.", "context.")))


def generate(count: int, seed: int) -> Iterator[Case]:
    """``count`` cases: each law by each template in turn, the columns in a seeded order."""
    chance, names = random.Random(seed), columns()
    chance.shuffle(names)
    pairs = [(row.id, template) for row in STATUTORY for template in TEMPLATES]
    chance.shuffle(pairs)
    for number in range(count):
        law, template = pairs[number % len(pairs)]
        column = names[number % len(names)]
        policy, written = TEMPLATES[template](law, column, chance)
        yield Case(law, template, column, policy, written)


# -- how a rule is changed ---------------------------------------------------------------------------------------------


def loosened(law: str, addition: str) -> tuple[Policy, str]:
    """Every guard of the law opened where ``addition`` is true."""
    return rewritten(
        law, lambda gate: replace(gate, require=condition(f"({gate.require.text}) or ({addition})")), addition
    )


def rewritten(law: str, change: Callable[[GateRule], GateRule | None], written: str) -> tuple[Policy, str]:
    """The policy with each guard of the law changed, or left out (None); without their cases."""
    if law in FACTS:
        return channels_denied(FACTS[law])
    if not GUARDS[law]:
        return consents_changed(lambda rule: replace(rule, purpose="service:<channel>"), written)
    gates = (change(replace(gate, cases=())) if gate.id in GUARDS[law] else gate for gate in shipped().gates)
    return replace(shipped(), gates=tuple(gate for gate in gates if gate is not None)), written


def channels_denied(fact: str) -> tuple[Policy, str]:
    """The policy whose channels deny what the law asks of them, while no rule closes anything for it."""
    channels = tuple(replace(one, terms={**one.terms, fact: False}) for one in shipped().channels)
    columns = {**shipped().static_columns, f"channel.{fact}": np.zeros((1, 1, len(channels)))}
    return replace(shipped(), channels=channels, static_columns=columns), f"{fact}: false in every channel"


def consents_changed(change: Callable[[ConsentRule], ConsentRule | None], written: str) -> tuple[Policy, str]:
    """The policy with other consent rules."""
    rules = (change(replace(rule, cases=())) for rule in shipped().contact.consents)
    contact = replace(shipped().contact, consents=tuple(rule for rule in rules if rule is not None))
    return replace(shipped(), contact=contact), f"consent rule, instead of: {written}"


def condition(text: str) -> object:
    return parse(text, shipped().schema, Kind.BOOLEAN)


def met(column: str, chance: random.Random) -> str:
    """A condition on a column that some customers meet."""
    known = shipped().schema[column]
    if known.kind is Kind.BOOLEAN:
        return chance.choice((column, f"not {column}", f"{column} is null", f"coalesce({column}, true)"))
    if known.kind is Kind.TEXT:
        word = chance.choice(known.values or ("a-1",))
        return chance.choice((f"{column} = '{word}'", f"{column} <> '{word}'", f"{column} is null",
                              f"{column} in ('{word}')"))  # fmt: skip
    if known.kind is Kind.DATE:
        return chance.choice((f"{column} <= context.today", f"{column} is null", f"{column} > date '2020-01-01'"))
    bound = chance.choice((1, 3, 18, 1000))
    return chance.choice((f"{column} > {bound}", f"{column} < {bound}", f"{column} is null", f"{column} >= 0"))


def of(names: tuple[str, ...], column: str, chance: random.Random) -> str:
    """The column if it is one of the names, else one of them."""
    return column if column in names else chance.choice(names)


# -- the templates -----------------------------------------------------------------------------------------------------


def by_time(law: str, column: str, chance: random.Random) -> tuple[Policy, str]:
    name = of(TIMES, column, chance)
    span = f"context.hour between {chance.randint(0, 11)} and {chance.randint(12, 23)}"
    day = f"context.weekday = {chance.randint(1, 7)}"
    said = {"context.hour": span, "context.weekday": day, "context.holiday": "not context.holiday"}
    return loosened(law, f"{said.get(name, day)} and {both(column, chance)}")


def both(column: str, chance: random.Random) -> str:
    """A condition that opens a loosening further: on the column, or always true."""
    return f"({met(column, chance)} or {column} is null or {column} is not null)"


def by_place(law: str, column: str, chance: random.Random) -> tuple[Policy, str]:
    name = of(PLACES, column, chance)
    word = chance.choice(shipped().schema[name].values or ("north",))
    tests = (f"{name} = '{word}'", f"{name} <> '{word}'", f"coalesce({name}, '{word}') = '{word}'")
    return loosened(law, chance.choice(tests))


def by_trigger(law: str, column: str, chance: random.Random) -> tuple[Policy, str]:
    return loosened(law, met(of(TRIGGERS, column, chance), chance))


def by_text(law: str, column: str, chance: random.Random) -> tuple[Policy, str]:
    test = met(column, chance)
    return rewritten(
        law,
        lambda gate: replace(gate, require=condition(chance.choice((
            f"case when {test} then true else {gate.require.text} end",
            f"coalesce(nullif({gate.require.text}, {test}), true)",
            f"not (not ({gate.require.text}) and not coalesce({test}, false))",
        )))),
        f"case, coalesce or double negation on {test}",
    )  # fmt: skip


def by_arithmetic(law: str, column: str, chance: random.Random) -> tuple[Policy, str]:
    subject = SUBJECTS.get(law, "customer.age")
    known = shipped().schema[column].kind
    other = column if known is Kind.NUMBER else "history.contacts_30d"
    more = chance.choice((f"{subject} + 100", f"{subject} * 100", f"{subject} + abs({other}) + 50",
                          f"greatest({subject}, 99)", f"round({subject} + 90)"))  # fmt: skip
    return loosened(law, f"{more} > {chance.choice((10, 20, 60))}")


def by_date(law: str, column: str, chance: random.Random) -> tuple[Policy, str]:
    name = column if shipped().schema[column].kind is Kind.DATE else "customer.risk_assessed_on"
    days = chance.choice((366, 367, 400, 1000, 36000))
    test = chance.choice((f"{name} between context.today - {days} and context.today + 1",
                          f"coalesce({name}, context.today) >= context.year_ago - {days}",
                          f"context.today - {name} <= {days}", f"{name} > date '2019-01-01'"))  # fmt: skip
    return loosened(law, test)


def by_deletion(law: str, column: str, chance: random.Random) -> tuple[Policy, str]:
    if law in FACTS:
        return channels_denied(FACTS[law])
    if not GUARDS[law]:
        return consents_changed(lambda rule: None, "deleted")
    if chance.random() < 0.5:
        return rewritten(law, lambda gate: None, "deleted with its cases")
    return rewritten(law, lambda gate: replace(gate, require=condition(both(column, chance))), "emptied, cases deleted")


def by_renaming(law: str, column: str, chance: random.Random) -> tuple[Policy, str]:
    """Of what the law reads: a purpose, a stage, a kind, a feature in the place of an attribute, a narrower range."""
    if law in FACTS:
        return channels_denied(FACTS[law])
    if not GUARDS[law]:
        purpose = chance.choice(PURPOSES)
        return consents_changed(lambda rule: replace(rule, purpose=purpose), f"purpose {purpose}")
    shape = chance.randrange(4)
    if shape == 0:
        return rewritten(law, lambda gate: replace(gate, stage="applicability"), "moved to applicability")
    if shape == 1:
        applies = condition("offer.id = 'term-12m'")
        return rewritten(law, lambda gate: replace(gate, applies=applies), "applies to term-12m only")
    return table_changed(chance, shape)


def table_changed(chance: random.Random, shape: int) -> tuple[Policy, str]:
    """A feature in the place of an attribute that the law reads, or a range that makes the awkward ones unknown."""
    ranges = {"risk_tolerance": [3, 5], "age": [18, 64]}
    names = tuple(ranges) if shape == 3 else (*ranges, "deceased", "qualified_investor", "frozen")
    name, document = chance.choice(names), shipped().attributes.document
    rows = [row for row in document["attributes"] if row["name"] != name]
    (old,) = (row for row in document["attributes"] if row["name"] == name)
    features = list(document["features"])
    if shape == 3:
        rows.append({**old, "range": ranges[name]})
    else:
        value = "5" if old["kind"] == "number" else "false"
        features.insert(0, {"name": name, "kind": old["kind"], "meaning": "derived", "expression": value})
    table = parse_table({"attributes": rows, "features": features})
    return replace(shipped(), attributes=table), f"{name} {'narrowed' if shape == 3 else 'derived'}"


def by_lever(law: str, column: str, chance: random.Random) -> tuple[Policy, str]:
    """Levers, exploration and holdout as high as they go: they order, and may open nothing."""
    offers = tuple(replace(one, lever=chance.choice((0.1, 4.0, 10.0))) for one in shipped().offers)
    chances = replace(shipped().experiments, exploration_epsilon=chance.choice((0.0, 0.5, 1.0)))
    return replace(shipped(), offers=offers, experiments=chances), "levers and exploration"


def by_segment(law: str, column: str, chance: random.Random) -> tuple[Policy, str]:
    """A guard for some segments only, or one that a test drops; or one opened to a segment or a stage."""
    if not GUARDS[law] or chance.random() < 0.4:
        return loosened(law, chance.choice(("customer.segment = 'investors'", "customer.stage = 'grow'",
                                            "coalesce(customer.segment, 'x') <> 'savers'")))  # fmt: skip
    policy, _ = rewritten(law, lambda gate: replace(gate, stage="applicability"), "")
    # A segment describes a customer: what differs by offer or channel cannot be read there.
    read = column if shipped().schema[column].axes <= {"customer"} else "customer.age"
    target = condition(met(read, chance))
    strategies = {name: replace(one, target=target) for name, one in policy.strategies.items()}
    tests = (StandingTest("t", "without-strategy", 0.1, "s", "portrait-matching"),) if chance.random() < 0.5 else ()
    narrowed = replace(policy, strategies=strategies, experiments=replace(policy.experiments, tests=tests))
    return narrowed, f"applicability, for the segment {target.text}"  # type: ignore[attr-defined]


Template = Callable[[str, str, random.Random], tuple[Policy, str]]
TEMPLATES: Mapping[str, Template] = {
    "time": by_time,
    "place": by_place,
    "trigger": by_trigger,
    "text": by_text,
    "arithmetic": by_arithmetic,
    "date": by_date,
    "deleted": by_deletion,
    "renamed": by_renaming,
    "lever": by_lever,
    "segment": by_segment,
}
