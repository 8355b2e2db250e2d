"""The README's table of numbers: made of its result, and marked where the machine was busy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import readme_numbers
from harness.measure import figure
from harness.results import numbers
from peers import taggers

Cells = Callable[..., list[str]]


def part(busy: bool = False, **figures: Any) -> dict[str, Any]:
    about = {"busy": busy, "machine": {"processor": "a processor"}, "versions": {"python": "3.11"}}
    return {"about": about, **figures}


TRAINED = {"library": "elman 1", "accuracy": 0.956, "cpu_seconds": 41.6, "model_mb": 5.04}


def test_the_table_in_the_readme_is_made_of_the_result() -> None:
    assert numbers(readme_numbers.PAGE) == readme_numbers.block(readme_numbers.kept()), (
        "write it with readme_numbers.py --page"
    )


def test_figures_and_marks(cells: Cells) -> None:
    speed = part(busy=True, rate=figure([3e5, 2e5, 4e5], "words/s"))
    tools = {"elman": {"train": part(**TRAINED), "speed": speed}}
    text = readme_numbers.block({"tools": tools})
    assert cells(text, "**elman**") == ["95.60", "42", "300,000\\*", "5.0", "not measured yet", "not measured yet"]
    assert "(elman 1; " in text and "| 96.20 |" in text and "Other processes used the machine" in text
    tools["elman"]["speed"]["about"]["busy"] = False
    assert "Other processes used the machine" not in readme_numbers.block({"tools": tools})


def test_a_part_replaces_its_own_figures_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readme_numbers, "RESULT", tmp_path / "result.json")
    readme_numbers.keep("install", {"spaCy": part(installed_mb=200.0, seconds=20.0)})
    readme_numbers.keep("train", {"elman": part(**TRAINED), "spaCy": part(**TRAINED)})
    readme_numbers.keep("train", {"spaCy": part(**TRAINED | {"accuracy": 0.9})})
    tools = readme_numbers.kept()["tools"]
    assert list(tools) == ["elman", "spaCy"] and tools["spaCy"].keys() == {"install", "train"}
    assert tools["spaCy"]["train"]["accuracy"] == 0.9
    assert tools["spaCy"]["train"]["command"] == "make readme-numbers OPTIONS='--only train'"


def test_elman_is_trained_and_tags_as_the_others(small_text: Path) -> None:
    class Small(taggers.Elman):
        library = "numpy"  # of which there is a version even where elman is not installed
        settings = {"preset": "default", "seed": 1, "settings": {"epochs": 1, "hidden": 4}}

    made = taggers.trained(Small(), small_text / "peer", again=False)
    assert made["kept"] is False and 0 <= made["accuracy"] <= 1 and made["model_mb"] > 0 and made["cpu_seconds"] > 0
    assert taggers.trained(Small(), small_text / "peer", again=False)["kept"] is True
    lines, out = small_text / "lines", small_text / "out"
    lines.write_text("Cats sleep\nThe dogs bark .\n")
    assert taggers.tag_file(Small(), small_text / "peer" / "model", lines, out)["seconds"] > 0
    words = [[cell.rpartition("_")[0] for cell in line.split(" ")] for line in out.read_text().splitlines()]
    assert words == [["Cats", "sleep"], ["The", "dogs", "bark", "."]]
