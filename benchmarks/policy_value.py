"""How often the 95 % intervals of policy value hold the truth, over simulated logs of which everything is known.

    python -m benchmarks.policy_value                 # 500 logs of each design; a few minutes
    python -m benchmarks.policy_value --logs 2000 --designs heavy,money

Each log is drawn from a design: contexts, the policy that logged, the new policy, and the true reward of every action.
The truth is the mean over 400,000 other contexts. For each estimator: how often its interval holds the truth, its
median width, its bias and, for comparison on the same logs, how often the plain t interval of IPS holds it.
"""

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student
from tqdm import tqdm

from training.evaluation.policy_value import Log, evaluate

Floats = np.ndarray
ESTIMATORS = ("ips", "snips", "dr")
TRUTH_ROWS = 400_000


@dataclass(frozen=True)
class Scene:
    """n contexts (n, d); probabilities of the old and the new policy, chances and amounts of a reward, (n, k) each."""

    contexts: Floats
    old: Floats
    new: Floats
    chance: Floats
    amount: Floats

    @property
    def value(self) -> float:
        """The new policy's true mean reward over these contexts."""
        return float((self.new * self.chance * self.amount).sum(axis=1).mean())


def uniform(rng: np.random.Generator, rows: int) -> Scene:
    """Three actions at random, then the best of them by a rule: a third of the rows count."""
    contexts, score = _scored(rng, rows, 3, 3)
    return _scene(contexts, np.full((rows, 3), 1 / 3), _greedy(score), score, -1.0)


def softmax(rng: np.random.Generator, rows: int) -> Scene:
    """Five actions by a soft choice; the new policy leans otherwise."""
    contexts, score = _scored(rng, rows, 4, 5)
    return _scene(contexts, _soft(0.5 * score), _soft(score[:, ::-1] + 0.5 * score), score, -2.0)


def greedy(rng: np.random.Generator, rows: int) -> Scene:
    """Ten actions, one chosen but for a fifth of the rows; the new policy chooses by another rule: weights to 50."""
    contexts, score = _scored(rng, rows, 4, 10)
    old, new = _mixed(_greedy(score), 0.2), _mixed(_greedy(score + 0.7 * score[:, ::-1]), 0.02)
    return _scene(contexts, old, new, score, -1.0)


def heavy(rng: np.random.Generator, rows: int) -> Scene:
    """Two actions, and a new policy that reverses the old one: weights to 100 and more."""
    contexts = rng.normal(size=(rows, 2))
    old = 1 / (1 + np.exp(-1.5 * contexts[:, 0]))
    new = 1 / (1 + np.exp(contexts[:, 0]))
    score = np.stack([contexts[:, 1], contexts[:, 0]], axis=1)
    return _scene(contexts, np.stack([old, 1 - old], axis=1), np.stack([new, 1 - new], axis=1), score, 0.0)


def money(rng: np.random.Generator, rows: int) -> Scene:
    """Rare purchases of very different amounts: what a bank's margins look like."""
    contexts, score = _scored(rng, rows, 4, 5)
    scene = _scene(contexts, _soft(0.3 * score), _soft(0.6 * score[:, ::-1]), score, -2.0)
    return Scene(scene.contexts, scene.old, scene.new, scene.chance, np.exp(0.3 * contexts[:, :1] + 0 * score))


DESIGNS: Mapping[str, tuple[Callable[[np.random.Generator, int], Scene], int, float]] = {
    "uniform": (uniform, 400, 0.0),
    "softmax": (softmax, 400, 0.0),
    "greedy": (greedy, 2_000, 0.0),
    "heavy": (heavy, 400, 0.0),
    "money": (money, 3_000, 0.8),
}
"""By name: the scene, how many rows a log has, and the spread of a purchase's amount (log-normal, mean 1)."""


