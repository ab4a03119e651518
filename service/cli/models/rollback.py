"""`fourcast rollback`: the release before the one that serves, or an earlier one by name, restored."""

import click

from service.cli.actor import actor_of, as_option, note_option
from service.cli.bank.stack import open_stack
from service.cli.models.tracking import track_serving
from service.cli.terminal import json_option, release_document, show


@click.command()
@click.option(
    "--to",
    metavar="RELEASE",
    help="Which: a release's number, its policy's hash (or the start), or its bundle's version.",
)
@as_option
@note_option
@json_option
def rollback(to: str | None, name: str | None, note: str, as_json: bool) -> None:
    """Restore the release before the one that serves, or the one that --to names; once more goes further back.

    A release is policy, bundle and prices together; of several with the same policy or bundle the newest is meant.
    """
    with open_stack() as stack:
        release = stack.store.proposals.rollback(*actor_of(stack, name, note, "policies:approve", "models:promote"), to)
        track_serving(stack.settings, release.bundle)
    show(release_document(release), as_json)


VERBS = (rollback,)
