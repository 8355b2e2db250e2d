"""Every kernel: central differences in float64, agreement with the reference in both precisions, bad shapes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from elman.kernels import reference
from numerical import slope

Array = np.ndarray[Any, Any]
engines = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=25)
precisions = st.sampled_from([np.float32, np.float64])
# lengths of the sentences of a batch, longest first
lengths_of_batches = st.lists(st.integers(1, 9), min_size=1, max_size=20).map(lambda x: sorted(x, reverse=True))


def sizes_of(lengths: Sequence[int]) -> Array:
    return np.array([sum(n > t for n in lengths) for t in range(max(lengths))], np.int32)


def numbers(seed: int, dtype: Any = np.float64) -> Callable[..., Array]:
    generator = np.random.default_rng(seed)
    return lambda *shape: (generator.standard_normal(shape) * 0.5).astype(dtype)


def close(a: Array, b: Array, dtype: Any = np.float64) -> None:
    tight = dtype == np.float64
    np.testing.assert_allclose(a, b, rtol=1e-9 if tight else 2e-4, atol=1e-10 if tight else 2e-5)


# --- linear ---------------------------------------------------------------------------------------------------------


def test_linear_by_central_differences(engine: Any) -> None:
    make = numbers(1)
    x, w, b, weight = make(5, 3), make(4, 3), make(4), make(5, 4)
    f = lambda: float((engine.linear_forward(x, w, b) * weight).sum())  # noqa: E731
    for mine, at in zip(engine.linear_backward(weight, x, w), (x, w, b), strict=True):
        np.testing.assert_allclose(mine, slope(f, at), atol=1e-8)


@engines
@given(
    n=st.integers(0, 40), e=st.integers(1, 70), h=st.integers(1, 140), dtype=st.sampled_from([np.float32, np.float64])
)
def test_linear_agrees_with_the_reference(engine: Any, n: int, e: int, h: int, dtype: Any) -> None:
    make = numbers(n + e + h, dtype)
    x, w, b, dy = make(n, e), make(h, e), make(h), make(n, h)
    close(engine.linear_forward(x, w, b), reference.linear_forward(x, w, b), dtype)
    for mine, other in zip(engine.linear_backward(dy, x, w), reference.linear_backward(dy, x, w), strict=True):
        assert mine.dtype == dtype
        close(mine, other, dtype)


def test_linear_over_more_rows_than_a_block_of_the_product(engine: Any) -> None:
    make = numbers(3, np.float32)
    x, w, dy = make(700, 300), make(50, 300), make(700, 50)
    close(
        engine.linear_forward(x, w, make(50) * 0), reference.linear_forward(x, w, np.zeros(50, np.float32)), np.float32
    )
    for mine, other in zip(engine.linear_backward(dy, x, w), reference.linear_backward(dy, x, w), strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-3, atol=1e-3)


def test_a_transposed_view_is_read_as_what_it_is(engine: Any) -> None:
    make = numbers(4)
    x, w, b = make(3, 5).T, make(4, 3), make(4)
    close(engine.linear_forward(x, w, b), x @ w.T + b)


# --- embedding ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_embedding_gathers_and_scatter_adds(engine: Any, dtype: Any) -> None:
    make = numbers(5, dtype)
    table, drows, ids = make(6, 5), make(4, 5), np.array([3, 0, 3, 5], np.int32)
    np.testing.assert_array_equal(engine.embedding_forward(table, ids), table[ids])
    expected = np.zeros((6, 5), dtype)
    for row, i in zip(drows, ids, strict=True):
        expected[i] += row
    close(engine.embedding_backward(drows, ids, 6), expected, dtype)


@pytest.mark.parametrize("bad", [-1, 6])
def test_an_id_outside_the_table_is_an_index_error(engine: Any, bad: int) -> None:
    ids = np.array([0, bad], np.int32)
    with pytest.raises(IndexError):
        engine.embedding_forward(np.zeros((6, 2)), ids)
    with pytest.raises(IndexError):
        engine.embedding_backward(np.zeros((2, 2)), ids, 6)
    with pytest.raises(IndexError):
        engine.softmax_cross_entropy_forward(np.zeros((2, 6)), ids)


# --- the Elman cell -------------------------------------------------------------------------------------------------


def stepwise_backward(dh: Array, h: Array, w_rh: Array, h0: Array, n: int) -> tuple[Array, Array, Array]:
    """One sentence, one output error at a time, back n steps: the slide's picture, nothing shared."""
    da, dw, dh0 = np.zeros_like(h), np.zeros_like(w_rh), np.zeros_like(h0)
    for s in range(len(h)):
        error = dh[s]
        for t in range(s, max(s - n, -1), -1):
            delta = error * (1 - h[t] ** 2)
            da[t] += delta
            dw += np.outer(delta, h[t - 1] if t else h0)
            error = delta @ w_rh
            if t == 0:
                dh0 += error
    return da, dw, dh0


