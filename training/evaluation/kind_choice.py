"""Which kind a buyer buys: the log loss of scores by kind among the purchases of a family, beside simpler answers.

    loss of a purchase = -ln(score of the bought kind / sum of the family's kind scores of that customer)

So every purchase counts once, and only the ratio of the scores counts, as it does in a decision. The rivals know who
bought: ``shares`` gives each kind its share of past purchases; ``untuned`` is one ``LGBMClassifier()`` as it comes,
fitted to the purchases alone. Both are cross-fitted: no customer is judged by what learned from that customer.
Differences are paired, with intervals of 95 % clustered by customer.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import lightgbm as lgb
import numpy as np
from sklearn.model_selection import KFold

from training.arrays import Flags, Floats, Places

Z = 1.959963984540054
FOLDS = 5
SMALLEST = 1e-6
"""Shares are clipped to this, so that one surprise does not outweigh all else."""
RANKS = (1, 2, 3)
Rival = Callable[[Places, Places], Floats]
"""A function of the rows to learn from and the rows to answer for: the kinds' shares (n, k) of the latter."""


def compare_choice(
    scores: Floats, bought: Flags, rows: Floats, categorical: Sequence[int], seed: int
) -> dict[str, Any] | None:
    """The log loss among one family's buyers, beside both rivals; None with fewer than two kinds or buyers per fold.

    ``scores`` (n, k) out of fold, ``bought`` (n, k), ``rows`` (n, f) with the places of text columns.
    """
    buyers = np.flatnonzero(bought.any(axis=1))
    if bought.shape[1] < 2 or len(buyers) < 2 * FOLDS:
        return None
    chosen, features = bought[buyers], rows[buyers]
    own = loss_of(shares_of(scores[buyers]), chosen)
    rivals = {
        "shares": _cross_fit(_past_shares(chosen), chosen, seed),
        "untuned": _cross_fit(_untuned(features, chosen, categorical, seed), chosen, seed),
    }
    return {
        "buyers": len(buyers),
        "purchases": int(chosen.sum()),
        "log_loss": _mean(own, chosen),
        **{name: _beside(loss_of(shares, chosen), own, chosen) for name, shares in rivals.items()},
    }


def hits_of(scores: Floats, bought: Flags) -> dict[str, Any] | None:
    """Among all buyers, how often a bought kind is among the first 1, 2, 3; beside the kinds in order of past shares.

    None where nobody bought.
    """
    buyers = np.flatnonzero(bought.any(axis=1))
    if not len(buyers):
        return None
    chosen = bought[buyers]
    mine = _found(np.argsort(-scores[buyers], axis=1, kind="stable"), chosen)
    usual = np.argsort(-chosen.sum(axis=0), kind="stable")
    past = _found(np.broadcast_to(usual, chosen.shape), chosen)
    ranks = [rank for rank in RANKS if rank <= chosen.shape[1]]
    return {"buyers": len(buyers), "hit": {str(rank): _gain(mine[rank], past[rank]) for rank in ranks}}


def shares_of(scores: Floats) -> Floats:
    """Each row of ``scores`` over its sum, clipped to 1e-6."""
    shares = scores / np.maximum(scores.sum(axis=1, keepdims=True), SMALLEST)
    return np.asarray(np.clip(shares, SMALLEST, 1.0))


def loss_of(shares: Floats, bought: Flags) -> Floats:
    """Each customer's sum of -ln(share of a bought kind), (n,).

    >>> loss_of(np.array([[0.5, 0.5]]), np.array([[True, False]])).round(4).tolist()
    [0.6931]
    """
    return np.asarray(-np.where(bought, np.log(np.clip(shares, SMALLEST, 1.0)), 0.0).sum(axis=1))


def _mean(losses: Floats, bought: Flags) -> float:
    return float(losses.sum() / bought.sum())


def _beside(theirs: Floats, own: Floats, bought: Flags) -> dict[str, float]:
    """A rival's log loss, and how much less ours is, with the interval of a ratio of sums over customers."""
    counts = bought.sum(axis=1)
    gain = _mean(theirs - own, bought)
    spread = Z * float(np.sqrt(((theirs - own - gain * counts) ** 2).sum()) / counts.sum())
    return {"log_loss": _mean(theirs, bought), "gain": gain, "low": gain - spread, "high": gain + spread}


def _gain(mine: Flags, past: Flags) -> dict[str, float]:
    gains = mine.astype(np.float64) - past
    spread = Z * float(gains.std() / np.sqrt(len(gains)))
    gain = float(gains.mean())
    return {
        "scores": float(mine.mean()), "shares": float(past.mean()), "gain": gain, "low": gain - spread,
        "high": gain + spread,
    }  # fmt: skip


def _found(order: Places, bought: Flags) -> Mapping[int, Flags]:
    """For each rank, whether a bought kind is among the first so many."""
    ranked = np.take_along_axis(bought, order, axis=1)
    return {rank: np.asarray(ranked[:, :rank].any(axis=1)) for rank in RANKS}


def _cross_fit(rival: Rival, bought: Flags, seed: int) -> Floats:
    shares = np.empty(bought.shape)
    for seen, out in KFold(FOLDS, shuffle=True, random_state=seed).split(bought):
        shares[out] = rival(seen, out)
    return shares_of(shares)


def _past_shares(bought: Flags) -> Rival:
    return lambda seen, out: np.broadcast_to(bought[seen].sum(axis=0), (len(out), bought.shape[1])) / bought[seen].sum()


def _untuned(rows: Floats, bought: Flags, categorical: Sequence[int], seed: int) -> Rival:
    def answer(seen: Places, out: Places) -> Floats:
        who, kind = np.nonzero(bought[seen])
        shares = np.zeros((len(out), bought.shape[1]))
        model = lgb.LGBMClassifier(n_jobs=1, verbosity=-1, random_state=seed, deterministic=True, force_row_wise=True)
        model.fit(rows[seen[who]], kind, categorical_feature=list(categorical))
        shares[:, model.classes_] = model.predict_proba(rows[out])
        return shares

    return answer
