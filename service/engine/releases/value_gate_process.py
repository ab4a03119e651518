"""The value gate in a child process, with the limits of a proposal's check.

The child process reads the policy as a worker does, then replays the stored decisions (``value_gate``), which takes
seconds; no serving worker does that. A replay that needs more than ``CPU_S`` counts as a refusal, which an approver may
override like any other.
"""

from pathlib import Path
from typing import Any

from service.core.errors import GateRefused, Unavailable
from service.engine.releases.artifacts import Artifacts
from service.engine.releases.loader import ReleaseLoader
from service.engine.releases.policy_check_process import AGAIN_S
from service.engine.releases.value_gate import ValueGate
from service.runtime import child_process
from service.runtime.child_process import ENDLESS, Exhausted, Patience
from service.store import Store
from service.store.releases.proposals import NOTE_MAX

PROCESS = "service.engine.releases.value_gate_process"
"""The module that runs as the child process: this one."""
CPU_S = 60
"""Seconds of computing: four times what the largest policy takes."""
DATABASE_MS = 10_000


def refusal(
    store: Store,
    policy: str,
    patience: Patience = ENDLESS,
    bundle: str | None = None,
    artifacts: Artifacts | None = None,
) -> str:
    """Why the gate refuses a stored policy, scored by a ``bundle`` of ``artifacts`` if given; empty: it does not.

    Raises:
        NotFound: no such policy is stored.
        PolicyError: the policy cannot be read.
        BundleError: the bundle cannot be read.
        Unavailable: the deadline passed first.
    """
    asked = {"url": store.url, "policy": policy, "bundle": bundle}
    if artifacts is not None:
        asked |= {"folder": str(artifacts.folder.resolve()), "artifacts_url": artifacts.url}
    try:
        return str(child_process.ask(PROCESS, asked, CPU_S, patience))
    except Exhausted as bounds:
        return f"replaying the stored decisions takes more than {bounds}"
    except TimeoutError as error:
        words = patience.told("There was no time to replay the stored decisions; nothing was changed.")
        raise Unavailable(words, AGAIN_S) from error


def note_with_gate(note: str, refused: str, override: bool) -> str:
    """The note, with the gate's refusal if it is overridden.

    Raises:
        GateRefused: the gate refuses and nobody overrides it.
    """
    if refused and not override:
        raise GateRefused(f"{refused}. Let it be approved with an override, which the audit log keeps.")
    return f"against the gate ({refused}); {note}"[:NOTE_MAX] if refused else note


def _value(asked: dict[str, Any]) -> str:
    store = Store(asked["url"], DATABASE_MS)
    loader = ReleaseLoader(store, Artifacts(Path(asked.get("folder", "")), asked.get("artifacts_url")))
    policy = loader.compiled(asked["policy"])
    return "" if store.releases.active() is None else ValueGate(store, loader).judge(policy, asked["bundle"]).refusal


if __name__ == "__main__":
    child_process.serve(_value)
