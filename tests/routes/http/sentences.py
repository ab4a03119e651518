"""Reads from the source which sentences a problem of the REST API can hold, as templates: ``No job "{}".``.

Looked at is what says them: the constructors of errors and of ``Problem``, marshmallow's messages, the tables. A text
is followed through constants, local names, parameters and what functions return. What a template quotes is a hole.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache, cached_property
from itertools import product
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[3]
HOLE = "{}"
OF_FILES = tuple(
    f"service/{name}"
    for name in (
        "rules/",
        "core/expressions/",
        "analysis/policy_checks/",
        "analysis/model_gate",
        "scoring/models/",
        "core/attributes/pars",
    )
)
"""What finds faults in the files of policies and bundles: the sentence above them is told, they stay English."""
NOT_SERVED = tuple(
    f"service/{name}"
    for name in ("cli/", "runtime/config", "runtime/embedded", "runtime/gunicorn", "runtime/logs", "runtime/tracing",
                 "core/attributes/frames", "core/expressions/sql/", "cache/inspection", "store/maintenance/",
                 "store/security/audit", "routes/__init__", "routes/http/resource",
                 "store/connection/bulk_copy",
                 *(f"store/customers/file_import/{one}" for one in ("load", "merge", "external_keys")))
)  # fmt: skip
"""What no request reaches: the command line, files, start-up."""
MESSAGE_AT = {"Problem": 1, "ValidationError": 0, "check": 2}
_WORDS = re.compile("[a-z].* | .*[a-z]")
VALIDATORS = ("Length", "OneOf", "Range", "Regexp")
RETURNED = (
    ("service/core/customer_ids.py", "_fault"),
    ("service/engine/releases/value_gate.py", "refusal"),
    ("service/core/attributes/table.py", "_expected"),
)
"""Functions that return what others say."""
ALSO = ("service/core/customer_ids.py", "service/core/attributes/encoders.py", "service/core/suggestions.py")
_SAYS = re.compile(r"Problem\(|ValidationError\(|check\(|raise\b|error=|title =|default_error_messages|_TITLES")


class Told(NamedTuple):
    """A text: its template; with what may stand in its holes filled in; and what may stand there."""

    template: str
    spelt: tuple[str, ...] = ()
    inside: tuple[str, ...] = ()


def shape(text: str) -> str:
    """A sentence with every ``{name}`` as a hole.

    >>> shape('must be from {min} to {max}; got "{{input}}"')
    'must be from {} to {}; got "{}"'
    """
    return re.sub(r"\{+[^{}]*\}+", HOLE, text)


class Module:
    """One file of the source, with what its names mean."""

    def __init__(self, name: str) -> None:
        self.name, self.tree = name, ast.parse((ROOT / name).read_bytes())
        self.parents = {self.tree: self.tree}
        for node in (waiting := [self.tree]):
            for child in ast.iter_child_nodes(node):
                self.parents[child] = node
                waiting.append(child)

        self.known: dict[ast.AST, list[Told] | None] = {}

    @cached_property
    def functions(self) -> dict[str, ast.FunctionDef]:
        return {node.name: node for node in self.parents if isinstance(node, ast.FunctionDef)}

    @cached_property
    def attributes(self) -> dict[str, list[ast.expr]]:
        """What is assigned to ``self.name``."""
        found = defaultdict(list)
        for node in self.parents:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Attribute):
                found[node.targets[0].attr].append(node.value)
        return found

    @cached_property
    def imports(self) -> dict[str, str]:
        nodes = (node for node in self.parents if isinstance(node, ast.ImportFrom))
        return {alias.asname or alias.name: str(node.module) for node in nodes for alias in node.names}

    def within(self, node: ast.AST) -> Iterator[ast.FunctionDef]:
        """The functions that a node stands in, the innermost first."""
        while (node := self.parents.get(node, self.tree)) is not self.tree:
            if isinstance(node, ast.FunctionDef):
                yield node


read = cache(Module)


@cache
def modules() -> tuple[Module, ...]:
    """The files of the service that a request reaches and that say something."""
    paths = {str(path.relative_to(ROOT)): path.read_text() for path in sorted((ROOT / "service").rglob("*.py"))}
    served = (name for name, text in paths.items() if not name.startswith(NOT_SERVED) and _SAYS.search(text))
    return tuple(map(read, dict.fromkeys((*served, *ALSO))))


def module_of(dotted: str) -> Module | None:
    """The file of a module of ours."""
    path = dotted.replace(".", "/")
    return next((read(name) for name in (f"{path}.py", f"{path}/__init__.py") if (ROOT / name).is_file()), None)


@cache
def errors() -> dict[str, ast.ClassDef]:
    """Every class of error raised on purpose."""
    classes = [node for one in modules() for node in one.parents if isinstance(node, ast.ClassDef)]
    found = {"FourcastError": next(one for one in classes if one.name == "FourcastError")}
    for _ in range(4):
        found |= {one.name: one for one in classes if any(name_of(base) in found for base in one.bases)}
    return found


@cache
def calls() -> dict[str, list[tuple[Module, ast.Call]]]:
    """Every call by the last word of what is called."""
    found = defaultdict(list)
    for module in modules():
        for node in module.parents:
            if isinstance(node, ast.Call):
                found[name_of(node.func)].append((module, node))
    return found


def name_of(node: ast.AST) -> str:
    """The last word of a name."""
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


class Reading:
    """What the expressions of one module may say."""

    def __init__(self, module: Module) -> None:
        self.module = module

    def texts(self, node: ast.AST) -> list[Told] | None:
        """Every text that an expression may be; None where it cannot be told from the source, or speaks of itself."""
        known = self.module.known
        if node not in known:
            known[node] = None
            known[node] = self._texts(node)
        return known[node]

    def _texts(self, node: ast.AST) -> list[Told] | None:
        match node:
            case ast.Constant(value=str(text)):
                return [Told(shape(text))]
            case ast.Constant(value=None):
                return []
            case ast.JoinedStr(values=parts):
                return self._joined(parts)
            case ast.IfExp(body=one, orelse=other):
                return self._all([one, other])
            case ast.BoolOp(values=several):
                return self._all(several)
            case ast.Dict(values=several):
                return self._all(several)
            case ast.Name(id=name):
                return self._named(node, name)
            case ast.Attribute(value=ast.Name(id="self"), attr=name):
                values = self.module.attributes.get(name, [])
                return self._all(values) if values else None
            case ast.Call(func=function):
                return self._returned(function)
        return None

    def _all(self, nodes: list[ast.expr]) -> list[Told] | None:
        found = [self.texts(node) for node in nodes]
        return None if any(one is None for one in found) else [told for one in found for told in one or ()]

    def _joined(self, parts: list[ast.expr]) -> list[Told]:
        pieces = [self._piece(part) for part in parts]
        inside = tuple(word for words, hole in pieces if hole for word in words)
        template = "".join(HOLE if hole else words[0] for words, hole in pieces)
        spelt = ("".join(chosen) for chosen in product(*(words or [HOLE] for words, _ in pieces)))
        return [Told(template, tuple(spelt) if inside else (), inside)]

    def _piece(self, part: ast.expr) -> tuple[list[str], bool]:
        """A part of an f-string: its words, or those that may stand in its hole."""
        if not isinstance(part, ast.FormattedValue):
            return [shape(str(getattr(part, "value", "")))], False
        words = [word for told in self.texts(part.value) or () for word in told.spelt or (told.template,)]
        return words if any(_WORDS.search(word) for word in words) else [], True

    def _named(self, node: ast.AST, name: str) -> list[Told] | None:
        for function in self.module.within(node):
            if values := list(_assigned(function, name)):
                return self._all(values)
            arguments = [one.arg for one in function.args.args]
            if name in arguments:
                return self._passed(function, arguments, name)
        if values := list(_assigned(self.module.tree, name)):
            return self._all(values)
        other = module_of(self.module.imports.get(name, ""))
        values = list(_assigned(other.tree, name)) if other else []
        return Reading(other)._all(values) if other and values else None

    def _passed(self, function: ast.FunctionDef, names: list[str], name: str) -> list[Told] | None:
        """What callers pass as a parameter: those of this file, of a public method those of every file."""
        method = names[0] == "self"
        public = method and not function.name.startswith("_")
        place, found = names.index(name) - method, list[Told]()
        for module, call in calls().get(function.name, ()):
            if public or module is self.module:
                keyed = [one.value for one in call.keywords if one.arg == name]
                for value in keyed or call.args[place : place + 1]:
                    found += Reading(module).texts(value) or []
        return found or None

    def _returned(self, function: ast.expr) -> list[Told] | None:
        name = name_of(function)
        home = self.module if name in self.module.functions else module_of(self.module.imports.get(name, ""))
        if home is None and isinstance(function, ast.Attribute):
            package = self.module.imports.get(name_of(function.value), "")
            home = module_of(f"{package}.{name_of(function.value)}")
        if home is None or name not in home.functions:
            return None
        body = ast.walk(home.functions[name])
        return Reading(home)._all([one.value for one in body if isinstance(one, ast.Return) and one.value])


def _assigned(scope: ast.AST, name: str) -> Iterator[ast.expr]:
    nodes = scope.body if isinstance(scope, ast.Module) else ast.walk(scope)
    for node in nodes:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                several = isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple)
                pairs = zip(target.elts, node.value.elts, strict=False) if several else [(target, node.value)]
                yield from (value for one, value in pairs if name_of(one) == name)
        if isinstance(node, ast.NamedExpr) and name_of(node.target) == name:
            yield node.value


def _said(module: Module, node: ast.AST) -> Iterator[ast.expr]:
    """The expressions by which a node says something."""
    of_files = module.name.startswith(OF_FILES)
    if isinstance(node, ast.Call):
        name, place = name_of(node.func), MESSAGE_AT.get(name_of(node.func))
        if name in errors():
            yield from node.args[:1]
        elif name == "told" and name_of(getattr(node.func, "value", node)) == "patience":
            yield node.args[0]
        elif name == "problem_response" and module.name.endswith("health.py"):
            yield from node.args[2:4]
        elif place is not None and not of_files:
            yield from node.args[place : place + 1]
        if name in VALIDATORS:
            yield from (one.value for one in node.keywords if one.arg == "error")
    elif isinstance(node, ast.Assign) and name_of(node.targets[0]) in ("default_error_messages", "_TITLES", "_DETAILS"):
        yield from (value for value in getattr(node.value, "values", []) if name_of(value) != "MISSING")
    elif isinstance(node, ast.Assign) and name_of(node.targets[0]) == "MISSING":
        yield node.value
    elif isinstance(node, ast.ClassDef) and errors().get(node.name) is node:
        yield from (
            one.value for one in node.body if isinstance(one, ast.Assign) and name_of(one.targets[0]) == "title"
        )


@cache
def served() -> tuple[frozenset[Told], frozenset[str]]:
    """Every text that a problem can hold, and the expressions (``file: expression``) that cannot be followed."""
    found, lost = set[Told](), set[str]()
    for module in modules():
        for node in module.parents:
            for said in _said(module, node):
                texts = Reading(module).texts(said)
                found |= set(texts or ())
                if texts is None:
                    lost.add(f"{module.name}: {ast.unparse(said)}")
    return frozenset(told for told in found if told.template), frozenset(lost)


@cache
def returned() -> frozenset[str]:
    """What the functions say that others quote."""
    found = set[str]()
    for name, function in RETURNED:
        module = read(name)
        for node in ast.walk(module.functions[function]):
            if isinstance(node, ast.Return) and node.value is not None:
                for told in Reading(module).texts(node.value) or ():
                    found.update(told.spelt or (told.template,))
    return frozenset(found - {""})


@cache
def literals() -> frozenset[str]:
    """Every text that stands in a file which a request reaches, as a template."""
    found = set[str]()
    for module in modules():
        for node in module.parents:
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(shape(node.value))
            elif isinstance(node, ast.JoinedStr):
                parts = (shape(str(one.value)) if isinstance(one, ast.Constant) else HOLE for one in node.values)
                found.add("".join(parts))
    return frozenset(found)
