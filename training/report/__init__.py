"""The report of a bundle: one HTML page that needs no network, or the same as JSON, made from the bundle alone.

Order: ``manifest.json`` and ``review.json``, hashes checked (``registry``) -> ``document`` (all figures, the model
card, what is left out and why) -> ``page`` (``charts`` drawn into ``page.html``). The same bundle gives the same bytes:
the report contains no time and no randomness. Customers of today, where they are given, add a section on drift.

    card    the model card by SR 26-2 and SS1/23, each line taken from the bundle
    charts  the charts of a family, from its review
    svg     charts as inline SVG
    backtest  a policy held against what customers bought
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from service.analysis.drift import Drift
from service.analysis.model_gate import compare_manifests, judge_challenger
from service.scoring.models.manifest import metrics_of, read_manifest
from service.scoring.propensity import KIND
from training.bundles.registry import read_review
from training.evaluation.kind_choice import Z
from training.report import card, charts

TEMPLATE = "page.html"
GAINS = (
    ("effect", "Treated less untreated"),
    ("qini", "Qini coefficient"),
    ("auuc", "AUUC"),
    ("propensity_qini", "Qini coefficient of propensity"),
    ("beyond", "Beyond propensity"),
)
FIGURES = (
    ("auc", "AUC", "{:.3f}"),
    ("average_precision", "Average precision", "{:.3f}"),
    ("brier", "Brier score", "{:.4f}"),
    ("calibration_error", "Calibration error", "{:.4f}"),
    ("lift_top_tenth", "Lift of the best tenth", "{:.2f}"),
)


def document(folder: Path, drift: Drift | None = None, champion: Path | None = None) -> dict[str, Any]:
    """The content of the page, as plain JSON values.

    ``champion``: the folder of the bundle to compare with.

    Raises: InvalidInput, BundleError: the bundle has no review, or is damaged.
    """
    manifest = read_manifest(folder)
    review = read_review(folder, manifest)
    rival = None if champion is None else read_manifest(champion)
    compared = compare_manifests(manifest, rival)
    verdict = judge_challenger(metrics_of(manifest), compared, manifest.get("experience"))
    return {
        "version": manifest["version"],
        "card": card.card_of(manifest, review, compared),
        "compared": compared,
        "gate": {"passes": verdict.passes, "lines": list(verdict.lines)},
        "families": {family: _family(manifest["families"][family], one) for family, one in review["families"].items()},
        "kinds": _kinds(manifest, review),
        "segments": manifest.get("segments", {}).get("segments"),
        "lapse": manifest.get("lapse"),
        "uplift": manifest.get("uplift"),
        "policy_value": manifest.get("policy_value"),
        "drift": None if drift is None else drift.document(),
        "left_out": _left_out(manifest, review, drift),
    }


def page(told: Mapping[str, Any]) -> str:
    """The document as one HTML page."""
    environment = Environment(
        loader=PackageLoader("training.report", "."), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters["pair"] = lambda one, form: f"{form.format(one[0])} to {form.format(one[1])}"
    return environment.get_template(TEMPLATE).render(told=told, charts=charts, figures=FIGURES, gains=GAINS)


def _family(entry: Mapping[str, Any], review: Mapping[str, Any]) -> dict[str, Any]:
    return {"metrics": entry["metrics"], **review}


def _kinds(manifest: Mapping[str, Any], review: Mapping[str, Any]) -> dict[str, Any] | None:
    """Each kind's figures and what its model leans on, and the kind among buyers; None where no kinds were told."""
    if "kind" not in manifest:
        return None
    models = {
        kind: {"metrics": entry["metrics"], "auc_interval": _interval(entry["metrics"]), **_leaning(review, kind)}
        for kind, entry in manifest.get("kinds", {}).items()
    }
    return {"models": models, **manifest["kind"]}


def _interval(metrics: Mapping[str, Any]) -> list[float] | None:
    """The interval of the AUC of 95 %, by DeLong; None where it is not defined."""
    if metrics["auc"] is None or metrics["auc_standard_error"] is None:
        return None
    reach = Z * metrics["auc_standard_error"]
    return [max(metrics["auc"] - reach, 0.0), min(metrics["auc"] + reach, 1.0)]


def _leaning(review: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = review.get("kinds", {}).get(KIND + kind, {"importance": [], "shap": [], "explained": 0})
    return found


def _left_out(manifest: Mapping[str, Any], review: Mapping[str, Any], drift: Drift | None) -> list[str]:
    """The sections that are missing, each with the reason."""
    reasons = {
        "Uplift and Qini": None
        if "uplift" in manifest
        else "nothing tells who was treated (treated_<family> in outcomes.sql, or first decisions that differ)",
        "Product kinds": None
        if "kind" in manifest
        else "nothing tells which kind was bought (bought_product in outcomes.sql)",
        "Policy value": None if "policy_value" in manifest else "no logged decisions were given",
        "Drift": None if drift is not None else "no customers of today were given (--bank and --files)",
        "Lifetime": None if "lapse" in manifest else "the bank's files do not tell who left",
        "Segments": None if "segments" in manifest else "no figure tells the customers apart",
    }
    for family, one in review["families"].items():
        if one["fairness"] is None:
            reasons[f"Fairness, {family}"] = "the bank's files tell neither sex, age nor region"
        elif one["fairness"]["suitable"] == 0:
            reasons[f"Fairness, {family}"] = "nobody is known to be suitable: the files hold no risk assessment"
    reasons |= {f"Product kind {kind}": why for kind, why in manifest.get("kind", {}).get("refused", {}).items()}
    return [f"{what}: {why}" for what, why in reasons.items() if why is not None]
