"""A proposed policy checked by a child process, with limits on time and memory.

A serving worker never reads documents that somebody sent. The child process reads and compiles them, checks them
against the rules of conduct, and returns what it found. A policy that needs more than ``CPU_S`` is refused; if the
machine was too busy, the check may be tried again. ``governance`` lets a bank check one policy at a time, so that only
one worker waits.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from service.analysis.policy_checks.proposal import assert_proposable
from service.core.errors import PolicyError, Unavailable
from service.rules.loading import limits
from service.rules.policy import from_documents
from service.runtime import child_process
from service.runtime.child_process import ENDLESS, Exhausted, Patience

PROCESS = "service.engine.releases.policy_check_process"
"""The module that runs as the child process: this one."""
CPU_S = 10
"""Seconds of computing; every serving worker reads an approved policy again."""
DEADLINE_S = 20
"""Seconds in which a serving worker must answer, well below the limit after which it counts as hanging."""
ALONE_S = 5
"""The same for the only worker, as nobody else answers meanwhile."""
AGAIN_S = 5
"""Seconds after which a check may be tried again."""
Documents = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class CheckedPolicy:
    """A policy that may be proposed: its hash, and its documents in canonical form."""

    hash: str
    documents: Mapping[str, Any]


def check_policy(documents: Documents, patience: Patience = ENDLESS) -> CheckedPolicy:
    """The checked policy of the documents.

    Raises:
        PolicyError: names every problem, or says that the policy is too large.
        Unavailable: the deadline passed first.
    """
    try:
        checked = child_process.ask(PROCESS, documents, CPU_S, patience)
    except Exhausted as bounds:
        words = f"the policy is too large: checking it takes more than {bounds}; nothing was proposed"
        raise PolicyError(words) from bounds
    except TimeoutError as error:
        words = patience.told("There was no time to check the policy; it was not proposed.")
        raise Unavailable(words, AGAIN_S) from error
    return CheckedPolicy(checked["hash"], checked["documents"])


def _check(documents: Documents) -> dict[str, object]:
    limits.refuse_oversized(documents)
    policy = from_documents(documents)
    assert_proposable(policy)
    return {"hash": policy.hash, "documents": orjson.Fragment(policy.canonical)}


if __name__ == "__main__":
    child_process.serve(_check)