@pytest.mark.parametrize("lengths", [[1], [4], [5, 3, 3, 1], [2, 2, 2]])
def test_elman_by_central_differences(engine: Any, lengths: list[int]) -> None:
    make = numbers(7)
    n, b, sizes = sum(lengths), len(lengths), sizes_of(lengths)
    a, w_rh, h0, weight = make(n, 3), make(3, 3), make(b, 3), make(n, 3)
    f = lambda: float((engine.elman_forward(a, sizes, w_rh, h0) * weight).sum())  # noqa: E731
    h = engine.elman_forward(a, sizes, w_rh, h0)
    for mine, at in zip(engine.elman_backward(weight, h, sizes, w_rh, h0, 0), (a, w_rh, h0), strict=True):
        np.testing.assert_allclose(mine, slope(f, at), atol=1e-8)


@engines
@given(
    lengths=lengths_of_batches,
    hidden=st.sampled_from([1, 2, 5, 8, 16, 17, 40, 64, 96, 130]),
    n=st.integers(0, 11),
    dtype=precisions,
)
def test_elman_agrees_with_the_reference(engine: Any, lengths: list[int], hidden: int, n: int, dtype: Any) -> None:
    make = numbers(hidden, dtype)
    sizes, total = sizes_of(lengths), sum(lengths)
    a, dh, h0 = make(total, hidden), make(total, hidden), make(len(lengths), hidden)
    w_rh = make(hidden, hidden) / dtype(np.sqrt(hidden))
    h = engine.elman_forward(a, sizes, w_rh, h0)
    close(h, reference.elman_forward(a, sizes, w_rh, h0), dtype)
    mine = engine.elman_backward(dh, h, sizes, w_rh, h0, n)
    for one, other in zip(mine, reference.elman_backward(dh, h, sizes, w_rh, h0, n), strict=True):
        close(one, other, dtype)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 9])
def test_elman_back_n_steps_is_one_output_error_at_a_time(engine: Any, n: int) -> None:
    make = numbers(11)
    lengths = [5, 4, 4, 1]
    sizes, total = sizes_of(lengths), sum(lengths)
    a, w_rh, h0, dh = make(total, 6), make(6, 6), make(4, 6), make(total, 6)
    h = engine.elman_forward(a, sizes, w_rh, h0)
    da, dw, dh0 = engine.elman_backward(dh, h, sizes, w_rh, h0, n)
    starts = np.concatenate(([0], np.cumsum(sizes)))
    expected_dw = np.zeros_like(w_rh)
    for b, length in enumerate(lengths):
        rows = starts[:length] + b
        one_da, one_dw, one_dh0 = stepwise_backward(dh[rows], h[rows], w_rh, h0[b], n)
        close(da[rows], one_da)
        close(dh0[b], one_dh0)
        expected_dw += one_dw
    close(dw, expected_dw)


def test_n_not_below_the_length_is_the_full_gradient(engine: Any) -> None:
    make = numbers(12)
    sizes = sizes_of([6, 2])
    a, w_rh, h0, dh = make(8, 5), make(5, 5), make(2, 5), make(8, 5)
    h = engine.elman_forward(a, sizes, w_rh, h0)
    full = engine.elman_backward(dh, h, sizes, w_rh, h0, 0)
    for n in (6, 7, 1000):
        for one, other in zip(engine.elman_backward(dh, h, sizes, w_rh, h0, n), full, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-12)


def test_a_batch_is_its_sentences_one_by_one(engine: Any) -> None:
    make = numbers(13, np.float32)
    lengths = [7, 5, 5, 2, 1]
    sizes = sizes_of(lengths)
    starts = np.concatenate(([0], np.cumsum(sizes)))
    a, w_rh, h0 = make(20, 33), make(33, 33), make(5, 33)
    h = engine.elman_forward(a, sizes, w_rh, h0)
    for b, length in enumerate(lengths):
        rows = starts[:length] + b
        ones = np.ones(length, np.int32)
        close(engine.elman_forward(a[rows], ones, w_rh, h0[b : b + 1]), h[rows], np.float32)


def test_a_batch_without_words(engine: Any) -> None:
    none, sizes, h0, w = np.zeros((0, 3)), np.zeros(0, np.int32), np.ones((2, 3)), np.ones((3, 3))
    assert engine.elman_forward(none, sizes, w, h0).shape == (0, 3)
    da, dw, dh0 = engine.elman_backward(none, none, sizes, w, h0, 0)
    assert da.shape == (0, 3)
    assert not dw.any()
    assert not dh0.any()


# --- softmax and cross-entropy --------------------------------------------------------------------------------------


