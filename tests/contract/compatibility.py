"""Whether a caller written against one contract still works against another: each break as a sentence.

Additive changes only: nothing is removed, renamed or newly demanded; what callers send is never narrowed, and what
they receive is never widened (a type more, a member that may be absent). A new path, an optional input, a further
member of an answer and a further word in one of its enumerations are additions.
"""

from collections.abc import Iterator
from typing import Any

METHODS = ("get", "put", "post", "delete", "patch")
Json = dict[str, Any]

LEAST = ("minimum", "exclusiveMinimum", "minLength", "minItems")
MOST = ("maximum", "exclusiveMaximum", "maxLength", "maxItems")


def breaks(old: Json, new: Json) -> list[str]:
    """Every break between two OpenAPI 3.1 documents; none means that old callers still work."""
    return [*_Comparison(old, new).paths()]


class _Comparison:
    def __init__(self, old: Json, new: Json) -> None:
        self._old, self._new = old, new
        self._seen: set[tuple[str, str, bool]] = set()

    def paths(self) -> Iterator[str]:
        for path, row in self._old["paths"].items():
            for method in METHODS:
                if method not in row:
                    continue
                here, other = f"{method.upper()} {path}", self._new["paths"].get(path, {})
                if method not in other:
                    yield f"{here} is gone"
                    continue
                yield from self._operation(here, (row, row[method]), (other, other[method]))

    def _operation(self, here: str, old: tuple[Json, Json], new: tuple[Json, Json]) -> Iterator[str]:
        if old[1]["operationId"] != new[1]["operationId"]:
            yield f'{here}: its operationId "{old[1]["operationId"]}" is now "{new[1]["operationId"]}"'
        yield from self._security(here, old[1], new[1])
        yield from self._parameters(here, old, new)
        yield from self._body(here, old[1].get("requestBody"), new[1].get("requestBody"))
        yield from self._answers(here, old[1]["responses"], new[1]["responses"])

    def _security(self, here: str, old: Json, new: Json) -> Iterator[str]:
        for way in old.get("security", ()):
            if way not in new.get("security", ()) and new.get("security"):
                yield f"{here}: {way} opens it no more"

    def _parameters(self, here: str, old: tuple[Json, Json], new: tuple[Json, Json]) -> Iterator[str]:
        before, after = _parameters(old), _parameters(new)
        for key, parameter in before.items():
            where = f"{here}: {key[0]} parameter {key[1]}"
            if key not in after:
                yield f"{where} is gone"
                continue
            if after[key].get("required") and not parameter.get("required"):
                yield f"{where} is now required"
            yield from self._schema(where, parameter["schema"], after[key]["schema"], sent=True)
        for key in after.keys() - before.keys():
            if after[key].get("required"):
                yield f"{here}: new {key[0]} parameter {key[1]} is required"

    def _body(self, here: str, old: Json | None, new: Json | None) -> Iterator[str]:
        if old is None:
            if new is not None and new.get("required"):
                yield f"{here}: a body is now required"
            return
        if new is None:
            yield f"{here}: takes no body any more"
            return
        if new.get("required") and not old.get("required"):
            yield f"{here}: a body is now required"
        yield from self._media(f"{here}: body", old["content"], new["content"], sent=True)

    def _answers(self, here: str, old: Json, new: Json) -> Iterator[str]:
        for status, answer in old.items():
            if status not in new:
                yield from [f"{here}: answer {status} is gone"] if status < "400" else ()
                continue
            where = f"{here}: answer {status}"
            for header in answer.get("headers", {}).keys() - new[status].get("headers", {}).keys():
                yield f"{where}: header {header} is gone"
            yield from self._media(where, answer.get("content", {}), new[status].get("content", {}), sent=False)

    def _media(self, where: str, old: Json, new: Json, sent: bool) -> Iterator[str]:
        for media, content in old.items():
            if media not in new:
                yield f"{where}: {media} is gone"
                continue
            yield from self._schema(where, content.get("schema", {}), new[media].get("schema", {}), sent)

    def _schema(self, where: str, old: Json, new: Json, sent: bool) -> Iterator[str]:
        pair = (str(old.get("$ref")), str(new.get("$ref")), sent)
        if "$ref" in old and "$ref" in new:
            if pair in self._seen:
                return
            self._seen.add(pair)
        old, new = _resolved(self._old, old), _resolved(self._new, new)
        yield from _types(where, old, new, sent)
        yield from _words(where, old, new, sent)
        yield from _bounds(where, old, new) if sent else ()
        yield from self._members(where, old, new, sent)
        for part in ("items", "additionalProperties"):
            if isinstance(old.get(part), dict) and isinstance(new.get(part), dict):
                yield from self._schema(f"{where}.{part}", old[part], new[part], sent)

    def _members(self, where: str, old: Json, new: Json, sent: bool) -> Iterator[str]:
        before, after = old.get("properties", {}), new.get("properties", {})
        for name, schema in before.items():
            if name not in after:
                yield f"{where}.{name} is gone"
                continue
            yield from self._schema(f"{where}.{name}", schema, after[name], sent)
        demanded, promised = set(new.get("required", ())), set(old.get("required", ()))
        for name in sorted(demanded - promised if sent else promised - demanded):
            yield f"{where}.{name} is now required" if sent else f"{where}.{name} may now be absent"


def _parameters(operation: tuple[Json, Json]) -> dict[tuple[str, str], Json]:
    rows = [*operation[0].get("parameters", ()), *operation[1].get("parameters", ())]
    return {(row["in"], row["name"]): row for row in rows}


def _resolved(document: Json, schema: Json) -> Json:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def _kinds(schema: Json) -> set[str]:
    kinds = schema.get("type", [])
    found = {kinds} if isinstance(kinds, str) else set(kinds)
    return found | ({"integer"} if "number" in found else set())


def _types(where: str, old: Json, new: Json, sent: bool) -> Iterator[str]:
    before, after = _kinds(old), _kinds(new)
    if sent and after and not (before and before <= after):
        yield f"{where}: takes {_listed(after)} now, took {_listed(before)}"
    if not sent and before and not (after and after <= before):
        yield f"{where}: is {_listed(after)} now, was {_listed(before)}"


def _listed(kinds: set[str]) -> str:
    return " or ".join(sorted(kinds)) or "anything"


def _words(where: str, old: Json, new: Json, sent: bool) -> Iterator[str]:
    before, after = old.get("enum"), new.get("enum")
    if before is not None and after is not None:
        yield from (f'{where}: the word "{word}" is gone' for word in before if word not in after)
    elif sent and after is not None:
        yield f"{where}: takes only certain words now"
    elif not sent and before is not None:
        yield f"{where}: says more than its certain words now"


def _bounds(where: str, old: Json, new: Json) -> Iterator[str]:
    for name in (*LEAST, *MOST):
        if name in new and (name not in old or (new[name] > old[name] if name in LEAST else new[name] < old[name])):
            yield f"{where}: {name} is {new[name]} now, was {old.get(name, 'free')}"
    for name in ("pattern", "format"):
        if name in new and new[name] != old.get(name):
            yield f"{where}: {name} is {new[name]} now, was {old.get(name, 'free')}"
