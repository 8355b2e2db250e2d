"""What CONTRIBUTING.md names is there: files, folders, functions, make targets; and it says what DESIGN.md says."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
WORDS = " ".join(TEXT.split())
CODE = re.findall(r"`([^`]+)`", WORDS)
MADE = {".venv", "build/"}
"""Folders that the targets make."""


def paths() -> list[str]:
    """Return all that looks like a path, in code and in links."""
    words = [word for code in CODE for word in code.removeprefix("make test TESTS=").split()]
    words += re.findall(r"\]\(([^)#]+)\)", TEXT)
    return [word for word in words if re.search(r"/|^\.|\.(md|py|pyi|yml|def|hpp)$", word) and word not in MADE]


def test_it_is_short() -> None:
    assert len(TEXT.splitlines()) <= 120


def test_files_and_folders_are_there() -> None:
    below = {"__init__.py": "src/elman/kernels/reference", "kernels.hpp": "src/elman/kernels/native"}
    named = {f"{below[path]}/{path}" if path in below else path for path in paths()}
    assert len(named) > 50
    assert sorted(path for path in named if not (ROOT / path).exists()) == []


def test_every_folder_of_the_package_is_there() -> None:
    folders = {path.parent.name for path in (ROOT / "src" / "elman").glob("*/__init__.py")}
    assert {name for name in folders if f"`src/elman/{name}`" not in TEXT} == set()


def test_make_targets_are_there() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    named = {code.split()[1] for code in CODE if code.startswith("make ")}
    assert len(named) > 10 and named <= targets


FUNCTIONS = {
    "elman.data.formats.word_tag": "HOLDS read target write",
    "elman.data.formats.parquet": "writer",
    "elman.data.formats.registry": "_READ_AND_WRITTEN INPUTS OUTPUTS WRITERS",
    "elman.errors": "DataError",
    "elman.taggers.train_encoded": "train",
    "elman.taggers.base": "Predictor",
    "elman.nn.cells.lstm": "layer activations state_gradients",
}


@pytest.mark.parametrize("module", FUNCTIONS)
def test_functions_are_there(module: str) -> None:
    for name in FUNCTIONS[module].split():
        assert hasattr(import_module(module), name)


def test_no_function_is_named_that_is_not_looked_for() -> None:
    known = {name for names in FUNCTIONS.values() for name in names.split()} | {"train(request)", "from_record"}
    known |= {"native", "reference", "load", "cell"}
    named = {code for code in CODE if re.fullmatch(r"\w+(\(\w+\))?", code)}
    assert named <= known
    assert hasattr(import_module("elman.taggers.base").Predictor, "from_record")


def test_each_thing_to_add_is_in_the_design_too() -> None:
    design = (ROOT / "DESIGN.md").read_text(encoding="utf-8")
    for thing in ("A format", "A task", "A cell", "A command"):
        assert f"**{thing}" in TEXT and f"**{thing}" in design
