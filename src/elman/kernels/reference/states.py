"""The LSTM's states where no gradient follows: what a tagger computes for every word it reads.

Letters as in ``elman.kernels``; S rows of a table of inputs w_rx·x + b_r, one a word type. Hidden units stand in
P = ⌈H / 16⌉ panels of 16: a panel's input (4, 16) and the recurrent weights of its gates (4, 16) lie together. What
pads the last panel is 0.

In 8 bits (``lstm_states_int8``) h becomes the whole number q = round(127 h) + 128, a column of w_rh the whole numbers
round(w / s) with s = max|w| / 127, and w_rh·h = s (Σ q round(w / s) - 128 Σ round(w / s)) / 127: products and sums of
whole numbers are exact, so a word's tag depends neither on the batch nor on the machine's order of summing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

F = TypeVar("F", np.float32, np.float64)
Ids = NDArray[np.int32]
UNITS = 16
LEAST = np.float32(1e-30)
"""Weights that are all smaller are 0 in 8 bits: a step has to be above 0."""
WIDEST = 1 << 17
"""Columns of products in 8 bits: 127 · 127 times as many still fit into 32."""


def in_panels(w: NDArray[F]) -> NDArray[F]:
    """The rows of w (4H, …), gate after gate, as (P · 4 · 16, …): panel after panel, in each gate after gate."""
    H = len(w) // 4
    panels = -(-H // UNITS)
    padded = np.zeros((4, panels * UNITS, *w.shape[1:]), w.dtype)
    padded[:, :H] = w.reshape(4, H, *w.shape[1:])
    split = padded.reshape(4, panels, UNITS, *w.shape[1:])
    return np.ascontiguousarray(np.moveaxis(split, 0, 1).reshape(panels * 4 * UNITS, *w.shape[1:]))


def packed(w_rh: NDArray[F]) -> NDArray[F]:
    """The recurrent weights (4H, H) for ``lstm_states``: (P, H, 4, 16)."""
    H = w_rh.shape[1]
    return np.ascontiguousarray(in_panels(w_rh).reshape(-1, 4 * UNITS, H).swapaxes(1, 2).reshape(-1, H, 4, UNITS))


class Int8(NamedTuple):
    """Weights (C, K) in 8-bit whole numbers, C = P · 64; K is filled up to sixteens with 0.

    ``w``      (P, K / 4, 4, 16, 4): four of a column side by side
    ``scale``  (C,) of each column; a whole number of the inputs is 1 / 127
    ``start``  (C,) int32: -128 times the sum of a column's whole numbers
    """

    w: NDArray[np.int8]
    scale: NDArray[np.float32]
    start: NDArray[np.int32]


def packed_int8(rows: NDArray[np.float32]) -> Int8:
    """The weights (C, K) for products in 8 bits: of an LSTM ``in_panels``, of others any; C is filled up with 0."""
    panels = -(-len(rows) // (4 * UNITS))
    groups = -(-rows.shape[1] // UNITS) * UNITS // 4
    whole = np.zeros((panels * 4 * UNITS, groups * 4), np.int8)
    step = np.full(len(whole), np.float32(1) / np.float32(127))
    largest = np.abs(rows).max(axis=1, initial=0)
    step[: len(rows)] = np.where(largest > LEAST, largest, 1) / np.float32(127)
    whole[: len(rows), : rows.shape[1]] = np.rint(rows / step[: len(rows), None])
    w = whole.reshape(panels, 4, UNITS, groups, 4).transpose(0, 3, 1, 2, 4)
    start = -128 * whole.sum(axis=1, dtype=np.int32)
    return Int8(np.ascontiguousarray(w), (step / np.float32(127)).astype(np.float32), start.astype(np.int32))


def errors_int8(rows: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """How far off a product x·w with ``packed_int8(rows)`` can be: a + b Σ|x|, each (C,).

    An x is off by half of 1 / 127, a weight by half of its column's step.
    """
    w, scale, _ = packed_int8(rows)
    error, share = np.zeros(len(scale)), np.zeros(len(scale))
    share[: len(rows)] = 0.5 * 127 * scale[: len(rows)]
    error[: len(rows)] = (np.abs(rows).sum(axis=1) + share[: len(rows)] * rows.shape[1]) * 0.5 / 127
    return (error * 1.001 + 1e-5).astype(np.float32), (share * 1.001).astype(np.float32)  # and of float32 itself


def linear_best_int8(
    x: NDArray[np.float32],
    linear: Int8,
    w: NDArray[np.float32],
    b: NDArray[np.float32],
    errors: tuple[NDArray[np.float32], NDArray[np.float32]],
) -> Ids:
    """The place (N,) of the greatest of x·w + b for x (N, K) from -1 to 1, w (C', K), b (C,)
    (the first of equal ones).

    The native kernel finds by ``linear``, w in 8 bits, and by its ``errors_int8`` which columns it can be, and computes
    these alone exactly.
    """
    return np.asarray((x @ w.T + b[: len(w)]).argmax(axis=1), np.int32)


def _product(x: NDArray[np.float32], linear: Int8) -> NDArray[np.float32]:
    """x·w (N, C), of whole numbers."""
    P, groups = linear.w.shape[:2]
    rows = linear.w.transpose(0, 2, 3, 1, 4).reshape(P * 4 * UNITS, groups * 4).astype(np.int32)
    q = np.full((len(x), groups * 4), 128, np.int32)
    q[:, : x.shape[1]] = np.rint(x * np.float32(127)) + 128
    sums = q @ rows.T + linear.start
    return np.asarray(sums.astype(np.float32) * linear.scale, np.float32)


def halves(x: NDArray[np.float32], to: NDArray[np.float16]) -> None:
    """x (N, P · 64) as float16 into ``to``. Beyond ±100 a gate is at its end; float16 itself ends at 65,504."""
    to[...] = np.clip(x, -100, 100)


def lstm_states(
    table: NDArray[F], types: Ids, sizes: Ids, w: NDArray[F], h: NDArray[F], column: int, reverse: bool
) -> None:
    """table (S, P · 64), types (N,), w of ``packed``: the states into h (N, …), H columns from ``column`` on.

    ``reverse``: every sentence is read from its end. h_0 = c_0 = 0.
    """
    H = w.shape[1]
    recurrent = w.reshape(len(w), H, 4, UNITS)
    out = h[:, column : column + H]

    def product(before: NDArray[F]) -> NDArray[F]:  # (B, H) -> (B, P, 4, 16)
        return np.asarray(np.einsum("bk,pkgu->bpgu", before, recurrent), table.dtype)

    _unroll(table.reshape(len(table), len(w), 4, UNITS), types, sizes, product, out, reverse)


def lstm_states_int8(
    table: NDArray[np.float16],
    types: Ids,
    sizes: Ids,
    linear: Int8,
    h: NDArray[np.float32],
    column: int,
    width: int,
    reverse: bool,
) -> None:
    """The same with weights of ``packed_int8`` and H = ``width``."""
    P, out = len(linear.w), h[:, column : column + width]
    wide = table.astype(np.float32).reshape(len(table), P, 4, UNITS)
    _unroll(wide, types, sizes, lambda before: _product(before, linear).reshape(-1, P, 4, UNITS), out, reverse)


def _unroll(
    table: NDArray[F],
    types: Ids,
    sizes: Ids,
    product: Callable[[NDArray[F]], NDArray[F]],
    out: NDArray[F],
    reverse: bool,
) -> None:
    """The cell of ``gated.lstm_forward`` step by step; rows that begin at a step have no product."""
    H = out.shape[1]
    starts = np.concatenate(([0], np.cumsum(sizes, dtype=np.int64)))
    order = range(len(sizes))[::-1] if reverse else range(len(sizes))
    h = np.zeros((0, H), out.dtype)
    c = np.zeros((int(sizes[0]) if len(sizes) else 0, table.shape[1], UNITS), out.dtype)
    for t in order:
        rows = slice(starts[t], starts[t + 1])
        z = table[types[rows]].astype(out.dtype)
        going = min(len(h), len(z))
        z[:going] += product(h[:going])
        c[going : len(z)] = 0
        i, f, o = (1 / (1 + np.exp(-z[:, :, gate])) for gate in (0, 1, 3))
        now = c[: len(z)] = f * c[: len(z)] + i * np.tanh(z[:, :, 2])
        out[rows] = (o * np.tanh(now)).reshape(len(z), -1)[:, :H]
        h = out[rows]
