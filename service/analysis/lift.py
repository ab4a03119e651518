"""What a part of the method brings: customers served with it beside customers served without it. Pure.

The unit is the customer, since customers are what the hash draws: of those with at least one decision, how many took an
offer within the attribution window, whatever they had been shown. Rates have Wilson intervals, differences Newcombe's
(hybrid score), ratios the log-normal (delta) interval, values per customer the normal interval of Welch. All are 95 %
for one look at one test: who looks every day until something shows will find it (``CAVEATS`` says so beside every
report). Undefined is None.

Sources: Wilson 1927; Newcombe 1998, Statistics in Medicine 17, method 10; Katz et al. 1978, Biometrics 34.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import ceil, exp, log, sqrt
from statistics import NormalDist

LEVEL, POWER = 0.95, 0.8
Z = NormalDist().inv_cdf((1.0 + LEVEL) / 2.0)
Z_POWER = NormalDist().inv_cdf(POWER)
LEAST_TAKEN = 10
"""Fewer customers than this who took an offer, in both arms together, and nothing is said."""
RELATIVE = 0.1
"""``needed`` asks for a change of a tenth of the rate."""

CANNOT_TELL, MORE, LESS = "cannot tell yet", "brings more", "brings less"
CAVEATS = (
    "Each interval holds for one look at one test. Fix the day of the decision beforehand: looking every day until an "
    "interval leaves zero finds differences that are not there.",
    "With many tests side by side, about one in twenty leaves zero by chance.",
    "Customers whose attribution window is still open count as they stand; they are alike in all arms.",
)

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Figures:
    """What was counted of one arm; ``value`` (yuan) and ``squares`` are summed over its customers.

    ``taken`` are customers with an accept or purchase in the window, ``value`` the expected margin of what they took
    of what they had been shown.
    """

    customers: int = 0
    decisions: int = 0
    shown: int = 0
    taken: int = 0
    value: float = 0.0
    squares: float = 0.0

    @property
    def rate(self) -> float | None:
        """Taken / customers."""
        return self.taken / self.customers if self.customers else None


@dataclass(frozen=True, slots=True)
class Lift:
    """With less without: positive where the part that is tested brings something.

    ``difference`` of the rates, ``ratio`` of the rates, ``value_yuan`` per customer, each with its interval;
    ``detectable`` is the smallest difference that these numbers of customers would show in four of five cases;
    ``needed`` the customers without it that would show a change of a tenth of the rate.
    """

    with_rate: float | None
    with_interval: Interval | None
    without_rate: float | None
    without_interval: Interval | None
    difference: float | None
    difference_interval: Interval | None
    ratio: float | None
    ratio_interval: Interval | None
    value_yuan: float | None
    value_interval: Interval | None
    detectable: float | None
    needed: int | None
    verdict: str

    def document(self) -> dict[str, object]:
        """As plain JSON values."""
        return asdict(self)


def lift(whole: Figures, without: Figures) -> Lift:
    """What the customers served with the part did, beside those served without it."""
    apart = difference(whole, without)
    return Lift(
        with_rate=whole.rate,
        with_interval=wilson(whole.taken, whole.customers),
        without_rate=without.rate,
        without_interval=wilson(without.taken, without.customers),
        difference=None if whole.rate is None or without.rate is None else whole.rate - without.rate,
        difference_interval=apart,
        ratio=whole.rate / without.rate if whole.rate is not None and without.rate else None,
        ratio_interval=ratio(whole, without),
        value_yuan=_value(whole, without),
        value_interval=value(whole, without),
        detectable=detectable(whole, without),
        needed=needed(whole, without),
        verdict=verdict(whole, without, apart),
    )


def wilson(taken: int, customers: int) -> Interval | None:
    """(p + z^2/2n -+ z sqrt(p q / n + z^2/4n^2)) / (1 + z^2/n); None of nobody.

    >>> [round(edge, 4) for edge in wilson(10, 100)]
    [0.0552, 0.1744]
    """
    if customers <= 0:
        return None
    p, z2 = taken / customers, Z * Z / customers
    middle, half = p + z2 / 2.0, Z * sqrt(p * (1.0 - p) / customers + z2 / (4.0 * customers))
    return max(0.0, (middle - half) / (1.0 + z2)), min(1.0, (middle + half) / (1.0 + z2))


def difference(whole: Figures, without: Figures) -> Interval | None:
    """Newcombe: p1 - p2 - sqrt((p1 - l1)^2 + (u2 - p2)^2) to p1 - p2 + sqrt((u1 - p1)^2 + (p2 - l2)^2).

    >>> [round(edge, 4) for edge in difference(Figures(70, taken=56), Figures(80, taken=48))]
    [0.0524, 0.3339]
    """
    one, two = wilson(whole.taken, whole.customers), wilson(without.taken, without.customers)
    if one is None or two is None:
        return None
    p1, p2 = whole.taken / whole.customers, without.taken / without.customers
    down, up = sqrt((p1 - one[0]) ** 2 + (two[1] - p2) ** 2), sqrt((one[1] - p1) ** 2 + (p2 - two[0]) ** 2)
    return p1 - p2 - down, p1 - p2 + up


def ratio(whole: Figures, without: Figures) -> Interval | None:
    """p1/p2 exp(-+ z sqrt(1/x1 - 1/n1 + 1/x2 - 1/n2)); None where nobody took anything in one of the arms."""
    if not whole.taken or not without.taken:
        return None
    middle = log(whole.taken / whole.customers) - log(without.taken / without.customers)
    parts = (1.0 / each.taken - 1.0 / each.customers for each in (whole, without))
    half = Z * sqrt(sum(parts))
    return exp(middle - half), exp(middle + half)


def value(whole: Figures, without: Figures) -> Interval | None:
    """Yuan per customer: the difference of the means -+ z sqrt(s1^2/n1 + s2^2/n2)."""
    if min(whole.customers, without.customers) < 2:
        return None
    middle = whole.value / whole.customers - without.value / without.customers
    half = Z * sqrt(_spread(whole) + _spread(without))
    return middle - half, middle + half


def detectable(whole: Figures, without: Figures) -> float | None:
    """(z + z_power) sqrt(p q (1/n1 + 1/n2)), with p of both arms together; None where nobody or everybody took."""
    p = _joint(whole, without)
    if p is None:
        return None
    return (Z + Z_POWER) * sqrt(p * (1.0 - p) * (1.0 / whole.customers + 1.0 / without.customers))


def needed(whole: Figures, without: Figures) -> int | None:
    """Customers without it, at this proportion of the arms, that would show a change of ``RELATIVE`` of the rate."""
    p = _joint(whole, without)
    if p is None:
        return None
    share = without.customers / whole.customers
    return ceil((Z + Z_POWER) ** 2 * (1.0 - p) * (1.0 + share) / (p * RELATIVE**2))


def verdict(whole: Figures, without: Figures, apart: Interval | None) -> str:
    """``brings more`` or ``brings less`` where the interval of the difference leaves zero; else it cannot tell yet."""
    if apart is None or whole.taken + without.taken < LEAST_TAKEN or apart[0] <= 0.0 <= apart[1]:
        return CANNOT_TELL
    return MORE if apart[0] > 0.0 else LESS


def figures(rows: Mapping[str, Mapping[str, float]]) -> dict[str, Figures]:
    """The figures of each arm, from what a store counted."""
    return {arm: _figures(**row) for arm, row in rows.items()}


def _figures(customers: float, decisions: float, shown: float, taken: float, value: float, squares: float) -> Figures:
    return Figures(int(customers), int(decisions), int(shown), int(taken), value, squares)


def _joint(whole: Figures, without: Figures) -> float | None:
    if not whole.customers or not without.customers:
        return None
    p = (whole.taken + without.taken) / (whole.customers + without.customers)
    return p if 0.0 < p < 1.0 else None


def _value(whole: Figures, without: Figures) -> float | None:
    if not whole.customers or not without.customers:
        return None
    return whole.value / whole.customers - without.value / without.customers


def _spread(arm: Figures) -> float:
    """s^2 / n of the value per customer."""
    n, mean = arm.customers, arm.value / arm.customers
    return max(0.0, arm.squares - n * mean * mean) / (n - 1) / n
