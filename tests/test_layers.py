"""Who may import whom: the layer table as rows, held against every import of every file, those inside functions too."""

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

from tests.forwarders import forwarders

ROOT = Path(__file__).resolve().parents[1]
PURE = frozenset({"numpy", "sqlglot"})
DOCUMENTS = PURE | {"yaml", "orjson"}

LAYERS: Mapping[str, int] = {
    "service": 0,
    "service.core": 0,
    "service.rules": 1,
    "service.scoring": 2,
    "service.scoring.models": 3,
    "service.decision": 4,
    "service.analysis": 5,
    "service.rendering": 5,
    "service.planning": 6,
    "service.store": 7,
    "service.cache": 7,
    "service.runtime": 7,
    "service.engine": 8,
    "service.routes": 9,
    "service.app": 10,
    "service.cli": 11,
    "training": 9,
}
"""Each room with its layer: a module imports its own room and lower layers, and no other room of its own layer."""

CLOSED: Mapping[str, frozenset[str]] = {
    "service.planning": frozenset({"service.rendering"}),
    "service.store": frozenset({"service.rules", "service.scoring", "service.scoring.models", "service.decision"})
    | {"service.analysis", "service.rendering", "service.planning"},
    "service.cache": frozenset({"service.rules", "service.scoring", "service.scoring.models", "service.decision"})
    | {"service.analysis", "service.rendering", "service.planning"},
    "service.runtime": frozenset({"service.rules", "service.scoring", "service.scoring.models", "service.decision"})
    | {"service.analysis", "service.rendering", "service.planning"},
    "training": frozenset({"service.rendering", "service.store", "service.cache", "service.runtime", "service.engine"}),
}
"""Lower rooms that a room may not import although they lie below it."""

STORE: Mapping[str, int] = {
    "service.store.schema": 0,
    "service.store.migrations": 1,
    "service.store.connection": 1,
    "service.store.revisions": 2,
    "service.store.security": 3,
    "service.store.feed": 4,
    "service.store.releases": 4,
    "service.store.customers": 5,
    "service.store.events": 6,
    "service.store.decisions": 7,
    "service.store.outbox": 8,
    "service.store.leads": 8,
    "service.store.maintenance": 9,
    "service.store": 10,
}
"""The rooms inside the store with their layers, held in the same way."""

TRAINING: Mapping[str, int] = {
    "training": 0,
    "training.arrays": 0,
    "training.data": 1,
    "training.experience": 2,
    "training.synthetic": 2,
    "training.tracking": 2,
    "training.evaluation": 3,
    "training.models": 4,
    "training.uplift": 5,
    "training.score": 5,
    "training.bundles": 6,
    "training.report": 7,
    "training.train": 7,
    "training.train_from_events": 7,
    "training.tune": 8,
}
"""The rooms inside training with their layers, held in the same way."""

OUTSIDE: Mapping[str, frozenset[str]] = {
    "service": frozenset(),
    "service.core": PURE | {"orjson", "yaml"},
    "service.rules": DOCUMENTS,
    "service.scoring": DOCUMENTS,
    "service.decision": DOCUMENTS,
    "service.analysis": DOCUMENTS | {"scipy"},
    "service.rendering": DOCUMENTS,
    "service.planning": DOCUMENTS | {"scipy"},
}
"""Outside packages that the pure rooms may use; the others may use anything that pyproject declares."""

IMPURE = frozenset({"time", "random", "secrets", "os", "socket", "logging"})
TRAINING_FORBIDDEN = frozenset({"flask", "redis", "flask_smorest", "sqlalchemy"})
CLOCK = "service.core.clock"
"""The one module that reads the wall clock, and the one pure module that may."""
LOADS_TRAINING = "service.cli"
"""The one room that may import training, and only inside functions: a server never loads it."""


