"""`fourcast`: every verb of the command line, one module per group in ``commands``, read when the verb is asked for.

Exit codes: 0 done, 1 a gate or a check says no, 2 the input was wrong. Errors are the same words the API answers with,
on standard error; ``--json`` puts the result on standard output as one JSON object.
"""

import sys
from collections.abc import Mapping
from importlib import import_module

import click

from service import __version__
from service.errors import FourcastError

MODULES: Mapping[str, str] = {
    "demo": "demo",
    "serve": "serve",
    "work": "work",
    "check": "check",
    "migrate": "check",
    "check-files": "customers",
    "import": "customers",
    "train": "models",
    "score": "models",
    "models": "models",
    "promote": "models",
    "rollback": "models",
    "tune": "tuning",
    "dataset": "experience",
    "policy": "compare",
    "recommend": "decisions",
    "explain": "decisions",
    "replay": "decisions",
    "experiments": "experiments",
    "challenge": "experiments",
    "policy-value": "value",
    "uplift": "uplift",
    "portrait": "portrait",
    "keys": "keys",
    "audit": "audit",
    "openapi": "contract",
    "leads": "leads",
    "advisers": "leads",
    "report": "report",
    "drift": "watching",
    "evaluate": "watching",
}
"""Each verb, as ``--help`` lists them, with the module of ``commands`` that has it."""


class Verbs(click.Group):
    """The verbs, each imported when asked for; turns the product's own errors into their sentence and exit code."""

    def list_commands(self, context: click.Context) -> list[str]:
        """Every verb's name."""
        return list(MODULES)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """The verb; None where there is no such verb."""
        if name not in MODULES:
            return None
        module = import_module(f"service.commands.{MODULES[name]}")
        verbs: tuple[click.Command, ...] = module.VERBS
        return next(verb for verb in verbs if verb.name == name)

    def invoke(self, context: click.Context) -> object:
        """Run the verb; a ``FourcastError`` ends it with its words and code."""
        try:
            return super().invoke(context)
        except FourcastError as error:
            click.echo(f"{error.title}: {error}", err=True)
            sys.exit(error.exit_code)


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="fourcast")
def main() -> None:
    """Next best offer for a retail bank: models, 4C rules, reasons."""


if __name__ == "__main__":
    main()
