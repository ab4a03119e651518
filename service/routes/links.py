"""Where an answer leads: the OpenAPI links from what one operation names to the operations that take that name.

A reader follows them in the documentation; a tester walks them. One row per name; rows whose operations are not served
add nothing.
"""

from collections.abc import Iterator
from typing import Any

_DECISION = ("getDecision", "explainDecision", "replayDecision")
_CUSTOMER = ("listOffers", "getPortrait", "getPreferences", "getCustomer", "eraseCustomer")
_POLICY = ("getPolicy", "diffPolicy", "simulatePolicy", "approvePolicy")

LINKS: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("listOffers", "decision_id", "$response.body#/decision_id", _DECISION),
    ("askOffers", "decision_id", "$response.body#/decision_id", _DECISION),
    ("getDecision", "customer_id", "$response.body#/snapshot/customer_id", _CUSTOMER),
    ("putCustomer", "customer_id", "$request.path.customer_id", _CUSTOMER),
    ("putPreferences", "customer_id", "$request.path.customer_id", _CUSTOMER),
    ("publishPolicy", "policy_hash", "$response.body#/policy", _POLICY),
    ("listPolicies", "policy_hash", "$response.body#/policies/0/policy", _POLICY),
    ("listReleases", "policy_hash", "$response.body#/releases/0/policy", _POLICY),
    ("createJob", "job_id", "$response.body#/id", ("getJob", "cancelJob", "getJobResults")),
    ("listLeads", "lead_id", "$response.body#/leads/0/id", ("getLead", "claimLead", "reactLead")),
    ("createWebhook", "webhook_id", "$response.body#/id", ("getWebhook", "putWebhook", "deleteWebhook")),
)
"""(operation, the parameter its answer gives, where it stands, the operations that take it)."""


def linked(document: dict[str, Any]) -> dict[str, Any]:
    """The document with the links of every row, on each successful answer that has a body."""
    operations = {operation["operationId"]: (path, operation) for path, operation in _operations(document)}
    for source, parameter, expression, targets in LINKS:
        found = {
            target: {"operationId": target, "parameters": {parameter: expression}}
            for target in targets
            if target in operations and f"{{{parameter}}}" in operations[target][0]
        }
        if source in operations and found:
            for status, answer in operations[source][1]["responses"].items():
                if status < "300" and (answer.get("content") or "$request" in expression):
                    answer.setdefault("links", {}).update(found)
    return document


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, row in document["paths"].items():
        yield from ((path, operation) for operation in row.values() if "operationId" in operation)
