"""What a proposal must hold besides conduct: checked by `policy check`, when a policy is published, and on disk. Pure.

These checks are newer than some stored policies. A policy that was approved before them serves on until the next one
is proposed; conduct holds it meanwhile.
"""

from service.analysis.policy_checks import conduct
from service.analysis.policy_checks.benchmark import find_benchmark_faults
from service.analysis.policy_checks.fair_terms import find_unfair_terms
from service.analysis.policy_checks.product_kinds import find_unstated
from service.analysis.policy_checks.tone import find_odd_words
from service.core.errors import PolicyRefused, tell_problems
from service.rules.policy import Policy


def assert_proposable(policy: Policy) -> None:
    """Refuse a policy that breaks conduct, leaves unsaid what it must state, or lets a trait or benchmark decide,
    or whose texts are half in another language or in words that only marketers use.

    Raises:
        PolicyRefused: naming every fault.
    """
    conduct.assert_compliant(policy)
    found = [*find_unstated(policy), *find_unfair_terms(policy), *find_benchmark_faults(policy)]
    found += dict.fromkeys(find_odd_words(policy))
    if found:
        raise PolicyRefused(f"the policy cannot be proposed ({tell_problems(len(found))})", found)
