"""A policy that is proposed is checked by a process of its own, with bounds on its time and memory.

Whatever somebody sends, a serving worker reads none of it: the process is told the documents, reads, compiles and holds
them against the rules of conduct, and tells what it found. What takes it longer than ``CPU_S`` is refused for good;
where the machine had no time, it may be tried again. ``governance`` lets a bank check one policy at a time, so that all
workers but the one that waits go on serving.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from service.analysis.policy_checks import conduct
from service.core.errors import PolicyError, Unavailable
from service.rules.loading import limits
from service.rules.policy import from_documents
from service.runtime import child_process
from service.runtime.child_process import ENDLESS, Exhausted, Patience

PROCESS = "service.engine.releases.policy_check_process"
"""The module that checks, as a process of its own: this one."""
CPU_S = 10
"""Seconds of computing; a policy that passes is read again by every serving worker."""
DEADLINE_S = 20
"""Seconds in which a serving worker must answer, well below those after which it counts as hanging."""
ALONE_S = 5
"""As many where it is the only worker: meanwhile nobody else is answered."""
AGAIN_S = 5
"""Seconds after which it may be tried again."""
Documents = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class CheckedPolicy:
    """A policy that is fit to be proposed, by its hash; the documents in their canonical form."""

    hash: str
    documents: Mapping[str, Any]


def check_policy(documents: Documents, patience: Patience = ENDLESS) -> CheckedPolicy:
    """The policy of the documents. PolicyError names every problem; Unavailable where the patience does not last."""
    try:
        found = child_process.ask(PROCESS, documents, CPU_S, patience)
    except Exhausted as bounds:
        words = f"the policy is too large: checking it takes more than {bounds}; nothing was proposed"
        raise PolicyError(words) from bounds
    except TimeoutError as error:
        words = patience.told("There was no time to check the policy; it was not proposed.")
        raise Unavailable(words, AGAIN_S) from error
    return CheckedPolicy(found["hash"], found["documents"])


def _check(documents: Documents) -> dict[str, object]:
    limits.refuse_oversized(documents)
    policy = from_documents(documents)
    conduct.refuse(policy)
    return {"hash": policy.hash, "documents": orjson.Fragment(policy.canonical)}


if __name__ == "__main__":
    child_process.serve(_check)
