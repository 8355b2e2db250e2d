"""The tables of ``elman evaluate``."""

from __future__ import annotations

import re

import pytest

from elman.cli.reports import scores
from elman.evaluation.tagging import evaluate
from elman.utils.text_width import cells

LONG = [f"{'StreetName' * 4}{kind}Directional" for kind in ("Pre", "Post")]


@pytest.mark.parametrize("columns", ["60", "80", "200"])
def test_tags_are_told_apart_and_columns_aligned(columns: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    tags = [*LONG, "地名", "กริยา"]
    text = re.sub(r"\x1b\[\d+m", "", scores.report(evaluate([tags], [[*tags[1:], tags[0]]])))
    classes, confusions = text.split("\n\n")[1:3]
    for table in (classes, confusions):
        rows = table.splitlines()[1:]
        assert len(rows) == 4 and len({cells(row) for row in rows}) == 1
        assert len({row.split()[0] for row in rows}) == 4
    assert all(tag in text for tag in LONG) or columns != "200"
