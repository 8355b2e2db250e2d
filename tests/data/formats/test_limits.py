"""What would take time or memory without end is refused, in every format."""

from __future__ import annotations

from importlib import import_module

import pytest

from elman.data.formats import columns, conllu, csv_reader, read_sentences, reader, registry, sniff
from elman.data.formats.csv_rows import is_list
from elman.errors import DataError


@pytest.mark.parametrize(
    ("format", "text"),
    [
        ("columns", "a X\n" * 60),
        ("columns", "# comment\n" * 60),
        ("conllu", "# comment\n" * 60),
        ("conllu", "".join(f"{i}\ta" + "\t_" * 8 + "\n" for i in range(1, 61))),
        ("conllup", "# global.columns = FORM UPOS\n" + "a\tX\n" * 60),
        ("csv", "word,tag\n" + "a,X\n" * 60),
        ("tsv", "word\ttag\n" + "a\tX\n" * 60),
    ],
)
def test_lines_of_a_sentence(format, text, tmp_path, monkeypatch):
    for module in (columns, conllu, csv_reader):
        monkeypatch.setattr(module, "SENTENCE", 50)
    (tmp_path / "f").write_text(text)
    with pytest.raises(DataError, match=r"/f:5\d: a sentence of more than .* lines: is a blank line missing\?"):
        list(read_sentences(str(tmp_path / "f"), format=format))


@pytest.mark.parametrize(
    ("format", "text"),
    [
        ("columns", "a" + "\tX" * 1_000 + "\n"),
        ("columns", "a" + " X" * 1_000 + "\n"),
        ("conllup", "# global.columns = FORM" + "".join(f" C{i}" for i in range(1_000)) + "\n"),
        ("csv", "word" + ",a" * 1_000 + "\n"),
        ("tsv", "word" + "\ta" * 1_000 + "\n"),
    ],
)
def test_columns_of_a_table(format, text, tmp_path):
    (tmp_path / "f").write_text(text)
    with pytest.raises(DataError, match=r"/f:1: expected at most 1,000 columns, found 1,001$"):
        list(read_sentences(str(tmp_path / "f"), format=format))


def test_long_lists_of_numbers_in_a_table():
    assert is_list("[1, 2]", of_texts=False) and is_list("[12]", of_texts=False) and is_list("[+1 ]", of_texts=False)
    assert not is_list("[1]", of_texts=False) and not is_list("[..1]", of_texts=False)
    assert not is_list("[" + "1" * 200_000 + "x]", of_texts=False)


@pytest.mark.parametrize(
    "unit", ["\x85", "(", "( ", "(\x85", "_", "\t", '"', '""', "\\", "a_", "[", "{", ",", ";", "1"]
)
@pytest.mark.parametrize("start", ["", "(a", '["'])
def test_a_long_line_is_read_in_its_time(start, unit, tmp_path):
    """Time that grows with the square of the length would be hours here."""
    (tmp_path / "f").write_text(start + unit * 100_000 + "x(")
    for format in (None, *registry.INPUTS):
        try:
            list(read_sentences(str(tmp_path / "f"), format=format))
        except DataError as error:
            assert len(str(error)) < 1_100


def test_all_formats_are_tried_on_short_lines_alone(monkeypatch):
    lines = ["a|X b|Y\n", "c|X\n"]
    with pytest.raises(DataError, match=r"pass --format word_tag:separator=\|"):
        sniff(lines, labelled=True)
    monkeypatch.setattr(import_module("elman.data.formats.sniff"), "_MOST_READ", 10)
    with pytest.raises(DataError, match="no format that holds tags has such lines"):
        sniff(lines, labelled=True)


@pytest.mark.parametrize("before", [0, 100_000])
def test_lines_of_text_are_shorter_than_records(before, tmp_path, monkeypatch):
    for module in (reader, import_module("elman.data.formats.sniff")):
        monkeypatch.setattr(module, "LINE_OF_TEXT", 1_000_000)
    text = "a b\n" * before + "a" * 2_000_000 + "\n"
    (tmp_path / "f").write_text(text)
    for format in ("text", None) if before else ("text", "columns"):
        with pytest.raises(DataError, match=f"/f:{before + 1}: more than 1,000,000 characters in a line"):
            list(read_sentences(str(tmp_path / "f"), format=format, labelled=False))
    (tmp_path / "f").write_text('{"tokens": ["' + "a" * 2_000_000 + '"]}\n')
    assert len(list(read_sentences(str(tmp_path / "f"), format="jsonl", labelled=False))) == 1
