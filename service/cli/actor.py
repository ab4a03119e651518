"""The actor of a verb: the operating system's user, or whoever ``--as`` names.

Where the two differ the audit log stores both. Over HTTP the API key says who acts.
"""

import getpass

import click

from service.core.errors import InvalidInput, Problem

as_option = click.option("--as", "name", help="Who does this; the operating system's user by default.")
note_option = click.option("--note", default="", help="Why, in words; kept with it and in the audit log.")


def actor_of(name: str | None, note: str = "") -> tuple[str, str]:
    """The name of the actor, and the note for the audit log.

    Where ``name`` is not the operating system's user, the note ends with that user.

    Raises: InvalidInput: when there is neither a name nor a user.
    """
    user = _user()
    if name is None and user is None:
        raise InvalidInput("Nobody is logged in: say who you are.", [Problem("--as", "is required here")])
    if name is None or name == user:
        return str(user), note
    return name, f"{note} [user {user or 'unknown'}]".strip()


def _user() -> str | None:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return None
