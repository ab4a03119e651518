"""The charts of a family's review: ROC, precision and recall, calibration, lift, gain, feature importance."""

from collections.abc import Mapping
from typing import Any

from training.report.svg import Frame, bars, ratios, strip

UNIT = (0.0, 1.0)
Chart = dict[str, str]


def curves(family: Mapping[str, Any]) -> list[Chart]:
    """The five curves of a family, each with heading, drawing and how to read it."""
    return [
        _chart(
            "ROC",
            "受试者特征曲线",
            _diagonal(Frame(UNIT, UNIT, ("share of others chosen", "share of takers chosen")), family["roc"]),
            "The further above the dotted line (chance), the better takers are told from others.",
        ),
        _chart("Precision and recall", "精确率与召回率", _precision(family["pr"]), _PRECISION),
        _chart("Calibration", "校准", _calibration(family["calibration"]), _CALIBRATION),
        _chart("Lift by twentieth", "提升度", _lift(family["lift"]), _LIFT),
        _chart(
            "Gain",
            "累积增益",
            _diagonal(Frame(UNIT, UNIT, ("share of customers asked", "share of takers reached")), family["gain"]),
            "Asking the best-scored customers first reaches this share of all takers; dotted: asking at random.",
        ),
    ]


_PRECISION = "Of the customers chosen, how many take it, as more of all takers are to be found."
_CALIBRATION = "Tenths of the customers by propensity: what was expected and what happened, with 95 % intervals."
_LIFT = "How often each twentieth of the customers, best-scored first, takes it, over the average (1.0)."


def leanings(family: Mapping[str, Any]) -> list[Chart]:
    """Importance and SHAP summary of a family."""
    shares = [(one["name"], one["share"]) for one in family["importance"]]
    tenths = [(one["name"], one["tenths"]) for one in family["shap"] if one["tenths"]]
    return [
        _chart(
            "Importance",
            "特征重要性",
            bars("Importance", shares, lambda value: f"{value:.1%}"),
            "Share of the trees' gain.",
        ),
        _chart(
            "SHAP summary",
            "SHAP 摘要",
            strip("SHAP summary", tenths),
            f"Mean contribution to the score (log-odds) by tenth of the feature, from its lowest values (light) to its "
            f"highest (dark), on {family['explained']} customers. Left lowers, right raises.",
        ),
    ]


def fairness(axis: str, tables: Mapping[str, Any], bound: float) -> list[Chart]:
    """Ratios of one axis of groups: by takers, and by customers that the model would choose."""
    heads = {"accepted": ("took it", "接受率之比"), "chosen": ("in the model's best fifth", "入选率之比")}
    return [
        _chart(
            f"By {axis}: {heads[what][0]}",
            heads[what][1],
            ratios(
                f"{axis}, {heads[what][0]}",
                [(r["group"], r["ratio"], r["ratio_low"], r["ratio_high"], r["alert"]) for r in rows],
                bound,
            ),
            f"Rate among the suitable over that of the best group, with 95 % interval; dashed: {bound:.2f}.",
        )
        for what, rows in tables.items()
        if rows
    ]


def uplift(curve: Any) -> list[Chart]:
    """The Qini curve, where the bundle carries one: points (share of customers, extra takers per treated)."""
    highest = max(*(point[1] for point in curve), 1e-9) * 1.1
    lowest = min(*(point[1] for point in curve), 0.0)
    frame = Frame(UNIT, (lowest, highest), ("share of customers treated", "extra takers, of the treated"))
    drawn = frame.drawn("Qini", frame.line([[0, 0], [1, curve[-1][1]]], "chance"), frame.line(curve, "curve"))
    return [_chart("Qini", "Qini 曲线", drawn, "Extra takers where the most persuadable are treated first.")]


def _chart(name: str, chinese: str, drawing: str, reading: str) -> Chart:
    return {"name": name, "zh": chinese, "svg": drawing, "reading": reading}


def _diagonal(frame: Frame, points: Any) -> str:
    return frame.drawn(frame.names[1], frame.line([[0, 0], [1, 1]], "chance"), frame.line(points, "curve"))


def _precision(points: Any) -> str:
    highest = min(1.0, max(point[1] for point in points) * 1.1)
    frame, rate = Frame(UNIT, (0.0, highest), ("share of takers found", "takers of the chosen")), points[-1][1]
    return frame.drawn("Precision", frame.line([[0, rate], [1, rate]], "chance"), frame.line(points, "curve"))


def _calibration(bins: Any) -> str:
    highest = max(max(one["high"], one["propensity"]) for one in bins) * 1.05
    frame = Frame((0.0, highest), (0.0, highest), ("propensity", "took it"))
    points = [frame.interval(one["propensity"], one["taken"], one["low"], one["high"]) for one in bins]
    return frame.drawn("Calibration", frame.line([[0, 0], [highest, highest]], "chance"), *points)


def _lift(parts: Any) -> str:
    highest = max(part["lift"] for part in parts) * 1.1
    frame = Frame(UNIT, (0.0, highest), ("customers, best first", "lift"), percent=False)
    drawn = [frame.bar(place / len(parts), (place + 1) / len(parts), one["lift"]) for place, one in enumerate(parts)]
    return frame.drawn("Lift", *drawn, frame.line([[0, 1], [1, 1]], "chance"))
