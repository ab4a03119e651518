"""`fourcast migrate`: the database brought to the schema of this version."""

import os

import click

from service.cli.terminal import json_option, show
from service.core.errors import InvalidInput, Problem
from service.runtime.config import Settings
from service.store import Store


@click.command()
@json_option
def migrate(as_json: bool) -> None:
    """Bring the bank's database to this version's schema; `serve` does the same at start."""
    settings = Settings.read(os.environ)
    if settings.database_url is None:
        raise InvalidInput("There is no database to migrate.", [Problem("FOURCAST_DATABASE_URL", "is not set")])
    store = Store(settings.database_url, settings.database_deadline_ms, settings.secret_keys)
    try:
        store.migrate()
        store.secrets.seal("migrate")
    finally:
        store.close()
    show({"migrated": True}, as_json)


VERBS = (migrate,)
