"""Features that words bring along: what is kept, ids and scaled numbers, the record."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

from elman.config import NetworkConfig
from elman.data.tokens import Token, token
from elman.errors import ConfigError, DataError, ModelFileError
from elman.features import word_record
from elman.features.token_features import FURTHEST, TokenFeatures
from elman.utils import limits

WORDS = [
    Token("a", ["x", "y"], [("n", 1.0)]),
    Token("b", ["x"], [("n", 3.0), ("c", 2.0)]),
    Token("c", (), [("c", 2.0)]),
]
ROWS = st.lists(
    st.dictionaries(st.sampled_from("abcd"), st.sampled_from([True, "u", "v", 1, 2.5]), max_size=4), max_size=8
)


def known() -> TokenFeatures:
    found = TokenFeatures.of(WORDS)
    assert found is not None
    return found


def test_what_is_kept() -> None:
    assert known().names == ("c", "n", "x") and len(known()) == 3
    assert [tuple(scale) for scale in known().scales] == [("c", 2.0, 1.0), ("n", 2.0, 1.0)]
    assert TokenFeatures.of(["a", "b"]) is None


def test_what_is_read() -> None:
    inputs = known().read([*WORDS, Token("d", ["z"]), "e", Token("f", (), [("n", 1e9), ("z", 1.0)])])
    assert [
        inputs.bags.ids[a:b].tolist() for a, b in zip(inputs.bags.offsets, inputs.bags.offsets[1:], strict=False)
    ] == [
        [1, 2],
        [0, 1, 2],
        [0],
        [],
        [],
        [1],
    ]
    assert inputs.numbers.tolist() == [[0, -1], [0, 1], [0, 0], [0, 0], [0, 0], [0, FURTHEST]]
    some = inputs.take(np.array([5, 1]))
    assert some.bags.ids.tolist() == [1, 0, 1, 2] and some.numbers.tolist() == [[0, FURTHEST], [0, 1]]


@given(ROWS)
def test_any_rows(rows: list[dict[str, Any]]) -> None:
    words = [token(row) for row in rows]
    found = TokenFeatures.of(words)
    if found is None:
        assert not rows
        return
    inputs = found.read(words)
    assert len(inputs.bags) == len(rows) == len(inputs.numbers)
    for i, word in enumerate(words):
        names = {found.names[at] for at in inputs.bags.ids[inputs.bags.offsets[i] : inputs.bags.offsets[i + 1]]}
        assert names == ({*word.features} | {name for name, _ in word.numbers}) & set(found.names)
    assert np.abs(inputs.numbers.mean(axis=0)).max(initial=0) < 1e-6
    again = word_record._token_features(found.to_record(), NetworkConfig())
    assert TokenFeatures(*again).to_record() == found.to_record()


def test_what_cannot_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DataError, match="^a feature is not valid Unicode"):
        TokenFeatures.of([Token("a", ["\ud800"])] * 2)
    monkeypatch.setattr("elman.features.token_features.NUMERIC_FEATURES", 1)
    with pytest.raises(ConfigError, match="^features: expected up to 1 that are numbers, got 2; "):
        known()


@pytest.mark.parametrize(
    "record",
    [
        None,
        {"names": ["a", "a"], "numbers": []},
        {"names": ["a", 1], "numbers": []},
        {"names": ["a"], "numbers": [["b", 0.0, 1.0]]},
        {"names": ["a"], "numbers": [["a", 0.0, 1.0]] * 2},
        {"names": ["a"], "numbers": [["a", 0.0, 0.0]]},
        {"names": ["a"], "numbers": [["a", 0, 1.0]]},
        {"names": ["a"], "numbers": [["a", float("nan"), 1.0]]},
        {"names": ["a"], "numbers": ["abc"]},
        {"names": ["a"], "numbers": [["a", 0.0, 1.0]] * (limits.NUMERIC_FEATURES + 1)},
    ],
)
def test_a_malformed_record(record: Any) -> None:
    with pytest.raises(ModelFileError, match="^token_features: expected "):
        word_record._token_features(record, NetworkConfig())


def test_one_hot_words_have_none() -> None:
    with pytest.raises(ModelFileError, match="^token_features: expected an embedding"):
        word_record._token_features({"names": [], "numbers": []}, NetworkConfig(embedding=0, features="none"))
