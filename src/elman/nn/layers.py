"""Layers: each returns (output, backprop); backprop turns the gradient by the output into those by the inputs.

Letters: N words of a packed batch, V word types, E input width, H hidden units, K tags. Gradients are those of a loss.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from elman import kernels
from elman.nn.bags import Bags
from elman.nn.batch import Batch, Ids

Array = NDArray[Any]  # float32 or float64


class SparseRows(NamedTuple):
    """A gradient of few rows of a table: ``values[i]`` belongs to row ``ids[i]``; ids ascend."""

    ids: NDArray[np.int64]  # (U,)
    values: Array  # (U, E)


Gradient = Array | SparseRows
Weights = Mapping[str, Array]
Recurrence = tuple[Array, dict[str, Array]]  # the gradient by a, and those by the weights


def embedding(table: Array, ids: Ids) -> tuple[Array, Callable[[Array], SparseRows]]:
    """Rows of table (V, E) by ids (N,) -> (N, E)."""

    def backprop(dy: Array) -> SparseRows:
        used, where = np.unique(ids, return_inverse=True)
        return SparseRows(used.astype(np.int64), kernels.embedding_backward(dy, where.astype(np.int32), len(used)))

    return kernels.embedding_forward(table, ids), backprop


def bag(table: Array, bags: Bags) -> tuple[Array, Callable[[Array], SparseRows]]:
    """Sums of U sets of rows of table (V, E) -> (U, E)."""

    def backprop(dy: Array) -> SparseRows:
        used, where = np.unique(bags.ids, return_inverse=True)
        return SparseRows(
            used.astype(np.int64), kernels.bag_backward(dy, where.astype(np.int32), bags.offsets, len(used))
        )

    return kernels.bag_forward(table, bags.ids, bags.offsets), backprop


def unit_bag(table: Array, scale: Array, bags: Bags) -> tuple[Array, Callable[[Array], SparseRows]]:
    """Weighted sums of U sets of rows of table (V, E) -> (U, E); weights ``scale`` (V,), normalized to length 1."""
    used, inverse = np.unique(bags.ids, return_inverse=True)
    where, own = inverse.astype(np.int32), scale[used][:, None]  # few rows of a large table
    squares = kernels.bag_forward(own * own, where, bags.offsets)  # (U, 1)
    length = np.sqrt(np.where(squares > 0, squares, 1), dtype=table.dtype)

    def backprop(dy: Array) -> SparseRows:
        return SparseRows(
            used.astype(np.int64), own * kernels.bag_backward(dy / length, where, bags.offsets, len(used))
        )

    return kernels.bag_forward(own * table[used], where, bags.offsets) / length, backprop


def spread(x: Array, ids: Ids) -> tuple[Array, Callable[[Array], Array]]:
    """Copy rows of x (U, E), one per distinct word, to the occurrences of the word: ids (N,) -> (N, E)."""
    return kernels.embedding_forward(x, ids), lambda dy: kernels.embedding_backward(dy, ids, len(x))


def linear(x: Array, w: Array, b: Array) -> tuple[Array, Callable[[Array], tuple[Array, Array, Array]]]:
    """y = w·x + b: x (N, E), w (H, E), b (H,) -> (N, H); backprop gives dx, dw, db."""
    return kernels.linear_forward(x, w, b), lambda dy: kernels.linear_backward(dy, x, w)


def sigmoid(x: Array) -> Array:
    """σ(x) = 1 / (1 + exp(-x)), without overflow."""
    return np.asarray(0.5 + 0.5 * np.tanh(0.5 * x), x.dtype)


def shift(x: Array, source: NDArray[np.int64]) -> tuple[Array, Callable[[Array], Array]]:
    """Replace each row by x[source], or by zeros where source is -1: x (N, E) -> (N, E)."""
    there = source >= 0

    def backprop(dy: Array) -> Array:
        dx = np.zeros_like(x)
        dx[source[there]] = dy[there]  # no row is taken twice
        return dx

    y = np.zeros_like(x)
    y[there] = x[source[there]]
    return y, backprop


class Memory:
    """States (B, n) by name that a recurrent layer carries from one segment of B sentences to the next.

    ``before``  states before each sentence's first step, longest first; a missing one is 0
    ``rows``    (B,) packed rows whose states become ``after``, by default each sentence's last
    ``after``   those states, filled in by the layer. No gradient passes through either.
    """

    def __init__(self, before: Mapping[str, Array], batch: Batch, rows: NDArray[np.int64] | None = None) -> None:
        self.before, self.after = before, dict[str, Array]()
        self.rows = batch.ends if rows is None else rows

    def start(self, name: str, like: Array) -> Array:
        """Return the initial state of this name, or the zero state ``like``."""
        return self.before.get(name, like)

    def keep(self, **states: Array) -> None:
        """Store the states of ``rows`` from those (N, n) of all rows."""
        self.after |= {name: values[self.rows] for name, values in states.items()}


def _start(memory: Memory | None, name: str, batch: Batch, width: int, like: Array) -> Array:
    zero = np.zeros((batch.sentences, width), like.dtype)
    return zero if memory is None else memory.start(name, zero)


def elman(
    a: Array, w: Weights, batch: Batch, bptt: int, memory: Memory | None = None
) -> tuple[Array, Callable[[Array], Recurrence]]:
    """h_t = tanh(a_t + w_rh·h_{t-1}): a (N, H) -> h (N, H). ``bptt`` n > 0: each output error goes back n steps."""
    w_rh = w["w_rh"]
    h0 = _start(memory, "h", batch, a.shape[1], a)
    h = kernels.elman_forward(a, batch.sizes, w_rh, h0)
    if memory is not None:
        memory.keep(h=h)

    def backprop(dh: Array) -> Recurrence:
        da, dw_rh, _ = kernels.elman_backward(dh, h, batch.sizes, w_rh, h0, bptt)
        return da, {"w_rh": dw_rh}

    return h, backprop


def lstm(a: Array, w: Weights, batch: Batch, memory: Memory | None = None) -> tuple[Array, Callable[..., Recurrence]]:
    """LSTM: a (N, 4H) -> h (N, H)."""
    w_rh = w["w_rh"]
    h0, c0 = (_start(memory, name, batch, w_rh.shape[1], a) for name in "hc")
    h, c, gates = kernels.lstm_forward(a, batch.sizes, w_rh, h0, c0)
    if memory is not None:
        memory.keep(h=h, c=c)

    def backprop(dh: Array) -> Recurrence:
        da, dw_rh, _, _ = kernels.lstm_backward(dh, h, c, gates, batch.sizes, w_rh, h0, c0)
        return da, {"w_rh": dw_rh}

    return h, backprop


def lstm_layer(
    x: Array, w: Weights, batch: Batch, h: Array, column: int, *, reverse: bool
) -> Callable[[Array, Array, bool], dict[str, Array]]:
    """LSTM including its input projection: x (N, E) -> H columns of h (N, …), from ``column`` on.

    ``reverse``: from the end of each sentence. backprop takes dh (N, …), writes dx (N, E) or adds to it, and returns
    the gradients by the weights. Like ``linear`` and ``recurrence``, but faster.
    """
    w_rx, w_rh, sizes = w["w_rx"], w["w_rh"], batch.sizes
    c, gates = kernels.lstm_layer_forward(x, sizes, w_rx, w["b_r"], w_rh, h, column, reverse)

    def backprop(dh: Array, dx: Array, add: bool) -> dict[str, Array]:
        dw = kernels.lstm_layer_backward(dh, x, h, column, c, gates, sizes, w_rx, w_rh, dx, add, reverse)
        return dict(zip(("w_rx", "b_r", "w_rh"), dw, strict=True))

    return backprop


def gru(a: Array, w: Weights, batch: Batch, memory: Memory | None = None) -> tuple[Array, Callable[..., Recurrence]]:
    """GRU: a (N, 3H) -> h (N, H)."""
    w_rh, b_rn = w["w_rh"], w["b_rn"]
    h0 = _start(memory, "h", batch, len(b_rn), a)
    h, gates = kernels.gru_forward(a, batch.sizes, w_rh, b_rn, h0)
    if memory is not None:
        memory.keep(h=h)

    def backprop(dh: Array) -> Recurrence:
        da, dw_rh, db_rn, _ = kernels.gru_backward(dh, h, gates, batch.sizes, w_rh, h0)
        return da, {"w_rh": dw_rh, "b_rn": db_rn}

    return h, backprop


def sru(a: Array, w: Weights, batch: Batch, memory: Memory | None = None) -> tuple[Array, Callable[..., Recurrence]]:
    """SRU: a (N, 4H) -> h (N, H)."""
    c0 = _start(memory, "c", batch, a.shape[1] // 4, a)
    h, c = kernels.sru_forward(a, batch.sizes, c0)
    if memory is not None:
        memory.keep(c=c)
    return h, lambda dh: (kernels.sru_backward(dh, a, c, batch.sizes, c0)[0], {})


def mingru(a: Array, w: Weights, batch: Batch, memory: Memory | None = None) -> tuple[Array, Callable[..., Recurrence]]:
    """minGRU: a (N, 2H) -> h (N, H)."""
    h0 = _start(memory, "h", batch, a.shape[1] // 2, a)
    h = kernels.mingru_forward(a, batch.sizes, h0)
    if memory is not None:
        memory.keep(h=h)
    return h, lambda dh: (kernels.mingru_backward(dh, a, h, batch.sizes, h0)[0], {})


CELLS = {"lstm": lstm, "gru": gru, "sru": sru, "mingru": mingru}


def recurrence(
    cell: str,
    a: Array,
    w: Weights,
    batch: Batch,
    *,
    mirrored: bool,
    bptt: int = 0,
    memory: Memory | None = None,
) -> tuple[Array, Callable[[Array], Recurrence]]:
    """Run a cell over a packed batch, from the end of each sentence if ``mirrored``: a (N, gates · H) -> h (N, H).

    backprop returns the gradient by a and, by name, those by the weights ``w``. A mirrored layer has no ``memory``.
    """
    assert memory is None or not mirrored
    a_read = a[batch.mirror] if mirrored else a
    if cell == "elman":
        h, back = elman(a_read, w, batch, bptt, memory)
    else:
        h, back = CELLS[cell](a_read, w, batch, memory)

    def backprop(dy: Array) -> Recurrence:
        da, dw = back(dy[batch.mirror] if mirrored else dy)
        return da[batch.mirror] if mirrored else da, dw

    return h[batch.mirror] if mirrored else h, backprop


class DropoutNoise(NamedTuple):
    """Random generator and rates of dropout; ``grams`` is the rate of texts without their n-grams."""

    generator: np.random.Generator
    dropout: float
    word_dropout: float
    variational: bool = False
    grams: float = 0.0


def dropout(x: Array, share: float, noise: DropoutNoise | None, batch: Batch) -> tuple[Array, Callable[[Array], Array]]:
    """Drop each value with probability ``share`` and scale up the rest to keep the mean; without noise: return x.

    Variational (Gal & Ghahramani 2016): the same mask for all words of a sentence.
    """
    if noise is None or share == 0:
        return x, lambda dy: dy
    if noise.variational:
        mask = dropout_mask((batch.sentences, x.shape[1]), share, noise.generator, x.dtype)[batch.sentence]
    else:
        mask = dropout_mask(x.shape, share, noise.generator, x.dtype)
    return x * mask, lambda dy: dy * mask


def dropout_mask(shape: tuple[int, ...], share: float, generator: np.random.Generator, dtype: Any) -> Array:
    """Return 0 with probability ``share`` (a multiple of 1 / 65,536), else 1 / (1 - share)."""
    drawn = np.frombuffer(generator.bytes(2 * math.prod(shape)), "<u2").reshape(shape)
    return np.asarray((drawn >= round(share * 65_536)) * np.asarray(1 / (1 - share), dtype))
