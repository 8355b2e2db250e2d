"""label_text: a label, a tab or a space, and a text."""

from __future__ import annotations

from dataclasses import replace

import pytest

from elman.data.formats import open_writer, read_sentences, write_sentence
from elman.data.sentence import Sentence
from elman.errors import ConfigError, DataError


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("1\tA title here\n-1\tAnother one\n", "1, +1, 0 or -1 and a tab at the start in 2 of the first 2 lines"),
        ("LOC:city Where is it ?\nHUM:ind Who ?\n", "COARSE:fine at the start in 2 of the first 2 lines"),
        ("spam\tbuy it now\nham\tsee you\n", "a label, a tab and several words in 2 of the first 2 lines"),
    ],
)
def test_recognised(read, text, why):
    reading = read(text)
    assert (reading.format, reading.why) == ("label_text", why)


def test_labels_and_words(read):
    reading = read("-1\ta  b\tc \r\n\n+1\td\n", format="label_text")
    assert reading.label_names() == ("label",)
    first, gap, last = reading
    assert (first.words, first.labels, first.columns) == (("a", "b\tc"), {"label": "-1"}, {})
    assert gap.words == () and (last.labels, last.line) == ({"label": "+1"}, 3)


def test_coarse_and_fine(read):
    reading = read("LOC:city Where ?\nHUM:ind Who ?\n")
    assert reading.label_names() == ("label", "coarse")
    assert [s.labels for s in reading] == [
        {"label": "LOC:city", "coarse": "LOC"},
        {"label": "HUM:ind", "coarse": "HUM"},
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a\tb\nc\n", "file:2: expected LABEL, a tab and a text, found no text: 'c'"),
        ("a\tb\n\tc\n", "file:2: expected LABEL, a tab and a text, found no label: '\\\\tc'"),
        ("a b\na \n", "file:2: expected LABEL, a space and a text, found no text: 'a '"),
    ],
)
def test_broken(read, text, message):
    with pytest.raises(DataError, match=message):
        list(read(text, format="label_text"))


def test_no_tags_of_words(read):
    with pytest.raises(ConfigError, match="label_text has document labels, no tags of words; there is no column tag$"):
        read("a\tb c\n", format="label_text").target()
    assert read("a\tb c\n", format="label_text", labelled=False).target() == "tag"
    with pytest.raises(ConfigError, match="^label_text holds no tags of words, got 1 column; .*conllu.* hold them$"):
        write_sentence(Sentence(("a",)), {"tag": ("X",)}, format="label_text")


def rewritten(sentences, label):
    return "".join(
        write_sentence(replace(s, labels={"label": label}) if s.words else s, {}, format="label_text")
        for s in sentences
    )


@pytest.mark.parametrize("text", ["\ufeffA\ta  b\r\n\nB\tc", "A:x  a b \n"])
def test_all_but_the_label_stays(read, text):
    sentences = list(read(text, format="label_text"))
    assert "".join(write_sentence(s, {}, format="label_text") for s in sentences) == text
    assert rewritten(sentences, "NEW") == text.replace("A:x", "NEW").replace("A\t", "NEW\t").replace("B\t", "NEW\t")


def test_written_from_another_format(read):
    sentence = Sentence(("a", "b"), labels={"intent": "X Y"})
    assert write_sentence(sentence, {}, format="label_text") == "X Y\ta b\n"
    assert write_sentence(Sentence(()), {}, format="label_text") == "\n"
    (gap,) = read("# only a comment\n\n", format="columns")
    assert write_sentence(gap, {}, format="label_text") == ""


@pytest.mark.parametrize(
    ("words", "labels", "message"),
    [
        (("a",), {}, "expected one label of the sentence, as label_text has it, found none"),
        (("a",), {"x": "1", "y": "2"}, "expected one label of the sentence, .* found several: x, y"),
        (("a",), {"label": "a\tb"}, r"the label 'a\\tb' holds a tab, which label_text cannot; try --as jsonl"),
        (("a",), {"label": ""}, "an empty label, which label_text cannot hold"),
        (("New York",), {"label": "x"}, "the word 'New York' holds a space, which label_text cannot"),
    ],
)
def test_what_cannot_be_held(words, labels, message):
    with pytest.raises(DataError, match=f"^f:3: {message}"):
        write_sentence(Sentence(words, labels=labels, path="f", line=3), {}, format="label_text")


def test_a_space_in_the_label_of_a_file_separated_by_spaces(read):
    (sentence,) = read("X a b\n", format="label_text")
    with pytest.raises(DataError, match="the label 'X Y' holds a space"):
        rewritten([sentence], "X Y")


def test_as_many_labels_as_it_holds():
    open_writer("label_text", (), ("intent",))
    with pytest.raises(ConfigError, match="^label_text holds one label of a sentence, got 2; columns.* can$"):
        open_writer("label_text", (), ("a", "b"))
    with pytest.raises(ConfigError, match="^word_tag holds no labels of a sentence, got 1; "):
        open_writer("word_tag", ("tag",), ("b",))


def test_real_files(shared_data):
    titles = read_sentences(str(shared_data / "tutorial/data/titles-en-train.labeled"))
    assert (titles.format, titles.label_names()) == ("label_text", ("label",))
    labels = [s.labels["label"] for s in titles]
    assert len(labels) == 11288 and set(labels) == {"1", "-1"}
    questions = read_sentences(str(shared_data / "other/cls_trec_qc/train.txt"), encoding="latin-1")
    assert questions.label_names() == ("label", "coarse")
    coarse = [s.labels["coarse"] for s in questions]
    assert len(coarse) == 5452 and set(coarse) == {"ABBR", "DESC", "ENTY", "HUM", "LOC", "NUM"}
    message = r"train\.txt:66: byte 0xF0 at offset 3695 is not utf-8 .*, --encoding latin-1 for one"
    with pytest.raises(DataError, match=message):
        list(read_sentences(str(shared_data / "other/cls_trec_qc/train.txt")))
