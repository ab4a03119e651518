"""The model gate: whether a challenger is fit to serve, with a line and its numbers for every comparison.

First the absolute bounds (a model that knows too little, uncalibrated figures, an attribute that knows the future).
Then the champion, on customers from whom neither has learned (``training.bundles.champion``). Then what a bundle
learned from events says of itself. A line is ``yes``, ``no``, or ``--`` where nothing could be compared, which decides
nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service.core.errors import GateRefused
from service.scoring.models.fitness import families_of
from service.scoring.models.manifest import metrics_of

LARGEST_AUC_LOSS = 0.002
"""A challenger may fall this far below the champion on the same unseen customers: less is not worth a refusal."""
ON: Mapping[str | None, str] = {
    "later": "{customers:,} customers whose outcomes are later than all that the champion learned from",
    "others": "{customers:,} customers from whom neither has learned",
    "recipe": "{customers:,} customers, its recipe fitted to them anew and cross-fitted as the challenger's",
}
LARGEST_CALIBRATION_ERROR = 0.02
"""Expected calibration error (10 equal-count bins) above which a propensity may not multiply money."""
FILES = "files"
"""Both measured on the same files, each out of sample, but not side by side."""
MOST_CLOSED = 0.25
"""The largest share of the uncertainty that one attribute may resolve."""
MARKS: Mapping[bool | None, str] = {True: "yes", False: "no ", None: "-- "}
LEAST_AUC = 0.6
"""Below this a model serves no better than the family's prior."""


@dataclass(frozen=True)
class Verdict:
    """The gate's verdict: ``passes``, and one line per comparison with its numbers."""

    passes: bool
    lines: tuple[str, ...]

    def or_refuse(self) -> None:
        """Refuse where the gate says no.

        Raises: GateRefused: with every line.
        """
        if not self.passes:
            raise GateRefused("the challenger is not fit to serve:\n  " + "\n  ".join(self.lines))


def judge_challenger(
    challenger: Mapping[str, Mapping[str, Any]],
    compared: Mapping[str, Any] | None,
    experience: Mapping[str, Any] | None = None,
    misfits: Sequence[str] = (),
) -> Verdict:
    """Yes where every family passes: ``{family: metrics}``, each measured on unseen customers.

    AUC at least 0.6, calibration error at most 0.02; and beside the champion, as ``compared`` has them
    (``training.bundles.champion``), not clearly worse by more than 0.002, and no family missing that the champion
    scores. Without a champion only the absolute bounds hold. ``experience``: what a bundle learned from events says of
    itself; it must know more than the propensities by which those customers were served. ``misfits``: why it is not fit
    to serve this bank at all.
    """
    checks: list[tuple[bool | None, str]] = [(False, line) for line in misfits]
    checks += [check for family, metrics in challenger.items() for check in _absolute(family, metrics)]
    if compared is not None:
        rows = compared["families"].items()
        checks += [_relative(family, family in challenger, row, compared["champion"]) for family, row in rows]
    checks += [] if experience is None else _experienced(experience)
    lines = tuple(dict.fromkeys(f"{MARKS[passed]}  {line}" for passed, line in checks))
    return Verdict(bool(checks) and all(passed is not False for passed, _ in checks), lines)


