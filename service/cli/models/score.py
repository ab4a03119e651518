"""`fourcast score`: every customer of a bank's files, scored by a bundle."""

from pathlib import Path

import click

from service.cli.bank import selection
from service.cli.bank.bank_folder import bank_option, bank_without_erased, files_option
from service.cli.models.train import cluster_option
from service.cli.terminal import bom_option, json_option, show
from service.engine.releases.artifacts import Artifacts
from service.scoring.models.lightgbm_c import library


@click.command()
@bank_option
@files_option
@click.option("--bundle", "version", required=True, help="The version whose models score.")
@click.option("--kinds", is_flag=True, help="Of each product kind instead of each family.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="A .parquet or .csv file.")
@cluster_option
@bom_option
@json_option
def score(
    bank: Path, files: Path, version: str, kinds: bool, out: Path, cluster: str | None, bom: bool, as_json: bool
) -> None:
    """Score every customer of a bank's files: customer_id, family, propensity. No outcomes are needed.

    With --kinds: customer_id, kind, propensity, of every kind of product that the bundle learned.

    A column that the models read and the files lack is unknown for every customer; it is printed by name.
    """
    library()
    from service.scoring.models.folders import verify
    from training.score import score as score_files

    settings = selection.settings_of_folder(bank)
    folder = Artifacts.of(settings).folder_of(version)
    bundle = verify(folder.parent, version)
    source = bundle if cluster is None else folder
    with bank_without_erased(settings, bank) as (described, left_out):
        scored = score_files(described, files, source, out, cluster, bom, kinds=kinds)
    told = {"customers": scored.customers, "out": str(out), **left_out.document}
    lacks = scored.lacks if as_json else f"{len(scored.lacks)} columns that the models read: {', '.join(scored.lacks)}"
    show({**told, **({"lacks": lacks} if scored.lacks else {})}, as_json)


VERBS = (score,)
