"""Weights laid out for the kernels that tag, exactly and in 8 bits.

Letters as in ``elman.kernels``. Hidden units lie in P = ⌈H / 16⌉ panels of 16: the recurrent weights of a panel's
gates (4, 16) lie together. The padding of the last panel is 0.

In 8 bits h becomes the whole number q = round(127 h) + 128, a column of w_rh the whole numbers round(w / s) with
s = max|w| / 127, and w_rh·h = s (Σ q round(w / s) - 128 Σ round(w / s)) / 127.
"""

from __future__ import annotations

from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

F = TypeVar("F", np.float32, np.float64)
"""The type of the floating-point arrays of a call: all are float32 or all float64."""
Ids = NDArray[np.int32]
UNITS = 16
"""Hidden units of a panel."""
SMALLEST = np.float32(1e-30)
"""Columns whose weights are all smaller are 0 in 8 bits, because a step has to be above 0."""
WIDEST = 1 << 17
"""The most columns of 8-bit products: 127 · 127 times as many still fit into 32 bits."""


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
    step[: len(rows)] = np.where(largest > SMALLEST, largest, 1) / np.float32(127)
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
