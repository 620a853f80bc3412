"""The shape of the house: imports run downwards, at the top of their files, and files stay small."""
from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import ppl_cli

PACKAGE = Path(ppl_cli.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
LONGEST_FILE = 500
LONGEST_FUNCTION = 60

# Each room and the rooms that it may import from. `errors` and the package's own name are open to all.
ROOMS: dict[str, set[str]] = {}
for _rooms, _below in (
    ({"graph"}, set()),
    ({"ops"}, {"graph"}),
    ({"distributions"}, {"graph", "ops"}),
    ({"logprob"}, {"graph", "ops", "distributions"}),
    ({"solvers"}, {"graph", "ops"}),
    ({"marginal"}, {"graph", "ops"}),
    ({"conjugacy"}, {"graph", "ops", "distributions", "marginal"}),
    ({"updates"}, {"graph", "ops", "marginal", "conjugacy"}),
    ({"rewrites"}, {"graph", "ops", "distributions", "solvers"}),
    ({"language"}, set()),
    ({"model"}, {"graph", "ops", "distributions", "logprob", "solvers", "marginal", "conjugacy", "rewrites",
                "language"}),
    ({"compiler"}, {"graph", "ops", "distributions", "logprob", "solvers", "rewrites", "model"}),
    ({"inference"}, {"compiler", "model"}),
    ({"storage"}, {"inference", "compiler", "model"}),
    ({"diagnostics"}, {"storage", "inference", "compiler", "model"}),
):
    for _room in _rooms:
        ROOMS[_room] = _below | {_room, "errors"}
TOP = {
    "cli",
    "pipeline",
    "__init__",
    "__main__",
    "api",
    "compound",
    "errors",
    "evaluation",
    "integration",
    "reparameterization",
    "results",
    "sampling",
}  # see all rooms, or none
# The primitive draws are the sampler's; kernels that draw at random reach them by address.
UPWARDS = {("compiler/link.py", "inference")}

# Where an import inside a function is the price of starting fast: the modules are slow to import and seldom needed.
LAZY = ("cli/", "storage/", "diagnostics/", "compiler/", "pipeline.py", "api.py", "__init__.py")
SLOW = {"scipy", "numba", "arviz_stats", "h5netcdf", "xarray", "difflib"}


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(tree: ast.AST) -> Iterator[tuple[ast.stmt, str]]:
    """Every imported module, with its statement; those for type checking only are left out."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            continue
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node, node.module or ""
        yield from imports(node)


def name(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


@pytest.mark.parametrize("path", FILES, ids=name)
def test_imports_run_downwards(path: Path) -> None:
    room = room_of(path)
    if room in TOP:
        return
    for node, module in imports(ast.parse(path.read_text())):
        first, *rest = module.split(".")
        if first == "ppl_cli" and rest:
            if (name(path), rest[0]) in UPWARDS:
                continue
            assert rest[0] in ROOMS[room], f"{name(path)}:{node.lineno}: {room} imports {rest[0]}"


@pytest.mark.parametrize("path", FILES, ids=name)
def test_imports_stand_at_the_top(path: Path) -> None:
    if name(path).startswith(LAZY):
        return
    tree = ast.parse(path.read_text())
    for function in ast.walk(tree):
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
            for node, module in imports(function):
                assert module.split(".")[0] in SLOW, f"{name(path)}:{node.lineno}: {module} is imported in a function"


@pytest.mark.parametrize("path", FILES, ids=name)
def test_files_and_functions_are_short(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= LONGEST_FILE, "a noun is missing"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= LONGEST_FUNCTION, f"{node.name} has {length} lines"


@pytest.mark.parametrize("path", [p for p in FILES if p.stat().st_size], ids=name)
def test_modules_say_what_they_are_for(path: Path) -> None:
    docstring = ast.get_docstring(ast.parse(path.read_text()))
    assert docstring, "no docstring"
