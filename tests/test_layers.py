"""Who may import whom: the layer table as rows, held against the imports that stand in the files."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

LAYERS: dict[int, tuple[str, ...]] = {
    0: ("service", "service.core.errors", "service.core.domain"),
    1: ("service.core.expressions", "service.core.grid", "service.core.hashing", "service.core.attributes"),
    2: (
        "service.rules",
        "service.scoring",
        "service.core.attributes.features",
        "service.scoring.value",
        "service.scoring.lifetime",
        "service.scoring.segments",
        "service.scoring.satisfaction",
        "service.scoring.arbitration",
    ),
    3: ("service.decision", "service.planning"),
    4: (
        "service.runtime.config",
        "service.runtime.embedded",
        "service.cache",
        "service.store",
        "service.scoring.models",
        "service.runtime.tracing",
    ),
    5: (
        "service.engine.engine",
        "service.engine.contacts",
        "service.engine.offers.visitors",
        "service.engine.offers.recommend",
        "service.engine.offers.answer_cache",
        "service.engine.offers.request",
        "service.engine.releases.active",
        "service.engine.auth",
        "service.engine.releases.artifacts",
        "service.engine.offers.event_claims",
        "service.engine.offers.offer_tokens",
        "service.rendering.answer",
        "service.rendering",
        "service.engine.explain",
        "service.engine.preferences",
        "service.engine.portrait",
        "service.engine.releases.loader",
        "service.engine.releases.governance",
        "service.engine.releases.policy_check",
        "service.engine.releases.value_check",
        "service.runtime.child_process",
        "service.engine.releases.policy_jobs",
        "service.engine.releases.value_gate",
        "service.engine.experiments",
        "service.engine.releases.models",
        "service.engine.drift",
        "service.engine.metrics",
        "service.engine.failures",
        "service.cli.operate.deployment_check",
        "service.engine.releases.challenger",
        "service.engine.crm",
        "service.engine.runner",
    ),
    6: (
        "service.routes",
        "service.console",
        "service.app",
        "service.cli.main",
        "service.cli",
        "service.runtime.gunicorn",
        "service.runtime.logs",
    ),
}
"""A module belongs to the row that names it or the nearest package above it."""

OUTSIDE: dict[int, frozenset[str]] = {
    0: frozenset(),
    1: frozenset({"numpy", "sqlglot"}),
    2: frozenset({"numpy", "sqlglot", "yaml", "orjson"}),
    3: frozenset({"numpy", "sqlglot", "orjson", "scipy"}),
}
"""Outside packages that the pure core may use, by layer; above it anything declared in pyproject."""

TRAINING_MAY_IMPORT = (0, 1, 2, 3)
TRAINING_FORBIDDEN = frozenset({"flask", "redis", "flask_smorest", "sqlalchemy"})
IMPURE = frozenset({"time", "random", "secrets", "os", "socket", "logging", "datetime.datetime.now"})
STANDARD_LIBRARY = __import__("sys").stdlib_module_names


def modules(package: str) -> Iterator[tuple[str, Path]]:
    """Every module of a package with its dotted name; migrations belong to the store and are its own."""
    for path in sorted((ROOT / package).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def imports(path: Path) -> set[str]:
    """The dotted names a file imports, wherever in the file they stand."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def layer_of(name: str) -> int:
    """The layer of the longest row that is this module or a package above it."""
    rows = [(len(row), layer) for layer, names in LAYERS.items() for row in names if f"{name}.".startswith(f"{row}.")]
    return max(rows)[1]


def room_of(name: str) -> str:
    """The row itself: modules of one row may import each other."""
    return max((row for names in LAYERS.values() for row in names if f"{name}.".startswith(f"{row}.")), key=len)


SERVICE = list(modules("service"))
TRAINING = list(modules("training"))


@pytest.mark.parametrize(("name", "path"), SERVICE, ids=[name for name, _ in SERVICE])
def test_a_module_imports_only_its_own_room_and_lower_layers(name: str, path: Path) -> None:
    layer, room = layer_of(name), room_of(name)
    for imported in imports(path):
        if not imported.startswith("service."):
            continue
        below = layer_of(imported) < layer or room_of(imported) == room or (layer != 4 and layer_of(imported) == layer)
        assert below, f"{name} (layer {layer}) imports {imported} (layer {layer_of(imported)})"


@pytest.mark.parametrize(("name", "path"), SERVICE, ids=[name for name, _ in SERVICE])
def test_the_pure_core_uses_only_what_its_layer_is_allowed(name: str, path: Path) -> None:
    layer = layer_of(name)
    if layer > 3:
        return
    roots = {imported.split(".")[0] for imported in imports(path)}
    allowed = set(OUTSIDE[layer]) | set(STANDARD_LIBRARY) | {"service"}
    assert roots <= allowed, f"{name} may not import {sorted(roots - allowed)}"
    assert not roots & IMPURE, f"{name} is pure and may not import {sorted(roots & IMPURE)}"


@pytest.mark.parametrize(("name", "path"), TRAINING, ids=[name for name, _ in TRAINING])
def test_training_stays_off_the_web_and_the_stores(name: str, path: Path) -> None:
    for imported in imports(path):
        assert imported.split(".")[0] not in TRAINING_FORBIDDEN, f"{name} imports {imported}"
        if imported.startswith("service."):
            allowed = layer_of(imported) in TRAINING_MAY_IMPORT or imported.startswith("service.scoring.models")
            assert allowed, f"{name} imports {imported}"


@pytest.mark.parametrize(("name", "path"), SERVICE, ids=[name for name, _ in SERVICE])
def test_the_service_never_imports_training_except_the_command_line(name: str, path: Path) -> None:
    if layer_of(name) == 6 and ("cli" in name or "commands" in name):
        return
    assert not [imported for imported in imports(path) if imported.split(".")[0] == "training"]
