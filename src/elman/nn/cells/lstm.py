"""The LSTM (Hochreiter & Schmidhuber 1997; forget gates: Gers et al. 2000)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from elman import kernels
from elman.nn.batch import Batch
from elman.nn.cells.common import (
    Activations,
    BackwardRun,
    Memory,
    Recurrence,
    carried_back,
    from_next_step,
    start_state,
)
from elman.nn.layers import Array, Weights
from elman.utils import parallel

LayerBackprop = Callable[[Array], tuple[Array, list[dict[str, Array]]]]
"""Gradient by h -> gradient by x (N, E), and those by the weights of each direction."""
NAMES = ("w_rx", "b_r", "w_rh")


def layer(
    a: Array, w: Weights, batch: Batch, memory: Memory | None = None
) -> tuple[Array, Callable[[Array], Recurrence]]:
    """Run an LSTM: a (N, 4H) -> h (N, H)."""
    w_rh = w["w_rh"]
    h0, c0 = (start_state(memory, name, batch, w_rh.shape[1], a) for name in "hc")
    h, c, gates = kernels.lstm_forward(a, batch.sizes, w_rh, h0, c0)
    if memory is not None:
        memory.keep(h=h, c=c)

    def backprop(dh: Array) -> Recurrence:
        da, dw_rh, _, _ = kernels.lstm_backward(dh, h, c, gates, batch.sizes, w_rh, h0, c0)
        return da, {"w_rh": dw_rh}

    return h, backprop


def lstm_layer(x: Array, w: Weights, batch: Batch) -> tuple[Array, LayerBackprop]:
    """Run an LSTM including its input projection: x (N, E) -> h (N, H).

    Like ``linear`` and ``recurrence``, but faster.
    """
    w_rx, w_rh, sizes = w["w_rx"], w["w_rh"], batch.sizes
    h = np.empty((len(x), w_rh.shape[1]), x.dtype)
    c, gates = kernels.lstm_layer_forward(x, sizes, w_rx, w["b_r"], w_rh, h, 0, False)

    def backprop(dh: Array) -> tuple[Array, list[dict[str, Array]]]:
        dx = np.empty_like(x)
        dw = kernels.lstm_layer_backward(dh, x, h, 0, c, gates, sizes, w_rx, w_rh, dx, False, False)
        return dx, [dict(zip(NAMES, dw, strict=True))]

    return h, backprop


def bilstm_layer(x: Array, w: Weights, v: Weights, batch: Batch) -> tuple[Array, LayerBackprop]:
    """Run both directions of a layer, with weights w and v: x (N, E) -> h (N, 2H).

    They run in two threads if ``parallel.inner`` allows it.
    """
    sizes, threads = batch.sizes, parallel.inner.threads
    h, c, gates = kernels.bilstm_forward(
        x, sizes, w["w_rx"], w["b_r"], w["w_rh"], v["w_rx"], v["b_r"], v["w_rh"], threads
    )

    def backprop(dh: Array) -> tuple[Array, list[dict[str, Array]]]:
        dx, *dw = kernels.bilstm_backward(
            dh, x, h, c, gates, sizes, w["w_rx"], w["w_rh"], v["w_rx"], v["w_rh"], parallel.inner.threads
        )
        return dx, [dict(zip(NAMES, some, strict=True)) for some in (dw[:3], dw[3:])]

    return h, backprop


def activations(a: Array, w: Weights, batch: Batch) -> Activations:
    """Return the states and gates: a (N, 4H)."""
    H = a.shape[1] // 4
    zero = np.zeros((batch.sentences, H), a.dtype)
    h, c, gates = kernels.lstm_forward(a, batch.sizes, w["w_rh"], zero, zero)
    return Activations(h, c, (gates[:, :H], gates[:, H : 2 * H], gates[:, 3 * H :]), gates)


def state_gradients(run: BackwardRun) -> dict[str, Array]:
    """Return the gradients by the states; see ``elman.nn.state_gradients``."""
    assert run.c is not None and run.kept is not None and run.w_rh is not None
    da, *_ = kernels.lstm_backward(run.dh, run.h, run.c, run.kept, run.sizes, run.w_rh, run.zero, run.zero)
    dh = from_next_step(run.by_step(da @ run.w_rh)) + run.by_step(run.dh)
    into = dh * run.gates["output"] * (1 - np.tanh(run.by_step(run.c)) ** 2)
    return {"h": dh, "c": carried_back(into, run.gates["forget"])}
