"""The registry, and what holds for every format."""

from __future__ import annotations

import pytest

from elman.errors import ConfigError, DataError
from elman.formats import (
    COLUMN_FORMATS,
    CONFIDENCE_FORMATS,
    INPUT_FORMATS,
    OUTPUT_FORMATS,
    check_output,
    column_names,
    default_output,
    read_sentences,
    write_sentence,
)
from elman.sentence import Sentence


def test_names():
    assert INPUT_FORMATS == ("word_tag", "columns", "conllu", "text")
    assert OUTPUT_FORMATS == ("word_tag", "tags", "columns", "conllu", "jsonl")
    assert [default_output(name) for name in INPUT_FORMATS] == ["word_tag", "columns", "conllu", "word_tag"]


@pytest.mark.parametrize("name", ["tags", "jsonl"])
def test_output_formats_are_not_read(read, name):
    with pytest.raises(ConfigError, match=f"format: '{name}' is written, not read; expected word_tag or columns or"):
        read("", format=name)


def test_unknown_formats(read):
    with pytest.raises(
        ConfigError, match="format: 'xml' does not exist; expected word_tag or columns or conllu or text"
    ):
        read("", format="xml")
    with pytest.raises(ConfigError, match="format: 'text' is not written; expected word_tag or tags or"):
        check_output("text")


@pytest.mark.parametrize("name", OUTPUT_FORMATS)
def test_confidences(name):
    options = {"format": name, "confidences": [0.25, 0.5]}
    sentence = Sentence(("a", "b"))
    if name in CONFIDENCE_FORMATS:
        check_output(name, confidences=True)
        assert "0.25" in write_sentence(sentence, {"tag": ("X", "Y")}, **options)
    else:
        with pytest.raises(ConfigError, match="cannot hold confidences; columns, conllu, jsonl can"):
            write_sentence(sentence, {"tag": ("X", "Y")}, **options)


@pytest.mark.parametrize("name", OUTPUT_FORMATS)
def test_several_columns(name):
    sentence, tags = Sentence(("a", "b")), {"upos": ("X", "Y"), "feats": ("1", "2")}
    if name in COLUMN_FORMATS:
        check_output(name, columns=2)
        text = write_sentence(sentence, tags, format=name)
        assert 0 < text.index("X") < text.index("1", text.index("X"))
    else:
        with pytest.raises(
            ConfigError, match=f"{name} holds one tag a word, got 2 columns; columns, conllu, jsonl hold"
        ):
            write_sentence(sentence, tags, format=name)


def test_column_names():
    assert column_names(None) is None
    assert column_names("upos") == ("upos",)
    assert column_names(" upos, -1 ") == ("upos", "-1")
    assert column_names(["a,b", "c"]) == ("a,b", "c")
    for names in ("", "a,", ",", [], ["a", ""]):
        with pytest.raises(ConfigError, match="^target: expected names of columns, with commas between them, got "):
            column_names(names)


def test_targets_of_a_file(read):
    reading = read("a\tX\tO\nb\tY\t\n", format="columns")
    assert reading.targets() == ("3",)
    assert reading.targets(["2", "-1"]) == ("2", "3")
    with pytest.raises(DataError, match="file:2: no tag: column 3 is empty$"):
        list(reading)
    with pytest.raises(ConfigError, match="column 3 is named twice; name each column once$"):
        reading.targets(["3", "-1"])


@pytest.mark.parametrize(
    ("text", "format", "why"),
    [
        ("a_X\n", None, "a token word_TAG at the start in the first line"),
        ("a_X\n", "word_tag", "as asked for"),
        ("a X\n", "columns", "as asked for (2 columns separated by spaces)"),
        ("1\ta\tX\n2\tb\tX\n", None, "a tab in 2 of the first 2 lines (3 columns separated by tabs; column 1 counts "),
        ("a\n", "columns", "as asked for (1 column separated by spaces)"),
        ("", None, "no line with a word in it"),
    ],
)
def test_why(read, text, format, why):
    assert read(text, format=format).why.startswith(why)


@pytest.mark.parametrize("labelled", [True, False])
def test_an_empty_file_is_no_error_here(read, labelled):
    for text in ("", "\n\n"):
        reading = read(text, labelled=labelled)
        reading.target()
        assert all(not s.words for s in reading)


def test_every_real_file_comes_back(shared_data):
    names = ["wiki-en-test.norm", "wiki-en-test.pos", "wiki-ja-test.word_pos", "titles-en-test.labeled"]
    for file in [shared_data / "tutorial/data" / name for name in names]:
        reading = read_sentences(str(file), labelled=False)
        assert "".join("".join(s.lines) for s in reading).encode() == file.read_bytes()


def test_latin_1(shared_data):
    file = str(shared_data / "other/cls_trec_qc/train.txt")
    with pytest.raises(Exception, match=r"train\.txt:66: byte 0xF0 at offset 3695 is not utf-8"):
        list(read_sentences(file, labelled=False))
    assert sum(1 for _ in read_sentences(file, labelled=False, encoding="latin-1")) == 5452
