"""`fourcast openapi`: the contract as a document, for generators and linters, without a server."""

from typing import Any

import click
import orjson
from flask import Flask


@click.command()
def openapi() -> None:
    """Print the OpenAPI 3.1 document that /openapi.json serves."""
    click.echo(orjson.dumps(contract(), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS).decode())


def contract() -> dict[str, Any]:
    """The document, made from the routes alone."""
    from service.routes import resources
    from service.routes.http.openapi.document import document

    return document(Flask("contract"), resources())


VERBS = (openapi,)
