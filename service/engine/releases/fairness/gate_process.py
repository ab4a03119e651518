"""The fairness gate of a proposal, in a child process with the limits of the value gate.

The child decides for a sample of the customers under the policy (``measuring``) and says which groups are offered
something of a family too rarely. A bank without customers, or whose customers' groups are not known, is refused
nothing.
"""

from pathlib import Path
from typing import Any

from service.core.errors import GateRefused, Unavailable
from service.engine.releases.artifacts import Artifacts
from service.engine.releases.fairness.measuring import FairnessService
from service.engine.releases.loader import ReleaseLoader
from service.engine.releases.policy_check_process import AGAIN_S
from service.runtime import child_process
from service.runtime.child_process import ENDLESS, Exhausted, Patience
from service.store import Store

PROCESS = "service.engine.releases.fairness.gate_process"
"""The module that runs as the child process: this one."""
CPU_S = 60
DATABASE_MS = 10_000


def refuse_gaps(store: Store, policy: str, artifacts: Artifacts, patience: Patience = ENDLESS) -> None:
    """Ask the gate about a stored policy, with the serving bundle of ``artifacts``.

    Raises:
        GateRefused: a group is offered something of a family too rarely, and no override excuses it.
        NotFound: no such policy is stored.
        PolicyError: the policy cannot be read.
        Unavailable: the deadline passed first.
    """
    asked = {
        "url": store.url,
        "policy": policy,
        "folder": str(artifacts.folder.resolve()),
        "artifacts_url": artifacts.url,
    }
    try:
        refused = str(child_process.ask(PROCESS, asked, CPU_S, patience))
    except Exhausted as bounds:
        refused = f"fairness: deciding for a sample of the customers takes more than {bounds}"
    except TimeoutError as error:
        words = patience.told("There was no time to measure offer rates by group; nothing was changed.")
        raise Unavailable(words, AGAIN_S) from error
    if refused:
        raise GateRefused(f"{refused}. Mend the policy, or excuse the group for a time: `fourcast fairness excuse`.")


def _refusal(asked: dict[str, Any]) -> str:
    store = Store(asked["url"], DATABASE_MS)
    loader = ReleaseLoader(store, Artifacts(Path(asked["folder"]), asked["artifacts_url"]))
    policy = loader.compiled(asked["policy"])
    return FairnessService(store, loader, lambda: policy).measure(policy).refusal


if __name__ == "__main__":
    child_process.serve(_refusal)
