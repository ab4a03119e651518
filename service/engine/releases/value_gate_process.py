"""What the release gate says of a policy or a bundle, found by a process of its own, with bounds as for a proposal.

The process reads the policy as every worker would, then replays the stored decisions (``value_gate``), which takes
seconds: no serving worker does it. A replay that takes longer than ``CPU_S`` is a no of the gate, which an approver may
override as any other.
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
"""The module that replays, as a process of its own: this one."""
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
    """Why the gate says no to a stored policy, with the scores of a ``bundle`` of ``artifacts``; empty: it does not.

    NotFound, PolicyError, BundleError; Unavailable where the patience does not last.
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
    """The note, with what the gate says against it; GateRefused where it says no and nobody overrides it."""
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