def test_softmax_cross_entropy_by_central_differences(engine: Any) -> None:
    make = numbers(14)
    scores, dlosses, gold = make(5, 4), make(5), np.array([0, 3, 1, 1, 2], np.int32)
    f = lambda: float((engine.softmax_cross_entropy_forward(scores, gold)[0] * dlosses).sum())  # noqa: E731
    _, p = engine.softmax_cross_entropy_forward(scores, gold)
    mine = engine.softmax_cross_entropy_backward(dlosses, p, gold)
    np.testing.assert_allclose(mine, slope(f, scores), atol=1e-8)


@engines
@given(n=st.integers(0, 9), k=st.integers(1, 70), scale=st.sampled_from([1.0, 60.0]))
def test_softmax_cross_entropy_agrees_with_the_reference(engine: Any, n: int, k: int, scale: float) -> None:
    for dtype in (np.float32, np.float64):
        scores = (numbers(k, dtype)(n, k) * dtype(scale)).astype(dtype)
        gold = np.arange(n, dtype=np.int32) % k
        losses, p = engine.softmax_cross_entropy_forward(scores, gold)
        other_losses, other_p = reference.softmax_cross_entropy_forward(scores, gold)
        close(losses, other_losses, dtype)
        close(p, other_p, dtype)
        close(p.sum(axis=1), np.ones(n, dtype), dtype)


def test_tanh_and_exp_are_good_to_a_millionth(engine: Any) -> None:
    x = np.concatenate([np.linspace(-30, 30, 20001), [-1e30, 1e30, 0.0]]).astype(np.float32)
    h = engine.elman_forward(
        x[:, None], np.array([len(x)], np.int32), np.zeros((1, 1), np.float32), np.zeros((len(x), 1), np.float32)
    )
    assert np.abs(h[:, 0] - np.tanh(x.astype(np.float64))).max() < 3e-7
    scores = np.stack([np.zeros_like(x), np.clip(x, -80, 0)], axis=1)
    _, p = engine.softmax_cross_entropy_forward(scores, np.zeros(len(x), np.int32))
    exact = 1 / (1 + np.exp(scores[:, 1].astype(np.float64)))
    assert np.abs(p[:, 0] - exact).max() < 3e-7


# --- online SGD -----------------------------------------------------------------------------------------------------


def net_of(make: Callable[..., Array], v: int, h: int, k: int) -> list[Array]:
    return [make(v, h), make(h, h) / np.sqrt(h).astype(make(1).dtype), make(h), make(k, h), make(k)]


def test_online_step_follows_the_gradient(engine: Any) -> None:
    """One step of rate r changes every weight by -r times the central difference of the sentence's loss."""
    make = numbers(15)
    net = net_of(make, 4, 5, 3)
    ids, gold = np.array([1, 3, 1, 0], np.int32), np.array([2, 0, 1, 1], np.int32)
    mask = np.abs(make(4, 5)) * 2
    one = np.array([4], np.int32)

    def loss() -> float:
        copies = [w.copy() for w in net]
        return engine.online_steps(*copies, ids, gold, one, np.zeros(1), mask, 0.0, 0)[0]

    slopes = [slope(loss, w) for w in net]
    before = [w.copy() for w in net]
    engine.online_steps(*net, ids, gold, one, np.array([0.1]), mask, 0.0, 0)
    for w, old, dw in zip(net, before, slopes, strict=True):
        np.testing.assert_allclose(w, old - 0.1 * dw, atol=1e-8)


@engines
@given(
    lengths=st.lists(st.integers(0, 7), min_size=1, max_size=6),
    h=st.sampled_from([1, 7, 16, 33, 64, 128, 200]),
    n=st.integers(0, 4),
    clip=st.sampled_from([0.0, 0.5, 1e6]),
    masked=st.booleans(),
    carries=st.booleans(),
    dtype=precisions,
)
def test_online_steps_agree_with_the_reference(
    engine: Any, lengths: list[int], h: int, n: int, clip: float, masked: bool, carries: bool, dtype: Any
) -> None:
    make = numbers(h + n, dtype)
    net, total = net_of(make, 6, h, 5), sum(lengths)
    generator = np.random.default_rng(total)
    ids, gold = generator.integers(0, 6, total, np.int32), generator.integers(0, 5, total, np.int32)
    mask = (generator.random((total, h)) < 0.7).astype(dtype) if masked else None
    # At a higher rate many units make training diverge, and rounding errors grow with every step, here as in NumPy.
    rates = (np.linspace(0.1, 0.05, len(lengths)) * min(1, 4 / h)).astype(dtype)
    if carries:
        net.append(np.tanh(make(h)))
    fresh = (generator.random(len(lengths)) < 0.3).astype(np.int32)
    other = [w.copy() for w in net]

    def steps(engine: Any, net: list[Array]) -> tuple[float, int]:
        rest = (ids, gold, np.array(lengths, np.int32), rates, mask, clip, n)
        found: tuple[float, int] = engine.online_steps(*net[:5], *rest, *((fresh, net[5]) if carries else ()))
        return found

    loss, correct = steps(engine, net)
    with np.errstate(invalid="ignore"):  # some builds of OpenBLAS raise the flag on sound numbers
        other_loss, other_correct = steps(reference, other)
    assert loss == pytest.approx(other_loss, rel=1e-5)
    assert correct == other_correct
    for mine, theirs in zip(net, other, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=0, atol=1e-8 if dtype == np.float64 else 1e-5)


