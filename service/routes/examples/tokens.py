"""A customer's token."""

from typing import Any

TOKEN_IN: dict[str, Any] = {
    "customer_id": "c-000001",
    "scopes": ["offers:read", "events:write", "preferences:write"],
    "seconds": 900,
}
TOKEN: dict[str, Any] = {
    "access_token": "fct_WzEsIjlmODZkMDgxODg0YzdkNjU5YTJmZWFhMGM1NWFkMDE1Il0.9k1mT0iWq3bYc7uJxv2sEg",
    "token_type": "Bearer",
    "expires_in": 900,
    "expires_at": "2026-11-23T09:45:00+00:00",
    "customer_id": "c-000001",
    "scope": "events:write offers:read preferences:write",
}