def drawn(scene: Scene, spread: float, rng: np.random.Generator, features: bool = True) -> Log:
    """One log of the scene."""
    rows, actions = scene.old.shape
    every = np.arange(rows)
    action = (rng.random(rows)[:, np.newaxis] > scene.old.cumsum(axis=1)).sum(axis=1).clip(0, actions - 1)
    amount = scene.amount[every, action] * np.exp(spread * rng.normal(size=rows) - spread**2 / 2)
    return Log(
        actions=tuple(f"a{place}" for place in range(actions)),
        action=action,
        reward=(rng.random(rows) < scene.chance[every, action]) * amount,
        propensity=scene.old[every, action],
        new=scene.new[every, action],
        probabilities=scene.new,
        features=scene.contexts if features else None,
    )


def covered(design: str, logs: int, features: bool = True, seed: int = 1) -> dict[str, dict[str, float]]:
    """By estimator: the share of logs whose interval holds the truth, median width, bias; ``plain`` is IPS with t."""
    make, rows, spread = DESIGNS[design]
    truth = make(np.random.default_rng([seed, 0]), TRUTH_ROWS).value
    found: dict[str, list[tuple[float, float, float]]] = {}
    for number in tqdm(range(1, logs + 1), desc=design, disable=None):
        rng = np.random.default_rng([seed, number])
        log = drawn(make(rng, rows), spread, rng, features)
        told = evaluate(log).document()
        for name in ESTIMATORS:
            if told[name] is not None:
                found.setdefault(name, []).append((told[name]["value"], told[name]["low"], told[name]["high"]))
        found.setdefault("plain", []).append(_plain(log.weights * log.reward))
    return {name: _summary(np.array(rows), truth) for name, rows in found.items()}


def _summary(found: Floats, truth: float) -> dict[str, float]:
    value, low, high = found.T
    return {
        "covered": float(((low <= truth) & (truth <= high)).mean()),
        "width": float(np.median(high - low)) / truth,
        "bias": float(value.mean()) / truth - 1,
    }


def _plain(terms: Floats) -> tuple[float, float, float]:
    half = student.ppf(0.975, len(terms) - 1) * terms.std(ddof=1) / np.sqrt(len(terms))
    return float(terms.mean()), float(terms.mean() - half), float(terms.mean() + half)


def _scored(rng: np.random.Generator, rows: int, width: int, actions: int) -> tuple[Floats, Floats]:
    """Contexts, and a score of every action that is a fixed linear function of them."""
    contexts = rng.normal(size=(rows, width))
    return contexts, contexts @ np.random.default_rng(actions).normal(size=(width, actions))


def _scene(contexts: Floats, old: Floats, new: Floats, score: Floats, level: float) -> Scene:
    return Scene(contexts, old, new, 1 / (1 + np.exp(-(level + 0.6 * score))), np.ones_like(score))


def _soft(score: Floats) -> Floats:
    weight = np.exp(score - score.max(axis=1, keepdims=True))
    return weight / weight.sum(axis=1, keepdims=True)


def _greedy(score: Floats) -> Floats:
    return np.eye(score.shape[1])[score.argmax(axis=1)]


def _mixed(chosen: Floats, epsilon: float) -> Floats:
    return (1 - epsilon) * chosen + epsilon / chosen.shape[1]


def main() -> None:
    parser = argparse.ArgumentParser(description="How often the 95 % intervals of policy value hold the truth.")
    parser.add_argument("--logs", type=int, default=500)
    parser.add_argument("--designs", default=",".join(DESIGNS))
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    print(f"{'design':<9}{'rows':>6}  {'estimator':<9}{'covered':>8}{'width':>8}{'bias':>8}   (of the true value)")
    for design in asked.designs.split(","):
        for name, found in covered(design, asked.logs, seed=asked.seed).items():
            figures = f"{found['covered']:>8.1%}{found['width']:>8.1%}{found['bias']:>+8.1%}"
            print(f"{design:<9}{DESIGNS[design][1]:>6}  {name:<9}{figures}", flush=True)


if __name__ == "__main__":
    main()
