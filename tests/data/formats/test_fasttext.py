"""fasttext: labels and words on a line."""

from __future__ import annotations

from dataclasses import replace

import pytest

from elman.data.formats import write_sentence
from elman.data.sentence import Sentence
from elman.errors import ConfigError, DataError

TEXT = "\ufeff__label__a __label__b  it\trains \r\n\n__label__c x __label__d\nno label\n"


def test_labels_and_words(read):
    reading = read(TEXT)
    assert (reading.format, reading.why) == ("fasttext", "__label__ at the start in 2 of the first 3 lines")
    assert reading.label_names() == ("label",)
    sentences = list(reading)
    assert [s.words for s in sentences] == [("it", "rains"), (), ("x",), ("no", "label")]
    assert [s.labels for s in sentences] == [{"label": "a|b"}, {}, {"label": "c|d"}, {}]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("__label__ a\n", "expected __label__ and a label, found an empty one"),
        ("__label__a|b c\n", r"found 'a\|b' with the \| that joins several"),
        ("__label__a\n", "expected a text, found labels alone: '__label__a"),
    ],
)
def test_broken(read, text, message):
    with pytest.raises(DataError, match=f"^.*file:1: .*{message}"):
        list(read(text, format="fasttext"))


def test_no_tags_of_words(read):
    with pytest.raises(ConfigError, match="fasttext has document labels, no tags of words"):
        read(TEXT).target("upos")
    with pytest.raises(ConfigError, match="fasttext holds no tags of words"):
        write_sentence(Sentence(("a",)), {"tag": ("X",)}, format="fasttext")


def test_in_place(read):
    sentences = list(read(TEXT))
    assert "".join(write_sentence(s, {}, format="fasttext") for s in sentences) == TEXT
    changed = [replace(s, labels={"label": "n|m"}) if s.words else s for s in sentences]
    assert "".join(write_sentence(s, {}, format="fasttext") for s in changed) == (
        "\ufeff__label__n __label__m it rains\r\n\n__label__n __label__m x\n__label__n __label__m no label\n"
    )


def test_written_from_another_format(read):
    sentence = Sentence(("a", "b"), labels={"intent": "X|Y"})
    assert write_sentence(sentence, {}, format="fasttext") == "__label__X __label__Y a b\n"
    assert write_sentence(Sentence(("a",)), {}, format="fasttext") == "a\n"
    assert write_sentence(Sentence(()), {}, format="fasttext") == "\n"
    (gap,) = read("# only a comment\n\n", format="columns")
    assert write_sentence(gap, {}, format="fasttext") == ""


@pytest.mark.parametrize(
    ("words", "label", "message"),
    [
        (("a b",), "x", "the word 'a b' holds a space, which fasttext cannot"),
        (("__label__a",), "x", "the word '__label__a' would be a label in fasttext"),
        (("a",), "x y", "the label 'x y' holds a space, which fasttext cannot"),
        (("a",), "x|", "an empty label, which fasttext cannot hold"),
    ],
)
def test_what_cannot_be_held(words, label, message):
    with pytest.raises(DataError, match=f"^f:3: {message}"):
        write_sentence(Sentence(words, labels={"label": label}, path="f", line=3), {}, format="fasttext")
