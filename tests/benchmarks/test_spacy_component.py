"""The comparison with spaCy's own components: made of its result, and marked where the machine was busy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import spacy_component
from harness.measure import figure
from harness.results import numbers

Cells = Callable[..., list[str]]
EWT = "XPOS of English EWT (accuracy)"


def part(busy: bool = False, **tools: Any) -> dict[str, Any]:
    about = {"busy": busy, "machine": {"processor": "a processor"}, "versions": {"python": "3.11", "spacy": "3.8"}}
    return {"about": about, "tools": {name.replace("_", ", "): own for name, own in tools.items()}}


def test_the_table_in_the_guide_is_made_of_the_result() -> None:
    block = spacy_component.block(spacy_component.kept())
    assert numbers(spacy_component.PAGE) == block, "write it with spacy_component.py --page"


def test_figures_and_marks(cells: Cells) -> None:
    trained = {"score": 0.9512, "mb": 5.04, "cpu_seconds": 41.6}
    rate = {"rate": figure([3e5, 2e5, 4e5], "words/s")}
    speed = part(busy=True, spaCy=rate, elman=rate) | {}
    speed["tools"][spacy_component.FAST] = rate
    result = {"sets": {"ewt": {"train": part(spaCy=trained, elman=trained), "speed": speed}}}
    text = spacy_component.block(result)
    assert cells(text, EWT, "elman") == ["95.12", "300,000\\*", "5.0", "42"]
    assert cells(text, EWT, spacy_component.FAST) == ["", "300,000\\*", "", ""]
    assert "a processor; spaCy 3.8, Python 3.11" in text and "Other processes used the machine" in text
    speed["about"]["busy"] = False
    assert "Other processes used the machine" not in spacy_component.block(result)


def test_without_results_nothing_is_claimed(cells: Cells) -> None:
    assert cells(spacy_component.block({"sets": {}}), "not measured yet") == [""] * 5
    only = spacy_component.block({"sets": {"ewt": {"speed": part(spaCy={"rate": figure([1.0], "words/s")})}}})
    assert cells(only, EWT, "spaCy") == ["not measured yet", "1", "not measured yet", "not measured yet"]


def test_a_part_replaces_its_own_figures_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spacy_component, "RESULT", tmp_path / "result.json")
    for name, part_, own in (("wnut", "train", 1), ("ewt", "train", 2), ("ewt", "speed", 3), ("ewt", "train", 4)):
        spacy_component.keep(name, part_, {"own": own})
    assert spacy_component.kept()["sets"] == {
        "ewt": {"train": {"own": 4}, "speed": {"own": 3}},
        "wnut": {"train": {"own": 1}},
    }
    assert list(spacy_component.kept()["sets"]) == ["ewt", "wnut"]


def test_speeds_of_pipelines_that_are_not_trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spacy_component, "WORK", tmp_path)
    with pytest.raises(SystemExit, match=r"model-best: no such pipeline; make bench-spacy trains it"):
        spacy_component.speed_part("ewt")
