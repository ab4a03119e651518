"""How old the market's rates are, for the expressions that read them: a rate that is stale says nothing there.

Pure: the day is handed in.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from service.core.errors import Problem
from service.core.grid import day_number
from service.rules.formulas import formulas_of
from service.rules.model.market import MarketRate
from service.rules.policy import Policy

WHERE = "market.yaml"
MEND = "fourcast market import FILE FOLDER"


@dataclass(frozen=True, slots=True)
class ReadRate:
    """A rate and the ids of what reads it; ``silent``: it says nothing on the day that was asked for."""

    rate: MarketRate
    readers: tuple[str, ...]
    silent: bool

    @property
    def until(self) -> date:
        """The last day on which the rate holds."""
        return self.rate.day + timedelta(days=self.rate.fresh_days)

    def __str__(self) -> str:
        held = f"is of {self.rate.day} and held until {self.until}" if self.silent else f"holds until {self.until}"
        return f"{self.rate.name} {held} (read by {_listed(self.readers)})"


def read_rates(policy: Policy, today: date) -> tuple[ReadRate, ...]:
    """The rates that some expression reads, in the order of market.yaml."""
    readers = dict(_readers(policy))
    day = day_number(today.isoformat())
    return tuple(
        ReadRate(one, readers[one.name], not one.holds_on(day)) for one in policy.market.rates if one.name in readers
    )


def market_warnings(policy: Policy, today: date) -> list[Problem]:
    """One warning for each rate that is read and says nothing."""
    return [
        Problem(WHERE, f"{one}; it says nothing until it is renewed: {MEND}")
        for one in read_rates(policy, today)
        if one.silent
    ]


def _readers(policy: Policy) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each name of the market that is read, with the ids of what reads it."""
    features = ((one.name, one.expression) for one in policy.attributes.features)
    read = [(owner, formula.names) for owner, formula in (*features, *formulas_of(policy))]
    for rate in policy.market.rates:
        owners = tuple(dict.fromkeys(owner for owner, names in read if rate.name in names))
        if owners:
            yield rate.name, owners


def _listed(readers: tuple[str, ...]) -> str:
    first = ", ".join(f'"{one}"' for one in readers[:3])
    return first + (f" and {len(readers) - 3} more" if len(readers) > 3 else "")
