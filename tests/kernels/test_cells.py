"""LSTM, GRU, SRU and minGRU: central differences, agreement with the reference, ragged batches, the parallel form."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from elman.kernels import reference
from numerical import slope

Array = np.ndarray[Any, Any]
engines = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=15)
lengths_of_batches = st.lists(st.integers(1, 9), min_size=1, max_size=12).map(lambda x: sorted(x, reverse=True))


def sizes_of(lengths: Sequence[int]) -> Array:
    return np.array([sum(n > t for n in lengths) for t in range(max(lengths))], np.int32)


class Cell(NamedTuple):
    """A cell seen from outside: inputs in, output h and whatever backward needs besides."""

    make: Callable[[Callable[..., Array], int, int, int], list[Array]]  # inputs for (N, B, H)
    forward: Callable[[Any, list[Array], Array], tuple[Array, ...]]  # h first
    backward: Callable[[Any, Array, list[Array], tuple[Array, ...], Array], tuple[Array, ...]]  # as the inputs


CELLS = {
    "elman": Cell(
        lambda f, n, b, h: [f(n, h), f(h, h), f(b, h)],
        lambda k, x, s: (k.elman_forward(x[0], s, x[1], x[2]),),
        lambda k, dh, x, out, s: k.elman_backward(dh, out[0], s, x[1], x[2], 0),
    ),
    "lstm": Cell(
        lambda f, n, b, h: [f(n, 4 * h), f(4 * h, h), f(b, h), f(b, h)],
        lambda k, x, s: k.lstm_forward(x[0], s, *x[1:]),
        lambda k, dh, x, out, s: k.lstm_backward(dh, *out, s, *x[1:]),
    ),
    "gru": Cell(
        lambda f, n, b, h: [f(n, 3 * h), f(3 * h, h), f(h), f(b, h)],
        lambda k, x, s: k.gru_forward(x[0], s, *x[1:]),
        lambda k, dh, x, out, s: k.gru_backward(dh, *out, s, x[1], x[3]),
    ),
    "sru": Cell(
        lambda f, n, b, h: [f(n, 4 * h), f(b, h)],
        lambda k, x, s: k.sru_forward(x[0], s, x[1]),
        lambda k, dh, x, out, s: k.sru_backward(dh, x[0], out[1], s, x[1]),
    ),
    "mingru": Cell(
        lambda f, n, b, h: [f(n, 2 * h), f(b, h)],
        lambda k, x, s: (k.mingru_forward(x[0], s, x[1]),),
        lambda k, dh, x, out, s: k.mingru_backward(dh, x[0], out[0], s, x[1]),
    ),
}


def numbers(seed: int, dtype: Any = np.float64) -> Callable[..., Array]:
    generator = np.random.default_rng(seed)
    return lambda *shape: (generator.standard_normal(shape) * 0.5).astype(dtype)


@pytest.fixture(params=CELLS)
def cell(request: pytest.FixtureRequest) -> Cell:
    return CELLS[request.param]


@pytest.mark.parametrize("lengths", [[1], [4], [5, 3, 3, 1]])
def test_backward_by_central_differences(engine: Any, cell: Cell, lengths: list[int]) -> None:
    make, sizes = numbers(1), sizes_of(lengths)
    inputs, weight = cell.make(make, sum(lengths), len(lengths), 3), make(sum(lengths), 3)
    out = cell.forward(engine, inputs, sizes)
    found = cell.backward(engine, weight, inputs, out, sizes)
    assert len(found) == len(inputs)
    for mine, at in zip(found, inputs, strict=True):
        right = slope(lambda: cell.forward(engine, inputs, sizes)[0], at, weight)
        np.testing.assert_allclose(mine, right, rtol=1e-6, atol=1e-8)


@engines
@given(
    name=st.sampled_from(sorted(CELLS)),
    lengths=lengths_of_batches,
    hidden=st.sampled_from([1, 2, 5, 16, 17, 40, 64, 96]),
    dtype=st.sampled_from([np.float32, np.float64]),
)
def test_agreement_with_the_reference(engine: Any, name: str, lengths: list[int], hidden: int, dtype: Any) -> None:
    cell, make, sizes = CELLS[name], numbers(hidden, dtype), sizes_of(lengths)
    inputs, dh = cell.make(make, sum(lengths), len(lengths), hidden), make(sum(lengths), hidden)
    tight = {"rtol": 1e-9, "atol": 1e-10} if dtype == np.float64 else {"rtol": 1e-3, "atol": 1e-4}
    out, expected = cell.forward(engine, inputs, sizes), cell.forward(reference, inputs, sizes)
    for mine, theirs in zip(out, expected, strict=True):
        np.testing.assert_allclose(mine, theirs, **tight)
    mine_back = cell.backward(engine, dh, inputs, expected, sizes)
    for mine, theirs in zip(mine_back, cell.backward(reference, dh, inputs, expected, sizes), strict=True):
        assert mine.dtype == dtype
        np.testing.assert_allclose(mine, theirs, **tight)


def test_a_batch_is_its_sentences_one_by_one(engine: Any, cell: Cell) -> None:
    lengths = [7, 5, 5, 2, 1]
    make, sizes = numbers(2, np.float32), sizes_of(lengths)
    starts = np.concatenate(([0], np.cumsum(sizes)))
    inputs = cell.make(make, 20, 5, 33)
    together = cell.forward(engine, inputs, sizes)[0]
    for b, length in enumerate(lengths):
        rows = starts[:length] + b
        one = [x[rows] if len(x) == 20 else x[b : b + 1] if len(x) == 5 else x for x in inputs]
        alone = cell.forward(engine, one, np.ones(length, np.int32))[0]
        if engine is reference:  # its products come from BLAS, whose order of sums depends on the shape
            np.testing.assert_allclose(alone, together[rows], atol=1e-4)
        else:
            np.testing.assert_array_equal(alone, together[rows])


def parallel_scan(keep: Array, add: Array, s0: Array) -> Array:
    """s_t = keep_t s_{t-1} + add_t by doubling: log2(T) rounds over all steps at once (Hillis & Steele 1986)."""
    keep, add = keep.copy(), add.copy()
    add[0] += keep[0] * s0
    reach = 1
    while reach < len(keep):
        later_add = add.copy()
        later_add[reach:] += keep[reach:] * add[:-reach]
        later_keep = keep.copy()
        later_keep[reach:] *= keep[:-reach]
        keep, add, reach = later_keep, later_add, 2 * reach
    return add


@pytest.mark.parametrize("length", [1, 2, 7, 64, 100])
def test_parallel_cells_equal_their_parallel_form(engine: Any, length: int) -> None:
    make, ones = numbers(length), np.ones(length, np.int32)
    a, s0 = make(length, 20), make(1, 5)
    sigma = lambda x: 1 / (1 + np.exp(-x))  # noqa: E731
    f, r = sigma(a[:, 5:10]), sigma(a[:, 10:15])
    c = parallel_scan(f, (1 - f) * a[:, :5], s0[0])
    h, found = engine.sru_forward(a, ones, s0)
    np.testing.assert_allclose(found, c, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(h, r * np.tanh(c) + (1 - r) * a[:, 15:], rtol=1e-12, atol=1e-14)
    z = sigma(a[:, :5])
    expected = parallel_scan(1 - z, z * a[:, 5:10], s0[0])
    np.testing.assert_allclose(engine.mingru_forward(a[:, :10].copy(), ones, s0), expected, rtol=1e-12, atol=1e-14)


def test_shapes_that_do_not_fit_are_refused(engine: Any) -> None:
    if engine is reference:
        pytest.skip("NumPy says so itself")
    ones = np.ones(2, np.int32)
    with pytest.raises(ValueError, match="shapes do not fit"):
        engine.lstm_forward(np.zeros((2, 7)), ones, np.zeros((8, 2)), np.zeros((1, 2)), np.zeros((1, 2)))
    with pytest.raises(ValueError, match="sizes have to sum to the rows"):
        engine.gru_forward(np.zeros((3, 6)), ones, np.zeros((6, 2)), np.zeros(2), np.zeros((1, 2)))
    with pytest.raises(ValueError, match="never increase"):
        engine.mingru_forward(np.zeros((3, 4)), np.array([1, 2], np.int32), np.zeros((2, 2)))
    with pytest.raises(TypeError):
        engine.sru_forward(np.zeros((2, 8), np.float32), ones, np.zeros((1, 2)))
