"""Sub-word features: what is read off a word, what is kept, how sets of ids are laid out."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given, strategies as st

from elman.features.affixes import LONGEST, ngrams
from elman.features.subwords import FeatureSet
from elman.nn.bags import Bags


def test_ngrams_mark_both_ends() -> None:
    assert list(ngrams("ab")) == ["g:a", "g:b", "g:\x02a", "g:ab", "g:b\x03", "g:\x02ab", "g:ab\x03"]


def test_a_long_word_has_no_more_ngrams() -> None:
    assert len(list(ngrams("ab" * 500_000))) < 4 * LONGEST


def test_what_one_word_alone_has_is_dropped() -> None:
    features = FeatureSet.of("affixes", ["walking", "talking", "sat"])
    assert "s:king" in features.names
    assert "w:sat" not in features.names
    assert features.ids("sat") == tuple(sorted(features.names.index(n) for n in ("x:x",)))


def test_the_whole_word_counts_in_two_spellings() -> None:
    assert "w:the" in FeatureSet.of("affixes", ["The", "the"]).names


def test_both_kinds_and_none() -> None:
    words = ["abc", "abd"]
    kinds = {kind: set(FeatureSet.of(kind, words).names) for kind in ("none", "affixes", "ngrams", "both")}
    assert kinds["none"] == set()
    assert kinds["both"] == kinds["affixes"] | kinds["ngrams"]


def test_ids_do_not_depend_on_the_order_of_the_words() -> None:
    words = ["one", "tone", "stone", "bone"]
    assert FeatureSet.of("both", words).names == FeatureSet.of("both", words[::-1]).names


@given(st.lists(st.text("abcé日", min_size=1, max_size=6), max_size=12))
def test_bags_hold_the_features_of_each_word(words: list[str]) -> None:
    """ASCII words are read by a kernel, others are not; both stand in one array."""
    features = FeatureSet.of("affixes", ["abc", "cab", "éa", "日éa", "bc", "日é", "caé"])
    bags = features.bags(words)
    cuts = bags.offsets.tolist()
    assert [tuple(bags.ids[a:b].tolist()) for a, b in pairwise(cuts)] == [features.ids(word) for word in words]
    assert bags.ids.dtype == bags.offsets.dtype == np.int32


@given(st.lists(st.lists(st.integers(0, 9), max_size=5), max_size=6), st.data())
def test_bags_take_sets_in_any_order(sets: list[list[int]], data: st.DataObject) -> None:
    bags = Bags.of(sets)
    assert len(bags) == len(sets)
    which = data.draw(st.lists(st.integers(0, len(sets) - 1), max_size=8)) if sets else []
    taken = bags.take(np.array(which, np.int64))
    assert [taken.ids[a:b].tolist() for a, b in zip(taken.offsets, taken.offsets[1:], strict=False)] == [
        sets[i] for i in which
    ]
