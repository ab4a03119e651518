"""The examples of larger answers, taken from a running service: ``python -m tests.contract.capture`` writes them anew.

They are real answers about customers nobody is, each list cut to its first two members.
"""

import copy
from pathlib import Path
from typing import Any

import orjson

from service.rules.policy import DEFAULT, load
from tests.contract.stack import EXAMPLE_CUSTOMER, running
from tests.served import Served

TARGET = Path(__file__).resolve().parents[2] / "service" / "routes" / "examples" / "captured.json"
NOTE = {"note": "Autumn rates"}
SIGNED = {"note": "Words and rules read", "signed_at": "2026-03-10T09:00:00+00:00"}
WITHDRAWN = {"reason": "It promises a yield.", "withdrawn_at": "2026-03-11T09:00:00+00:00"}


def main() -> None:
    """Capture and write."""
    with running(workers=1) as served:
        shown = {**decided(served), **governed(served)}
    TARGET.write_bytes(orjson.dumps(shown, option=orjson.OPT_INDENT_2) + b"\n")


def decided(served: Served) -> dict[str, Any]:
    """What a decision leads to."""
    offers = served.get(f"/v1/customers/{EXAMPLE_CUSTOMER}/offers?channel=mobile_app").json()
    decision = f"/v1/decisions/{offers['decision_id']}"
    return {
        "getPortrait": {"200": read(served, f"/v1/customers/{EXAMPLE_CUSTOMER}/portrait")},
        "getDecision": {"200": read(served, decision)},
        "explainDecision": {"200": read(served, f"{decision}/explanation")},
        "explainDecisionToCustomer": {"200": read(served, f"{decision}/explanation/customer")},
        "explainDecisionToAdviser": {"200": read(served, f"{decision}/explanation/adviser")},
        "listExperiments": {"200": read(served, "/v1/experiments")},
    }


def governed(served: Served) -> dict[str, Any]:
    """A policy's way from proposal to release and back."""
    documents: dict[str, Any] = copy.deepcopy(dict(load(DEFAULT).documents))
    documents["experiments"]["exploration"]["epsilon"] = 0.03
    asked = {"documents": documents, **NOTE}
    proposed = send(served, "/v1/policies", asked)
    policy = f"/v1/policies/{proposed['policy']}"
    changed = read(served, f"{policy}/diff")
    simulated = send(served, f"{policy}/simulate", {"customers": 5})
    listed = read(served, "/v1/policies")
    released = read(served, "/v1/releases")
    release = {name: released["releases"][0][name] for name in ("id", "policy", "bundle", "prices")}
    return {
        "publishPolicy": {"body": cut(asked), "201": proposed, "200": proposed},
        "listPolicies": {"200": listed},
        "getPolicy": {"200": read(served, policy)},
        "diffPolicy": {"200": changed},
        "simulatePolicy": {"body": {"customers": 5}, "200": simulated},
        "approvePolicy": {"body": NOTE, "200": release},
        "signPolicy": {"200": {**proposed, "signatures": [{"signer": "compliance", **SIGNED}]}},
        "withdrawPolicy": {"200": {**proposed, "withdrawn": {"actor": "wei", **WITHDRAWN}}},
        "listReleases": {"200": released},
        "rollbackRelease": {"body": NOTE, "200": release},
    }


def read(served: Served, path: str) -> Any:
    answer = served.get(path)
    assert answer.ok, answer.text
    return cut(answer.json())


def send(served: Served, path: str, document: dict[str, Any]) -> Any:
    answer = served.post(path, orjson.dumps(document))
    assert answer.ok, answer.text
    return cut(answer.json())


def cut(value: Any) -> Any:
    """The value with each list cut to two members and the documents of a policy to the shortest."""
    if isinstance(value, list):
        return [cut(each) for each in value[:2]]
    if isinstance(value, dict):
        if {"experiments", "catalogue"} <= value.keys():
            return {"experiments": cut(value["experiments"])}
        return {name: cut(each) for name, each in value.items()}
    return value


if __name__ == "__main__":
    main()
