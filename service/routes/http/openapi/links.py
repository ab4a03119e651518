"""Names in the OpenAPI document: what each parameter means, and where an answer that names one leads.

``with_links`` adds both: descriptions, and OpenAPI links from what one operation names to the operations that take that
name. Readers follow them in the documentation, testers walk them. A row whose operations are not served adds nothing.
"""

from collections.abc import Iterator
from typing import Any

from service.core.customer_ids import PATTERN, SENTENCE

PARAMETERS = {
    "customer_id": f"The bank's own id of the customer. {SENTENCE}",
    "decision_id": "The decision's id, as its answer gave it.",
    "policy_hash": "The policy's hash, which is its name.",
    "version": "The bundle's version, as `GET /v1/models` lists it.",
    "model": "The model's name, as `GET /v1/models/inventory` lists it.",
    "job_id": "The job's id, as its creation gave it.",
    "lead_id": "The lead's id.",
    "objection_id": "The objection's id, as its creation gave it.",
    "customer": f"The bank's own id of the customer. {SENTENCE}",
    "adviser_id": "The adviser's id in the CRM.",
    "webhook_id": "The webhook's id.",
    "contact_id": "The contact's id, as its sender gave it.",
    "external_key": f"The customer's key in another system of the bank. {SENTENCE}",
    "Accept-Language": "Chinese (`zh`) or English (`en`); Chinese where it likes neither, but problems in English.",
    "If-None-Match": "The ETag of the answer the caller has; 304 where it still holds.",
    "Prefer": "`respond-async` (RFC 7240): answer 202 at once.",
    "Idempotency-Key": "The caller's own name of this write: the same key gets the same answer.",
}
NAMES = ("customer_id", "customer", "external_key")
"""Path parameters with an ``x-new-pattern``. It is not ``pattern``: older stored values are still accepted."""
NEVER_EMPTY = ("contact_id",)
"""Parameters promised with a ``minLength`` that their converter does not state."""
_DECISION = (
    "getDecision",
    "explainDecision",
    "explainDecisionToCustomer",
    "explainDecisionToAdviser",
    "replayDecision",
)
_CUSTOMER = ("listOffers", "getPortrait", "getPreferences")
_POLICY = ("getPolicy", "diffPolicy", "simulatePolicy", "approvePolicy")

LINKS: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("listOffers", "decision_id", "$response.body#/decision_id", _DECISION),
    ("requestOffers", "decision_id", "$response.body#/decision_id", _DECISION),
    ("getDecision", "customer_id", "$response.body#/snapshot/customer_id", _CUSTOMER),
    ("putCustomer", "customer_id", "$request.path.customer", _CUSTOMER),
    ("putPreferences", "customer_id", "$request.path.customer_id", _CUSTOMER),
    ("publishPolicy", "policy_hash", "$response.body#/policy", _POLICY),
    ("publishPolicy", "job_id", "$response.body#/id", ("getPolicyJob",)),
    ("approvePolicy", "job_id", "$response.body#/id", ("getPolicyJob",)),
    ("listPolicies", "policy_hash", "$response.body#/policies/0/policy", _POLICY),
    ("listReleases", "policy_hash", "$response.body#/releases/0/policy", _POLICY),
    ("createJob", "job_id", "$response.body#/id", ("getJob", "cancelJob", "getJobResults")),
    ("listLeads", "lead_id", "$response.body#/leads/0/id", ("getLead", "claimLead", "reactLead", "planLead")),
    ("buildLeads", "job_id", "$response.body#/id", ("getLeadBuild",)),
    ("putAdviser", "adviser_id", "$request.path.adviser_id", ("getAdviser", "deleteAdviser", "attestAdviser")),
    ("createWebhook", "webhook_id", "$response.body#/id", ("getWebhook", "putWebhook", "deleteWebhook")),
)
"""(operation, the parameter its answer gives, where it stands, the operations that take it); 202 gives a job alone."""


def with_links(document: dict[str, Any]) -> dict[str, Any]:
    """The document with the links of every row on successful answers, and with descriptions of parameters."""
    operations = {operation["operationId"]: (path, operation) for path, operation in _operations(document)}
    for source, parameter, expression, targets in LINKS:
        links = {
            target: {"operationId": target, "parameters": {parameter: expression}}
            for target in targets
            if target in operations and f"{{{parameter}}}" in operations[target][0]
        }
        if source in operations and links:
            for status, answer in operations[source][1]["responses"].items():
                fits = status < "300" and (status == "202") == (parameter == "job_id")
                if fits and (answer.get("content") or "$request" in expression):
                    answer.setdefault("links", {}).update(links)
    for row in document["paths"].values():
        for holder in (row, *(each for each in row.values() if isinstance(each, dict))):
            for parameter in holder.get("parameters", ()):
                if parameter["name"] in PARAMETERS:
                    parameter.setdefault("description", PARAMETERS[parameter["name"]])
                if parameter["name"] in NAMES and parameter["in"] == "path":
                    parameter["x-new-pattern"] = PATTERN
                if parameter["name"] in NEVER_EMPTY:
                    parameter["schema"]["minLength"] = 1
    return document


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, row in document["paths"].items():
        yield from ((path, operation) for operation in row.values() if "operationId" in operation)
