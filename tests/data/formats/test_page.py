"""The examples of docs/reference/formats.md are in the formats they say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from elman.data.formats import HOLDS, INPUT_FORMATS, OUTPUT_FORMATS

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "formats.md"
EXAMPLES = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize(("name", "text"), EXAMPLES)
def test_example(read, name, text):
    reading = read(text, labelled=name != "text")
    assert reading.format == name
    sentences = [s for s in reading if s.words]
    assert sentences
    if any(s.columns for s in sentences):
        column = read(text, labelled=name != "text").target()
        assert all(len(s.columns[column]) == len(s) for s in sentences)
    else:
        assert name == "text" or all(s.labels for s in sentences)


def test_every_format_has_an_example_or_a_page():
    page = PAGE.read_text(encoding="utf-8")
    on_another_page = {"jsonl", "json", "parquet", "spacy"}
    assert {name for name, _ in EXAMPLES} | on_another_page == set(INPUT_FORMATS)
    table = page.split("\n\n")[2]
    assert set(re.findall(r"`(\w+)`", "".join(line.split("|")[1] for line in table.splitlines()))) == (
        {*INPUT_FORMATS, *OUTPUT_FORMATS}
    )


def test_what_the_table_says():
    page = PAGE.read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in page.split("\n\n")[2].splitlines()[2:]]
    for names, _read, written, tags, labels, confidences, _what in rows:
        for name in re.findall(r"`(\w+)`", names):
            assert (name in OUTPUT_FORMATS) == (written == "yes")
            if name in OUTPUT_FORMATS:
                holds = HOLDS[name]
                assert (tags.rstrip(","), bool(confidences)) == (
                    {0: "", 1: "one"}.get(holds.columns, "any number"),
                    holds.confidences,
                )
                assert bool(labels) == bool(holds.labels)
