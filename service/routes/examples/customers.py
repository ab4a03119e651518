"""Customers and what they permit."""

from typing import Any

CUSTOMER_IN: dict[str, Any] = {
    "external_key": "CIF-0042",
    "attributes": {"age": 44, "demand_yuan": 180000, "branch_id": "b-1", "adviser_id": "a-17"},
}
KEYED_IN: dict[str, Any] = {"attributes": CUSTOMER_IN["attributes"]}
CUSTOMER_PATCH: dict[str, Any] = {"attributes": {"demand_yuan": 180000, "adviser_id": None}}
CUSTOMER: dict[str, Any] = {
    "customer_id": "c-000001",
    "external_key": "CIF-0042",
    "revision": 3,
    "attributes": CUSTOMER_IN["attributes"],
    "origins": {
        "age": {"as_of": "2026-11-01T00:00:00+08:00", "source": "import"},
        "demand_yuan": {"as_of": "2026-11-23T09:30:00+08:00", "source": "api:branch-crm"},
        "branch_id": {"as_of": "2026-11-01T00:00:00+08:00", "source": "import"},
        "adviser_id": {"as_of": "2026-11-01T00:00:00+08:00", "source": "import"},
    },
    "updated_at": "2026-11-23T09:30:00+08:00",
}
NOBODY: dict[str, Any] = {
    "type": "urn:fourcast:problem:not-found",
    "title": "Not found",
    "detail": 'No customer "c-2". Import customers first, or check the id.',
}
CUSTOMERS_IN: dict[str, Any] = {"customers": [{"id": "c-000001", **CUSTOMER_IN}]}
CUSTOMERS: dict[str, Any] = {
    "customers": [{"id": "c-000001", "external_key": "CIF-0042", "status": 200, "revision": 3}]
}
ROLL: dict[str, Any] = {
    "customers": [
        {"customer_id": "c-000001", "external_key": "CIF-0042", "branch": "b-1", "revision": 3,
         "updated_at": CUSTOMER["updated_at"]}
    ],
    "next": "WyJjLTAwMDAwMSJd",
}  # fmt: skip
PREFERENCES_SAID: dict[str, Any] = {
    "personalisation": False,
    "consents": {"marketing:sms": True},
    "version": "privacy-2026-09",
}
PREFERENCES: dict[str, Any] = {
    "customer_id": "c-000001",
    "personalisation": False,
    "do_not_contact": False,
    "consents": {"personalisation": False, "contact": True, "marketing:sms": True},
    "because": {},
    "said": {
        "marketing:sms": {
            "granted": True,
            "at": "2026-11-23T09:30:00+08:00",
            "source": "mobile-bank",
            "version": "privacy-2026-09",
        }
    },
}
