"""jsonl: one object a line."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, strategies as st

from elman.errors import ConfigError
from elman.formats import write_sentence
from elman.sentence import Sentence


def test_one_object_a_line():
    sentence = Sentence(("né", '"', "a b"))
    text = write_sentence(sentence, {"tag": ("X", "Y", "Z")}, format="jsonl", confidences=[1, 0.98765, 0.5])
    assert text == '{"words": ["né", "\\"", "a b"], "tags": ["X", "Y", "Z"], "confidences": [1.0, 0.9877, 0.5]}\n'


def test_a_key_a_column():
    sentence, tags = Sentence(("a", "b")), {"upos": ("X", "Y"), "tags": ("1", "2")}
    text = write_sentence(sentence, tags, format="jsonl", confidences=[1, 0.5])
    assert text == '{"words": ["a", "b"], "upos": ["X", "Y"], "tags": ["1", "2"], "confidences": [1.0, 0.5]}\n'
    for name in ("words", "confidences"):
        with pytest.raises(ConfigError, match=f"^jsonl: no column can be called '{name}' there; columns and conllu"):
            write_sentence(sentence, {"upos": ("X", "Y"), name: ("1", "2")}, format="jsonl")
        assert '"tags": ["X", "Y"]' in write_sentence(sentence, {name: ("X", "Y")}, format="jsonl")


def test_blank_lines_and_gaps(read, rewrite):
    assert rewrite(read("\n", labelled=False), "tag", "jsonl") == '{"words": [], "tags": []}\n'
    assert rewrite(read("# end\n", format="conllu"), "upos", "jsonl") == ""


@given(st.lists(st.text(st.characters(codec="utf-8"))))
def test_any_word_comes_through(words):
    text = write_sentence(Sentence(tuple(words)), {"tag": ["T"] * len(words)}, format="jsonl")
    assert text.count("\n") == 1
    assert json.loads(text) == {"words": words, "tags": ["T"] * len(words)}
