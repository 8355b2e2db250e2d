"""The scripts in packaging/ as modules, and a copy of what names the version."""

from __future__ import annotations

import importlib.util
import re
import shutil
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]
VERSIONED = ("pyproject.toml", "CITATION.cff", "CHANGELOG.md", "src/elman/__init__.py", "packaging/conda/recipe.yaml")


def script(name: str) -> ModuleType:
    """Return a script of packaging/, loaded from its file."""
    spec = importlib.util.spec_from_file_location(f"packaging_{name}", ROOT / "packaging" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def small_dist(folder: Path) -> Path:
    """Make a folder of two files, named as those of a release."""
    folder.mkdir()
    (folder / "small-1.0-py3-none-any.whl").write_bytes(b"wheel")
    (folder / "small-1.0.tar.gz").write_bytes(b"sources")
    return folder


def copied_tree(folder: Path) -> Path:
    """Copy the files that name the version into a folder, with a release of that version in the changelog."""
    for name in VERSIONED:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    version = script("release").project(folder)["version"]
    edit(folder / "CHANGELOG.md", r"^## \[Unreleased\]\n", f"## [Unreleased]\n\n## [{version}] - 2026-01-31\n")
    return folder


def edit(file: Path, pattern: str, replacement: str) -> None:
    """Replace the one match of a pattern in a file."""
    text, count = re.subn(pattern, lambda _: replacement, file.read_text(encoding="utf-8"), count=1, flags=re.MULTILINE)
    assert count == 1, f"{file}: {pattern}"
    file.write_text(text, encoding="utf-8")
