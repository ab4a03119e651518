"""The model card: what SR 26-2 and SS1/23 ask of a model's record, each line taken from the bundle, none written here.

It ends with the seven headings of JR/T 0287-2023, disclosure of AI algorithms in finance, made of the same facts.

What the bundle does not contain is listed as missing, with the place to add it (``bank.yaml``).
"""

from collections.abc import Mapping
from typing import Any

from service.analysis.model_gate import ON
from service.scoring.models.manifest import models_of, names_of
from service.scoring.propensity import KIND

MISSING = "not stated; add it to bank.yaml"
SWITCHED = (
    "fourcast promote, challenge, rollback: each is a release of its own",
    "fourcast inventory stop: a model scores nobody, rules go on",
)
AUDITED = (
    "fourcast audit list: who promoted, tried, stopped or rolled back what; fourcast audit verify: the chain holds",
    "fourcast replay: each decision again from its record, to the same bytes",
)
SPLITS = {
    "customer": "by customer at random: figures on customers the measured models have not seen",
    "time": "by time: figures on the last fifth, by models of the earlier four",
}


def card_of(
    manifest: Mapping[str, Any], review: Mapping[str, Any], compared: Mapping[str, Any] | None = None
) -> list[dict[str, Any]]:
    """Rows of ``{"name", "zh", "lines"}`` in the order in which a committee asks.

    ``compared``: the comparison with the champion (``training.bundles.champion``).
    """
    about = manifest.get("about", {})
    rows = [
        (
            "Purpose",
            "用途",
            _purposes(manifest),
        ),
        ("Owner", "负责人", [about.get("owner") or f"owner {MISSING}"]),
        ("Bank and day", "银行与日期", [f"{about.get('bank', MISSING)}, as of {about.get('as_of', MISSING)}"]),
        ("Horizon", "预测期", [f"{manifest['horizon_days']} days"]),
        (
            "Data",
            "数据",
            [_customers(manifest), *_hashes(manifest)],
        ),
        ("Validation", "验证方式", [_validation(manifest)]),
        ("Features", "特征", [_features(name, entry) for name, entry in _propensities(manifest).items()]),
        ("Limits", "局限", _limits(about)),
        ("Fairness", "公平性", [_fairness(family, one["fairness"]) for family, one in review["families"].items()]),
        ("Leakage check", "泄漏检查", [_leakage(family, entry) for family, entry in manifest["families"].items()]),
        (
            "Challenger",
            "挑战者",
            _compared(manifest, compared),
        ),
        ("Rollback", "回退", ["fourcast rollback: the release before serves again, in every worker"]),
        (
            "Made with",
            "环境",
            [_made_with(manifest)],
        ),
        ("Seed and digest", "随机种子与摘要", [f"seed {manifest['seed']}", f"digest {manifest['digest']}"]),
    ]
    rows += _disclosed(manifest)
    return [{"name": name, "zh": chinese, "lines": lines} for name, chinese, lines in rows]


