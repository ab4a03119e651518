"""The document of a backtest as one HTML page that needs no network; the same document gives the same bytes."""

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from training.report.svg import LABELS, bars, rows

WAYS = {
    "served": "As served",
    "margin": "By take-up x value",
    "take-up": "By take-up",
    "shares": "Past shares, open kinds",
    "models": "A model a kind, open kinds",
    "rules": "Rules alone",
    "priors": "Priors alone",
}
"""What each way of ordering is called on the page: the orders of the policy, then the baselines."""
SCALE = 380.0
"""Pixels of a share of 1."""


def page(told: Mapping[str, Any]) -> str:
    """The document as one HTML page with pictures."""
    environment = Environment(
        loader=PackageLoader("training.report.backtest", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["share"] = lambda one: "none" if one["value"] is None else f"{one['value']:.1%}"
    environment.filters["pair"] = _pair
    ways = {**told["orders"], **told["baselines"]}
    style = Markup((files("training.report") / "style.css").read_text(encoding="utf-8"))
    return environment.get_template("page.html").render(
        told=told, ways=ways, names=WAYS, charts=charts_of(told), style=style
    )


def charts_of(told: Mapping[str, Any]) -> dict[str, str]:
    """The charts by name, as SVG: hits of every way, what gates cost, first offers, hits by kind."""
    ways = {**told["orders"], **told["baselines"]}
    costs = [(row["gate"], row["share"]) for row in told["closed_by"] if row["beyond_law"]]
    firsts = [(offer, count / max(told["buyers"], 1)) for offer, count in told["first_offers"].items()]
    return {
        "first": _hits("A bought kind is the first offer", {name: one["hit"]["1"] for name, one in ways.items()}),
        "third": _hits("A bought kind is among three offers", {name: one["hit"]["3"] for name, one in ways.items()}),
        "kinds": _hits(
            "By kind: a bought kind is among three offers",
            {name: one["hit"]["3"] for name, one in told["by"]["kind"].items()},
        ),
        "costs": bars("Purchases shut beyond the law", costs, lambda share: f"{share:.2%}") if costs else "",
        "firsts": bars("First offers of the buyers", firsts, lambda share: f"{share:.1%}"),
    }


def _hits(title: str, shares: Mapping[str, Mapping[str, Any]]) -> str:
    """A share with its interval a row."""
    names, figures = list(shares), list(shares.values())

    def shape(row: int, y: float) -> str:
        one = figures[row]
        if one["value"] is None:
            return f'<text class="value" x="{LABELS}" y="{y + 4}">none</text>'
        start, end, at = (LABELS + SCALE * one[name] for name in ("low", "high", "value"))
        return (
            f'<path class="interval" d="M{start:.1f} {y} H{end:.1f}"/>'
            f'<circle class="point" cx="{at:.1f}" cy="{y}" r="4"/>'
            f'<text class="value" x="{LABELS + SCALE + 12}" y="{y + 4}">{one["value"]:.1%}</text>'
        )

    return rows(title, [WAYS.get(name, name) for name in names], shape)


def _pair(one: Mapping[str, Any]) -> str:
    """A figure with its interval."""
    if one["value"] is None or one["low"] is None:
        return "not defined"
    return f"{one['value']:+.3f} ({one['low']:+.3f} to {one['high']:+.3f})"
