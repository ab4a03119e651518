"""The verdict from estimates and support: better, worse, cannot tell, or not supported by the log.

The log must support the judgement first. Then the new policy is held against the one that served, row by row: better
or worse where the whole interval of the difference (by DR where there is a reward model, else by SNIPS) is on one side
of zero.
"""

from dataclasses import dataclass
from enum import StrEnum

from service.analysis.policy_value.estimates import (
    Estimate,
    difference,
    dr_terms,
    ips,
    logged_mean,
    mean_of,
    snips,
    snips_terms,
)
from service.analysis.policy_value.intervals import Floats
from service.analysis.policy_value.support import Support

LEAST_EFFECTIVE = 10.0
"""The least effective sample size that supports a judgement."""
MOST_UNSUPPORTED = 0.05
"""The largest share of the new policy's probability on actions that the log never shows."""


class Verdict(StrEnum):
    """The new policy compared with the one that served."""

    BETTER = "better"
    WORSE = "worse"
    CANNOT_TELL = "cannot tell"
    NOT_SUPPORTED = "not supported by the log"


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    """A log as numbers, (n,) each: the rewards, how the new policy weighs them, what the reward model says.

    ``modelled`` is q(x, a) of the logged action and ``expected`` its mean under the new policy; both None without a
    reward model. ``earned`` is w r, by default of one action per row; of rows that show several it is the sum of each
    one's w r, ``weights`` then the sum of w per action that the new policy shows. ``robust`` are DR's terms where the
    caller has made them. ``beside`` is what each row brought, or would have, under the policy to compare with.
    """

    rewards: Floats
    weights: Floats
    modelled: Floats | None = None
    expected: Floats | None = None
    beside: Floats | None = None
    earned: Floats | None = None
    robust: Floats | None = None

    @property
    def weighed(self) -> Floats:
        """w r of every row."""
        return self.weights * self.rewards if self.earned is None else self.earned

    @property
    def doubly_robust(self) -> Floats | None:
        """DR's terms, None without a reward model."""
        if self.robust is not None or self.modelled is None or self.expected is None:
            return self.robust
        return dr_terms(self.rewards, self.weights, self.modelled, self.expected)


@dataclass(frozen=True, slots=True)
class PolicyValue:
    """All estimates of one new policy; ``difference`` is new less old by the estimator ``by``."""

    rows: int
    logged: Estimate
    ips: Estimate
    snips: Estimate | None
    dr: Estimate | None
    difference: Estimate | None
    by: str | None
    support: Support
    verdict: Verdict
    why: str

    def document(self) -> dict[str, object]:
        """As plain JSON values."""
        return {
            "rows": self.rows,
            **{name: _document(getattr(self, name)) for name in ("logged", "ips", "snips", "dr", "difference")},
            "by": self.by,
            "effective_sample_size": self.support.effective_sample_size,
            "support": self.support.document(),
            "verdict": str(self.verdict),
            "why": self.why,
        }


def estimate_policy_value(terms: Terms, support: Support, lacking: str = "") -> PolicyValue:
    """Every estimate of the log, and the verdict; ``lacking``: why the log supports none, where the caller knows."""
    self_normalised = snips(terms.rewards, terms.weights, terms.weighed)
    robust = terms.doubly_robust
    apart, by = _difference(terms, self_normalised)
    verdict, why = _verdict(apart, by, lacking or unsupported(support))
    return PolicyValue(
        rows=len(terms.rewards),
        logged=logged_mean(terms.rewards),
        ips=ips(terms.rewards, terms.weights, terms.weighed),
        snips=self_normalised,
        dr=None if robust is None else mean_of(robust),
        difference=apart,
        by=by,
        support=support,
        verdict=verdict,
        why=why,
    )


def _difference(terms: Terms, self_normalised: Estimate | None) -> tuple[Estimate | None, str | None]:
    beside = terms.rewards if terms.beside is None else terms.beside
    robust = terms.doubly_robust
    if robust is not None:
        return difference(robust, beside), "dr"
    if self_normalised is None:
        return None, None
    return difference(snips_terms(terms.weighed, terms.weights, self_normalised.value), beside), "snips"


def _verdict(apart: Estimate | None, by: str | None, missing: str) -> tuple[Verdict, str]:
    if apart is None or missing:
        return Verdict.NOT_SUPPORTED, missing or "the log never shows what the new policy does"
    told = f"new less old is {apart.value:.6g} ({apart.low:.6g} to {apart.high:.6g}, 95 %) by {str(by).upper()}"
    if apart.low > 0.0:
        return Verdict.BETTER, f"{told}: above zero"
    if apart.high < 0.0:
        return Verdict.WORSE, f"{told}: below zero"
    return Verdict.CANNOT_TELL, f"{told}: the interval holds zero"


def unsupported(support: Support) -> str:
    """Why the log does not support a judgement, in words; empty where it does."""
    if support.unsupported_share > MOST_UNSUPPORTED:
        named = f": {', '.join(support.unsupported_actions[:5])}" if support.unsupported_actions else ""
        share = f"{support.unsupported_share:.1%} of what the new policy does was never possible in the log{named}"
        return f"{share}; at most {MOST_UNSUPPORTED:.0%} may be"
    if support.effective_sample_size < LEAST_EFFECTIVE:
        size = f"{support.effective_sample_size:.1f} rows count effectively"
        return f"{size}; at least {LEAST_EFFECTIVE:g} are needed"
    if not support.fits:
        return f"the mean weight is {support.mean_weight:.4g}, far from 1: propensities are wrong, or actions lack"
    return ""


def _document(found: Estimate | None) -> dict[str, float] | None:
    return None if found is None else found.document()
