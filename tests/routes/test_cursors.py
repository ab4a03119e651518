"""Cursors of lists: what a list did not give is refused in words, whatever it holds."""

from typing import Any

import pytest

from service.routes.cursors import cursor

LISTS = {
    "/v1/customers/bulk": ("\0",),
    "/v1/customers/c-1/contacts": (5, "a\0b"),
    "/v1/leads": (1.5, "\0"),
}


@pytest.mark.parametrize("path", LISTS)
def test_a_cursor_with_a_nul_is_refused_like_any_other_that_no_list_gave(
    client: Any, keys: dict[str, dict[str, str]], path: str
) -> None:
    answer = client.get(
        f"{path}?cursor={cursor(*LISTS[path])}", headers=keys["branch" if path == "/v1/leads" else "app"]
    )
    assert answer.status_code == 422
    assert answer.json["errors"] == [{"where": "cursor", "message": "is no cursor that this list gave"}]
