"""The benchmark of learning from corrections: its parts on a few sentences, and the page made of their rows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.helpers.made_up import two_columns

from cases import learn_data, learn_page, learn_parts
from cases.learn_data import Text

ROWS = enumerate(two_columns(120, seed=3))
TEXTS = [Text(tuple(words), tuple(tags[:-1]) + ("AB"[i % 3 == 0],), "ab"[i % 2]) for i, (words, tags, _) in ROWS]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(learn_data, "MODELS", tmp_path)
    monkeypatch.setattr(learn_parts, "read", lambda name, split: TEXTS[: 90 if split == "train" else 30])
    monkeypatch.setattr(learn_parts, "HELD_OUT", 5)
    monkeypatch.setattr(learn_parts, "ALONE", 5)
    monkeypatch.setattr(learn_page, "PAGE", tmp_path / "page.md")


def test_a_row_of_each_part_and_the_page(small: None, cells: Callable[..., list[str]]) -> None:
    rows: list[dict[str, Any]] = [
        {"part": "snips", "case": "a"} | learn_parts.new_part("wiki-en", "a", 1, "fast"),
        {"part": "stream", "case": "x"} | learn_parts.one_by_one("wiki-en", 3, 3, 1, "fast"),
        {"part": "alone", "case": "x"} | learn_parts.alone("wiki-en", 2, 1, "fast"),
        {"part": "annotator", "case": "x uncertain"} | learn_parts.annotator("wiki-en", "uncertain", 1, "fast"),
        {"part": "annotator", "case": "x random"} | learn_parts.annotator("wiki-en", "random", 1, "fast"),
    ]
    assert rows[0]["scores"]["patch"]["parts"].keys() == {"b"}
    assert rows[1]["right"][0] <= rows[1]["right"][1] and rows[1]["later"] == [0, 0]
    assert (rows[2]["corrections"], rows[2]["sentences"], rows[2]["networks"]) == (2, 85, 1)
    assert 0 < rows[2]["seconds"] <= rows[2]["slowest"]
    learn_page.write([row | {"seed": 1, "preset": "fast"} for row in rows])
    page = learn_page.PAGE.read_text(encoding="utf-8")
    assert cells(page, "annotator", "x uncertain") == ["fast", "1"]
    assert cells(page, "corrections, networks") == ["2, 1"]
    assert "not measured yet" in page and learn_page.PAGE.with_suffix(".svg").exists()
