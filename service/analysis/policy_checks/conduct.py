"""Conduct: what no policy may open, proven before it serves: suitability, consent, and the messages. Pure.

A policy's own gates decide every request. But a policy is edited by people, so before one is published or served, its
gates must be shown to imply every statutory gate (``service.rules.statutory``), for each offer in each channel and for
every customer at every moment (``proof``). What the law reads must be what it says it is (``stated``,
``product_kinds``, ``channel_facts``), and the messages are checked once more. Where a proof fails, the problem tells a
customer for whom it fails.

Not part of reading a policy: one that served years ago must still be read, to replay what it decided.
"""

from functools import lru_cache

from service.analysis.policy_checks import words
from service.analysis.policy_checks.channel_facts import find_misdeclared_channels
from service.analysis.policy_checks.product_kinds import find_contradictions
from service.analysis.policy_checks.proof.findings import find_open_laws
from service.analysis.policy_checks.stated import find_misstated, find_unread, is_readable
from service.core.errors import PolicyRefused, Problem, tell_problems
from service.rules.policy import Policy


@lru_cache(maxsize=16)
def assert_compliant(policy: Policy) -> None:
    """Refuse a policy that breaks a rule of conduct; a policy never changes, so the answer is cached.

    Raises: PolicyRefused: naming every breach.
    """
    found = find_breaches(policy)
    if found:
        raise PolicyRefused(f"the policy breaks conduct rules ({tell_problems(len(found))})", found)


def find_breaches(policy: Policy) -> list[Problem]:
    """Every rule of conduct that the policy breaks, each named once."""
    return list(dict.fromkeys([*find_unlawful(policy), *words.find_promises(policy)]))


def find_unlawful(policy: Policy) -> list[Problem]:
    """All of them but for the words.

    Nothing is proven of a policy in which a name that the law reads is of another kind.
    """
    proven = find_open_laws(policy) if is_readable(policy) else []
    misstated = [*find_unread(policy), *find_misstated(policy)]
    return [*misstated, *proven, *find_contradictions(policy), *find_misdeclared_channels(policy)]
