"""`fourcast`: every verb of the command line. A file below this folder that says ``VERBS = (verb,)`` adds one.

The table of verbs is read from the files; a file is imported when its verb is asked for.

Exit codes: 0 done, 1 a gate or a check says no, 2 the input was wrong, 70 a fault of the product's own (EX_SOFTWARE of
sysexits.h; ``--debug`` shows where). Errors are the sentences that the API answers with, on standard error; ``--json``
prints the result on standard output as one JSON object.
"""

import errno
import re
import sys
import traceback
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Never

import click

from service import __version__
from service.cli.bank.selection import NEW
from service.core.errors import FourcastError, InvalidInput

_HERE = Path(__file__).parent
_DECLARED = re.compile(r"^VERBS = \((.+?),?\)$", re.MULTILINE)


def _modules() -> dict[str, str]:
    """Each verb with the module that declares it in ``VERBS``; the files are read as text, none is imported.

    A verb is called as its function, with hyphens: ``check_files`` is `check-files`, `import_` is `import`.
    """
    found: dict[str, str] = {}
    for path in sorted(_HERE.rglob("*.py")):
        for names in _DECLARED.findall(path.read_text(encoding="utf-8")):
            module = ".".join(path.relative_to(_HERE).with_suffix("").parts)
            found |= {name.strip("_ ").replace("_", "-"): module for name in names.split(",")}
    return found


MODULES: Mapping[str, str] = _modules()
"""Each verb with the module of this package that has it, by room and name."""
OWN_FAULT = 70
BANK_STATE, NEW_BANK = "--bank-state", "--new-bank"
NAMES = (BANK_STATE, NEW_BANK)


class Verbs(click.Group):
    """The verbs, each imported when asked for; an error of the product ends the process with its sentence and exit
    code.
    """

    def list_commands(self, context: click.Context) -> list[str]:
        """Every verb's name."""
        return list(MODULES)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """The verb; None where there is no such verb."""
        if name not in MODULES:
            return None
        module = import_module(f"service.cli.{MODULES[name]}")
        verbs: tuple[click.Command, ...] = module.VERBS
        return next(verb for verb in verbs if verb.name == name)

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """The verbs by room."""
        rooms: dict[str, list[str]] = {}
        for name, module in MODULES.items():
            rooms.setdefault(module.partition(".")[0], []).append(name)
        width = max(map(len, MODULES))
        for room, names in rooms.items():
            with formatter.section(room.capitalize()):
                rows = [(name.ljust(width), self._short(context, name)) for name in names]
                formatter.write_dl(rows)

    def _short(self, context: click.Context, name: str) -> str:
        command = self.get_command(context, name)
        return "" if command is None else command.get_short_help_str(90)

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        """Read the options; the one that names a bank may also come after the verb."""
        return super().parse_args(context, named_first(args))

    def invoke(self, context: click.Context) -> object:
        """Run the verb; every error ends the process with a sentence and an exit code of the table above."""
        try:
            return super().invoke(context)
        except FourcastError as error:
            _end(f"{error.title}: {error}", error.exit_code)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:  # the one handler of the command line
            if context.params.get("debug"):
                traceback.print_exc()
            if isinstance(error, OSError) and error.errno == errno.EPIPE:
                raise
            _end(*_said(error))


def _said(error: Exception) -> tuple[str, int]:
    """The sentence and exit code of an unexpected error: an unusable file is the caller's to mend, else it is our
    fault.
    """
    if isinstance(error, OSError) and error.filename is not None:
        return f"{InvalidInput.title}: {error.filename}: {error.strerror}", InvalidInput.exit_code
    words = " ".join(str(error).split())[:300]
    cause = f"{type(error).__name__}: {words}" if words else type(error).__name__
    return f"A fault of fourcast's own ({cause}). `fourcast --debug ...` shows where; please report it.", OWN_FAULT


def _end(said: str, code: int) -> Never:
    click.echo(said, err=True)
    sys.exit(code)


def named_first(args: list[str]) -> list[str]:
    """The arguments with the option that names a bank first, wherever before ``--`` it was given.

    >>> named_first(["explain", "s1", "--bank-state", "xiamen", "--json"])
    ['--bank-state', 'xiamen', 'explain', 's1', '--json']
    """
    options = args[: args.index("--")] if "--" in args else args
    place = next((at for at, word in enumerate(options) if word.partition("=")[0] in NAMES), None)
    if place is None:
        return args
    end = place + (1 if "=" in args[place] else 2)
    return [*args[place:end], *args[:place], *args[end:]]


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="fourcast")
@click.option("--debug", is_flag=True, envvar="FOURCAST_DEBUG", help="Show where a fault of fourcast's own arose.")
@click.option(
    BANK_STATE,
    metavar="NAME",
    help="The bank to speak of, a folder in .fourcast; by default the one that is served there, else the last one.",
)
@click.option(NEW_BANK, metavar="NAME", help="As --bank-state, of a bank that is not there yet: what writes makes it.")
@click.pass_context
def main(context: click.Context, bank_state: str | None, new_bank: str | None, debug: bool) -> None:
    """Next best offer for a retail bank: models, 4C rules, reasons."""
    if bank_state is not None and new_bank is not None:
        raise InvalidInput(f"{BANK_STATE} names a bank that is there, {NEW_BANK} one that is not: give one of them.")
    context.obj = bank_state if new_bank is None else new_bank
    context.meta[NEW] = new_bank is not None


if __name__ == "__main__":
    main()
