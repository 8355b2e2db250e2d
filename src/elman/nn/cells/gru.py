"""The GRU (Cho et al. 2014)."""

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


def layer(
    a: Array, w: Weights, batch: Batch, memory: Memory | None = None
) -> tuple[Array, Callable[[Array], Recurrence]]:
    """Run a GRU: a (N, 3H) -> h (N, H)."""
    w_rh, b_rn = w["w_rh"], w["b_rn"]
    h0 = start_state(memory, "h", batch, len(b_rn), a)
    h, gates = kernels.gru_forward(a, batch.sizes, w_rh, b_rn, h0)
    if memory is not None:
        memory.keep(h=h)

    def backprop(dh: Array) -> Recurrence:
        da, dw_rh, db_rn, _ = kernels.gru_backward(dh, h, gates, batch.sizes, w_rh, h0)
        return da, {"w_rh": dw_rh, "b_rn": db_rn}

    return h, backprop


def activations(a: Array, w: Weights, batch: Batch) -> Activations:
    """Return the states and gates: a (N, 3H)."""
    H = a.shape[1] // 3
    zero = np.zeros((batch.sentences, H), a.dtype)
    h, gates = kernels.gru_forward(a, batch.sizes, w["w_rh"], w["b_rn"], zero)
    return Activations(h, None, (gates[:, :H], gates[:, H : 2 * H]), gates)


def state_gradients(run: BackwardRun) -> dict[str, Array]:
    """Return the gradients by the states; see ``elman.nn.state_gradients``."""
    assert run.kept is not None and run.w_rh is not None
    H = run.dh.shape[1]
    da, *_ = kernels.gru_backward(run.dh, run.h, run.kept, run.sizes, run.w_rh, run.zero)
    ds = run.by_step(da).copy()
    ds[..., 2 * H :] *= run.gates["reset"]
    return {"h": carried_back(run.by_step(run.dh) + from_next_step(ds @ run.w_rh), run.gates["update"])}
