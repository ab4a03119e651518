"""POST /v1/words/check: texts judged by conduct rules, before they become part of a policy.

The same judgment as ``fourcast words check`` and as the check of a policy. The own banned words of the policy that
serves are refused too.
"""

from typing import Any

import orjson
from flask import Response, request
from marshmallow import fields, validate

from service.analysis.policy_checks.words import PARTS, SENTENCE
from service.core.domain import Client, Family
from service.routes.http.fields import Loose, Strict, Text, Whole, Word, check, describe
from service.routes.http.guard import engine
from service.routes.http.json_body import read_json
from service.routes.http.resource import Resource, response_doc
from service.routes.http.responses import NO_STORE, RawResponse
from service.rules.model.rules import LANGUAGES

MOST_TEXTS = 100
MOST_CHARACTERS = 2_000
EXAMPLE: dict[str, Any] = {
    "lists": "zh-2026.2, en-2026.2",
    "refused": 1,
    "texts": [
        {"text": "不保证本金和收益。", "faults": []},
        {"text": "保底三个点", "faults": ["不得使用“保底”：承诺保本", "不得使用“三个点”：收益数字"]},
    ],
}

api = Resource("words", __name__, description="Words that may not be said to customers.")


class WordsInput(Strict):
    """Texts about a product of one family and risk."""

    language = Word(among=LANGUAGES, required=True, metadata=describe("The language of what must be said."))
    family = Word(among=list(Family), required=True)
    risk = Whole(1, 5, load_default=None, allow_none=True, metadata=describe("The risk level, where it has one."))
    part = Word(
        among=PARTS,
        load_default=SENTENCE,
        metadata=describe("A sentence is judged by what it says, a message also by what it must say."),
    )
    reasons = Word(
        among=LANGUAGES,
        load_default=None,
        allow_none=True,
        metadata=describe("The language of the faults; that of the texts if left out."),
    )
    texts = fields.List(
        Text(MOST_CHARACTERS),
        required=True,
        validate=validate.Length(1, MOST_TEXTS, error="must be {min} to {max} texts"),
    )


class JudgedAnswer(Loose):
    """One text, and why it may not be said."""

    text = fields.String(required=True)
    faults = fields.List(fields.String(), required=True, metadata=describe("Empty where the text may be said."))


class WordsAnswer(Loose):
    """Every text in the order in which it was sent."""

    lists = fields.String(required=True, metadata=describe("The versions of the lists of promises."))
    refused = fields.Integer(required=True)
    texts = fields.List(fields.Nested(JudgedAnswer), required=True)


@api.post(
    "/v1/words/check",
    scope="policies:write",
    body=WordsInput,
    example={"language": "zh", "family": "wealth", "risk": 2, "texts": ["不保证本金和收益。", "保底三个点"]},
    answers={"200": response_doc("Every text with its faults.", WordsAnswer, EXAMPLE)},
)
def check_words(client: Client) -> Response:
    """Whether texts may be said to customers

    Judges up to 100 texts about a product of one family and risk as a policy's own texts are judged, with the own
    banned words of the policy that serves. Nothing is stored.
    """
    asked = check(WordsInput(), read_json(request), "The texts do not fit.")
    return RawResponse(orjson.dumps(engine().judge_words(**asked)), 200, [NO_STORE])
