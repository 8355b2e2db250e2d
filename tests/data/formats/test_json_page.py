"""The examples of docs/reference/json.md are what it says they are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "json.md"
EXAMPLES = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
TAGS = [
    ["O O B-music_item O B-playlist_owner B-playlist I-playlist O"],
    ["B-playlist I-playlist O"],
    ["O O B-music_item O O B-playlist I-playlist O O", "O O B-music_item O"],
    ["O O B-music_item O"],
]


@pytest.mark.parametrize(("example", "tags"), list(zip(EXAMPLES, TAGS, strict=True)))
def test_example(read, example, tags):
    name, text = example
    reading = read(text)
    assert reading.format == name
    column = reading.target()
    assert [" ".join(s.columns[column]) for s in reading if s.words] == tags
