"""`fourcast rollback`: the release before the one that serves, restored."""

import click

from service.cli.actor import actor_of, as_option, note_option
from service.cli.bank.stack import open_stack
from service.cli.models.tracking import track_serving
from service.cli.terminal import json_option, release_document, show


@click.command()
@as_option
@note_option
@json_option
def rollback(name: str | None, note: str, as_json: bool) -> None:
    """Restore the release before the one that serves; once more goes further back."""
    with open_stack() as stack:
        release = stack.store.proposals.rollback(*actor_of(name, note))
        track_serving(stack.settings, release.bundle)
    show(release_document(release), as_json)


VERBS = (rollback,)
