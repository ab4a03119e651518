"""Whether an answer keeps the contract: its status is documented, its body is of the media and schema stated there."""

from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from werkzeug.test import TestResponse

Json = dict[str, Any]


def faults(contract: Json, path: str, answer: TestResponse) -> list[str]:
    """Every fault of an answer to ``path`` as the contract writes it; none where it keeps the contract."""
    method = answer.request.method.lower()
    here, responses = f"{method.upper()} {path}: {answer.status_code}", contract["paths"][path][method]["responses"]
    stated = responses.get(str(answer.status_code))
    if stated is None:
        return [f"{here} is not in the contract, which has {', '.join(responses)}"]
    content = stated.get("content", {}).get(answer.content_type)
    if content is None:
        return [f"{here}: {answer.content_type} is not in the contract"]
    schema = {**content["schema"], "components": contract["components"]}
    found = Draft202012Validator(schema, format_checker=FormatChecker()).iter_errors(answer.json)
    return [f"{here}: {error.json_path}: {error.message}" for error in found]
