"""Cursors of lists: what a list did not give is refused in words, whatever it holds."""

from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from service.routes.crm.leads.leads import _link
from service.routes.http.query import encode_cursor, next_page_link

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
        f"{path}?cursor={encode_cursor(*LISTS[path])}", headers=keys["branch" if path == "/v1/leads" else "app"]
    )
    assert answer.status_code == 422
    assert answer.json["errors"] == [{"where": "cursor", "message": "is no cursor that this list gave"}]


@pytest.mark.parametrize("name", ["支行", "b-1", "a&limit=1", "a?b#c>d%2F", "é"])
def test_the_next_page_leads_on_whatever_signs_ids_and_branches_have(name: str) -> None:
    headers = [next_page_link(f"/v1/customers/{name}/contacts", cursor="WzFd", limit=2, branch=name, types=None)]
    headers += _link({"limit": 2, "branch": name, "adviser": name, "status": None}, "WzFd")
    for (word, told), path, names in zip(
        headers, (f"/v1/customers/{name}/contacts", "/v1/leads"), (["branch"], ["branch", "adviser"]), strict=True
    ):
        target = urlsplit(told.removeprefix("<").removesuffix('>; rel="next"'))
        assert (word, told.isascii(), unquote(target.path)) == ("Link", True, path)
        query = {"cursor": ["WzFd"], "limit": ["2"]} | {one: [name] for one in names}
        assert parse_qs(target.query, strict_parsing=True) == query
