"""POST /v1/words/check: texts judged as a policy's own, by those who may write one."""

import pytest

from service.core.domain import Client
from service.engine.auth import new_key

PATH = "/v1/words/check"
ASKED = {"language": "zh", "family": "wealth", "risk": 2, "texts": ["不保证收益。", "保底", "内部渠道"]}


@pytest.fixture(scope="module")
def author(store):
    key, digest = new_key()
    store.clients.add(Client("author", frozenset({"policies:write"})), digest, actor="test")
    return {"Authorization": f"Bearer {key}"}


def test_each_text_comes_back_with_its_faults(client, author):
    answer = client.post(PATH, json=ASKED, headers=author)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    found = answer.get_json()
    assert [one["faults"][-1:] for one in found["texts"]] == [
        [],
        ["不得使用“保底”：承诺保本"],
        ["不得使用“内部渠道”（本行禁用词）"],
    ]
    english = client.post(PATH, json=ASKED | {"reasons": "en"}, headers=author).get_json()
    assert english["texts"][1]["faults"] == ['"保底" may not be said: capital-protection']
    assert found["refused"] == 2


def test_others_may_not(client, keys):
    assert client.post(PATH, json=ASKED, headers=keys["reader"]).status_code == 403


@pytest.mark.parametrize(
    "change", [{"texts": []}, {"texts": ["x"] * 101}, {"family": "bonds"}, {"risk": 6}, {"part": "title"}, {"more": 1}]
)
def test_what_does_not_fit_is_named(client, author, change):
    answer = client.post(PATH, json=ASKED | change, headers=author)
    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["where"].startswith(next(iter(change)))
