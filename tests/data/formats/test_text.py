"""text: one sentence a line, words separated by the ASCII space alone."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from elman.data.formats import write_sentence
from elman.data.sentence import Sentence
from elman.errors import ConfigError, DataError

ODD = ["日本\u3000語", "a\u0085b", "a\u2028b", "\u3000", "a\vb", "a\fb", "a\rb", "a\tb", "#", "x\u00a0y", "\u2029"]


def test_words_and_lines(read):
    sentences = list(read("the dog barks\n\n  two  words \n", labelled=False))
    assert [s.words for s in sentences] == [("the", "dog", "barks"), (), ("two", "words")]
    assert [s.line for s in sentences] == [1, 2, 3]
    assert sentences[0].rows == (0, 0, 0)
    assert "".join("".join(s.lines) for s in sentences) == "the dog barks\n\n  two  words \n"


@pytest.mark.parametrize("word", ODD)
def test_only_the_space_separates(read, word):
    (sentence,) = read(f"b {word} c\n", labelled=False, format="text")
    assert sentence.words == ("b", word, "c")


def test_empty_file_and_blank_lines(read, rewrite):
    assert list(read("", labelled=False)) == []
    assert rewrite(read("\n \n\na\n\n", labelled=False), "tag", "word_tag") == "\n \n\na_T\n\n"


@pytest.mark.parametrize("text", ["a b\r\nc\r\n", "\ufeffa b\nc", "a b", "\ufeff", "\ufeff\na\n", " a  b \r\n\r\n"])
def test_spaces_line_ends_and_byte_order_mark_come_through(read, rewrite, text):
    written = rewrite(read(text, labelled=False), "tag", "word_tag")
    assert written.replace("_T", "") == text
    assert written.count("_T") == sum(len(s) for s in read(text, labelled=False))


def test_carriage_return_and_mark_are_no_part_of_words(read):
    words = [word for s in read("\ufeffa b\r\nc\r\n", labelled=False) for word in s.words]
    assert words == ["a", "b", "c"]


def test_text_has_no_tags(read):
    with pytest.raises(ConfigError, match="text has no tags; labelled text is word_tag, columns or conllu"):
        read("a b\n", format="text").target()
    assert read("a b\n", labelled=False).target() == "tag"
    assert read("a b\n", labelled=False).target("upos") == "upos"


def test_long_sentence_and_long_word(read, rewrite):
    text = " ".join(["w"] * 100_000) + "\n" + "x" * 1_000_000 + "\n"
    sentences = list(read(text, labelled=False))
    assert [len(s) for s in sentences] == [100_000, 1]
    assert rewrite(sentences, "tag", "word_tag").replace("_T", "") == text


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0")))
def test_any_text_comes_through(read, rewrite, text):
    reading = read(text, labelled=False, format="text")
    sentences = list(reading)
    assert "".join("".join(s.lines) for s in sentences) == text
    assert sum(len(s.words) for s in sentences) <= len(text)
    assert all(word and " " not in word and "\n" not in word for s in sentences for word in s.words)
    assert len(rewrite(sentences, "tag", "word_tag")) == len(text) + 2 * sum(map(len, sentences))


def test_written(read):
    text = "\ufeffa  b \r\n\n"
    assert "".join(write_sentence(s, {}, format="text") for s in read(text, labelled=False)) == text
    assert write_sentence(Sentence(("a", "b\t")), {}, format="text") == "a b\t\n"
    assert write_sentence(Sentence(()), {}, format="text") == "\n"
    (gap,) = read("# only a comment\n\n", format="columns")
    assert write_sentence(gap, {}, format="text") == ""
    with pytest.raises(DataError, match="the word 'New York' holds a space, which text cannot"):
        write_sentence(Sentence(("New York",)), {}, format="text")
    with pytest.raises(DataError, match="words of nothing but tabs, which would be a blank line of text"):
        write_sentence(Sentence(("\t", "\t")), {}, format="text")
    with pytest.raises(ConfigError, match="text holds no tags of words, got 1 column"):
        write_sentence(Sentence(("a",)), {"tag": ("X",)}, format="text")
