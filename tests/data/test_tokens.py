"""Tokens: what a dict, a list and a row of columns say of a word."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

from elman.data.sentence import Sentence
from elman.data.tokens import NO_WORD, Token, column_token, input_names, token, tokens, with_inputs
from elman.errors import ConfigError, DataError

VALUES = st.one_of(st.text(max_size=5), st.booleans(), st.none(), st.integers(-9, 9), st.floats(-5, 5))


def test_a_dict_of_crfsuite() -> None:
    found = token(
        {
            "bias": 1.0,
            "word.lower()": "dog",
            "word.isupper()": False,
            "BOS": True,
            "postag[:2]": "NN",
            "place": {"first": True, "share": 0.25},
            "in": {"list b", "list a"},
            "none": None,
        }
    )
    assert found == "dog" and isinstance(found, Token)
    assert found.features == ("BOS", "postag[:2]:NN", "place:first", "in:list a", "in:list b")
    assert found.numbers == (("bias", 1.0), ("place:share", 0.25))


def test_a_list_of_features() -> None:
    found = token(["word.lower=dog", "BOS", "suffix:og"])
    assert (found, found.features, found.numbers) == ("dog", ("BOS", "suffix:og"), ())


@pytest.mark.parametrize(
    ("features", "word"),
    [
        ({"form": "a", "word": "b"}, "b"),
        ({"text": "a", "word.lower()": "b"}, "a"),
        ({"word": True, "token": "c:d=e"}, "c:d=e"),
        ({"-1:word": "a"}, NO_WORD),
        ({"word": ""}, NO_WORD),
        ({}, NO_WORD),
    ],
)
def test_the_word(features: Mapping[str, Any], word: str) -> None:
    assert token(features) == word


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 10**40, b"a", object(), 1j])
def test_what_is_no_feature(value: object) -> None:
    with pytest.raises(DataError, match="^feature 'a': expected a text, True, False or a number, got "):
        token({"a": value})
    with pytest.raises(DataError, match="^feature '': expected"):
        token([1.0])


def test_values_of_numpy() -> None:
    features = {"a": np.float32(0.5), "b": np.bool_(True), "c": np.str_("x"), "d": np.array(["y", "z"])}
    found = token(features)
    assert (found.features, found.numbers) == (("b", "c:x", "d:y", "d:z"), (("a", 0.5),))


@given(st.dictionaries(st.text(max_size=4), VALUES, max_size=6))
def test_any_dict_makes_a_token_that_can_be_copied(features: dict[str, Any]) -> None:
    if any(key == "" and type(value) in (int, float) for key, value in features.items()):
        return
    found = token(features)
    assert isinstance(found, str) and found
    for other in (pickle.loads(pickle.dumps(found)), copy.deepcopy(found)):
        assert (other, other.features, other.numbers) == (found, found.features, found.numbers)
    assert tokens(["word", features])[0] == "word"


def test_columns() -> None:
    sentence = Sentence(("the", "dog"), {"pos": ("D", "N"), "feats": ("_", "Case=Nom|Number=Sing")}, "f", 3)
    words = with_inputs(sentence, ["pos", "feats"]).words
    assert words == ("the", "dog") and isinstance(words[1], Token) and isinstance(words[0], Token)
    assert words[0].features == ("pos:D", "feats:_")
    assert words[1].features == ("pos:N", "feats:Case=Nom|Number=Sing", "feats:Case=Nom", "feats:Number=Sing")
    same = column_token({"word": "dog", "pos": "N", "feats": "Case=Nom|Number=Sing"}, ["pos", "feats"])
    assert (same, same.features) == (words[1], words[1].features)
    assert column_token("dog", ["pos"]) == "dog" and column_token({"pos": "N"}, ["pos"]) == NO_WORD
    with pytest.raises(DataError, match="^expected a word with the text of pos, got dict"):
        column_token({"word": "dog"}, ["pos"])


def test_a_missing_column() -> None:
    expected = "^f:3: no column 'case': expected the inputs pos, case of each word, found pos$"
    with pytest.raises(DataError, match=expected):
        with_inputs(Sentence(("the",), {"pos": ("D",)}, "f", 3), ["pos", "case"])
    with pytest.raises(DataError, match="of each word, found words alone$"):
        with_inputs(Sentence(("the",)), ["pos"])
    assert with_inputs(Sentence(()), ["pos"]).words == ()


def test_names_in_any_case() -> None:
    sentence = Sentence(("a",), {"Pos": ("D",), "pos": ("N",)}, "f")
    assert input_names(sentence, ["pos", "Pos"]) == ("pos", "Pos") and input_names(sentence, ["POS"]) == ("pos",)
    with pytest.raises(ConfigError, match="^f: no input column 'case'; there is: Pos, pos$"):
        input_names(sentence, ["case"])
