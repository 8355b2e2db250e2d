"""The gradient by each state of a layer: from the layer above, and from later steps through time.

Kernels return gradients by inputs and weights; those by states are derived from them, cell by cell. Letters: T steps, B
texts of equal length, H hidden units. ∂/∂h_t is the total derivative by h_t, through the layer above and the next step,
with the memory cell c_t constant; ∂/∂c_t is the total derivative by the memory cell, including through h_t.
"""

from __future__ import annotations

import numpy as np

from elman import kernels
from elman.nn.activations import States
from elman.nn.layers import Array


def by_states(one: States, w_rh: Array | None, dy: Array, steps: int) -> dict[str, Array]:
    """Turn dy (T·B, H), the gradient from the layer above, into the gradients (T, B, H) by ``h`` and ``c``.

    Rows are time-major, texts of equal length T = ``steps``. ``w_rh`` is the layer's, if it has one. SRU has only
    ``c``, since its h reaches only the layer above.
    """
    B, H = len(dy) // steps, dy.shape[1]

    def read(rows: Array) -> Array:
        """Return rows (T·B, …) in reading order, as the kernels take them."""
        in_time = rows.reshape(steps, B, -1)
        return np.ascontiguousarray(in_time[::-1] if one.direction == "backward" else in_time).reshape(steps * B, -1)

    def shaped(rows: Array) -> Array:
        return rows.reshape(steps, B, -1)

    sizes, zero = np.full(steps, B, np.int32), np.zeros((B, H), dy.dtype)
    dh, h, gates = read(dy), read(one.h), {name: shaped(read(gate)) for name, gate in one.gates.items()}
    gradients: dict[str, Array] = {}
    if one.cell == "elman":
        assert w_rh is not None
        da, _, _ = kernels.elman_backward(dh, h, sizes, w_rh, zero, 0)
        gradients["h"] = _later(shaped(da @ w_rh)) + shaped(dh)
    elif one.cell == "lstm":
        assert one.c is not None and one.kept is not None and w_rh is not None
        c = read(one.c)
        da, *_ = kernels.lstm_backward(dh, h, c, read(one.kept), sizes, w_rh, zero, zero)
        gradients["h"] = _later(shaped(da @ w_rh)) + shaped(dh)
        into = gradients["h"] * gates["output"] * (1 - np.tanh(shaped(c)) ** 2)
        gradients["c"] = _carried(into, gates["forget"])
    elif one.cell == "gru":
        assert one.kept is not None and w_rh is not None
        da, *_ = kernels.gru_backward(dh, h, read(one.kept), sizes, w_rh, zero)
        ds = shaped(da).copy()
        ds[..., 2 * H :] *= gates["reset"]
        gradients["h"] = _carried(shaped(dh) + _later(ds @ w_rh), gates["update"])
    elif one.cell == "sru":
        assert one.c is not None
        into = shaped(dh) * gates["reset"] * (1 - np.tanh(shaped(read(one.c))) ** 2)
        gradients["c"] = _carried(into, gates["forget"])
    else:
        gradients["h"] = _carried(shaped(dh), 1 - gates["update"])
    return {name: d[::-1] if one.direction == "backward" else d for name, d in gradients.items()}


def _later(d: Array) -> Array:
    """Return what the next step sends back: (T, B, H) moved one step ahead, 0 at the end."""
    moved = np.zeros_like(d)
    moved[:-1] = d[1:]
    return moved


def _carried(into: Array, keep: Array) -> Array:
    """d_t = into_t + keep_{t+1} d_{t+1}, all (T, B, H): s_{t+1} holds keep_{t+1} s_t."""
    d = into.copy()
    for t in range(len(d) - 2, -1, -1):
        d[t] += keep[t + 1] * d[t + 1]
    return d