def compare_manifests(challenger: Mapping[str, Any], champion: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The comparison from two manifests alone: that of the training, where it was with this champion.

    Else the figures of both where they were measured on the very same files. None where there is no champion. A family
    of which the challenger has evidence alone is left out.
    """
    stored: dict[str, Any] | None = challenger.get("compared")
    if champion is None or (stored is not None and stored["champion"] == champion["version"]):
        return stored
    mine, told = metrics_of(challenger), families_of(challenger)
    theirs = {one: each for one, each in metrics_of(champion).items() if one in mine or one not in told}
    if champion["sources"] == challenger["sources"]:
        families = {family: _beside(mine.get(family), one) for family, one in theirs.items()}
    else:
        asked = f"it was not trained beside it (fourcast train --champion {champion['version']})"
        families = {family: not_compared(asked) for family in theirs}
    return {"champion": champion["version"], "families": families}


def not_compared(why: str) -> dict[str, Any]:
    """The figures of a family that could not be compared."""
    return {"by": None, "why": why}


def list_suspects(leakage: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The findings of a manifest's ``leakage`` that nobody allowed by name."""
    allowed = set(leakage["allowed"])
    return [one for one in leakage["findings"] if one["suspect"] and not set(one["attributes"]) <= allowed]


def _beside(mine: Mapping[str, Any] | None, theirs: Mapping[str, Any]) -> dict[str, Any]:
    if mine is None:
        return not_compared("the challenger does not score it")
    return {"by": FILES, "auc": mine["auc"], "auc_champion": theirs["auc"], "gain": mine["auc"] - theirs["auc"]}


def _absolute(family: str, metrics: Mapping[str, Any]) -> list[tuple[bool, str]]:
    auc = metrics["auc"]
    leaks = [_leak(family, metrics["leakage"])] if "leakage" in metrics else []
    return [*leaks, (auc >= LEAST_AUC, f"{family}: AUC {auc:.4f} (at least {LEAST_AUC})"), _calibrated(family, metrics)]


def _calibrated(what: str, metrics: Mapping[str, Any]) -> tuple[bool, str]:
    """A few customers show an error by chance alone; where it is stated, that much is allowed on top."""
    error, most = metrics["calibration_error"], LARGEST_CALIBRATION_ERROR
    chance = metrics.get("calibration_error_by_chance", 0.0)
    beside = f" and {chance:.4f} by chance" if chance else ""
    return error <= most + chance, f"{what}: calibration error {error:.4f} (at most {most}{beside})"


def _experienced(experience: Mapping[str, Any]) -> Iterator[tuple[bool, str]]:
    """Against how these customers were served, and against the priors by which the holdout was."""
    served, holdout = experience["as_served"], experience["holdout"]
    yield served["difference"] <= 0.0, f"as served: log loss {_told(served)} (at most +0)"
    if served["auc"] is not None:
        least = -max(LARGEST_AUC_LOSS, 2.0 * (served["auc_standard_error"] or 0.0))
        gain = served["auc"] - served["auc_served"]
        yield gain >= least, f"as served: AUC {served['auc']:.4f}, {gain:+.4f} (at least {least:+.4f})"
    yield _calibrated("as served", served)
    if holdout is not None and holdout["low"] is not None:
        yield holdout["low"] <= 0.0, f"holdout, served by priors: log loss {_told(holdout)} (not clearly above 0)"


def _told(figures: Mapping[str, Any]) -> str:
    between = "" if figures["low"] is None else f" [{figures['low']:+.4f}, {figures['high']:+.4f}]"
    return f"{figures['difference']:+.4f}{between}"


def _leak(family: str, leakage: Mapping[str, Any]) -> tuple[bool, str]:
    """No where an attribute knows what it cannot, unless it was allowed by name."""
    found = list_suspects(leakage)
    if found:
        named = "; ".join(f"{', '.join(one['attributes'])} ({one['question']}: {one['closes']:.2f})" for one in found)
        return False, f"{family}: knows the future: {named} of the unknown closed alone (at most {MOST_CLOSED})"
    allowed = f", {', '.join(leakage['allowed'])} allowed by name" if leakage["allowed"] else ""
    worst = max((one["closes"] for one in leakage["findings"]), default=0.0)
    return True, f"{family}: no attribute knows the future ({worst:.2f} closed alone at most{allowed})"


def _relative(family: str, scored: bool, row: Mapping[str, Any], champion: str) -> tuple[bool | None, str]:
    """No where the whole interval of the difference lies below 0, and the difference below what may be lost."""
    if not scored:
        return False, f"{family}: the champion scores it, the challenger does not"
    if row["by"] is None:
        return None, f"{family}: not compared with {champion}: {row['why']}; the other bounds decide"
    gain, least = row["gain"], -LARGEST_AUC_LOSS
    if row["by"] == FILES:
        said = f"{family}: AUC {gain:+.4f} against {champion}, by both bundles' own figures on the same files"
        return gain >= least, f"{said} (at least {least:+})"
    passes = gain >= least or row["high"] >= 0.0
    between, on = f"[{row['low']:+.4f}, {row['high']:+.4f}]", ON[row["by"]].format(**row)
    return passes, f"{family}: AUC {gain:+.4f} {between} against {champion} on {on} (not clearly below, by {-least})"
