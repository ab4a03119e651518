"""`fourcast promote`: a bundle made to serve, by its gates."""

import click

from service.cli.actor import actor_of, as_option, note_option
from service.cli.bank import selection
from service.cli.bank.stack import open_stack
from service.cli.models.tracking import track_serving
from service.cli.terminal import json_option, release_document, show
from service.engine.releases import promotion


@click.command()
@click.argument("version")
@click.option("--override", is_flag=True, help="Although a gate says no; the audit log keeps it.")
@as_option
@note_option
@json_option
def promote(version: str, override: bool, name: str | None, note: str, as_json: bool) -> None:
    """Make the bundle VERSION serve, beside the policy that serves. Exit code 1 when a gate says no.

    One gate reads the bundle's figures beside the champion's and whether it fits this bank (its name, its families, the
    attributes it reads), the other its value on the stored decisions: see `fourcast policy-value`.
    """
    with open_stack(selection.chosen_settings()) as stack:
        actor, said = actor_of(stack, name, note or "promoted", "models:promote")
        words = stack.store, stack.settings, version, actor, said
        release = promotion.promote(*words, override=override, against=override)
        track_serving(stack.settings, release.bundle)
    show(release_document(release), as_json)


VERBS = (promote,)
