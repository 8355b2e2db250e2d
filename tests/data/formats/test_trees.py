"""trees: leaves and the tags above them."""

from __future__ import annotations

import pytest

from elman.data.formats import write_sentence
from elman.data.sentence import Sentence
from elman.errors import ConfigError, DataError

LONG = "\ufeff( (S\n   (NP (PRP It))\n   (VP (VBZ rains))))\r\n\n(S (-LRB- -LRB-) (X b))\n"


def test_words_and_tags(read):
    reading = read(LONG)
    assert (reading.format, reading.why) == ("trees", "a bracket within a bracket in the first line")
    assert reading.target() == reading.target("TAG") == "tag"
    first, gap, last = reading
    assert (first.words, first.columns, first.rows) == (("It", "rains"), {"tag": ("PRP", "VBZ")}, (1, 2))
    assert gap.words == () and gap.line == 4
    assert (last.words, last.columns["tag"], last.line, last.rows) == (("-LRB-", "b"), ("-LRB-", "X"), 5, (0, 0))


def test_all_but_the_tags_stays(read, rewrite):
    assert rewrite(read(LONG), "tag", "trees", tag=None) == LONG
    assert rewrite(read(LONG), "tag", "trees", tag="T") == (
        "\ufeff( (S\n   (NP (T It))\n   (VP (T rains))))\r\n\n(S (T -LRB-) (T b))\n"
    )


def test_to_tag(read):
    assert read("(S (A b))\n", labelled=False).format == "trees"
    assert read("( a smile :-) )\n", labelled=False).format == "text"
    assert read("(_( a_b\n").format == "word_tag"


def test_most_lines_are_trees_but_the_first_is_broken(read):
    reading = read("(S (A b)\n(S (A b))\n(S (A b))\n")
    assert reading.format == "trees"
    with pytest.raises(DataError, match="file:1: the tree that begins here does not close"):
        list(reading)


def test_a_word_without_a_tag(read):
    with pytest.raises(DataError, match="file:2: the word 'c' has no tag: expected it in brackets of its own"):
        list(read("(S (A b))\n(S (A b) c)\n", format="trees"))


def test_no_other_column(read):
    with pytest.raises(ConfigError, match="no column 'upos'; trees have one, tag"):
        read("(S (A b))\n").target("upos")


def test_written_from_another_format(read):
    assert write_sentence(Sentence(("a", "b")), {"upos": ("X", "Y")}, format="trees") == "(ROOT (X a) (Y b))\n"
    assert write_sentence(Sentence(()), {"upos": ()}, format="trees") == "\n"
    (gap,) = read("# only a comment\n\n", format="columns")
    assert write_sentence(gap, {"2": ()}, format="trees") == ""
    for word, tag, what in (("(", "X", "a bracket"), ("a b", "X", "a space"), ("a", "X)", "a bracket")):
        with pytest.raises(DataError, match=f"holds {what}, which trees cannot; try --as jsonl"):
            write_sentence(Sentence((word,)), {"tag": (tag,)}, format="trees")


def test_the_trees_of_the_tutorial(read, rewrite, shared_data):
    data = (shared_data / "tutorial/data/wiki-en-test.parse").read_text(encoding="utf-8")
    sentences = list(read(data))
    assert len(sentences) == 168
    assert rewrite(sentences, "tag", "trees", tag=None) == data
