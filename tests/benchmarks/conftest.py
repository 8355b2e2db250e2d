"""Makes the benchmarks importable: they are scripts that import each other."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

TEXT = [(["The", "dogs", "bark", "."], ["DET", "NOUN", "VERB", "PUNCT"]), (["Cats", "sleep"], ["NOUN", "VERB"])]


@pytest.fixture
def run() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a script of the benchmarks."""

    def run(script: str, *arguments: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(BENCHMARKS / script), *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)

    return run


@pytest.fixture
def cells() -> Callable[..., list[str]]:
    """Return the cells of the first row of a page's tables that begins with the given cells, without these."""

    def cells(page: str, *begins: str) -> list[str]:
        rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in page.splitlines())
        return next(row for row in rows if row[: len(begins)] == list(begins))[len(begins) :]

    return cells


@pytest.fixture
def small_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Replace EWT by two sentences; files go to the folder returned."""
    from cases import text

    monkeypatch.setattr(text, "sentences", lambda split: TEXT)
    monkeypatch.setattr(text, "WORK", tmp_path)
    return tmp_path
