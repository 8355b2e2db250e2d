"""What a file is taken for, and why."""

from __future__ import annotations

import re

import pytest

from elman.data.formats import INPUT_FORMATS, ModelHints
from elman.data.formats.sniff import is_enough, sniff
from elman.data.formats.text_io import MAX_HEAD
from elman.errors import DataError

CONLLU = "1\ta" + "\t_" * 8 + "\n"


@pytest.mark.parametrize(
    ("text", "name", "why"),
    [
        ("a b\n", "text", "no tab in the first line"),
        ("", "text", "no line with a word in it"),
        ("\n\n", "text", "no line with a word in it"),
        ("# a title\n", "text", "no line with a word in it"),
        ("a_X\n", "text", "no tab in the first line"),
        ("a_X b_Y\n", "text", "no tab in the first line; if its words have tags, word_TAG, pass --format word_tag"),
        ("a X\nb Y\n", "text", "no tab in 2 of the first 2 lines"),
        ("a\tX\n", "columns", "a tab in the first line"),
        ("# c\n\n-DOCSTART-\na\tX\nb\tY\nb c\n", "columns", "a tab in 2 of the first 3 lines"),
        ("a b\nb\tc\nd\n", "text", "no tab in 2 of the first 3 lines"),
        ("a\tb\nc d\n", "text", "no tab in half of the first lines"),
        ("# c = d\n" + CONLLU, "conllu", "an ID and ten columns separated by tabs in the first line"),
        ("# c\na b\n", "text", "no tab in the first line"),
    ],
)
def test_text_to_tag(text, name, why):
    assert sniff(text.splitlines(keepends=True), labelled=False) == (name, why)


@pytest.mark.parametrize(
    ("text", "name", "why"),
    [
        ("", "columns", "no line with a word in it"),
        ("a_X b_Y\n\nc_Z\nbroken\n", "word_tag", "a token word_TAG at the start in 2 of the first 3 lines"),
        (" a_X\n", "word_tag", "a token word_TAG at the start in the first line"),
        ("a\tX\nb\n\nc\tY\n", "columns", "a tab in 2 of the first 3 lines"),
        (CONLLU + "2\tb\n" + CONLLU, "conllu", "an ID and ten columns separated by tabs in 2 of the first 3 lines"),
        ("a X Y\n\nb X Y\n", "columns", "blank lines, and 3 columns separated by spaces in 2 of the first 2 lines"),
        (
            "a_b X_Y\n\nc X\nd X\n",
            "columns",
            "blank lines, and 2 columns separated by spaces in 3 of the first 3 lines",
        ),
    ],
)
def test_labelled_text(text, name, why):
    assert sniff(text.splitlines(keepends=True), labelled=True) == (name, why)


@pytest.mark.parametrize(
    ("text", "formats"),
    [
        ("a b a\na c b\n", "columns or label_text"),
        ("plain words\n", "columns or label_text"),
        ("one two\na b c\n", "label_text"),
        ("a|X b|Y\nc|Z\n", "word_tag:separator=|"),
    ],
)
def test_nothing_to_be_seen_and_what_could_be_asked_for(text, formats):
    message = re.escape(f"; pass --format {formats}")
    with pytest.raises(DataError, match=f"^f: no tags to be seen in the first lines, the first is '.*'{message}$"):
        sniff(text.splitlines(keepends=True), labelled=True, path="f")


@pytest.mark.parametrize("text", ["a\nb\n\nc\n", "one two\n\nthree\n\na b c\n", "\x1f", "\x1c\x1d\n"])
def test_no_format_at_all(text):
    formats = ", ".join(name for name in INPUT_FORMATS if name != "text")
    with pytest.raises(DataError, match=f"^f: .*; no format that holds tags has such lines: {formats}$"):
        sniff(text.splitlines(keepends=True), labelled=True, path="f")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Wort;Art\nder;X\nHund;Y\n", "if it is CSV with the columns Wort, Art, say which: --format csv:word=NAME"),
        ("Wort,Art\nder,X\nHund,Y\n", "if it is CSV with the columns Wort, Art, say which: --format csv:word=NAME, or"),
        (
            "good film\tpos\nbad film\tneg\n",
            "several words, a tab and a label .* --format tsv:header=no,text=1",
        ),
    ],
)
def test_what_is_nearly_known_is_named(text, message):
    with pytest.raises(DataError, match=message):
        sniff(text.splitlines(keepends=True), labelled=True, path="f")


@pytest.mark.parametrize("labelled", [True, False])
@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("# global.columns = ID FORM\n", "conllup"),
        ('{"tokens": ["a"]}\n', "jsonl"),
        ('\n [\n{"text": "a"}]', "json"),
        ("(S (A b))\n", "trees"),
        ("Word;Tag\na;X\n", "csv"),
        ('"text","label"\na b,X\n', "csv"),
        ("word\ttag\na\tX\n", "tsv"),
    ],
)
def test_what_begins_as_nothing_else_does(text, name, labelled):
    assert sniff(text.splitlines(keepends=True), labelled=labelled)[0] == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("1\tX\n2\tY\n", "columns"),
        ("0\tX\n1\tY\n", "columns"),
        ("a b\tX\n\nc d\tY\n", "columns"),
        ("word\tO\nhere\tO\n", "columns"),
        ("New York\tsome where\nOld York\telse where\n", "columns"),
        ("word_X , tag\n", "word_tag"),
    ],
)
def test_what_is_not_taken_for_it(text, name):
    assert sniff(text.splitlines(keepends=True), labelled=True)[0] == name


