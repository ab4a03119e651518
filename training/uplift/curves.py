"""What a ranking by uplift gains on held-out rows: Qini curve, Qini coefficient, AUUC, with bootstrap intervals.

Of the first share s of the rows, ranked highest uplift first, with Y and N the outcomes and rows of each arm:

    Qini(s)    (Y_t(s) - Y_c(s) N_t(s)/N_c(s)) / N_t(1)        outcomes gained per treated row
    gain(s)    (Y_t(s)/N_t(s) - Y_c(s)/N_c(s)) s               effect among the chosen, per row of all
    coefficient  area between Qini(s) and its straight line from 0 to Qini(1)
    AUUC         area under gain(s)

A random ranking has coefficient 0 and AUUC half the average effect. Rows of equal score are one step: the curve is
straight through them, so that a constant score gains nothing. Intervals: rows drawn with replacement, percentiles.

Sources: Radcliffe 2007, Direct Marketing Analytics Journal; Gutierrez and Gerardy 2017, PMLR 67.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from service.analysis.policy_value import Estimate
from training.arrays import Floats, Places

DRAWS = 300
SEED = 20070101


@dataclass(frozen=True, eq=False)
class Ranking:
    """Rows by score, highest first: ``order`` (n,), ``ends`` the last place of each run of equal scores."""

    order: Places
    ends: Places

    @classmethod
    def by(cls, score: Floats) -> "Ranking":
        """The ranking of a score, (n,)."""
        order = np.argsort(-score, kind="stable")
        last = np.append(np.flatnonzero(np.diff(score[order]) != 0), len(score) - 1)
        return cls(order, last)


@dataclass(frozen=True, eq=False)
class Curves:
    """``share`` of the rows from 0 to 1 with ``qini`` and ``gain`` at each."""

    share: Floats
    qini: Floats
    gain: Floats

    @property
    def coefficient(self) -> float:
        """The area between the Qini curve and its straight line."""
        return float(np.trapezoid(self.qini, self.share)) - float(self.qini[-1]) / 2

    @property
    def auuc(self) -> float:
        """The area under the gain."""
        return float(np.trapezoid(self.gain, self.share))

    def points(self, count: int = 20) -> list[tuple[float, float]]:
        """(share, Qini) at equal steps, as a plot needs them."""
        at = np.linspace(0, 1, count + 1)
        return list(zip(at.tolist(), np.interp(at, self.share, self.qini).tolist(), strict=True))


def curves(ranking: Ranking, outcome: Floats, treated: Floats, counts: Floats | None = None) -> Curves:
    """The curves of n held-out rows; ``treated`` is 1 or 0, ``counts`` how often a bootstrap drew each."""
    times = np.ones(len(outcome)) if counts is None else counts
    rows = [times * treated, times * (1 - treated), times * treated * outcome, times * (1 - treated) * outcome]
    n_t, n_c, y_t, y_c = (np.append(0.0, np.cumsum(one[ranking.order])[ranking.ends]) for one in rows)
    share = (n_t + n_c) / (n_t[-1] + n_c[-1])
    return Curves(
        share=share,
        qini=(y_t - y_c * _ratio(n_t, n_c)) / max(n_t[-1], 1.0),
        gain=(_ratio(y_t, n_t) - _ratio(y_c, n_c)) * share,
    )


def bootstrap(measure: Callable[[Floats | None], Floats], rows: int, draws: int = DRAWS) -> list[Estimate]:
    """Each figure that ``measure`` gives of all rows, with its 95 % interval over bootstrap draws of them."""
    chance, whole = np.random.default_rng(SEED), measure(None)
    drawn = np.array(
        [measure(np.bincount(chance.integers(0, rows, rows), minlength=rows).astype(float)) for _ in range(draws)]
    )
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    return [Estimate(*map(float, each)) for each in zip(whole, low, high, strict=True)]


def _ratio(above: Floats, below: Floats) -> Floats:
    """above / below, 0 where there is nothing below."""
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)
