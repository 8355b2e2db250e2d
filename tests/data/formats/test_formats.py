"""The registry, and what holds for every format."""

from __future__ import annotations

import pytest

from elman.data.formats import (
    HOLDS,
    INPUT_FORMATS,
    OUTPUT_FORMATS,
    check_input,
    check_output,
    column_formats,
    column_names,
    confidence_formats,
    default_output,
    read_sentences,
    write_sentence,
)
from elman.data.sentence import Sentence
from elman.errors import ConfigError, DataError

TEXTS = ("label_text", "fasttext", "text")
BINARY = ("parquet", "spacy")
DRAWN = ("tree", "html")  # not to be read again: tests/viz/test_tree_formats.py
ONE_TAG = [name for name in OUTPUT_FORMATS if HOLDS[name].columns == 1]


def test_names():
    assert {"word_tag", "columns", "conllu", "conllup", "csv", "tsv", "jsonl", "trees", "text"} < set(INPUT_FORMATS)
    assert {*INPUT_FORMATS} < {*OUTPUT_FORMATS}
    assert "tags" in OUTPUT_FORMATS and "tags" not in INPUT_FORMATS
    own = {name for name in INPUT_FORMATS if default_output(name) == name}
    assert {*INPUT_FORMATS} - own == {*TEXTS}
    assert default_output("text") == "word_tag"
    assert default_output("fasttext") == default_output("label_text") == "columns"  # which holds the labels


def test_tags_are_not_read(read):
    with pytest.raises(ConfigError, match="format: 'tags' is written, not read; expected word_tag or columns or"):
        read("", format="tags")


def test_unknown_formats(read):
    with pytest.raises(ConfigError, match="format: 'xml' does not exist; expected word_tag or columns or conllu or"):
        read("", format="xml")
    with pytest.raises(ConfigError, match="format: 'xml' is not written; expected word_tag or tags or"):
        check_output("xml")
    with pytest.raises(ConfigError, match="format: text has no options, got 'a=b'; columns, csv"):
        check_input("text:a=b")


@pytest.mark.parametrize(
    ("name", "own"),
    [
        ("prodigy", "jsonl"),
        ("doccano", "jsonl"),
        ("JSON-lines", "jsonl"),
        ("label-studio", "json"),
        ("conll2003", "columns"),
        ("conll", "columns"),
        ("IOB2", "columns"),
        ("conll-u", "conllu"),
        ("brown", "word_tag:separator=/"),
        ("ptb", "trees"),
        ("tree", "trees"),
        ("label text", "label_text"),
        ("huggingface", "parquet"),
    ],
)
def test_names_of_other_programs(read, name, own):
    with pytest.raises(ConfigError, match=f"format: .*; such files are read as {own}: pass {own}$"):
        read("", format=name)
    check_input(own)


def test_names_of_other_programs_that_say_what_to_do():
    with pytest.raises(ConfigError, match=r"does not exist; \.\w+ files are not read; export CoNLL columns, or jsonl"):
        check_input("brat")
    with pytest.raises(
        ConfigError, match="'conll2003' is not written; such files are written as columns: pass columns"
    ):
        check_output("conll2003")
    with pytest.raises(ConfigError, match="'fooconll' is not written; expected word_tag or"):
        check_output("fooconll")


@pytest.mark.parametrize("name", [name for name in OUTPUT_FORMATS if name not in BINARY])
def test_confidences(name):
    options = {"format": name, "confidences": [0.25, 0.5]}
    sentence = Sentence(("a", "b"))
    if name in confidence_formats():
        check_output(name, confidences=True)
        assert "0.25" in write_sentence(sentence, {"tag": ("X", "Y")}, **options)
    else:
        with pytest.raises(ConfigError, match="cannot hold confidences; columns, conllu, .*jsonl"):
            write_sentence(sentence, {"tag": ("X", "Y")}, **options)


@pytest.mark.parametrize("name", [name for name in OUTPUT_FORMATS if name not in (*BINARY, *DRAWN)])
def test_several_columns(name):
    sentence, tags = Sentence(("a", "b")), {"upos": ("X", "Y"), "feats": ("1", "2")}
    if name in column_formats():
        check_output(name, columns=2)
        text = write_sentence(sentence, tags, format=name)
        assert 0 < text.index("X") < text.index("1", text.index("X"))
    else:
        many = "one tag a word" if name in ONE_TAG else "no tags of words"
        with pytest.raises(
            ConfigError, match=f"^{name} holds {many}, got 2 columns; columns, conllu, .* hold several$"
        ):
            write_sentence(sentence, tags, format=name)


def test_labels_of_sentences():
    check_output("conllu", labels=2)
    check_output("fasttext", columns=0, labels=1)
    with pytest.raises(ConfigError, match="^fasttext holds one label of a sentence, got 2; columns, conllu, .* can$"):
        check_output("fasttext", columns=0, labels=2)


def test_bytes_are_no_text():
    with pytest.raises(ConfigError, match="parquet is no text; open_writer writes whole files of it"):
        pytest.importorskip("pyarrow")
        write_sentence(Sentence(("a",)), {"tag": ("X",)}, format="parquet")


def test_targets_of_a_file(read):
    reading = read("a\tX\tO\nb\tY\t\n", format="columns")
    assert reading.targets() == ("3",)
    assert reading.targets(["2", "-1"]) == ("2", "3")
    with pytest.raises(DataError, match="file:2: no tag: column 3 is empty$"):
        list(reading)
    with pytest.raises(ConfigError, match="column 3 is named twice; name each column once$"):
        reading.targets(["3", "-1"])


def test_several_files_as_one(tmp_path):
    texts = {"a": "the_X\n", "b": "dog\tY\n\n", "c": "1\tit\t_\tZ" + "\t_" * 6 + "\n\n"}
    paths = []
    for name, text in texts.items():
        paths.append(str(tmp_path / name))
        (tmp_path / name).write_text(text)
    seen = []
    reading = read_sentences(paths, on_read=lambda one: seen.append(one.format))
    assert reading.path == f"{paths[0]} and 2 more" and reading.format == "word_tag"
    assert reading.targets() == ("tag",)
    assert [(s.words, s.columns["tag"], s.path) for s in reading if s.words] == [
        (("the",), ("X",), paths[0]),
        (("dog",), ("Y",), paths[1]),
        (("it",), ("Z",), paths[2]),
    ]
    assert seen == ["word_tag", "columns", "conllu"]
    (tmp_path / "d").write_text("it\n\n")
    broken = read_sentences([paths[0], str(tmp_path / "d")], format="word_tag")
    broken.targets()
    with pytest.raises(DataError, match="d:1: expected word_TAG, found 'it'"):
        list(broken)
    plain = read_sentences([str(tmp_path / "d")] * 2, format="text", labelled=False)
    assert plain.pieces(0) is None and [s.words for s in plain if s.words] == [("it",)] * 2


def test_labels_are_looked_for_without_losing_a_sentence(read):
    reading = read("# a = b\nx\tX\n\n" * 3, format="columns")
    assert reading.label_names() == ("a",) and reading.label_names() == ("a",)
    assert len([s for s in reading if s.words]) == 3


def test_column_names():
    assert column_names(None) is None
    assert column_names("upos") == ("upos",)
    assert column_names(" upos, -1 ") == ("upos", "-1")
    assert column_names(["a,b", "c"]) == ("a,b", "c")
    for names in ("", "a,", ",", [], ["a", ""]):
        with pytest.raises(ConfigError, match="^target: expected names of columns, with commas between them, got "):
            column_names(names)


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
