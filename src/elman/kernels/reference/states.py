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
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

F = TypeVar("F", np.float32, np.float64)
Ids = NDArray[np.int32]
UNITS = 16


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


def packed_int8(w_rh: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32], NDArray[np.int32]]:
    """The same for ``lstm_states_int8``: whole numbers (P, 4P, 4, 16, 4), four of h side by side; of each column the
    scale (P · 4 · 16,) and -128 times the sum of its whole numbers (P · 4 · 16,)."""
    rows = in_panels(w_rh)  # (P · 64, H)
    panels = len(rows) // (4 * UNITS)
    largest = np.abs(rows).max(axis=1)
    step = np.where(largest > 0, largest, 1) / np.float32(127)
    whole = np.zeros((len(rows), panels * UNITS), np.int8)
    whole[:, : rows.shape[1]] = np.rint(rows / step[:, None])
    w = whole.reshape(panels, 4, UNITS, panels * UNITS // 4, 4).transpose(0, 3, 1, 2, 4)
    start = -128 * whole.sum(axis=1, dtype=np.int32)
    return np.ascontiguousarray(w), (step / np.float32(127)).astype(np.float32), start.astype(np.int32)


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
    w: NDArray[np.int8],
    scale: NDArray[np.float32],
    start: NDArray[np.int32],
    h: NDArray[np.float32],
    column: int,
    width: int,
    reverse: bool,
) -> None:
    """The same with the weights of ``packed_int8`` and H = ``width``."""
    P = len(w)
    rows = w.transpose(0, 2, 3, 1, 4).reshape(P * 4 * UNITS, P * UNITS).astype(np.int32)
    out = h[:, column : column + width]

    def product(before: NDArray[np.float32]) -> NDArray[np.float32]:
        q = np.full((len(before), P * UNITS), 128, np.int32)
        q[:, :width] = np.rint(before * np.float32(127)) + 128
        sums = q @ rows.T + start
        return (sums.astype(np.float32) * scale).reshape(-1, P, 4, UNITS)

    _unroll(table.astype(np.float32).reshape(len(table), P, 4, UNITS), types, sizes, product, out, reverse)


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
