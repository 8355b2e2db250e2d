"""Weight layouts of the inference kernels, in full precision and in 8 bits.

Letters as in ``elman.kernels``. Hidden units are grouped into P = ⌈H / 16⌉ panels of 16; the recurrent weights of a
panel's gates (4, 16) are adjacent. The last panel is padded with 0.

In 8 bits h is quantized to q = round(127 h) + 128, a column of w_rh to round(w / s) with s = max|w| / 127, and
w_rh·h = s (Σ q round(w / s) - 128 Σ round(w / s)) / 127.
"""

from __future__ import annotations

from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

F = TypeVar("F", np.float32, np.float64)
"""dtype of the floating-point arrays of a call: all float32 or all float64."""
Ids = NDArray[np.int32]
UNITS = 16
"""Hidden units per panel."""
SMALLEST = np.float32(1e-30)
"""Columns whose weights are all smaller become 0 in 8 bits, because the scale has to be positive."""
WIDEST = 1 << 17
"""Maximum inner dimension of 8-bit products: 127 · 127 times it still fits into 32 bits."""


def in_panels(w: NDArray[F]) -> NDArray[F]:
    """Reorder the rows of w (4H, …) from gate by gate to panel by panel, with the gates of a panel: (P · 4 · 16, …)."""
    H = len(w) // 4
    panels = -(-H // UNITS)
    padded = np.zeros((4, panels * UNITS, *w.shape[1:]), w.dtype)
    padded[:, :H] = w.reshape(4, H, *w.shape[1:])
    split = padded.reshape(4, panels, UNITS, *w.shape[1:])
    return np.ascontiguousarray(np.moveaxis(split, 0, 1).reshape(panels * 4 * UNITS, *w.shape[1:]))


def packed(w_rh: NDArray[F]) -> NDArray[F]:
    """Return the recurrent weights (4H, H) in the layout of ``lstm_states``: (P, H, 4, 16)."""
    H = w_rh.shape[1]
    return np.ascontiguousarray(in_panels(w_rh).reshape(-1, 4 * UNITS, H).swapaxes(1, 2).reshape(-1, H, 4, UNITS))


class Int8(NamedTuple):
    """Weights (C, K) quantized to 8 bits, C = P · 64; K is padded with 0 to a multiple of 16.

    ``w``      (P, K / 4, 4, 16, 4): four weights of a column are adjacent
    ``scale``  (C,) scale of each column; inputs are in units of 1 / 127
    ``start``  (C,) int32: -128 times the sum of a column's quantized weights
    """

    w: NDArray[np.int8]
    scale: NDArray[np.float32]
    start: NDArray[np.int32]


def packed_int8(rows: NDArray[np.float32]) -> Int8:
    """Quantize weights (C, K) to 8 bits; C is padded with 0. The weights of an LSTM have to be ``in_panels``."""
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
    """Return a and b, each (C,), such that a + b Σ|x| bounds the error of a product x·w with ``packed_int8(rows)``.

    The rounding error of x is at most half of 1 / 127, that of a weight half of its column's quantization step.
    """
    w, scale, _ = packed_int8(rows)
    error, share = np.zeros(len(scale)), np.zeros(len(scale))
    share[: len(rows)] = 0.5 * 127 * scale[: len(rows)]
    error[: len(rows)] = (np.abs(rows).sum(axis=1) + share[: len(rows)] * rows.shape[1]) * 0.5 / 127
    return (error * 1.001 + 1e-5).astype(np.float32), (share * 1.001).astype(np.float32)  # and rounding of float32
