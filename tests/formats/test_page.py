"""The examples of docs/formats.md are in the formats they say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "formats.md"
EXAMPLES = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize(("name", "text"), EXAMPLES)
def test_example(read, name, text):
    reading = read(text, labelled=name != "text")
    assert reading.format == name
    column = reading.target()
    sentences = [s for s in reading if s.words]
    assert sentences
    assert name == "text" or all(len(s.columns[column]) == len(s) for s in sentences)


def test_every_format_that_is_read_has_an_example():
    assert {name for name, _ in EXAMPLES} == {"text", "word_tag", "columns", "conllu"}