def test_a_pipe_is_judged_by_its_first_sentence():
    assert not is_enough([], labelled=False)
    assert is_enough(["a b\n"], labelled=False)
    assert not is_enough(["# c\n", "\n", "a\tX\n", "\n"], labelled=False)
    assert is_enough(["a\tX\n", "b\tX\n", "\n"], labelled=False)
    assert not is_enough(["a X\n", "b X\n"], labelled=False, any_format=False)
    assert is_enough(["a X\n", "b X\n", "\n"], labelled=False, any_format=False)
    assert not is_enough(["a_X\n"] * (MAX_HEAD - 1), labelled=True)
    assert is_enough(["a_X\n"] * MAX_HEAD, labelled=True)
    assert is_enough(["\n"] * MAX_HEAD, labelled=False)


def test_a_pipe_is_not_judged_by_what_may_be_a_comment_or_a_bracket():
    assert not is_enough(["#made by hand\n"], labelled=False)
    assert not is_enough(["# text = a\n", "(\n"], labelled=False)
    assert not is_enough(["(S\n"], labelled=False)
    assert is_enough(["#made by hand\n", "a b\n"], labelled=False)
    assert is_enough(["(laughs) yes\n"], labelled=False)


TAGGER = ModelHints("conllu", ("upos",), frozenset({"D", "N"}))
SEVERAL = "the X\ndog Y\n\n" * 5


@pytest.mark.parametrize("labelled", [True, False])
@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("#made by hand\n1\tgo" + "\t_" * 8 + "\n\n", "conllu"),
        ("# text = a\nand more\n" + CONLLU * 2, "conllu"),
        ("-DOCSTART- -X- O\n\nAnn NNP B\nleft VBD O\n\n", "columns"),
        (SEVERAL, "columns"),
        ("the_D dog_N\na_D cat_N\n" * 3, "word_tag"),
        ("\n\tthe/at dog/nn ./.\n" * 4, "word_tag:separator=/"),
        ("and/or/cc 1/2/cd\nthe/at dog/nn\n" + "a/at cat/nn\n" * 9, "word_tag:separator=/"),
        ("(\n  (S\n    (A b)))\n", "trees"),
        ("\n(S\n (A b))\n", "trees"),
        ("(\n(S (A b)))\n", "trees"),
        ("x\tsome words\ny\tother words\n" * 3 + "\n", "label_text"),
        ("\nx\tsome words\ny\tother words\n" * 3, "label_text"),
        ("1\tsome words\r\n\r\n-1\tother words\r\n" * 2, "label_text"),
        ("__label__x a\n\n", "fasttext"),
    ],
)
def test_what_all_commands_see_alike(text, name, labelled):
    assert sniff(text.splitlines(keepends=True), labelled=labelled)[0] == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("the_D dog_N\n", "word_tag"),
        ("the_D snake\ncase_N\n", "text"),
        ("the/D dog/N\n", "word_tag:separator=/"),
        ("the D\ndog N\n", "columns"),
        ("the D\n", "text"),
        ("D N\nN D\n", "text"),
        ("the\ndog\n\na\ncat\n", "text"),
    ],
)
def test_the_tags_of_the_model_are_known(text, name):
    assert sniff(text.splitlines(keepends=True), labelled=False, known=TAGGER)[0] == name


def test_so_is_its_format():
    words = "the\ndog\n\na\ncat\n".splitlines(keepends=True)
    assert sniff(words, labelled=False, known=TAGGER._replace(format="columns"))[0] == "columns"
    assert sniff(words[:1], labelled=False, known=TAGGER._replace(format="columns"))[0] == "text"


@pytest.mark.parametrize(
    "text", ["snake_case a_b\n" * 3, "and/or\n", "1/2 3/4\n", "so do I\nso do D\n", "a:b c\n", "0 1\n1 0\n\n" * 9]
)
def test_what_is_text_all_the_same(text):
    assert sniff(text.splitlines(keepends=True), labelled=False, known=TAGGER)[0] == "text"


def test_numbers_of_texts_are_no_labels():
    rows = "".join(f"{i}\tsome words {i}\n" for i in range(9)).splitlines(keepends=True)
    assert sniff(rows, labelled=True)[0] == "label_text"
    with pytest.raises(DataError, match="^f: which column of this tsv has the text"):
        sniff(rows, labelled=False, path="f")


def test_signs_are_labels_however_few():
    assert sniff(["1\tsome words\n", "-1\tother words\n"], labelled=False)[0] == "label_text"


def test_conllu_with_spaces_in_place_of_tabs():
    lines = ["# text = a b\n", "1 a a DET _ _ 2 det _ _\n", "2 b b NOUN _ _ 0 root _ _\n", "\n"]
    for labelled in (True, False):
        with pytest.raises(DataError, match="^f: it looks like CoNLL-U with spaces in place of tabs; sed -E"):
            sniff(lines, labelled=labelled, path="f")