def test_online_steps_do_not_see_where_a_call_ends(engine: Any) -> None:
    make = numbers(16, np.float32)
    ids, gold = np.array([0, 1, 2, 2, 1], np.int32), np.array([0, 1, 1, 0, 1], np.int32)
    rates = np.array([0.2, 0.1], np.float32)
    together, apart = net_of(make, 3, 20, 2), net_of(numbers(16, np.float32), 3, 20, 2)
    engine.online_steps(*together, ids, gold, np.array([2, 3], np.int32), rates, None, 1.0, 0)
    engine.online_steps(*apart, ids[:2], gold[:2], np.array([2], np.int32), rates[:1], None, 1.0, 0)
    engine.online_steps(*apart, ids[2:], gold[2:], np.array([3], np.int32), rates[1:], None, 1.0, 0)
    for one, other in zip(together, apart, strict=True):
        np.testing.assert_array_equal(one, other)


def test_an_online_step_of_a_piece_follows_its_gradient(engine: Any) -> None:
    """The state that the piece begins with counts, is a constant, and becomes the one it ends in."""
    make = numbers(17)
    net, start = net_of(make, 4, 5, 3), np.tanh(make(5))
    ids, gold, sizes = np.array([1, 3, 1, 0], np.int32), np.array([2, 0, 1, 1], np.int32), np.array([3, 1], np.int32)

    def loss() -> float:
        rest = (ids[:3], gold[:3], sizes[:1], np.zeros(1), None, 0.0, 0)
        found: float = engine.online_steps(*[w.copy() for w in net], *rest, np.zeros(1, np.int32), start.copy())[0]
        return found

    slopes, before, state = [slope(loss, w) for w in net], [w.copy() for w in net], start.copy()
    rates, fresh = np.array([0.1, 0.0]), np.array([0, 1], np.int32)
    engine.online_steps(*net, ids, gold, sizes, rates, None, 0.0, 0, fresh, state)
    for w, old, dw in zip(net, before, slopes, strict=True):
        np.testing.assert_allclose(w, old - 0.1 * dw, atol=1e-8)
    np.testing.assert_allclose(state, np.tanh(net[0][0] + net[2]), rtol=1e-6)


# --- bags -----------------------------------------------------------------------------------------------------------


def test_bags_by_central_differences(engine: Any) -> None:
    make = numbers(17)
    table, dsums = make(6, 3), make(4, 3)
    ids, offsets = np.array([0, 5, 5, 2, 1], np.int32), np.array([0, 2, 2, 3, 5], np.int32)
    sums = engine.bag_forward(table, ids, offsets)
    close(sums, np.stack([table[0] + table[5], np.zeros(3), table[5], table[2] + table[1]]))
    f = lambda: float((engine.bag_forward(table, ids, offsets) * dsums).sum())  # noqa: E731
    np.testing.assert_allclose(engine.bag_backward(dsums, ids, offsets, 6), slope(f, table), atol=1e-8)


@engines
@given(sets=st.lists(st.lists(st.integers(0, 9), max_size=6), max_size=8), e=st.integers(1, 40), dtype=precisions)
def test_bags_agree_with_the_reference(engine: Any, sets: list[list[int]], e: int, dtype: Any) -> None:
    make = numbers(e, dtype)
    ids = np.array([i for one in sets for i in one], np.int32)
    offsets = np.cumsum([0, *map(len, sets)]).astype(np.int32)
    table, dsums = make(10, e), make(len(sets), e)
    close(engine.bag_forward(table, ids, offsets), reference.bag_forward(table, ids, offsets), dtype)
    close(engine.bag_backward(dsums, ids, offsets, 10), reference.bag_backward(dsums, ids, offsets, 10), dtype)


def test_an_id_outside_the_table_of_a_bag(engine: Any) -> None:
    with pytest.raises(IndexError):
        engine.bag_forward(np.zeros((2, 2)), np.array([2], np.int32), np.array([0, 1], np.int32))
    with pytest.raises(IndexError):
        engine.bag_backward(np.zeros((1, 2)), np.array([-1], np.int32), np.array([0, 1], np.int32), 2)
