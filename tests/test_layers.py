"""Every layer's backprop by central differences in float64; a batch against its sentences one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from elman import kernels, layers
from elman.batching import Batch, pack
from elman.errors import ConfigError

Array = np.ndarray[Any, Any]
LENGTHS = np.array([3, 0, 5, 1, 3])  # ragged, a tie, a sentence without words
N, H = int(LENGTHS.sum()), 4


@pytest.fixture(params=["native", "reference"], autouse=True)
def backend(request: pytest.FixtureRequest) -> Iterator[None]:
    """Every test here runs on both backends."""
    before = kernels.describe()
    try:
        kernels.select(request.param)
    except ConfigError as error:
        pytest.skip(str(error))
    yield
    kernels.select(before["backend"], before["isa"])


def numbers(*shape: int, seed: int = 1) -> Array:
    return np.random.default_rng(seed).standard_normal(shape) * 0.5


def slope(f: Callable[[], Array], weight: Array, at: Array, step: float = 1e-5) -> Array:
    """Central differences of the sum of f · weight by every element of ``at``, which f reads."""
    result = np.empty_like(at)
    for i in np.ndindex(at.shape):
        kept = at[i]
        at[i] = kept + step
        high = f()
        at[i] = kept - step
        low = f()
        at[i] = kept
        result[i] = ((high - low) * weight).sum() / (2 * step)
    return result


def close(mine: Array, other: Array) -> None:
    np.testing.assert_allclose(mine, other, rtol=1e-7, atol=1e-8)


def test_embedding_with_words_that_come_again() -> None:
    table, weight = numbers(6, 3), numbers(5, 3, seed=2)
    ids = np.array([4, 1, 4, 4, 2], np.int32)
    y, backprop = layers.embedding(table, ids)
    np.testing.assert_array_equal(y, table[ids])
    rows = backprop(weight)
    assert rows.ids.tolist() == [1, 2, 4]
    dense = np.zeros_like(table)
    dense[rows.ids] = rows.values
    close(dense, slope(lambda: layers.embedding(table, ids)[0], weight, table))


def test_embedding_of_no_words() -> None:
    y, backprop = layers.embedding(numbers(6, 3), np.zeros(0, np.int32))
    assert y.shape == (0, 3)
    rows = backprop(y)
    assert (rows.ids.shape, rows.values.shape) == ((0,), (0, 3))


def test_linear() -> None:
    x, w, b, weight = numbers(5, 3), numbers(4, 3, seed=2), numbers(4, seed=3), numbers(5, 4, seed=4)
    y, backprop = layers.linear(x, w, b)
    close(y, x @ w.T + b)
    for mine, at in zip(backprop(weight), (x, w, b), strict=True):
        close(mine, slope(lambda: layers.linear(x, w, b)[0], weight, at))


@pytest.mark.parametrize("mirrored", [False, True])
def test_elman(mirrored: bool) -> None:
    a, w_rh, weight, batch = numbers(N, H), numbers(H, H, seed=2), numbers(N, H, seed=3), pack(LENGTHS)
    _, backprop = layers.elman(a, w_rh, batch, mirrored, 0)
    for mine, at in zip(backprop(weight), (a, w_rh), strict=True):
        close(mine, slope(lambda: layers.elman(a, w_rh, batch, mirrored, 0)[0], weight, at))


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("n", [1, 2, 3])
def test_elman_back_n_steps(mirrored: bool, n: int) -> None:
    """Each output error goes back n steps: h_t is made of its last n steps, the state before them held fixed."""
    a, w_rh, weight, batch = numbers(N, H), numbers(H, H, seed=2), numbers(N, H, seed=3), pack(LENGTHS)
    h, backprop = layers.elman(a, w_rh, batch, mirrored, n)
    before = earlier_rows(batch, mirrored)

    def last_n_steps() -> Array:
        result = np.empty_like(a)
        for row in range(N):
            window = [row]
            while before[window[-1]] >= 0 and len(window) < n:
                window.append(before[window[-1]])
            first = before[window[-1]]
            state = h[first] if first >= 0 else np.zeros(H)
            for at in reversed(window):
                state = np.tanh(a[at] + w_rh @ state)
            result[row] = state
        return result

    close(last_n_steps(), h)
    for mine, at in zip(backprop(weight), (a, w_rh), strict=True):
        close(mine, slope(last_n_steps, weight, at))


def earlier_rows(batch: Batch, mirrored: bool) -> list[int]:
    """For each packed row the row read before it; -1 at the start."""
    sentence = np.repeat(np.arange(len(LENGTHS)), LENGTHS)[batch.rows].tolist()
    row_of = {place: row for row, place in enumerate(batch.rows.tolist())}
    result = []
    for row, place in enumerate(batch.rows.tolist()):
        other = row_of.get(place + 1 if mirrored else place - 1, -1)
        result.append(other if other >= 0 and sentence[other] == sentence[row] else -1)
    return result


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("n", [0, 2])
def test_elman_on_a_batch_is_its_sentences_one_by_one(mirrored: bool, n: int) -> None:
    a, w_rh, dy, batch = numbers(N, H), numbers(H, H, seed=2), numbers(N, H, seed=3), pack(LENGTHS)
    h, backprop = layers.elman(a, w_rh, batch, mirrored, n)
    da, dw_rh = backprop(dy)
    summed = np.zeros_like(w_rh)
    for b, length in enumerate(LENGTHS.tolist()):
        start = int(LENGTHS[:b].sum())
        rows = np.flatnonzero((batch.rows >= start) & (batch.rows < start + length))  # in the order of the words
        one_h, one_backprop = layers.elman(a[rows], w_rh, pack(LENGTHS[b : b + 1]), mirrored, n)
        one = one_backprop(dy[rows])
        close(one_h, h[rows])
        close(one.da, da[rows])
        summed += one.dw_rh
    close(summed, dw_rh)


def test_mirrored_is_the_sentence_turned_round() -> None:
    a, w_rh, batch = numbers(5, H), numbers(H, H, seed=2), pack(np.array([5]))
    there, _ = layers.elman(np.ascontiguousarray(a[::-1]), w_rh, batch, False, 0)
    back, _ = layers.elman(a, w_rh, batch, True, 0)
    np.testing.assert_array_equal(back, there[::-1])


def test_dropout() -> None:
    x, weight = numbers(5, 3), numbers(5, 3, seed=2)
    f = lambda: layers.dropout(x, 0.4, np.random.default_rng(7))  # noqa: E731
    y, backprop = f()
    assert 0 < (y == 0).sum() < y.size
    close(backprop(weight), slope(lambda: f()[0], weight, x))


def test_dropout_that_drops_nothing() -> None:
    x, generator = numbers(5, 3), np.random.default_rng(7)
    for y, backprop in (layers.dropout(x, 0.4, None), layers.dropout(x, 0.0, generator)):
        assert y is x
        assert backprop(x) is x
    assert generator.random() == np.random.default_rng(7).random()  # nothing was drawn


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_mask_keeps_the_mean(dtype: Any) -> None:
    mask = layers.dropout_mask((400, 250), 0.3, np.random.default_rng(7), dtype)
    assert mask.dtype == dtype
    assert set(np.unique(mask)) == {0, dtype(1 / 0.7)}
    assert (mask == 0).mean() == pytest.approx(0.3, abs=0.01)  # 7 standard errors
    assert mask.mean() == pytest.approx(1, abs=0.015)
