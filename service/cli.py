"""`fourcast`: every verb of the command line, one module per group in ``commands``.

Exit codes: 0 done, 1 a gate or a check says no, 2 the input was wrong. Errors are the same words the API answers with,
on standard error; ``--json`` puts the result on standard output as one JSON object.
"""

import sys

import click

from service import __version__
from service.commands import (
    audit,
    check,
    compare,
    contract,
    customers,
    decisions,
    demo,
    experience,
    experiments,
    keys,
    leads,
    models,
    policies,
    portrait,
    report,
    serve,
    tuning,
    uplift,
    value,
    watching,
    work,
)
from service.errors import FourcastError


class Verbs(click.Group):
    """Turns the product's own errors into their sentence and exit code."""

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


GROUPS = (
    demo,
    serve,
    work,
    check,
    customers,
    models,
    tuning,
    experience,
    policies,
    compare,
    decisions,
    experiments,
    value,
    uplift,
    portrait,
    keys,
    audit,
    contract,
    leads,
    report,
    watching,
)

for group in GROUPS:
    for verb in group.VERBS:
        main.add_command(verb)

if __name__ == "__main__":
    main()
