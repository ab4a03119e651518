"""GET about-recommendations: public, in the reader's language, and linked from offers and explanations."""

from typing import Any

Keys = dict[str, dict[str, str]]


def test_anybody_reads_what_the_algorithm_is_for_and_where_rights_are_used(client: Any) -> None:
    for language, words in (("zh", "未说明"), ("en", "not stated")):
        answer = client.get("/v1/about-recommendations", headers={"Accept-Language": language})
        assert (answer.status_code, answer.headers["Content-Language"]) == (200, language)
        assert answer.json["filing_number"] == words
        assert set(answer.json["rights"]) == {"preferences", "labels", "copy", "objections", "explanation"}


def test_offers_and_their_explanations_link_to_it(client: Any, keys: Keys) -> None:
    offers = client.get("/v1/customers/c-1/offers", headers=keys["app"])
    where = f"/v1/decisions/{offers.json['decision_id']}/explanation/customer"
    for answer in (offers, client.get(where, headers=keys["app"])):
        assert answer.headers["Link"] == '</v1/about-recommendations>; rel="describedby"'


def test_the_rights_that_it_names_are_served(client: Any) -> None:
    paths = client.get("/openapi.json").json["paths"]
    assert set(client.get("/v1/about-recommendations").json["rights"].values()) <= set(paths)
