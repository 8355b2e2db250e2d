"""Every layer's backprop by central differences in float64; a batch against its sentences one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from elman.nn import layers
from elman.nn.bags import Bags
from elman.nn.batch import pack
from elman.nn.cells import CELLS
from elman.nn.layers import DropoutNoise
from elman.nn.recurrence import recurrence
from elman.utils.seeding import DROPOUT, Draws
from numerical import slope

pytestmark = pytest.mark.usefixtures("each_backend")
Array = np.ndarray[Any, Any]
LENGTHS = np.array([3, 0, 5, 1, 3])  # ragged, a tie, a sentence without words
N, H = int(LENGTHS.sum()), 4
cells = pytest.mark.parametrize("cell", CELLS)
ways = pytest.mark.parametrize("mirrored", [False, True])


def numbers(*shape: int, seed: int = 1) -> Array:
    return np.random.default_rng(seed).standard_normal(shape) * 0.5


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
    close(dense, slope(lambda: layers.embedding(table, ids)[0], table, weight))


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
        close(mine, slope(lambda: layers.linear(x, w, b)[0], at, weight))


def test_bag_of_rows() -> None:
    table, bags = numbers(6, 3), Bags.of([[4, 1], [], [4, 4, 2], [1]])
    weight = numbers(4, 3, seed=2)
    y, backprop = layers.bag(table, bags)
    close(y, np.stack([table[4] + table[1], np.zeros(3), 2 * table[4] + table[2], table[1]]))
    rows = backprop(weight)
    assert rows.ids.tolist() == [1, 2, 4]
    dense = np.zeros_like(table)
    dense[rows.ids] = rows.values
    close(dense, slope(lambda: layers.bag(table, bags)[0], table, weight))


def test_spread() -> None:
    x, ids, weight = numbers(3, 2), np.array([2, 0, 2, 2], np.int32), numbers(4, 2, seed=2)
    y, backprop = layers.spread(x, ids)
    np.testing.assert_array_equal(y, x[ids])
    close(backprop(weight), slope(lambda: layers.spread(x, ids)[0], x, weight))


def test_shift() -> None:
    x, weight, batch = numbers(N, 2), numbers(N, 2, seed=2), pack(LENGTHS)
    for source in (batch.previous, batch.following):
        y, backprop = layers.shift(x, source)
        np.testing.assert_array_equal(y, np.where(source[:, None] >= 0, x[source], 0))
        close(backprop(weight), slope(lambda source=source: layers.shift(x, source)[0], x, weight))


# --- recurrence -----------------------------------------------------------------------------------------------------


def weights_of(cell: str) -> dict[str, Array]:
    weights = {} if CELLS[cell].parallel else {"w_rh": numbers(CELLS[cell].blocks * H, H, seed=2)}
    return {**weights, "b_rn": numbers(H, seed=5)} if cell == "gru" else weights


@cells
@ways
def test_recurrence(cell: str, mirrored: bool) -> None:
    a, w, weight, batch = numbers(N, CELLS[cell].blocks * H), weights_of(cell), numbers(N, H, seed=3), pack(LENGTHS)
    f = lambda: recurrence(cell, a, w, batch, mirrored=mirrored)  # noqa: E731
    da, dw = f()[1](weight)
    close(da, slope(lambda: f()[0], a, weight))
    assert dw.keys() == w.keys()
    for name, at in w.items():
        close(dw[name], slope(lambda: f()[0], at, weight))


@ways
@pytest.mark.parametrize("n", [1, 2, 3])
def test_elman_back_n_steps(mirrored: bool, n: int) -> None:
    """Each output error goes back n steps: h_t is made of its last n steps, the state before them held fixed."""
    a, w, weight, batch = numbers(N, H), weights_of("elman"), numbers(N, H, seed=3), pack(LENGTHS)
    h, backprop = recurrence("elman", a, w, batch, mirrored=mirrored, bptt=n)
    before = batch.following if mirrored else batch.previous  # the row read before each

    def last_n_steps() -> Array:
        result = np.empty_like(a)
        for row in range(N):
            window = [row]
            while before[window[-1]] >= 0 and len(window) < n:
                window.append(before[window[-1]])
            first = before[window[-1]]
            state = h[first] if first >= 0 else np.zeros(H)
            for at in reversed(window):
                state = np.tanh(a[at] + w["w_rh"] @ state)
            result[row] = state
        return result

    close(last_n_steps(), h)
    da, dw = backprop(weight)
    close(da, slope(last_n_steps, a, weight))
    close(dw["w_rh"], slope(last_n_steps, w["w_rh"], weight))


@cells
@ways
@pytest.mark.parametrize("n", [0, 2])
def test_a_batch_is_its_sentences_one_by_one(cell: str, mirrored: bool, n: int) -> None:
    a, w, dy, batch = numbers(N, CELLS[cell].blocks * H), weights_of(cell), numbers(N, H, seed=3), pack(LENGTHS)
    h, backprop = recurrence(cell, a, w, batch, mirrored=mirrored, bptt=n)
    da, dw = backprop(dy)
    summed = {name: np.zeros_like(value) for name, value in w.items()}
    for b in range(batch.sentences):
        rows = np.flatnonzero(batch.sentence == b)  # in the order of the words
        alone = pack(np.array([len(rows)]))
        one_h, one_backprop = recurrence(cell, a[rows], w, alone, mirrored=mirrored, bptt=n)
        one_da, one_dw = one_backprop(dy[rows])
        close(one_h, h[rows])
        close(one_da, da[rows])
        for name, value in one_dw.items():
            summed[name] += value
    for name, value in dw.items():
        close(value, summed[name])


@cells
def test_mirrored_is_the_sentence_turned_round(cell: str) -> None:
    a, w, batch = numbers(5, CELLS[cell].blocks * H), weights_of(cell), pack(np.array([5]))
    there, _ = recurrence(cell, np.ascontiguousarray(a[::-1]), w, batch, mirrored=False)
    back, _ = recurrence(cell, a, w, batch, mirrored=True)
    np.testing.assert_array_equal(back, there[::-1])


# --- dropout --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("variational", [False, True])
def test_dropout(variational: bool) -> None:
    x, weight, batch = numbers(N, 3), numbers(N, 3, seed=2), pack(LENGTHS)
    f = lambda: layers.dropout(x, 0.4, DropoutNoise(Draws(7, DROPOUT), 0, 0, variational), batch)  # noqa: E731
    y, backprop = f()
    assert 0 < (y == 0).sum() < y.size
    np.testing.assert_allclose(y[y != 0], x[y != 0] / 0.6)
    close(backprop(weight), slope(lambda: f()[0], x, weight))
    patterns = [np.unique(y[batch.sentence == b] == 0, axis=0) for b in range(batch.sentences)]
    assert all(len(pattern) == 1 for pattern in patterns) == variational
    assert len(np.unique(np.concatenate(patterns), axis=0)) > 1  # sentences differ all the same


def test_dropout_that_drops_nothing() -> None:
    x, noise, batch = numbers(N, 3), DropoutNoise(Draws(7, DROPOUT), 0, 0), pack(LENGTHS)
    for y, backprop in (layers.dropout(x, 0.4, None, batch), layers.dropout(x, 0.0, noise, batch)):
        assert y is x
        assert backprop(x) is x
    assert noise.draws.drawn == 0


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_mask_keeps_the_mean(dtype: Any) -> None:
    mask = layers.dropout_mask((400, 250), 0.3, Draws(7, DROPOUT), dtype)
    assert mask.dtype == dtype
    assert set(np.unique(mask)) == {0, dtype(1 / 0.7)}
    assert (mask == 0).mean() == pytest.approx(0.3, abs=0.01)  # 7 standard errors
    assert mask.mean() == pytest.approx(1, abs=0.015)


def test_a_bag_of_length_1() -> None:
    generator = np.random.default_rng(1)
    table, scale = generator.standard_normal((5, 2)), generator.random(5) + 0.5
    bags = Bags.of([[0, 3, 4], [], [3]])
    y, backprop = layers.unit_bag(table, scale, bags)
    own = scale[[0, 3, 4]] / np.linalg.norm(scale[[0, 3, 4]])
    np.testing.assert_allclose(y, [own @ table[[0, 3, 4]], [0, 0], table[3]])
    dy = generator.standard_normal((3, 2))
    found = backprop(dy)
    np.testing.assert_array_equal(found.ids, [0, 3, 4])
    np.testing.assert_allclose(found.values, own[:, None] * dy[0] + [[0, 0], dy[2], [0, 0]])
