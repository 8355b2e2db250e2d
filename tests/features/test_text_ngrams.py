"""n-grams of texts: the same sets as counting them in Python gives, whatever the texts."""

from __future__ import annotations

import random
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from elman.features import text_ngrams as grams
from elman.features.text_ngrams import CHARACTERS, WORDS, Grams

TEXTS = st.lists(
    st.lists(st.text("abA é\U0001f600", min_size=1, max_size=4), max_size=5).map(tuple), min_size=1, max_size=6
)


def counted(kind: str, words: tuple[str, ...], skips: int = 0) -> set[tuple[str, ...]]:
    """The n-grams of a text, each once."""
    found: set[tuple[str, ...]] = set()
    lists = {"words": [w.lower() for w in words], "characters": list(" ".join(words).lower())}
    for name, sizes in (("words", WORDS), ("characters", CHARACTERS)):
        if kind in (name, "both"):
            marked = ["<end>", *lists[name], "<end>"]
            for n in sizes:
                for i in range(len(marked) - n + 1):
                    run = tuple(marked[i : i + n])
                    if run != ("<end>",):
                        found.add((name, *run))
    if kind != "characters":
        marked = ["<end>", *lists["words"], "<end>"]
        found |= {("skip", a, b) for i, a in enumerate(marked) for b in marked[i + 2 : i + 2 + skips]}
    return found


@pytest.mark.parametrize("kind", ["words", "characters", "both"])
@settings(max_examples=40, deadline=None)
@given(texts=TEXTS, others=TEXTS, skips=st.sampled_from([0, 1, 3, 20]))
def test_those_that_texts_share(
    kind: str, texts: list[tuple[str, ...]], others: list[tuple[str, ...]], skips: int
) -> None:
    sets = [counted(kind, words, skips) for words in texts]
    shared = {gram for one in sets for gram in one if sum(gram in other for other in sets) > 1}
    made = Grams.of(kind, texts, 2, skips)
    assert len(made) == len(shared) and made.skips == skips
    for some in (texts, others, []):
        bags = made.bags(some)
        assert len(bags) == len(some)
        parts = [bags.ids[a:b].tolist() for a, b in pairwise(bags.offsets.tolist())]
        assert [len(part) for part in parts] == [len(counted(kind, words, skips) & shared) for words in some]
        for part in parts:
            assert part == sorted(set(part)) and all(0 <= i < len(made) for i in part)
    # the same n-gram has the same id in every text
    both = made.bags([*texts, *texts])
    assert both.ids[: both.offsets[len(texts)]].tolist() == made.bags(texts).ids.tolist()


def test_texts_are_known_by_what_they_hold() -> None:
    made = Grams.of("words", [("the", "dog"), ("The", "cat"), ("a", "dog")], 2)
    bags = made.bags([("THE", "fish"), ("a", "DOG"), ("no", "one")])
    the, dog, none = (bags.ids[a:b].tolist() for a, b in pairwise(bags.offsets.tolist()))
    assert len(the) == 2  # "the", and "the" at the beginning
    assert len(dog) == 2 and not set(the) & set(dog) and none == []


def test_many_texts_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [("a", "b"), ("b",), ("c", "a"), ("a", "b", "c"), ()]
    whole = Grams.of("both", texts, 1)
    monkeypatch.setattr(grams, "_TEXTS", 2)
    parts = Grams.of("both", texts, 1)
    assert parts.hashes.tolist() == whole.hashes.tolist()
    monkeypatch.undo()
    found = whole.bags(texts)
    monkeypatch.setattr(grams, "_TEXTS", 2)
    again = parts.bags(texts)
    assert found.ids.tolist() == again.ids.tolist() and found.offsets.tolist() == again.offsets.tolist()


def test_the_commonest_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [("a", "x"), ("a", "y"), ("a", "x")]
    most = Grams.of("words", texts, 1)
    monkeypatch.setattr(grams, "MOST_VALUES", 4)
    few = Grams.of("words", texts, 2)
    assert len(few) == 2 and set(few.hashes.tolist()) < set(most.hashes.tolist())
    assert [len(few.bags([("a",)]).ids), len(few.bags([("x",)]).ids)] == [2, 0]  # "a", and "a" at the beginning


def test_no_texts() -> None:
    none = Grams.of("both", [], 3)
    assert len(none) == 0 and none.bags([("a",)]).offsets.tolist() == [0, 0]
    assert none.hashes.dtype == np.int64
    lone = Grams.of("both", [("\ud800",), ("\ud800",)], 3)  # half a pair of surrogates, which Python may hold
    assert len(lone.bags([("\ud800",)]).ids) == len(lone)


def test_what_each_counts_for() -> None:
    texts = [("a", "b"), ("a", "b"), ("a", "c"), ("c",)]
    (of_words, of_both) = (Grams.of(kind, texts, 1) for kind in ("words", "both"))
    assert of_words.scale is not None and of_both.scale is not None
    assert len(of_words.scale) == len(of_words)
    # a, alone and at the beginning, stands in three texts, c in two and so on
    (a,) = Grams.of("words", [("a",), ("a",), ("a",), ("b",)], 1).scale[:1]  # type: ignore[index]
    assert a == pytest.approx(1 + np.log(5 / 4))
    among = np.isin(of_both.hashes, of_words.hashes)
    np.testing.assert_allclose(of_both.scale[among], grams.SCALES["words"] * of_words.scale)
    assert of_both.scale[~among].max() <= 1 + np.log(5 / 3) + 1e-6


def test_pairs_with_a_gap_count_half_as_much_as_words() -> None:
    texts = [("a", "b", "c"), ("a", "d", "c"), ("e", "b"), ("e", "d")]
    without, found = (Grams.of("words", texts, 1, skips) for skips in (0, 1))
    assert without.scale is not None and found.scale is not None
    among = np.isin(found.hashes, without.hashes)
    np.testing.assert_allclose(found.scale[among], grams.SCALES["words"] * without.scale)
    assert ("skip", "a", "c") in counted("words", texts[0], 1) & counted("words", texts[1], 1)
    # each pair with a gap stands in two of the four texts, such as "a … c"
    np.testing.assert_allclose(found.scale[~among], grams.SCALES["skips"] * (1 + np.log(5 / 3)), rtol=1e-6)


@pytest.mark.parametrize(("letters", "piece"), [(1, 1), (40, 3), (200, 50), (5, 1 << 20)])
def test_blocks_and_pieces_change_nothing(letters: int, piece: int, monkeypatch: pytest.MonkeyPatch) -> None:
    draw = random.Random(1)
    texts = [draw.choices(["the", "cat", "Zürich", "日本", "x" * 30], k=draw.randint(0, 12)) for _ in range(40)]
    whole = Grams.of("both", texts, 2, 4)
    bags = whole.bags(texts)
    monkeypatch.setattr(grams, "_LETTERS", letters)
    monkeypatch.setattr(grams, "_PIECE", piece)
    cut = Grams.of("both", texts, 2, 4)
    np.testing.assert_array_equal(cut.hashes, whole.hashes)
    np.testing.assert_array_equal(cut.scale, whole.scale)
    again = cut.bags(texts)
    np.testing.assert_array_equal(again.ids, bags.ids)
    np.testing.assert_array_equal(again.offsets, bags.offsets)
