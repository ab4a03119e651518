"""`fourcast uplift`: what an offer changes, for whom, from a trial with treated and untreated customers."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from service.cli.terminal import bar, json_option, show

file_type = click.Path(dir_okay=False, path_type=Path)
FIGURES: Mapping[str, str] = {
    "effect": "treated less untreated",
    "qini": "Qini coefficient",
    "auuc": "AUUC",
    "propensity_qini": "Qini of propensity",
    "beyond": "beyond propensity",
}


@click.command()
@click.option("--files", "learn", type=file_type, required=True, help="The trial: .csv, .csv.gz or .parquet.")
@click.option("--treatment", required=True, help="Column: who was treated (yes or no, 1 or 0).")
@click.option("--outcome", required=True, help="Column: what they did, a number or yes or no.")
@click.option("--valid", type=file_type, help="Held-out rows in a file of their own; else two fifths are held out.")
@click.option("--ignore", default="", help="Columns that are no features, with commas between.")
@click.option("--value", type=float, default=1.0, show_default=True, help="What one outcome brings.")
@click.option("--cost", type=float, default=0.0, show_default=True, help="What treating one customer costs.")
@json_option
def uplift(
    learn: Path,
    treatment: str,
    outcome: str,
    valid: Path | None,
    ignore: str,
    value: float,
    cost: float,
    as_json: bool,
) -> None:
    """Learn uplift (T-, X- and DR-learner), measure the best on held-out rows, and say what they show."""
    from training.uplift import read_trial, study

    named = tuple(name.strip() for name in ignore.split(",") if name.strip())
    trials = read_trial(learn, treatment, outcome, valid, named)
    with bar("Learning uplift"):
        found = study(*trials, value=value, cost=cost).document()
    show(found if as_json else lines(found), as_json)


def lines(found: Mapping[str, Any]) -> dict[str, object]:
    """The report as lines of text."""
    chosen, used = found["chosen"], found["uplift"]
    irr = "-" if chosen["irr"] is None else f"{chosen['irr']:.4f}"
    return {
        "rows": f"{found['learned']:,} learned, {found['held_out']:,} held out",
        "learner": found["learner"],
        **({"left out": ", ".join(found["left_out"])} if found["left_out"] else {}),
        **{name: _estimate(found[key]) for key, name in FIGURES.items()},
        "chosen": f"{chosen['share']:.1%} of the rows: IRR {irr}, NIR {chosen['nir']:.2f}",
        "verdict": found["verdict"],
        "used in arbitration": f"{'may be' if used['used'] else 'no'}: {used['why']}",
    }


def _estimate(found: Mapping[str, float]) -> str:
    return f"{found['value']:.4g} ({found['low']:.4g} to {found['high']:.4g})"


VERBS = (uplift,)
