"""`fourcast backtest`: a policy held against what a bank's customers bought after the day of its files."""

import webbrowser
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from service.cli.bank import selection
from service.cli.bank.bank_folder import bank_option, bank_without_erased, files_option
from service.cli.bank.stack import open_stack
from service.cli.policies.policy import policy_of
from service.cli.terminal import json_option, show
from service.engine.releases.artifacts import Artifacts
from service.rules.policy import Policy, load
from service.runtime.config import Settings
from service.scoring.models.lightgbm_c import library

ORDERS = ("served", "margin", "take-up")
FEWEST = 200
"""A sample of fewer customers says nothing."""


@click.command()
@bank_option
@files_option
@click.option("--supplement", is_flag=True, help="Add simulated, labelled risk assessments and consents.")
@click.option("--policy", "named", metavar="FOLDER|HASH", help="A policy's folder or stored hash; else the settings'.")
@click.option("--bundle", metavar="VERSION", help="Scores of this bundle; cross-fitted in five folds without it.")
@click.option("--order", type=click.Choice(ORDERS), default=ORDERS[0], show_default=True,
              help="As served; by take-up x value; by take-up alone.")  # fmt: skip
@click.option("--sample", type=click.IntRange(FEWEST), help="A random sample of so many customers: the short form.")
@click.option("--seed", type=int, default=7, show_default=True)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write the page with pictures here.")
@click.option("--open", "open_it", is_flag=True, help="Open the page in the browser; needs --out.")
@json_option
def backtest(bank: Path, files: Path, named: str | None, bundle: str | None, as_json: bool, **asked: Any) -> None:
    """Decide for every customer as of the bank's day, and hold it against what they bought after it.

    outcomes.sql must say what was bought (bought_product). A bundle that learned from these customers has seen the
    answers: without --bundle every customer is scored by models of others.
    """
    library()
    from training.report.backtest import backtest as hold_against
    from training.report.backtest import page, read_crowd

    settings = selection.settings_of_folder(bank)
    policy = _policy(settings, named)
    with bank_without_erased(settings, bank, policy) as (described, left_out):
        seed = asked["seed"]
        crowd = read_crowd(described, files, supplement=asked["supplement"], most=asked["sample"], seed=seed)
        scores = None if bundle is None else _scores(settings, bundle, crowd)
        found = hold_against(policy, crowd, order=asked["order"], scores=scores, bundle=bundle, seed=seed)
    if asked["out"] is not None:
        _write(asked["out"], page(found), asked["open_it"])
    if as_json:
        show({**found, **left_out.document}, as_json)
    else:
        click.echo("\n".join(_lines(found)))


def _write(out: Path, page: str, open_it: bool) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(page, encoding="utf-8")
    if open_it:
        webbrowser.open(out.resolve().as_uri())


def _policy(settings: Settings, named: str | None) -> Policy:
    if named is None:
        return load(settings.policy)
    if Path(named).is_dir():
        return load(Path(named))
    with open_stack(settings) as stack:
        return policy_of(stack, named)


def _scores(settings: Settings, version: str, crowd: Any) -> Mapping[str, Any]:
    from service.scoring.models.folders import verify
    from training.report.backtest.scores import of_bundle

    return of_bundle(verify(Artifacts.of(settings).folder_of(version).parent, version), crowd)


def _lines(found: Mapping[str, Any]) -> Iterator[str]:
    """The document as lines of text: hits beside the baselines, then the gates that cost purchases."""
    yield f"policy {found['policy'][:12]}, order {found['order']}, {found['bank']} as of {found['as_of']}"
    yield f"{found['customers']:,} customers, {found['buyers']:,} buyers, {found['lawful_buyers']:,} of them lawful"
    yield f"{'':<12}{'hit at 1':>10}{'2':>8}{'3':>8}{'kinds 1':>10}{'3':>8}{'raw 1':>10}{'3':>8}{'recip. rank':>13}"
    for name, one in {**found["orders"], **found["baselines"]}.items():
        figures = [one["hit"]["1"], one["hit"]["2"], one["hit"]["3"], one["hit_kinds"]["1"], one["hit_kinds"]["3"]]
        figures += [one["raw"]["1"], one["raw"]["3"]]
        said = [_share(figure["value"]) for figure in figures]
        wide = (10, 8, 8, 10, 8, 10, 8)
        row = "".join(f"{word:>{size}}" for word, size in zip(said, wide, strict=True))
        yield f"{name:<12}{row}{_figure(one['reciprocal_rank']['value']):>13}"
    yield "closed by: purchases that the gate alone would have shut, and those of them that the law leaves open"
    for row in found["closed_by"]:
        yield f"  {row['gate']:<28}{row['purchases']:>8,}{row['beyond_law']:>8,}{row['share']:>9.2%}"
    if found["not_on_the_shelf"]:
        yield f"not on the shelf: {', '.join(found['not_on_the_shelf'])}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


VERBS = (backtest,)
