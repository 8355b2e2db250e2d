"""Scores of arcs and relations: central differences, the reference in both precisions, trees by enumeration."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from elman.kernels import reference
from elman.kernels.reference.biaffine import NO_ARC
from elman.tasks.dependency_labels import repaired
from numerical import slope

Array = np.ndarray[Any, Any]
engines = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=25)
precisions = st.sampled_from([np.float32, np.float64])
lengths_of_sentences = st.lists(st.integers(0, 12), min_size=0, max_size=6)


def close(a: Array, b: Array, dtype: Any = np.float64) -> None:
    tight = dtype == np.float64
    np.testing.assert_allclose(a, b, rtol=1e-9 if tight else 2e-4, atol=1e-10 if tight else 5e-5)


def arrays(seed: int, dtype: Any, *shapes: tuple[int, ...]) -> list[Array]:
    draw = np.random.default_rng(seed)
    return [(draw.standard_normal(shape) * 0.5).astype(dtype) for shape in shapes]


def possible(lengths: Array, columns: int) -> Array:
    """Which candidates (N, C) a word can have."""
    rows = [[j == 0 or (j <= n and j != i) for j in range(columns)] for n in lengths.tolist() for i in range(1, n + 1)]
    return np.array(rows, bool).reshape(-1, columns)


def test_scores_of_arcs_one_by_one(engine: Any) -> None:
    lengths = np.array([3, 0, 1], np.int32)
    x, h, root = arrays(1, np.float64, (4, 5), (4, 5), (5,))
    scores = engine.biaffine_arcs_forward(x, h, root, lengths, 5)
    np.testing.assert_allclose(scores[:, 0], x @ root)
    assert scores[1, 1] == pytest.approx(x[1] @ h[0])
    assert scores[0, 3] == pytest.approx(x[0] @ h[2])
    assert (scores[~possible(lengths, 5)] == NO_ARC).all()
    assert (scores[possible(lengths, 5)] > NO_ARC).all()


@pytest.mark.parametrize("columns", [5, 4, 2, 1])
def test_arcs_by_central_differences(engine: Any, columns: int) -> None:
    """Also where candidates are left out."""
    lengths = np.array([3, 1, 4], np.int32)
    x, h, root, weight = arrays(2, np.float64, (8, 3), (8, 3), (3,), (8, columns))
    there = possible(lengths, columns)

    def f() -> float:
        return float((engine.biaffine_arcs_forward(x, h, root, lengths, columns) * weight)[there].sum())

    back = engine.biaffine_arcs_backward(weight, x, h, root, lengths)
    for gradient, at in zip(back, (x, h, root), strict=True):
        np.testing.assert_allclose(gradient, slope(f, at), atol=1e-8)


@engines
@given(lengths=lengths_of_sentences, width=st.integers(1, 70), more=st.integers(-3, 3), dtype=precisions)
def test_arcs_agree_with_the_reference(engine: Any, lengths: list[int], width: int, more: int, dtype: Any) -> None:
    n, columns = sum(lengths), max(1, max(lengths, default=0) + 1 + more)
    x, h, root, d = arrays(n + width, dtype, (n, width), (n, width), (width,), (n, columns))
    sizes = np.array(lengths, np.int32)
    scores = engine.biaffine_arcs_forward(x, h, root, sizes, columns)
    assert scores.dtype == dtype
    close(scores, reference.biaffine_arcs_forward(x, h, root, sizes, columns), dtype)
    expected = reference.biaffine_arcs_backward(d, x, h, root, sizes)
    for mine, other in zip(engine.biaffine_arcs_backward(d, x, h, root, sizes), expected, strict=True):
        assert mine.dtype == dtype
        close(mine, other, dtype)


def test_bilinear_one_by_one_and_by_central_differences(engine: Any) -> None:
    x, y, w, weight = arrays(3, np.float64, (4, 3), (4, 2), (5, 3, 2), (4, 5))
    scores = engine.bilinear_forward(x, y, w)
    assert scores[2, 4] == pytest.approx(x[2] @ w[4] @ y[2])

    def f() -> float:
        return float((engine.bilinear_forward(x, y, w) * weight).sum())

    for gradient, at in zip(engine.bilinear_backward(weight, x, y, w), (x, y, w), strict=True):
        np.testing.assert_allclose(gradient, slope(f, at), atol=1e-8)


@engines
@given(n=st.integers(0, 300), d=st.integers(1, 40), e=st.integers(1, 40), r=st.integers(1, 6), dtype=precisions)
def test_bilinear_agrees_with_the_reference(engine: Any, n: int, d: int, e: int, r: int, dtype: Any) -> None:
    x, y, w, ds = arrays(n + d + e, dtype, (n, d), (n, e), (r, d, e), (n, r))
    close(engine.bilinear_forward(x, y, w), reference.bilinear_forward(x, y, w), dtype)
    expected = reference.bilinear_backward(ds, x, y, w)
    for mine, other in zip(engine.bilinear_backward(ds, x, y, w), expected, strict=True):
        assert mine.dtype == dtype
        np.testing.assert_allclose(mine, other, rtol=1e-3, atol=2e-3 if dtype == np.float32 else 1e-9)


def test_a_row_does_not_depend_on_the_others(engine: Any) -> None:
    x, y, w, root = arrays(4, np.float32, (300, 64), (300, 64), (3, 64, 64), (64,))
    scores = engine.bilinear_forward(x, y, w)
    one = engine.bilinear_forward(x[250:251], y[250:251], w)
    np.testing.assert_allclose(scores[250:251], one, rtol=1e-5, atol=1e-5)
    lengths = np.array([250, 50], np.int32)
    both = engine.biaffine_arcs_forward(x, y, root, lengths, 251)
    last = engine.biaffine_arcs_forward(x[250:], y[250:], root, lengths[1:], 51)
    np.testing.assert_allclose(both[250:, :51], last, rtol=1e-5, atol=1e-5)


def all_trees(n: int) -> Iterator[tuple[int, ...]]:
    return (heads for heads in product(range(n + 1), repeat=n) if list(heads) == repaired(heads))


@engines
@given(st.lists(st.integers(1, 5), min_size=1, max_size=3), st.integers(0, 2**32 - 1), st.integers(0, 2))
def test_no_tree_is_better(engine: Any, lengths: list[int], seed: int, more: int) -> None:
    columns = max(lengths) + 1 + more
    scores = np.random.default_rng(seed).normal(size=(sum(lengths), columns)).astype(np.float32)
    scores[~possible(np.array(lengths), columns)] = NO_ARC
    heads = engine.arc_trees(scores, np.array(lengths, np.int32))
    begin = 0
    for n in lengths:
        own, rows = heads[begin : begin + n].tolist(), scores[begin : begin + n].astype(np.float64)
        assert own == repaired(own)
        best = max(sum(rows[i, head] for i, head in enumerate(tree)) for tree in all_trees(n))
        assert sum(rows[i, head] for i, head in enumerate(own)) == pytest.approx(best)
        begin += n


@engines
@given(st.lists(st.integers(0, 30), max_size=4), st.integers(0, 2**32 - 1), st.integers(-4, 3))
def test_trees_agree_with_the_reference(engine: Any, lengths: list[int], seed: int, more: int) -> None:
    """Also with fewer candidates than words, where some arcs have no score."""
    columns = max(1, max(lengths, default=0) + 1 + more)
    scores = np.random.default_rng(seed).normal(size=(sum(lengths), columns)).astype(np.float32)
    sizes = np.array(lengths, np.int32)
    heads = engine.arc_trees(scores, sizes)
    np.testing.assert_array_equal(heads, reference.arc_trees(scores, sizes))
    for n, own in zip(lengths, np.split(heads, np.cumsum(sizes)[:-1]) if lengths else [], strict=True):
        assert own.tolist() == repaired(own.tolist()) and len(own) == n


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 0.0])
def test_scores_that_are_no_numbers_still_make_trees(engine: Any, value: float) -> None:
    heads = engine.arc_trees(np.full((4, 5), value, np.float32), np.array([4], np.int32)).tolist()
    assert heads == repaired(heads)


def test_shapes_that_do_not_fit(engine: Any) -> None:
    if engine is reference:
        pytest.skip("the native core checks shapes")
    x, root = np.zeros((3, 4), np.float32), np.zeros(4, np.float32)
    with pytest.raises(ValueError, match="lengths have to sum to the words"):
        engine.biaffine_arcs_forward(x, x, root, np.array([2], np.int32), 3)
    with pytest.raises(ValueError, match="shapes do not fit"):
        engine.biaffine_arcs_forward(x, x, root, np.array([3], np.int32), 0)
    with pytest.raises(ValueError, match="shapes do not fit"):
        engine.bilinear_forward(x, x, np.zeros((2, 4, 3), np.float32))