@cache
def files() -> Mapping[str, Path]:
    """Every module of both packages with its dotted name."""
    found = {}
    for package in ("service", "training"):
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def imports(name: str) -> frozenset[str]:
    """The dotted names that a module imports, wherever in the file they stand."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(files()[name].read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(found)


def modules_of(name: str) -> Iterator[str]:
    """The modules of ours that a module imports: the module itself, or the one that has the imported name."""
    for imported in imports(name):
        own = imported if imported in files() else imported.rpartition(".")[0]
        if own in files() and own != name:
            yield own


def room_of(name: str, table: Mapping[str, int] = LAYERS) -> str:
    """The longest row of the table that is this module or a package above it."""
    return max((room for room in table if f"{name}.".startswith(f"{room}.")), key=len)


NAMES = list(files())


@pytest.mark.parametrize("name", NAMES)
def test_a_module_imports_only_its_own_room_and_lower_layers(name: str) -> None:
    room = room_of(name)
    for imported in modules_of(name):
        other = room_of(imported)
        if other == room or (room == LOADS_TRAINING and other == "training"):
            continue
        below = LAYERS[other] < LAYERS[room] and other not in CLOSED.get(room, frozenset())
        assert below, f"{name} (layer {LAYERS[room]}) imports {imported} (layer {LAYERS[other]})"


@pytest.mark.parametrize("name", [name for name in NAMES if room_of(name) == "service.store"])
def test_a_module_of_the_store_imports_only_its_own_room_and_lower_ones(name: str) -> None:
    room = room_of(name, STORE)
    others = {room_of(one, STORE): one for one in modules_of(name) if room_of(one) == "service.store"}
    assert [one for other, one in others.items() if other != room and STORE[other] >= STORE[room]] == []


@pytest.mark.parametrize("name", [name for name in NAMES if room_of(name) == "training"])
def test_a_module_of_training_imports_only_its_own_room_and_lower_ones(name: str) -> None:
    room = room_of(name, TRAINING)
    others = {room_of(one, TRAINING): one for one in modules_of(name) if room_of(one) == "training"}
    assert [one for other, one in others.items() if other != room and TRAINING[other] >= TRAINING[room]] == []
    assert room != "training" or name == "training", f"{name} has no row in TRAINING"


@pytest.mark.parametrize("name", [name for name in NAMES if room_of(name) in OUTSIDE])
def test_the_pure_rooms_use_only_what_they_are_allowed(name: str) -> None:
    roots = {imported.split(".")[0] for imported in imports(name)}
    allowed = OUTSIDE[room_of(name)] | sys.stdlib_module_names | {"service"}
    assert roots <= allowed, f"{name} may not import {sorted(roots - allowed)}"
    impure = roots & (IMPURE - ({"time"} if name == CLOCK else set()))
    assert not impure, f"{name} is pure and may not import {sorted(impure)}"


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("training")])
def test_training_stays_off_the_web_and_the_stores(name: str) -> None:
    roots = {imported.split(".")[0] for imported in imports(name)}
    assert not roots & TRAINING_FORBIDDEN, f"{name} imports {sorted(roots & TRAINING_FORBIDDEN)}"


WALL_CLOCK = frozenset({"time.time", "time.time_ns", "datetime.now", "datetime.utcnow", "datetime.today", "date.today"})


def wall_clock_reads(source: str) -> list[str]:
    """The names by which a source reads the wall clock, with their lines; monotonic clocks are free.

    >>> wall_clock_reads("import time\\nfrom time import time_ns\\nnow = time.time()")
    ['line 2: time.time_ns', 'line 3: time.time']
    """
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute):
            names = {".".join(ast.unparse(node).split(".")[-2:])}
        elif isinstance(node, ast.ImportFrom):
            names = {f"{node.module}.{alias.name}" for alias in node.names}
        else:
            continue
        found += [f"line {node.lineno}: {name}" for name in sorted(names & WALL_CLOCK)]
    return sorted(found)


@pytest.mark.parametrize("name", [name for name in NAMES if ".migrations.versions." not in name and name != CLOCK])
def test_only_the_clock_reads_the_wall_clock(name: str) -> None:
    assert wall_clock_reads(files()[name].read_text()) == [], "take a Clock, or call core.clock.now_ms"


def test_the_command_line_loads_training_only_when_a_verb_asks_for_it() -> None:
    for name in NAMES:
        if room_of(name) == LOADS_TRAINING:
            above = [node for node in ast.parse(files()[name].read_text()).body if isinstance(node, ast.ImportFrom)]
            assert not [node.module for node in above if str(node.module).split(".")[0] == "training"], name


ENGINE: Mapping[str, int] = {
    "metrics": 0,
    "runner_failures": 1,
    "auth": 1,
    "releases": 2,
    "offers": 3,
    "contacts": 4,
    "explain": 4,
    "playground": 4,
    "portrait": 4,
    "outcomes": 4,
    "drift": 4,
    "rights": 5,
    "crm": 5,
    "runner": 6,
    "engine": 6,
}
"""The order inside the engine: each module or room with its layer, held as the rooms above."""


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("service.engine.")])
def test_inside_the_engine_a_part_imports_only_itself_and_lower_layers(name: str) -> None:
    part = name.split(".")[2]
    for imported in modules_of(name):
        if imported.startswith("service.engine."):
            other = imported.split(".")[2]
            assert other == part or ENGINE[other] < ENGINE[part], f"{name} imports {imported}"


def arrows() -> Iterator[tuple[str, str, str]]:
    """Each import from one folder to a folder beside it, in the same package, with the module that has it."""
    folders = {name for name, path in files().items() if path.name == "__init__.py"}
    for name in NAMES:
        for imported in modules_of(name):
            own, other = name.split("."), imported.split(".")
            at = next((at for at, (one, two) in enumerate(zip(own, other, strict=False)) if one != two), 0)
            pair = ".".join(own[: at + 1]), ".".join(other[: at + 1])
            if at and set(pair) <= folders:
                yield *pair, name


def test_no_two_folders_of_a_package_import_each_other() -> None:
    both = {(one, two): name for one, two, name in arrows()}
    assert [
        f"{name} imports {two}, which imports {one}" for (one, two), name in both.items() if (two, one) in both
    ] == []


def circles() -> list[list[str]]:
    """Modules that import each other, however long the way round: strongly connected components (Tarjan 1972)."""
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    open_: list[str] = []
    found: list[list[str]] = []

    def visit(name: str) -> None:
        order[name] = low[name] = len(order)
        open_.append(name)
        for other in modules_of(name):
            if other not in order:
                visit(other)
            if other in open_:
                low[name] = min(low[name], low[other])
        if low[name] == order[name]:
            circle = open_[open_.index(name) :]
            del open_[open_.index(name) :]
            found.extend([circle] if len(circle) > 1 else [])

    for name in NAMES:
        if name not in order:
            visit(name)
    return found


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert circles() == []


def floors() -> int:
    """How many rooms the longest chain of imports passes."""

    @cache
    def depth(room: str) -> int:
        return 1 + max((depth(other) for other in below[room]), default=0)

    below = {
        room: {room_of(one) for name in NAMES if room_of(name) == room for one in modules_of(name)} - {room, "service"}
        for room in LAYERS
    }
    below["service.cli"] -= {"training"}
    return max(depth(room) for room in LAYERS)


def test_the_house_has_at_most_sixteen_rooms_on_eleven_floors() -> None:
    assert len(LAYERS.keys() - {"service"}) <= 16
    assert floors() <= 11


MIGRATIONS = ROOT / "service" / "store" / "migrations" / "versions"
"""A migration is a file, and no migration ever goes: the one folder that grows without end."""
FOLDERS = sorted({path.parent for path in files().values()} - {MIGRATIONS})


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: ".".join(path.relative_to(ROOT).parts))
def test_no_folder_has_more_than_fifteen_entries(folder: Path) -> None:
    """Modules, rooms, and folders and files of anything else."""
    entries = {path.name for path in folder.iterdir()} - {"__pycache__", "__init__.py", "__main__.py", "py.typed"}
    assert len(entries) <= 15, sorted(entries)


TESTS = sorted(path for path in (ROOT / "tests").rglob("*.py") if "node_modules" not in path.parts)
OF_A_TEST = re.compile(r"^\s*(?:from|import) tests[\w.]*\.test_\w+", re.MULTILINE)


def test_no_module_of_the_tests_imports_from_a_test_or_reaches_into_a_store() -> None:
    told = {path.relative_to(ROOT): path.read_text() for path in TESTS if path != Path(__file__)}
    assert [str(path) for path, text in told.items() if OF_A_TEST.search(text)] == []
    assert [str(path) for path, text in told.items() if "._database" in text] == []


def test_no_function_only_passes_on_to_one_of_its_name() -> None:
    assert list(forwarders()) == []
