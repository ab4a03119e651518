"""Random well-typed expressions as text, with no more brackets than the grammar asks for.

``Writer(chance)`` uses the whole language. ``Writer(chance, plain=True)`` keeps to what DuckDB reads with exactly our
meaning without our export (doubles written with an exponent, divisors and logarithms guarded, no money), so that the
very same text can be put to it: that judges our reading of precedence, not only our arithmetic.
"""

import random
from collections.abc import Callable, Sequence
from datetime import timedelta

from service.core.errors import ExpressionError
from service.core.expressions import Expression, Kind, parse
from tests.oracle.rows import CITIES, DAYS, EPOCH, SCHEMA, WORDS

Form = Callable[[Kind, int], tuple[str, int]]
SUM, PRODUCT, ATOM = 5, 6, 8
NUMBERS = ("0", "1", "2", "0.5", "1.5", "3", "100", "0.005", "1.005", "0.1", "0.3", "1e3", "2.5e-3")
HUGE = ("1e15", "1e-15", "123456789.25", "36525", "40000")


class Writer:
    """Writes expressions of any kind from one source of chance."""

    def __init__(self, chance: random.Random, plain: bool = False) -> None:
        self.chance = chance
        self.plain = plain
        self.kinds = [kind for kind in Kind if not (plain and kind is Kind.MONEY)]

    def any(self, depth: int = 4) -> str:
        """An expression of any kind."""
        return self.write(self.chance.choice(self.kinds), depth)[0]

    def expression(self) -> Expression:
        """An expression that is not refused for its size."""
        while True:
            try:
                return parse(self.any(), SCHEMA)
            except ExpressionError as error:
                if not any("too large" in each.message or "too deeply" in each.message for each in error.problems):
                    raise

    def write(self, kind: Kind, depth: int) -> tuple[str, int]:
        """An expression of ``kind`` and how tightly it binds."""
        if depth <= 0 or self.chance.random() < 0.12:
            return self.leaf(kind)
        return self.chance.choice(self.forms(kind))(kind, depth - 1)

    def forms(self, kind: Kind) -> Sequence[Form]:
        logic = [self.chain, self.chain, self.negation, self.relation, self.relation, self.between, self.member]
        numbers = [self.arithmetic, self.arithmetic, self.arithmetic, self.call, self.days]
        powers = [] if self.plain else [self.power]
        return {
            Kind.BOOLEAN: [*logic, self.is_null, self.choice],
            Kind.NUMBER: [*numbers, *powers, self.choice],
            Kind.MONEY: [self.money, self.money, self.call, self.choice],
            Kind.DATE: [self.shift, self.choice],
            Kind.TEXT: [self.choice],
        }[kind]

    def bound(self, kind: Kind, depth: int, level: int) -> str:
        text, binds = self.write(kind, depth)
        return text if binds >= level and self.chance.random() > 0.1 else f"({text})"

    # -- leaves --------------------------------------------------------------------------------------------------------

    def leaf(self, kind: Kind) -> tuple[str, int]:
        drawn = self.chance.random()
        if drawn > 0.95 and kind in (Kind.TEXT, Kind.BOOLEAN) and not self.plain:
            return "(null)", ATOM
        return (self.name(kind) if drawn < 0.7 else self.literal(kind)), ATOM

    def name(self, kind: Kind) -> str:
        return self.chance.choice([name for name, known in SCHEMA.items() if known.kind is kind])

    def literal(self, kind: Kind) -> str:
        if kind is Kind.TEXT:
            return "'" + self.chance.choice(WORDS).replace("'", "''") + "'"
        if kind is Kind.BOOLEAN:
            return self.chance.choice(("true", "false"))
        if kind is Kind.DATE:
            return f"date '{EPOCH + timedelta(days=self.chance.choice(DAYS))}'"
        number = self.chance.choice(NUMBERS if self.plain else NUMBERS + HUGE)
        return number + "e0" if self.plain and "e" not in number else number

    # -- logic ---------------------------------------------------------------------------------------------------------

    def chain(self, kind: Kind, depth: int) -> tuple[str, int]:
        op = self.chance.choice((" and ", " or "))
        level = 2 if op == " and " else 1
        parts = [self.bound(Kind.BOOLEAN, depth, level + 1) for _ in range(self.chance.choice((2, 2, 3)))]
        return op.join(parts), level

    def negation(self, kind: Kind, depth: int) -> tuple[str, int]:
        return f"not {self.bound(Kind.BOOLEAN, depth, 3)}", 3

    def relation(self, kind: Kind, depth: int) -> tuple[str, int]:
        of = self.chance.choice(self.kinds)
        ops = ("=", "<>") if of in (Kind.TEXT, Kind.BOOLEAN) else ("=", "<>", "!=", "<", "<=", ">", ">=")
        if of is Kind.TEXT and self.chance.random() < 0.5:
            return self.listed(depth)
        left, right = self.bound(of, depth * (self.chance.random() < 0.6), SUM), self.bound(of, depth, SUM)
        return self.legal(of, left, right, f"{left} {self.chance.choice(ops)} {right}")

    def listed(self, depth: int) -> tuple[str, int]:
        name = self.chance.choice([name for name, known in SCHEMA.items() if known.values])
        return f"{name} {self.chance.choice(('=', '<>'))} '{self.chance.choice(CITIES)}'", 4

    def legal(self, of: Kind, left: str, right: str, text: str) -> tuple[str, int]:
        """A text literal beside a name that lists its words would be refused unless it is one: turn it into a name."""
        if of is Kind.TEXT and "'" in left + right and any(side.strip("()") in SCHEMA for side in (left, right)):
            return f"{self.name(of)} = {self.name(of)}", 4
        return text, 4

    def between(self, kind: Kind, depth: int) -> tuple[str, int]:
        of = self.chance.choice([kind for kind in self.kinds if kind not in (Kind.TEXT, Kind.BOOLEAN)])
        inner, low, high = (self.bound(of, depth, SUM) for _ in range(3))
        return f"{inner} {self.chance.choice(('', 'not '))}between {low} and {high}", 4

    def member(self, kind: Kind, depth: int) -> tuple[str, int]:
        of = self.chance.choice(self.kinds)
        negated = self.chance.choice(("", "not "))
        if of is Kind.TEXT:
            name = self.chance.choice([name for name, known in SCHEMA.items() if known.kind is of])
            words = CITIES if SCHEMA[name].values else WORDS
            listed = ["'" + word.replace("'", "''") + "'" for word in self.chance.sample(words, 2)]
            return f"{name} {negated}in ({', '.join(listed)})", 4
        listed = [self.literal(of) for _ in range(self.chance.choice((1, 2, 3, 20)))]
        return f"{self.bound(of, depth, SUM)} {negated}in ({', '.join(listed)})", 4

    def is_null(self, kind: Kind, depth: int) -> tuple[str, int]:
        inner = self.bound(self.chance.choice(self.kinds), depth, SUM)
        return f"{inner} is {self.chance.choice(('', 'not '))}null", 4

    # -- arithmetic ----------------------------------------------------------------------------------------------------

    def arithmetic(self, kind: Kind, depth: int) -> tuple[str, int]:
        op = self.chance.choice("++--**//n")
        if op == "n":
            return f"- {self.bound(kind, depth, ATOM)}", 7
        level = SUM if op in "+-" else PRODUCT
        left, right = self.bound(kind, depth, level), self.bound(kind, depth, level + 1)
        if op == "/" and self.plain:
            right = f"nullif({right}, 0e0)"
        return f"{left} {op} {right}", level

    def power(self, kind: Kind, depth: int) -> tuple[str, int]:
        """A product or a quotient long enough to pass 1e100."""
        op, factor = self.chance.choice((" * ", " / ")), self.name(Kind.NUMBER)
        return op.join([self.bound(kind, depth - 1, PRODUCT + 1)] + [factor] * self.chance.choice((2, 7, 8))), PRODUCT

    def money(self, kind: Kind, depth: int) -> tuple[str, int]:
        op = self.chance.choice("+-*/")
        if op in "+-":
            return f"{self.bound(Kind.MONEY, depth, SUM)} {op} {self.bound(Kind.MONEY, depth, PRODUCT)}", SUM
        return f"{self.yuan(depth)} {op} {self.bound(Kind.NUMBER, depth, 7)}", PRODUCT

    def yuan(self, depth: int) -> str:
        return f"({self.name(Kind.MONEY)} + {self.bound(Kind.MONEY, depth, PRODUCT)})"

    def call(self, kind: Kind, depth: int) -> tuple[str, int]:
        of = self.chance.choice(("abs", "round", "round", "ln", "share"))
        inner = self.write(kind, depth)[0]
        if of == "round":
            return f"round({inner}{self.chance.choice(('', ', 0', ', 1', ', 2', ', 3', ', -1', ', -2'))})", ATOM
        if of == "share" and Kind.MONEY in self.kinds and kind is Kind.NUMBER:
            return f"{self.yuan(depth)} / {self.yuan(depth)}", PRODUCT
        if of == "ln" and kind is Kind.NUMBER:
            return f"ln({f'greatest({inner}, 1e0)' if self.plain else inner})", ATOM
        return f"abs({inner})", ATOM

    def days(self, kind: Kind, depth: int) -> tuple[str, int]:
        return f"{self.bound(Kind.DATE, depth, SUM)} - {self.bound(Kind.DATE, depth, PRODUCT)}", SUM

    def shift(self, kind: Kind, depth: int) -> tuple[str, int]:
        days = str(self.chance.randint(0, 400)) if self.plain else self.bound(Kind.NUMBER, depth, PRODUCT)
        return f"{self.bound(Kind.DATE, depth, SUM)} {self.chance.choice('+-')} {days}", SUM

    # -- choices -------------------------------------------------------------------------------------------------------

    def choice(self, kind: Kind, depth: int) -> tuple[str, int]:
        forms = ["case", "case", "coalesce", "nullif"]
        if kind not in (Kind.TEXT, Kind.BOOLEAN):
            forms += ["least", "greatest"]
        form = self.chance.choice(forms)
        if form == "case":
            return self.case(kind, depth), ATOM
        parts = [self.write(kind, depth)[0] for _ in range(2 if form == "nullif" else self.chance.choice((1, 2, 3)))]
        if form == "nullif" and kind is Kind.TEXT:
            parts = [self.name(kind), self.name(kind)]
        return f"{form}({', '.join(parts)})", ATOM

    def case(self, kind: Kind, depth: int) -> str:
        whens = [
            f"when {self.write(Kind.BOOLEAN, depth)[0]} then {self.write(kind, depth)[0]}"
            for _ in range(self.chance.choice((1, 1, 2)))
        ]
        otherwise = self.chance.choice(("", f" else {self.leaf(kind)[0]}", f" else {self.write(kind, depth)[0]}"))
        return f"case {' '.join(whens)}{otherwise} end"
