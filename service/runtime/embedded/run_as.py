"""As whom a server runs: ourselves, or, for root, a user with as few rights as possible.

PostgreSQL refuses root. The server then becomes ``nobody``, who owns only its own folder. Where the folders above are
closed to others (a project under /root), it also keeps the one capability to pass them: no folder's mode is changed, no
user is created.
"""

import os
import pwd
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from service.core.errors import Unavailable

CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 1, 2


@dataclass(frozen=True)
class Rights:
    """``user`` is (uid, gid) to become, None for ourselves; ``capability`` the one to keep."""

    user: tuple[int, int] | None = None
    capability: int | None = None

    def own(self, folder: Path) -> None:
        """Make ``folder`` for the server alone: its owner, mode 0700."""
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        if self.user is not None:
            os.chown(folder, *self.user)


def least_rights(needed: Iterable[Path]) -> Rights:
    """The least rights with which a server can reach every path of ``needed``.

    Raises: Unavailable: when no rights suffice.
    """
    if os.geteuid() != 0:
        return Rights()
    user = _nobody()
    closed = [path for path in needed if not all(map(_open_to_all, path.parents))]
    return Rights(user, _passing(closed[0]) if closed else None)


def _nobody() -> tuple[int, int]:
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError as missing:
        raise Unavailable(
            'PostgreSQL will not run as root and there is no user "nobody": start as another user.'
        ) from missing
    return entry.pw_uid, entry.pw_gid


def _open_to_all(folder: Path) -> bool:
    return bool(folder.stat().st_mode & stat.S_IXOTH)


def _passing(closed: Path) -> int:
    held = _held_capabilities()
    for capability in (CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE):
        if held >> capability & 1:
            return capability
    raise Unavailable(
        f'PostgreSQL will not run as root, and the user "nobody" cannot reach {closed}: '
        "set FOURCAST_STATE_DIR to a folder that everybody may enter, or start as another user."
    )


def _held_capabilities() -> int:
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1], 16) for line in lines if line.startswith("CapEff:")), 0)
