"""The best trees: against all trees there are, and by scores of labels against the reference."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from elman.kernels import reference
from elman.kernels.reference.trees import arcs, said, where
from elman.tasks.dependency_labels import encode, parse_label, repaired

engines = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)


def all_trees(n: int) -> Iterator[tuple[int, ...]]:
    for heads in product(range(n + 1), repeat=n):
        if list(heads) == repaired(heads):
            yield heads


def total(scores: np.ndarray, heads: tuple[int, ...] | list[int]) -> float:
    return float(sum(scores[head, word] for word, head in enumerate(heads)))


def test_how_many_trees_there_are() -> None:
    assert [sum(1 for _ in all_trees(n)) for n in range(1, 6)] == [n ** (n - 1) for n in range(1, 6)]  # Cayley


@engines
@given(st.integers(1, 5), st.integers(0, 2**32 - 1), st.booleans())
def test_no_tree_is_better(engine: Any, n: int, seed: int, whole: bool) -> None:
    draw = np.random.default_rng(seed)
    scores = draw.integers(-3, 4, (n + 1, n)).astype(float) if whole else draw.normal(size=(n + 1, n))
    heads = engine.best_tree(scores).tolist()
    assert heads == repaired(heads)
    assert total(scores, heads) == pytest.approx(max(total(scores, tree) for tree in all_trees(n)))


@engines
@given(st.integers(1, 4), st.integers(0, 2**32 - 1), st.floats(0.1, 0.9))
def test_arcs_that_are_not_there(engine: Any, n: int, seed: int, share: float) -> None:
    draw = np.random.default_rng(seed)
    scores = np.where(draw.random((n + 1, n)) < share, -np.inf, draw.normal(size=(n + 1, n)))
    heads = engine.best_tree(scores).tolist()
    assert heads == repaired(heads)
    fewest = min(np.isinf([scores[h, d] for d, h in enumerate(tree)]).sum() for tree in all_trees(n))
    assert np.isinf([scores[h, d] for d, h in enumerate(heads)]).sum() == fewest
    best = max(total(scores, tree) for tree in all_trees(n))
    assert total(scores, heads) == pytest.approx(best)


@engines
@given(st.integers(6, 60), st.integers(0, 2**32 - 1))
def test_long_sentences(engine: Any, n: int, seed: int) -> None:
    """A tree, and no single word hangs better elsewhere."""
    scores = np.random.default_rng(seed).normal(size=(n + 1, n))
    heads = engine.best_tree(scores).tolist()
    assert heads == repaired(heads)
    for word, head in enumerate(heads):
        for other in range(1, n + 1):
            changed = [*heads[:word], other, *heads[word + 1 :]]
            if head and scores[other, word] > scores[head, word]:
                assert changed != repaired(changed)


def test_no_words_and_no_scores(engine: Any) -> None:
    assert engine.best_tree(np.zeros((1, 0))).tolist() == []
    heads = engine.best_tree(np.full((4, 3), -np.inf)).tolist()
    assert heads == repaired(heads)


LABELS = ["0,ROOT", "+1,N", "-1,N", "+1,V", "-1,V", "+2,N", "-2,N"]
KINDS = {"N": 0, "V": 1}  # and 2, of others


def columns_of(labels: list[str], far: int) -> np.ndarray:
    columns = np.full((3, 2 * far + 1), len(labels), np.int32)
    for column, (number, tag) in enumerate(map(parse_label, labels)):
        if number:
            columns[KINDS[tag], far + number] = column
    return columns


def test_scores_of_arcs() -> None:
    tags = ["N", "V", "N", "X"]
    known = np.log(np.arange(1.0, 29.0).reshape(4, 7) / 100)
    scores = arcs(known, np.array([KINDS.get(tag, 2) for tag in tags]), columns_of(LABELS, 3), 0)
    assert scores.shape == (5, 4)
    for word in range(4):
        for head in range(5):
            if head == word + 1:
                continue
            label = (
                "0,ROOT" if head == 0 else encode([head if i == word else 0 for i in range(4)], tags, "relative")[word]
            )
            if label in LABELS:
                assert scores[head, word] == known[word, LABELS.index(label)]
            else:
                assert label.endswith("X") and scores[head, word] < known.min()


def test_what_relations_say_of_arcs() -> None:
    draw = np.random.default_rng(1)
    ratios, p = draw.random((4, 4, 6, 5)).astype(np.float32), draw.dirichlet(np.ones(5), 6).astype(np.float32)
    kinds = np.array([0, 2, 1, 0, 0, 2], np.int32)
    found = said(p, kinds, ratios)
    for word in range(6):
        assert found[0, word] == pytest.approx(np.log(ratios[3, kinds[word], 3] @ p[word]), abs=1e-5)
        for head in range(6):
            place = max(-3, min(head - word, 3)) + 3 - (head > word)
            assert place == where(np.array(head - word), 3)
            own = ratios[kinds[head], kinds[word], place]
            assert found[head + 1, word] == pytest.approx(np.log(own @ p[word]), abs=1e-5)


@engines
@given(st.lists(st.integers(0, 9), max_size=6), st.integers(0, 2**32 - 1), st.booleans(), st.booleans())
def test_trees_of_a_batch(engine: Any, lengths: list[int], seed: int, rooted: bool, impossible: bool) -> None:
    """Those of the reference; where rounding decides, trees that are as good."""
    draw = np.random.default_rng(seed)
    n, R, labels = sum(lengths), 9, len(LABELS)
    scores = (3 * draw.normal(size=(n, labels))).astype(np.float32)
    if impossible:
        scores[draw.random(scores.shape) < 0.2] = -np.inf
        scores[:, 1] = 0
    relations = draw.normal(size=(n, R)).astype(np.float32)
    kinds = draw.integers(0, 3, n).astype(np.int32)
    ratios = np.exp(draw.normal(size=(3, 3, 10, R))).astype(np.float32)
    columns, root = columns_of(LABELS, 3), 0 if rooted else labels
    given = scores, relations, np.array(lengths, np.int32), kinds, columns, root, ratios, 0.3
    mine, expected = engine.best_trees(*given), reference.best_trees(*given)
    assert mine.dtype == np.int32 and mine.shape == (n,)
    known = np.maximum(reference.trees.log_softmax(scores, axis=1), np.log(np.float32(1e-30)))
    p = np.exp(reference.trees.log_softmax(relations, axis=1))
    end = 0
    for length in lengths:
        rows = slice(end, end := end + length)
        own, other = mine[rows].tolist(), expected[rows].tolist()
        assert own == repaired(own)
        if own != other:
            whole = arcs(known[rows], kinds[rows], columns, root) + 0.3 * said(p[rows], kinds[rows], ratios)
            assert total(whole, own) == pytest.approx(total(whole, other), abs=1e-4)


def test_what_does_not_fit(engine: Any) -> None:
    if engine is reference:
        pytest.skip("NumPy says it in its own words")
    scores, one = np.zeros((2, 7), np.float32), np.ones(2, np.int32)
    columns, ratios = columns_of(LABELS, 3), np.ones((3, 3, 10, 4), np.float32)
    relations = np.zeros((2, 4), np.float32)
    for lengths in ([1], [3, -1]):
        with pytest.raises(ValueError, match="lengths have to"):
            engine.best_trees(scores, relations, np.array(lengths, np.int32), one, columns, 0, ratios, 0.3)
    with pytest.raises(ValueError, match="shapes do not fit: labels"):
        engine.best_trees(scores, relations[:1], one, one, columns, 0, ratios, 0.3)
    with pytest.raises(IndexError, match="outside"):
        engine.best_trees(scores, relations, one, one + 3, columns, 0, ratios, 0.3)
    with pytest.raises(IndexError, match="none of the labels"):
        engine.best_trees(scores, relations, one, one, columns + 1, 0, ratios, 0.3)
