"""The house rules that a machine can keep: what lies at the top, and which room may import which."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("app", "sync", "ui")

TOP_LEVEL = {
    *("app", "ui", "sync", "resources", "installer", "tests", "docs"),
    *("pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "Makefile", "requirements.lock"),
}
MADE_BY_MAKE = {"build", "dist", "__pycache__"}

# The table of docs/architecture.md: a module belongs to the longest name that fits, and may import what stands there,
# its own room and the ground.
GROUND = {"app", "app.errors", "app.messages", "app.paths", "app.sealed", "app.settings"}
MAY_IMPORT: dict[str, set[str]] = {
    "app": set(),
    "app.schema": set(),
    "app.rules": {"app.schema"},
    "app.store": {"app.schema"},
    "app.services": {"app.schema", "app.rules", "app.store"},
    "app.exchange": {"app.schema", "app.rules", "app.store", "app.services"},
    "app.demo": {"app.schema", "app.rules", "app.store", "app.services"},
    "app.bench": {"app", "sync"},
    "app.command": {"app", "sync", "ui.__main__", "ui.bench", "ui.bench_list", "ui.bench_map"},
    "app.__main__": {"app", "sync", "ui.__main__"},
    "ui": {"app.schema", "app.rules", "app.store", "app.services", "app.exchange"},
    "ui.__main__": {"app", "sync", "ui"},
    "ui.screenshots": {"app", "sync", "ui"},
    "ui.bench": {"app", "sync", "ui"},
    "ui.bench_list": {"app", "ui"},
    "ui.bench_map": {"app", "ui"},
    "sync": {"app.schema", "app.rules"},
    "sync.client": {"app.schema", "app.store", "sync.wire", "sync.ranges", "sync.offers"},
    "sync.bundle": {"app.schema", "app.store", "sync.wire", "sync.sealed", "sync.client"},
    "sync.leaving": {"app.schema", "app.store", "sync.bundle", "sync.parcel"},
    "sync.county": {
        "app.schema",
        "app.rules",
        "sync.wire",
        "sync.sealed",
        "sync.losers",
        "sync.merge",
        "sync.ranges",
        "sync.offers",
        "sync.parcel",
    },
}
QT = {"PySide6", "shiboken6"}


def modules() -> dict[str, Path]:
    """Every module of ours by its dotted name; a package by the name of its folder."""
    found = {}
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


def imports(name: str, path: Path) -> list[tuple[str, bool]]:
    """Every module that *name* imports, with whether that happens at the top of the file."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inside_functions = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        for node in ast.walk(function)
    }
    found = []
    for node in ast.walk(tree):
        targets: list[str] = []
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, base] if base else above)
            # `from app.store import search` imports a module where one of that name exists.
            targets = [f"{base}.{a.name}" if f"{base}.{a.name}" in MODULES else base for a in node.names]
        found += [(target, id(node) not in inside_functions) for target in targets]
    return found


def room_of(name: str) -> str:
    return max((room for room in MAY_IMPORT if within(name, room)), key=len)


def within(name: str, room: str) -> bool:
    return name == room or name.startswith(f"{room}.")


def allowed(importer: str, imported: str) -> bool:
    room = room_of(importer)
    if imported in GROUND or room_of(imported) == room:
        return True
    # A room named alone ("sync.wire") lets its modules in; what stands beside it ("sync.client") must be named itself.
    return any(within(imported, entry) for entry in MAY_IMPORT[room])


def test_the_top_level_holds_only_what_belongs_there():
    entries = {entry.name for entry in ROOT.iterdir() if not entry.name.startswith(".")}
    assert entries - TOP_LEVEL - MADE_BY_MAKE == set()


@pytest.mark.parametrize("name", MODULES)
def test_imports_run_one_way(name):
    ours = [target for target, _ in imports(name, MODULES[name]) if target.partition(".")[0] in ROOMS]
    assert [target for target in ours if not allowed(name, target)] == []


def test_only_the_window_knows_qt():
    outside = {name: path for name, path in MODULES.items() if not within(name, "ui")}
    offenders = [name for name, path in outside.items() if {t.partition(".")[0] for t, _ in imports(name, path)} & QT]
    assert offenders == []


def test_the_command_reaches_for_the_window_only_when_it_is_asked_for():
    command = {name: path for name, path in MODULES.items() if room_of(name) in {"app.command", "app.__main__"}}
    offenders = [
        (name, target)
        for name, path in command.items()
        for target, at_top in imports(name, path)
        if at_top and within(target, "ui")
    ]
    assert offenders == []


@pytest.mark.parametrize(
    ("importer", "imported", "may"),
    [
        ("app.schema.form", "app.errors", True),
        ("app.schema.form", "app.store.open", False),
        ("app.store.records", "app.rules.calendar", False),
        ("app.services.cases", "app.store.records", True),
        ("app.services.cases", "sync.client", False),
        ("ui.pages.desk", "app.services.cases", True),
        ("ui.pages.sync", "sync.client", False),
        ("ui.__main__", "sync.client", True),
        ("sync.county.api", "app.store.records", False),
        ("sync.county.api", "sync.merge", True),
        ("sync.wire", "sync.client", False),
        ("sync.merge", "app.rules.calendar", True),
    ],
)
def test_the_table_means_what_the_page_says(importer, imported, may):
    assert allowed(importer, imported) is may
