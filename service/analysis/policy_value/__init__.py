"""Policy value: what a policy that never served would have brought, from the decisions of one that did. Pure.

The unit is one row of the log: rows must be independent of each other (one customer each, or one decision each where
customers hardly return). Not here: files (``training.evaluation.policy_value``), the stored decisions
(``service.engine.releases.value_gate``).

    replay       a stored decision under another policy
    estimates    IPS, SNIPS and DR by their published definitions, each with its interval
    intervals    95 % intervals of a mean and of a ratio, for skewed and heavy-tailed terms
    support      effective sample size, weights, and what the log does not show
    verdict      better, worse, cannot tell, or not supported by the log
"""

from service.analysis.policy_value.estimates import Estimate, dr, dr_terms, ips, logged_mean, snips
from service.analysis.policy_value.support import Support, effective_sample_size, measure_support
from service.analysis.policy_value.verdict import PolicyValue, Terms, Verdict, estimate_policy_value

__all__ = [
    "Estimate",
    "PolicyValue",
    "Support",
    "Terms",
    "Verdict",
    "dr",
    "dr_terms",
    "effective_sample_size",
    "estimate_policy_value",
    "ips",
    "logged_mean",
    "measure_support",
    "snips",
]
