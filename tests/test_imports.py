"""Imports point one way between folders, and the heavy packages wait until they are needed."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from importlib.util import find_spec
from pathlib import Path

import pytest

ARROWS = """
cli -> viz -> analysis -> taggers -> training -> models -> features -> nn -> kernels
taggers, models, training, features, tasks, analysis -> data
taggers, analysis -> evaluation -> data
taggers -> tasks -> nn, kernels
data -> kernels, utils
cli -> server -> learn, analysis, taggers, data
cli -> tutorial -> utils
cli -> integrations -> taggers
cli -> scale -> learn, taggers
cli, viz -> learn -> analysis, taggers, evaluation
"""
"""An arrow allows all that its right-hand side may import; DESIGN.md shows these lines."""
ANYWHERE = {"config", "settings", "errors", "utils"}
FLAT = {"metrics": "evaluation", "comparison": "evaluation", "sklearn": "integrations"}
"""Re-exports of a few lines beside the folders, and what they import."""


def allowed() -> dict[str, set[str]]:
    """Everything that each folder may import."""
    direct: dict[str, set[str]] = {}
    for line in ARROWS.split("\n"):
        stops = [{name.strip() for name in stop.split(",")} for stop in line.split("->") if stop.strip()]
        for left, right in zip(stops, stops[1:], strict=False):
            for name in left:
                direct.setdefault(name, set()).update(right)
    reach: dict[str, set[str]] = {}
    for name in TopologicalSorter(direct).static_order():  # raises CycleError, which names the circle
        below = direct.get(name, set())
        reach[name] = {name} | below.union(*(reach[other] for other in below))
    return reach


def package() -> Path:
    spec = find_spec("elman")
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).parent


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """The modules of elman that a file imports or names in a string, wherever in it: (line, dotted name)."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: a relative import"
            if node.module == "elman":
                yield from ((node.lineno, f"elman.{alias.name}") for alias in node.names if alias.name != "__version__")
            else:
                yield node.lineno, node.module or ""
        elif isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("elman."):
            if all(map(str.isidentifier, node.value.split(":")[0].split("."))):
                yield node.lineno, node.value.split(":")[0]


FOLDERS = sorted(path for path in package().iterdir() if path.is_dir() and path.name != "__pycache__")


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_imports_point_one_way(folder: Path) -> None:
    may = allowed()[folder.name] | ANYWHERE if folder.name != "utils" else {"utils", "errors"}
    for path in folder.rglob("*.py"):
        for line, name in imported(path):
            top, _, rest = name.partition(".")
            if top == "elman" and rest:
                assert rest.split(".")[0] in may, f"{path}:{line}: {folder.name} may not import {name}"


def test_no_file_lies_beside_the_folders() -> None:
    flat = {path.stem for path in package().glob("*.py")}
    assert flat == {"__init__", "__main__", "config", "settings", "errors"} | set(FLAT)
    for name, home in FLAT.items():
        assert {found.split(".")[1] for _, found in imported(package() / f"{name}.py")} == {home}


def test_the_rule_is_that_of_the_design() -> None:
    text = (Path(__file__).parents[1] / "DESIGN.md").read_text(encoding="utf-8")
    for line in filter(None, ARROWS.split("\n")):
        assert f"    {line}\n" in text


def test_the_package_itself_imports_nothing() -> None:
    """Its names are loaded when they are used; what type checkers see is the only import there is."""
    tree = ast.parse((package() / "__init__.py").read_text(encoding="utf-8"))
    imports = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    assert [ast.unparse(node) for node in imports] == ["from __future__ import annotations"]


LIGHT = ["elman", "elman.cli", "elman.errors", "elman.config", "elman.data.sentence", "elman.integrations"]
LIGHT += ["elman.learn"]


@pytest.mark.parametrize("name", LIGHT)
def test_heavy_packages_wait(name: str) -> None:
    heavy = {"matplotlib", "numpy", "safetensors", "sklearn", "tqdm"}
    code = f"import {name}, sys; print(*sorted({heavy} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