def _propensities(manifest: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The models of families and kinds, by the name of their score."""
    return {**manifest["families"], **{KIND + kind: entry for kind, entry in manifest.get("kinds", {}).items()}}


def _disclosed(manifest: Mapping[str, Any]) -> list[tuple[str, str, list[str]]]:
    """The seven headings of JR/T 0287-2023: combination, logic, use, data, owner, change, audit."""
    about, models = manifest.get("about", {}), models_of(manifest)
    read = {one for entry in models.values() for one in entry["features"]}
    lines = {
        ("combination", "算法组合"): [", ".join(names_of(manifest)) or "no model"],
        ("logic", "算法逻辑"): [_features(name, entry) for name, entry in models.items()],
        ("use", "算法应用"): _purposes(manifest),
        ("data", "数据"): [f"{len(read)} features of a customer are read", _customers(manifest), *_hashes(manifest)],
        ("owner", "算法主体"): [about.get("owner") or f"owner {MISSING}", about.get("bank", f"bank {MISSING}")],
        ("change", "算法变更"): [f"version {manifest['version']}", _validation(manifest), *SWITCHED],
        ("audit", "算法审计"): [f"digest {manifest['digest']}", *AUDITED],
    }
    return [(f"JR/T 0287 {name}", chinese, told) for (name, chinese), told in lines.items()]


def _compared(manifest: Mapping[str, Any], compared: Mapping[str, Any] | None) -> list[str]:
    """Its AUC and the champion's, by family, and the customers on which both were measured."""
    if compared is None:
        return ["no champion was named (--champion); fourcast challenge lets it serve a share"]
    version, mine = compared["champion"], manifest["families"]
    return [
        f"{family}: {_beside(version, one)}"
        if family in mine
        else f"{family}: champion {version} scores it, this bundle does not"
        for family, one in compared["families"].items()
    ]


def _beside(version: str, row: Mapping[str, Any]) -> str:
    if row["by"] is None:
        return f"not compared with champion {version}: {row['why']}"
    aucs = f"AUC {row['auc']:.4f}, champion {version} {row['auc_champion']:.4f}"
    if row["by"] == "files":
        return f"{aucs}, by both bundles' own figures on the same files"
    return f"{aucs}, {row['gain']:+.4f} [{row['low']:+.4f}, {row['high']:+.4f}] on {ON[row['by']].format(**row)}"


def _purposes(manifest: Mapping[str, Any]) -> list[str]:
    said = {family: outcome.strip().rstrip(".") for family, outcome in sorted(manifest["outcome"].items())}
    families = [
        f"{family}: the chance that a customer {one}" for family, one in said.items() if family in manifest["families"]
    ]
    return [*families, *_kinds(manifest)]


def _kinds(manifest: Mapping[str, Any]) -> list[str]:
    """What the models of product kinds say, and which kinds have none."""
    bought = [f"kind {kind}: the chance that a customer buys the kind" for kind in manifest.get("kinds", {})]
    refused = manifest.get("kind", {}).get("refused", {})
    return [*bought, *(f"kind {kind}: no model: {why}" for kind, why in refused.items())]


def _hashes(manifest: Mapping[str, Any]) -> list[str]:
    return [f"{name}: {digest}" for name, digest in sorted(manifest["sources"].items())]


def _made_with(manifest: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {version}" for name, version in sorted(manifest["created_by"].items()))


def _validation(manifest: Mapping[str, Any]) -> str:
    if "experience" in manifest:
        return "out of fold, by customer; beside the scores that served, and the holdout"
    return SPLITS.get(manifest.get("about", {}).get("split", ""), MISSING)


def _customers(manifest: Mapping[str, Any]) -> str:
    about, experience = manifest.get("about", {}), manifest.get("experience")
    if experience is not None:
        counts = f"{experience['customers']:,} customers served, {experience['trials']:,} trials"
        return f"{counts}, {experience['taken']:,} taken, windows of {experience['window_days']:g} days"
    if "customers" not in about:
        return "number of customers not kept"
    return f"{about['customers']:,} customers, {about['learned_from']:,} of them with an outcome"


def _features(family: str, entry: Mapping[str, Any]) -> str:
    trees = sum(file["trees"] for file in entry["files"])
    return (
        f"{family}: {len(entry['features'])} features, {trees} trees in {len(entry['files'])} boosters, isotonic table"
    )


def _limits(about: Mapping[str, Any]) -> list[str]:
    notes = [line.strip() for line in about.get("notes", "").splitlines() if line.strip()]
    return notes or [f"notes {MISSING}"]


def _fairness(family: str, fairness: Mapping[str, Any] | None) -> str:
    if fairness is None:
        return f"{family}: could not be measured: the files tell neither sex, age nor region"
    if fairness["alerts"]:
        return f"{family}: ALERT, the whole interval below {fairness['bound']:.2f}: {'; '.join(fairness['alerts'])}"
    calm = f"no group's whole interval below {fairness['bound']:.2f}"
    return f"{family}: {calm}, {fairness['suitable']:,} suitable customers"


def _leakage(family: str, entry: Mapping[str, Any]) -> str:
    leakage = entry["metrics"].get("leakage")
    if leakage is None:
        return f"{family}: not checked"
    found = leakage["findings"]
    worst = max(found, key=lambda one: one["closes"]) if found else None
    said = (
        "too few outcomes to tell"
        if worst is None
        else f"{', '.join(worst['attributes'])} closes most, {worst['closes']:.2f}"
    )
    allowed = f"; allowed by name: {', '.join(leakage['allowed'])}" if leakage["allowed"] else ""
    return f"{family}: {said}{allowed}"
