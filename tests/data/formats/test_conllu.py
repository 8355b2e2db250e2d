"""conllu: ten columns, comments, ranges, empty nodes; byte for byte."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from elman.data.formats import read_sentences, write_sentence
from elman.data.sentence import Sentence
from elman.errors import ConfigError, DataError

GOLDEN = """\
# sent_id = one
# text = Don't go home
1-2\tDon't\t_\t_\t_\t_\t_\t_\t_\tSpaceAfter=Yes
1\tDo\tdo\tAUX\tVBP\tMood=Imp\t_\t_\t_\t_
2\tn't\tnot\tPART\tRB\t_\t_\t_\t_\t_
3\tgo\tgo\tVERB\tVB\t_\t0\troot\t0:root\tA=1|B=2
3.1\tgone\tgo\tVERB\t_\t_\t_\t_\t0:root\tCopyOf=3
4\tNew York\t_\tPROPN\tNNP\t_\t3\tobl\t_\t_

# text = Yes
1\tYes\tyes\tINTJ\tUH\t_\t_\t_\t_\t_

# the end
"""


def test_words_and_columns(read):
    reading = read(GOLDEN)
    assert reading.format == "conllu"
    first, second, rest = reading
    assert first.words == ("Do", "n't", "go", "New York")
    assert first.rows == (3, 4, 5, 7)
    assert first.columns["upos"] == ("AUX", "PART", "VERB", "PROPN")
    assert first.columns["head"] == ("_", "_", "0", "3")
    assert set(first.columns) == {"lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc"}
    assert (second.line, second.words, rest.words, rest.line) == (10, ("Yes",), (), 13)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_only_the_tagged_column_changes(read, rewrite, end, mark):
    text = mark + GOLDEN.rstrip("\n").replace("\n", end)  # no final newline
    for column, index in (("upos", 3), ("lemma", 2), ("misc", 9)):
        changed = rewrite(read(text), column, "conllu")
        assert rewrite(read(text), column, "conllu", tag=None) == text
        for old, new in zip(text.split("\n"), changed.split("\n"), strict=True):
            fields = old.split("\t")
            if fields[0].isdecimal():
                fields[index] = "T" + (end[:-1] if index == 9 else "")
            assert new == "\t".join(fields)


def test_confidence_goes_into_misc(read):
    first = next(iter(read(GOLDEN)))
    text = write_sentence(first, {"upos": ("A", "B", "C", "D")}, format="conllu", confidences=[1, 0.5, 0.98765, 0])
    misc = [line.split("\t")[9] for line in text.split("\n")[2:8]]
    assert misc == [
        "SpaceAfter=Yes",
        "Confidence=1.0000",
        "Confidence=0.5000",
        "A=1|B=2|Confidence=0.9877",
        "CopyOf=3",
        "Confidence=0.0000",
    ]
    again = next(iter(read(text)))
    assert write_sentence(again, {}, format="conllu", confidences=[1, 0.5, 0.98765, 0]) == text


def test_several_columns_at_once(read):
    (_, second, _) = read(GOLDEN)
    text = write_sentence(second, {"upos": ("X",), "xpos": ("Y",), "feats": ("A=B",)}, format="conllu")
    assert "1\tYes\tyes\tX\tY\tA=B\t_\t_\t_\t_\n" in text


def test_made_from_another_format(read, rewrite):
    assert rewrite([Sentence(("a b", "c"))], "xpos", "conllu") == (
        "1\ta b\t_\t_\tT\t_\t_\t_\t_\t_\n2\tc\t_\t_\tT\t_\t_\t_\t_\t_\n\n"
    )
    assert rewrite(read("a\n\n", labelled=False), "tag", "conllu") == "1\ta\t_\tT\t_\t_\t_\t_\t_\t_\n\n\n"
    assert rewrite(read("# end\n", format="columns"), "2", "conllu") == ""
    with pytest.raises(DataError, match="the word 'a\\\\tb' holds a tab"):
        rewrite([Sentence(("a\tb",))], "upos", "conllu")
    with pytest.raises(DataError, match="file:4: the tag 'a\\\\tb' holds a tab"):
        rewrite(read(GOLDEN), "upos", "conllu", tag="a\tb")


def test_target(read):
    reading = read(GOLDEN)
    assert [reading.target(name) for name in (None, "XPOS", "feats")] == ["upos", "xpos", "feats"]
    with pytest.raises(ConfigError, match="no column 'form' to tag; conllu has lemma, upos, xpos, feats, head"):
        reading.target("form")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("2\tb\t_\tX", "file:2: expected 10 columns separated by tabs, found 4"),
        ("3\tb" + "\t_" * 8, "ID: expected 2, a range or an empty node, found '3'$"),
        ("1\tb" + "\t_" * 8, "found '1'; is a blank line missing before it"),
        ("x\tb" + "\t_" * 8, "found 'x'$"),
        ("2-\tb" + "\t_" * 8, "found '2-'"),
        ("２\tb" + "\t_" * 8, "found '２'"),
        ("2\t" + "\t_" * 8, r"FORM \(column 2\) is empty"),
    ],
)
def test_refusals(read, line, message):
    with pytest.raises(DataError, match=message):
        list(read("1\ta" + "\t_" * 8 + "\n" + line + "\n", format="conllu"))


def test_an_empty_target_field_is_no_tag(read):
    reading = read("1\ta" + "\t_" * 8 + "\n2\tb\t_\t\t_\t_\t_\t_\t_\t_\n")
    assert reading.target() == "upos"
    with pytest.raises(DataError, match="file:2: no tag: column upos is empty"):
        list(reading)


FIELD = st.text(st.characters(codec="utf-8", exclude_characters="\0\t\n\r"), min_size=1)


@given(st.lists(st.lists(st.tuples(FIELD, FIELD), min_size=1)), st.sampled_from(["upos", "feats", "misc"]))
def test_round_trip(read, rewrite, sentences, column):
    made = [Sentence(tuple(w for w, _ in s), {column: tuple(t for _, t in s)}) for s in sentences]
    text = rewrite(made, column, "conllu", tag=None)
    back = list(read(text, format="conllu"))
    assert [(s.words, s.columns[column]) for s in back] == [(s.words, s.columns[column]) for s in made]
    assert rewrite(back, column, "conllu", tag=None) == text


@pytest.mark.parametrize(
    ("name", "sentences", "words"),
    [
        ("en_ewt/en_ewt-ud-test", 2077, 25094),
        ("vi_vtb/vi_vtb-ud-test", 800, 11692),
        ("te_mtg/te_mtg-ud-test", 146, 721),
    ],
)
def test_treebanks_byte_for_byte(rewrite, shared_data, name, sentences, words):
    file = shared_data / "ud" / f"{name}.conllu"
    read = list(read_sentences(str(file)))
    assert (sum(1 for s in read if s.words), sum(map(len, read))) == (sentences, words)
    assert rewrite(read, "upos", "conllu", tag=None).encode() == file.read_bytes()


def test_vietnamese_words_with_spaces_are_refused_by_word_tag(rewrite, shared_data):
    file = shared_data / "ud/vi_vtb/vi_vtb-ud-test.conllu"
    spaced = next(s for s in read_sentences(str(file)) if any(" " in word for word in s.words))
    word = next(i for i, w in enumerate(spaced.words) if " " in w)
    with pytest.raises(DataError, match=rf"test\.conllu:{spaced.line + spaced.rows[word]}: the word .* holds a space"):
        rewrite([spaced], "upos", "word_tag")


def in_misc(*miscs, end="\n"):
    return "".join(f"{i}\tw{i}\t_\tX\t_\t_\t_\t_\t_\t{misc}{end}" for i, misc in enumerate(miscs, 1)) + end


NAMES = in_misc("name=B-PER", "SpaceAfter=No|name=I-PER|Gloss=b", "_", "firstname=x", "name=O")


def test_an_attribute_in_misc_is_a_column(read):
    reading = read(NAMES)
    assert (reading.target("misc.name"), reading.target("MISC.Gloss")) == ("misc.name", "misc.Gloss")
    (sentence,) = read(NAMES)
    assert sentence.columns["misc.name"] == ("B-PER", "I-PER", "_", "_", "O")
    assert sentence.columns.get("misc.Gloss") == ("_", "b", "_", "_", "_")
    assert "misc.name" in sentence.columns and "other.name" not in sentence.columns
    assert sentence.columns.get("x", 1) == 1
    with pytest.raises(KeyError):
        sentence.columns["x"]
    with pytest.raises(
        ConfigError, match="no 'ner' in MISC of the first lines; there is: misc.name, misc.SpaceAfter, "
    ):
        reading.target("misc.ner")
    with pytest.raises(ConfigError, match="no column 'misc.a|b' to tag; conllu has .*, misc.NAME"):
        reading.target("misc.a|b")
    assert read(NAMES, labelled=False).target("misc.ner") == "misc.ner"
    with pytest.raises(DataError, match="file:2: no tag: column misc.name is empty"):
        empty = read(in_misc("name=O", "name="))
        empty.target("misc.name")
        list(empty)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_nothing_but_the_attribute_changes(read, rewrite, end):
    text = NAMES.replace("\n", end)
    assert rewrite(read(text), "misc.name", "conllu", tag=None) == text
    changed = in_misc("name=T", "SpaceAfter=No|name=T|Gloss=b", "name=T", "firstname=x|name=T", "name=T", end=end)
    assert rewrite(read(text), "misc.name", "conllu") == changed
    untagged = in_misc("_", "SpaceAfter=No|Gloss=b", "_", "firstname=x", "_", end=end)
    assert rewrite(read(text), "misc.name", "conllu", tag="_") == untagged
    sentence = Sentence(("a",))
    text = write_sentence(sentence, {"misc.name": ("T",), "upos": ("X",)}, format="conllu", confidences=[1])
    assert text == "1\ta\t_\tX\t_\t_\t_\t_\t_\tname=T|Confidence=1.0000\n\n"
    with pytest.raises(DataError, match=r"the tag 'T\|U' holds a bar, which conllu cannot; try --as jsonl"):
        write_sentence(sentence, {"misc.name": ("T|U",)}, format="conllu")


def test_span_tags_in_misc_are_said(read):
    assert read(NAMES).extra_span_columns() == ["misc.name"]
    assert read(in_misc("name=O", "name=O")).extra_span_columns() == []
    assert read(in_misc("Gloss=B-flat", "Gloss=c")).extra_span_columns() == []
    assert read(GOLDEN).extra_span_columns() == []
    assert read("a_X b_Y\n").extra_span_columns() == ()
