"""The errors, and what they say of packages that are not installed."""

from __future__ import annotations

from pathlib import Path

import pytest

import elman
import in_process
from elman.errors import INSTALL, how_to_install

SOURCES = Path(elman.__file__).parent


def test_every_hint_comes_from_the_constant() -> None:
    """No package index has elman; whoever takes the name there decides what `pip install elman` would run."""
    found = {
        str(path.relative_to(SOURCES))
        for path in SOURCES.rglob("*.py")
        if any(hint in path.read_text(encoding="utf-8") for hint in ("pip install", "elman["))
    }
    assert found == {"errors.py"}
    assert INSTALL.count("pip install '") == 2 and "elman[" not in INSTALL and "pip install 'elman" not in INSTALL
    assert how_to_install("plot").startswith("pip install '.[plot]' in elman's source folder")


def test_the_pages_say_the_same() -> None:
    root = Path(__file__).parents[1]
    pages = [root / "README.md", *(root / "docs").rglob("*.md")]
    hints = [line for page in pages for line in page.read_text(encoding="utf-8").splitlines() if "elman[" in line]
    assert all("--no-index" in hint for hint in hints)  # asks no index


def test_a_command_without_its_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("elman.viz.plots.find_spec", lambda name: None)
    done = in_process.run(["evaluate", "m", "g", "--plot", str(tmp_path / "p.png")], b"")
    message = f"elman: this needs the package matplotlib: {how_to_install('plot')}\n"
    assert (done.returncode, done.stderr.decode()) == (2, message)


def test_the_help_names_it_too() -> None:
    done = in_process.run(["demo", "--help"], b"")
    assert how_to_install("demo") in " ".join(done.stdout.decode().split())
