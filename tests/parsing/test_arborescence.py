"""The best tree by scores of arcs, against all trees there are."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from elman.parsing import arborescence
from elman.parsing.arborescence import HeadLabels, best_tree
from elman.parsing.dependencies import decode, encode, repaired


def all_trees(n: int) -> Iterator[tuple[int, ...]]:
    for heads in product(range(n + 1), repeat=n):
        if list(heads) == repaired(heads):
            yield heads


def total(scores: np.ndarray, heads: tuple[int, ...] | list[int]) -> float:
    return float(sum(scores[head, word] for word, head in enumerate(heads)))


def test_how_many_trees_there_are() -> None:
    assert [sum(1 for _ in all_trees(n)) for n in range(1, 6)] == [n ** (n - 1) for n in range(1, 6)]  # Cayley


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 5), st.integers(0, 2**32 - 1), st.booleans())
def test_no_tree_is_better(n: int, seed: int, whole: bool) -> None:
    draw = np.random.default_rng(seed)
    scores = draw.integers(-3, 4, (n + 1, n)).astype(float) if whole else draw.normal(size=(n + 1, n))
    heads = best_tree(scores)
    assert heads == repaired(heads)
    assert total(scores, heads) == pytest.approx(max(total(scores, tree) for tree in all_trees(n)))


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 4), st.integers(0, 2**32 - 1), st.floats(0.1, 0.9))
def test_arcs_that_are_not_there(n: int, seed: int, share: float) -> None:
    draw = np.random.default_rng(seed)
    scores = np.where(draw.random((n + 1, n)) < share, -np.inf, draw.normal(size=(n + 1, n)))
    heads = best_tree(scores)
    assert heads == repaired(heads)
    fewest = min(np.isinf([scores[h, d] for d, h in enumerate(tree)]).sum() for tree in all_trees(n))
    assert np.isinf([scores[h, d] for d, h in enumerate(heads)]).sum() == fewest
    best = max(total(scores, tree) for tree in all_trees(n))
    assert total(scores, heads) == pytest.approx(best)


@settings(max_examples=20, deadline=None)
@given(st.integers(6, 60), st.integers(0, 2**32 - 1))
def test_long_sentences(n: int, seed: int) -> None:
    """A tree, and no single word hangs better elsewhere."""
    scores = np.random.default_rng(seed).normal(size=(n + 1, n))
    heads = best_tree(scores)
    assert heads == repaired(heads)
    for word, head in enumerate(heads):
        for other in range(1, n + 1):
            changed = [*heads[:word], other, *heads[word + 1 :]]
            if head and scores[other, word] > scores[head, word]:
                assert changed != repaired(changed)


def test_no_words_and_no_scores() -> None:
    assert best_tree(np.zeros((1, 0))) == []
    assert best_tree(np.full((4, 3), -np.inf)) == repaired(best_tree(np.full((4, 3), -np.inf)))


LABELS = ["0,ROOT", "+1,N", "-1,N", "+1,V", "-1,V", "+2,N", "-2,N"]


def test_scores_of_arcs() -> None:
    tags = ["N", "V", "N", "X"]
    log_probabilities = np.log(np.arange(1.0, 29.0).reshape(4, 7) / 100)
    scores = HeadLabels(LABELS).scores(log_probabilities, tags)
    assert scores.shape == (5, 4)
    for word in range(4):
        for head in range(5):
            if head == word + 1:
                continue
            label = (
                "0,ROOT" if head == 0 else encode([head if i == word else 0 for i in range(4)], tags, "relative")[word]
            )
            if label in LABELS:
                assert scores[head, word] == log_probabilities[word, LABELS.index(label)]
            else:
                assert label.endswith("X") and scores[head, word] < log_probabilities.min()


def test_the_best_tree_of_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both nouns want to hang on each other; the best tree breaks the circle where it costs least."""
    tags = ["N", "V", "N"]
    probabilities = np.full((3, 7), 1e-6)
    probabilities[0, [LABELS.index("+1,N"), LABELS.index("+1,V")]] = 0.6, 0.3
    probabilities[1, LABELS.index("0,ROOT")] = 0.9
    probabilities[2, [LABELS.index("-1,N"), LABELS.index("-1,V")]] = 0.8, 0.1
    labels = HeadLabels(LABELS)
    assert labels.heads(np.log(probabilities), tags) == [2, 0, 1]
    with np.errstate(divide="ignore"):
        assert labels.heads(np.log(np.where(probabilities < 0.01, 0.0, probabilities)), tags) == [2, 0, 1]

    monkeypatch.setattr(arborescence, "LONGEST", 2)
    assert (
        labels.heads(np.log(probabilities), tags) == [2, 0, 1] == decode(["+1,N", "0,ROOT", "-1,N"], tags, "relative")
    )
    assert HeadLabels(LABELS[1:]).heads(np.log(probabilities[:, 1:]), tags) == [0, 3, 1]


def test_certain_labels_give_their_tree_back() -> None:
    draw = random.Random(4)
    for _ in range(50):
        n = draw.randint(1, 12)
        heads = repaired([draw.randint(0, n) for _ in range(n)])
        tags = [draw.choice("AB") for _ in range(n)]
        gold = encode(heads, tags, "relative")
        labels = sorted({*gold, *(draw.choice(LABELS) for _ in range(3))})
        probabilities = np.full((n, len(labels)), 1e-9)
        probabilities[range(n), [labels.index(label) for label in gold]] = 1.0
        assert HeadLabels(labels).heads(np.log(probabilities), tags) == heads
