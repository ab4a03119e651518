"""The owner of a state folder: servers and launcher refuse another user's folder, and say how to mend it.

PostgreSQL starts only on files of its own user, and its one role has the name of the user who made it. A folder that
another user made, or that root copied with a plain ``cp -r`` (the copy belongs to root), cannot be used as it is.
"""

import os
import pwd
import shlex
from collections.abc import Iterator
from pathlib import Path

from service.core.errors import InvalidInput
from service.runtime.embedded.run_as import least_rights

OTHER = "FOURCAST_STATE_DIR name another folder"


class ForeignState(InvalidInput):
    """The state folder belongs to another user; the sentence names the command that mends it."""

    title = "Somebody else's state folder"


def refuse_foreign(state: Path) -> None:
    """Check that launcher and servers may use what is in ``state``; a folder that is not there passes.

    Raises: ForeignState: when they may not.
    """
    path = foreign(state)
    if path is not None:
        raise ForeignState(_words(path, state))


def make(state: Path) -> None:
    """Make the state folder where it is not there yet.

    Raises: ForeignState: when it is another user's. InvalidInput: when it cannot be made.
    """
    refuse_foreign(state)
    try:
        state.mkdir(parents=True, exist_ok=True)
    except PermissionError as error:
        raise ForeignState(_words(_nearest(state), state)) from error
    except OSError as error:
        raise InvalidInput(f"{state} cannot be made a folder ({error.strerror}): let {OTHER}.") from error


def foreign(state: Path) -> Path | None:
    """The first path of a state folder that its user here may not use; None where there is none."""
    try:
        return next((path for path, usable in _looked_at(state.absolute()) if not usable), None)
    except PermissionError as closed:
        return _nearest(Path(closed.filename))


def made_by_another(state: Path) -> ForeignState:
    """The error for files that are ours in a database whose one role has another user's name."""
    return ForeignState(
        f"The database in {state} was made by another user than {_name(os.geteuid())}, and knows only that one: "
        f"start Fourcast as the user who made it, or let {OTHER}."
    )


def _looked_at(state: Path) -> Iterator[tuple[Path, bool]]:
    """Each path with whether it may be used: the folder, our files in it, the servers' own folders."""
    if not state.is_dir():
        return
    yield state, os.access(state, os.W_OK | os.X_OK)
    for path in sorted(state.iterdir()):
        if path.is_file():
            yield path, os.access(path, os.R_OK | os.W_OK)
    owner = _server_user()
    for home in (state / "postgres", state / "valkey"):  # root gives these to the servers' user at every start
        if home.is_dir():
            yield home, os.geteuid() == 0 or home.stat().st_uid == owner
    files = state / "postgres" / "files"
    if files.is_dir():
        yield files, files.stat().st_uid == owner


def _nearest(path: Path) -> Path:
    """The path itself, or the nearest above it that we can see."""
    path = path.absolute()
    return next(one for one in (path, *path.parents) if os.path.exists(one))  # noqa: PTH110 - False where closed


def _server_user() -> int:
    """The user id of the servers that we start."""
    user = least_rights([]).user
    return os.geteuid() if user is None else user[0]


def _words(path: Path, state: Path) -> str:
    owner, us, server = path.stat().st_uid, os.geteuid(), _server_user()
    who = f"you are {_name(us)}" if us == server else f"PostgreSQL, which will not run as root, runs as {_name(server)}"
    if us == 0 and owner not in {us, server}:
        return f"{path} belongs to {_name(owner)}, and {who}: start Fourcast as {_name(owner)}, or let {OTHER}."
    top = path if us == 0 or path in state.absolute().parents else state.absolute()
    mend = f"chown -R {_name(server)} {shlex.quote(str(top))}"
    return (
        f"{path} belongs to {_name(owner)}, and {who}: it was made by another user, or copied without its owners "
        f"(cp -a keeps them). As root: {mend} , or let {OTHER}."
    )


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
