"""Sentences made in Python; what ``train`` says of others is in test_corpus.py."""

from __future__ import annotations

import pytest

from elman.data.python_sentences import sentence_of
from elman.data.sentence import Sentence
from elman.data.tokens import Token
from elman.errors import DataError


def test_words_with_features() -> None:
    sentence = sentence_of([({"word": "the", "pos": "D"}, "O"), (["word=dog", "pos=N"], "B")], 1)
    assert sentence == Sentence(("the", "dog"), {"tag": ("O", "B")})
    assert [word.features for word in sentence.words if isinstance(word, Token)] == [("pos:D",), ("pos=N",)]
    (word,) = sentence_of(([{"word": "good", "pos": "A"}], "pos"), 1).words
    assert isinstance(word, Token) and word.features == ("pos:A",)


def test_other_items() -> None:
    with pytest.raises(DataError, match="^sentence 3: expected a Sentence or a list of"):
        sentence_of(["the", "dog"], 3)
