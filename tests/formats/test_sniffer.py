"""What a file is taken for, and why."""

from __future__ import annotations

import pytest

from elman.errors import DataError
from elman.formats.lines import HEAD
from elman.formats.sniffer import enough, sniff

CONLLU = "1\ta" + "\t_" * 8 + "\n"


@pytest.mark.parametrize(
    ("text", "name", "why"),
    [
        ("a b\n", "text", "no tab in the first line"),
        ("", "text", "no line with a word in it"),
        ("\n\n", "text", "no line with a word in it"),
        ("# a title\n", "text", "no line with a word in it"),
        ("a_X b_Y\n", "text", "no tab in the first line"),
        ("a X\nb Y\n", "text", "no tab in the first line"),
        ("a\tX\n", "columns", "a tab in the first line"),
        ("# c\n\n-DOCSTART-\na\tX\nb c\n", "columns", "a tab in the first line"),
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


@pytest.mark.parametrize("text", ["a b a\na c b\n", "plain words\n", "a\nb\n\nc\n", "one two\n\nthree\n\na b c\n"])
def test_nothing_to_be_seen(text):
    message = (
        "^f: no tags to be seen in the first lines, the first is '.*'; pass --format columns, conllu, word_tag or, "
    )
    with pytest.raises(DataError, match=message):
        sniff(text.splitlines(keepends=True), labelled=True, path="f")


@pytest.mark.parametrize(
    ("text", "message"),
    [
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
    assert not enough([], labelled=False)
    assert enough(["a b\n"], labelled=False)
    assert not enough(["# c\n", "\n", "a\tX\n", "\n"], labelled=False)
    assert enough(["a\tX\n", "b\tX\n", "\n"], labelled=False)
    assert not enough(["a X\n", "b X\n"], labelled=False, any_format=False)
    assert enough(["a X\n", "b X\n", "\n"], labelled=False, any_format=False)
    assert not enough(["a_X\n"] * (HEAD - 1), labelled=True)
    assert enough(["a_X\n"] * HEAD, labelled=True)
    assert enough(["\n"] * HEAD, labelled=False)
