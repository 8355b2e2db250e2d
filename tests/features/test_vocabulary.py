"""Strings <-> ids."""

from __future__ import annotations

import json
import random

import numpy as np
import pytest
from hypothesis import given, strategies as st

from elman.errors import ModelFileError
from elman.features.vocabulary import Vocabulary

SENTENCES = [["the", "dog", "saw", "the", "cat"], ["the", "cat", "sat"]]


def test_ids_start_at_one_with_the_commonest_word() -> None:
    vocabulary = Vocabulary.of(SENTENCES)
    assert vocabulary.words == ("the", "cat", "dog", "sat", "saw")
    assert vocabulary.counts.tolist() == [0, 3, 2, 1, 1, 1]
    assert len(vocabulary) == 6


def test_unknown_words_have_id_zero() -> None:
    ids = Vocabulary.of(SENTENCES).ids(["a", "cat", "", "the"])
    assert ids.dtype == np.int32
    assert ids.tolist() == [Vocabulary.UNKNOWN, 2, Vocabulary.UNKNOWN, 1]


def test_of_words_that_are_cut_it_is_known_that_they_were_seen() -> None:
    whole = Vocabulary.of(SENTENCES)
    cut = whole.commonest(3).commonest(2)
    assert cut.words == ("the", "cat") and len(cut) == 3
    assert "dog" not in cut and cut.ids(["dog"]).tolist() == [0]
    assert all(map(cut.seen, whole.words)) and not cut.seen("bird") and not whole.seen("bird")
    assert cut.rare.dtype == np.int32 and sorted(set(cut.rare.tolist())) == cut.rare.tolist() and len(cut.rare) == 3
    assert not len(whole.rare) and whole.commonest(9) is whole


def test_no_words_no_ids() -> None:
    assert Vocabulary.of(SENTENCES).ids([]).shape == (0,)
    assert Vocabulary.of([]).ids(["x"]).tolist() == [0]


def test_membership() -> None:
    vocabulary = Vocabulary.of(SENTENCES)
    assert "dog" in vocabulary
    assert "Dog" not in vocabulary
    assert 3 not in vocabulary


@given(st.lists(st.lists(st.text(max_size=3), max_size=6), max_size=6), st.randoms(use_true_random=False))
def test_order_of_the_text_does_not_matter(sentences: list[list[str]], rng: random.Random) -> None:
    shuffled = [rng.sample(words, len(words)) for words in rng.sample(sentences, len(sentences))]
    one, two = Vocabulary.of(sentences), Vocabulary.of(shuffled)
    assert one.words == two.words
    assert one.counts.tolist() == two.counts.tolist()


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=4), max_size=12))
def test_record_round_trip_through_json(words: list[str]) -> None:
    vocabulary = Vocabulary.of([words])
    again = Vocabulary.from_record(json.loads(json.dumps(vocabulary.to_record())))
    assert again.words == vocabulary.words
    assert again.counts.tolist() == vocabulary.counts.tolist()
    assert again.ids(words).tolist() == vocabulary.ids(words).tolist()


@pytest.mark.parametrize(
    "record",
    [
        None,
        [],
        {},
        {"words": "ab", "counts": [1, 1]},
        {"words": ["a", 1], "counts": [1, 1]},
        {"words": ["a"], "counts": [0]},
        {"words": ["a"], "counts": [True]},
        {"words": ["a"], "counts": [1.0]},
        {"words": ["a"], "counts": [2**63]},
        {"words": ["a"], "counts": None},
        {"words": ["a"], "counts": [1, 1]},
        {"words": ["a", "a"], "counts": [1, 1]},
    ],
)
def test_a_record_that_is_none(record: object) -> None:
    with pytest.raises(ModelFileError, match="^vocabulary: expected"):
        Vocabulary.from_record(record)  # type: ignore[arg-type]
