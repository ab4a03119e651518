"""The value gate in a child process, with the limits of a proposal's check.

The child process reads the policy as a worker does, then replays the stored decisions (``value_gate``), which takes
seconds; no serving worker does that. A replay that needs more than ``CPU_S`` counts as a refusal, which an approver may
override like any other.
"""

from dataclasses import asdict, dataclass
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
from service.store.releases.notes import NOTE_MAX

PROCESS = "service.engine.releases.value_gate_process"
"""The module that runs as the child process: this one."""
CPU_S = 60
"""Seconds of computing: four times what the largest policy takes."""
DATABASE_MS = 10_000


@dataclass(frozen=True, slots=True)
class GateVerdict:
    """What the value gate says of a policy or a bundle, and on how much.

    ``refusal`` is empty where it does not refuse. ``decisions`` are the stored decisions that were replayed;
    ``difference`` is new less old in yuan per decision with its 95 % interval, None where it cannot be told.
    """

    refusal: str
    sentence: str
    decisions: int = 0
    difference: tuple[float, float, float] | None = None

    @property
    def document(self) -> dict[str, object]:
        """It as plain JSON values."""
        value, low, high = self.difference or (None, None, None)
        return {
            "verdict": self.refusal or "open",
            "sentence": self.sentence,
            "decisions": self.decisions,
            "difference_yuan": value,
            "low_yuan": low,
            "high_yuan": high,
        }


NOT_JUDGED = GateVerdict("", "policy value: nothing to compare with, since nothing served")


def judge(
    store: Store,
    policy: str,
    patience: Patience = ENDLESS,
    bundle: str | None = None,
    artifacts: Artifacts | None = None,
) -> GateVerdict:
    """The gate's verdict on a stored policy, scored by a ``bundle`` of ``artifacts`` if given.

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
        found = child_process.ask(PROCESS, asked, CPU_S, patience)
        return GateVerdict(**{**found, "difference": found["difference"] and tuple(found["difference"])})
    except Exhausted as bounds:
        words = f"replaying the stored decisions takes more than {bounds}"
        return GateVerdict(words, f"policy value: {words}")
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


def _value(asked: dict[str, Any]) -> dict[str, object]:
    store = Store(asked["url"], DATABASE_MS)
    loader = ReleaseLoader(store, Artifacts(Path(asked.get("folder", "")), asked.get("artifacts_url")))
    policy = loader.compiled(asked["policy"])
    if store.releases.active() is None:
        return asdict(NOT_JUDGED)
    report = ValueGate(store, loader).judge(policy, asked["bundle"])
    apart = None if report.value is None else report.value.difference
    told = None if apart is None else (apart.value, apart.low, apart.high)
    return asdict(GateVerdict(report.refusal, report.sentence, report.decisions, told))


if __name__ == "__main__":
    child_process.serve(_value)
