"""The README says what elman is where a reader looks first."""

from __future__ import annotations

from pathlib import Path

README = (Path(__file__).resolve().parents[1] / "README.md").read_text(encoding="utf-8")
SCREEN = README.splitlines()[:40]


def test_the_first_screen_fits_100_columns() -> None:
    assert [line for line in SCREEN if len(line) > 100] == []


def test_the_first_screen_names_the_tasks_and_the_first_commands() -> None:
    words = " ".join(" ".join(SCREEN).split())
    tasks = (
        "part-of-speech tagging, named entity recognition, text classification, tokenization, sentence segmentation, "
        "lemmatization and dependency parsing"
    )
    for text in (tasks, "make demo", "make test", "Linux", "macOS", "Windows", "pip install .", "elman train"):
        assert text in words
    assert "## When not to use elman" in README
