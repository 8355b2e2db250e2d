"""Imports point one way, and the heavy packages wait until they are needed."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from importlib.util import find_spec
from pathlib import Path

import pytest

LEVELS = [
    {"errors", "_typing", "compression", "display", "encodings", "limits", "stopping"},
    {
        "affixes",
        "config",
        "files",
        "kernels",
        "model",
        "randomness",
        "scores",
        "sentence",
        "settings",
        "significance",
        "threads",
        "trees",
    }
    | {"validation", "windows"},
    {
        "batching",
        "brackets",
        "chunks",
        "classification",
        "comparison",
        "conll18",
        "conlleval",
        "conllu_words",
        "constraints",
        "decoders",
        "features",
        "formats",
        "grams",
        "layers",
        "lemmas",
        "metrics",
        "optimizers",
        "parsing",
        "paths",
        "pooling",
        "schedule",
        "schemes",
        "shapes",
        "seqeval",
        "spans",
        "storage",
        "tutorial",
        "vectors",
        "vocabulary",
    },
    {
        "automatic",
        "baselines",
        "characters",
        "checks",
        "conversion",
        "drawing",
        "encoder",
        "exercise",
        "heads",
        "lexicon",
        "model_file",
        "network",
        "network_record",
        "ngrams",
        "odd_tags",
        "tasks",
    },
    {
        "backwards",
        "budget",
        "calibration",
        "corpus",
        "doctor",
        "gradients",
        "lag_curves",
        "lanes",
        "learning",
        "logistic",
        "networks",
        "outputs",
        "rate_finder",
        "reader",
        "recurrent",
        "replies",
        "runs",
        "states",
        "stream",
        "tape",
        "trainer",
    },
    {
        "compared",
        "confidence",
        "curve",
        "demo",
        "encoded",
        "endless",
        "error_analysis",
        "language",
        "light",
        "loading",
        "memory",
        "pipeline",
        "plots",
        "regression",
        "untagged",
        "segmenter",
        "state_plots",
        "tagger",
        "task_models",
        "training",
        "watch",
    },
    {"cli"},
    {"__main__"},
]
"""As DESIGN.md has them. A module imports from its own level or from lower ones, and never in a circle."""

LEVEL = {name: level for level, names in enumerate(LEVELS) for name in names}
FOR_CLI = {"cli", "tagger", "training", "formats", "metrics", "config", "errors", "checks", "tutorial", "exercise"}
FOR_CLI |= {"confidence", "conversion", "corpus", "curve", "demo", "doctor", "encodings"}
FOR_CLI |= {"error_analysis", "files", "kernels"}
FOR_CLI |= {"brackets", "classification", "comparison", "conll18", "conlleval", "scores", "seqeval", "trees"}
FOR_CLI |= {"gradients", "layers", "odd_tags", "states", "state_plots", "watch", "windows", "lag_curves", "limits"}
FOR_CLI |= {"stopping", "threads"}
FOR_CLI |= {"display", "language", "stream"}  # types
FOR_CLI |= {"light", "loading", "memory", "plots", "regression", "sentence", "trainer"}  # types


def package() -> Path:
    spec = find_spec("elman")
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).parent


def sources() -> list[Path]:
    return sorted(path.relative_to(package()) for path in package().rglob("*.py"))


def module(path: Path) -> str:
    """The module of the table that a file belongs to: ``formats/columns.py`` to ``formats``."""
    return path.parts[0].removesuffix(".py")


def imported(path: Path) -> Iterator[str]:
    """The modules of the table that a file imports, wherever in it the import stands."""
    for node in ast.walk(ast.parse((package() / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: a relative import"
            names = [node.module or ""]
            if node.module == "elman":
                names = [f"elman.{alias.name}" for alias in node.names if alias.name != "__version__"]
        else:
            continue
        for name in names:
            top, _, rest = name.partition(".")
            if top == "elman":
                assert rest, f"{path}:{node.lineno}: imports the package itself"
                yield rest.partition(".")[0]


SOURCES = [path for path in sources() if path != Path("__init__.py")]


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_imports_point_one_way(path: Path) -> None:
    me = module(path)
    assert me in LEVEL, f"{path}: not in the table of levels"
    for other in imported(path):
        assert other in LEVEL, f"{path} imports {other}, which is not in the table of levels"
        assert LEVEL[other] <= LEVEL[me], f"{path} (level {LEVEL[me]}) imports {other} (level {LEVEL[other]})"


def test_no_circles() -> None:
    graph: dict[str, set[str]] = {}
    for path in SOURCES:
        graph.setdefault(module(path), set()).update(set(imported(path)) - {module(path)})
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle


def test_the_command_line_imports_the_front_door_only() -> None:
    for path in SOURCES:
        if module(path) == "cli":
            assert set(imported(path)) <= FOR_CLI, path


def test_the_package_itself_imports_nothing() -> None:
    """Its names are loaded when they are used; what type checkers see is the only import there is."""
    tree = ast.parse((package() / "__init__.py").read_text(encoding="utf-8"))
    imports = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    assert [ast.unparse(node) for node in imports] == ["from __future__ import annotations"]


def test_the_table_is_that_of_the_design() -> None:
    text = (Path(__file__).parents[1] / "DESIGN.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d) \| (.+) \|$", text, flags=re.MULTILINE)
    assert len(rows) == len(LEVELS) - 1
    for number, row in rows:
        names = re.findall(r"`(\w+)`", re.sub(r"\(.*?\)", "", row))
        assert names and set(names) <= LEVELS[int(number)]


@pytest.mark.parametrize("name", ["elman", "elman.cli", "elman.errors", "elman.config", "elman.data.sentence"])
def test_heavy_packages_wait(name: str) -> None:
    code = f"import {name}, sys; print(*sorted({{'matplotlib', 'numpy', 'rich', 'safetensors'}} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
