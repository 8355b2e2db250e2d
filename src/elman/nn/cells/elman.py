"""The Elman network: h_t = tanh(a_t + w_rh·h_{t-1})."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from elman import kernels
from elman.nn.batch import Batch
from elman.nn.cells.common import Activations, BackwardRun, Memory, Recurrence, from_next_step, start_state
from elman.nn.layers import Array, Weights


def layer(
    a: Array, w: Weights, batch: Batch, memory: Memory | None = None, bptt: int = 0
) -> tuple[Array, Callable[[Array], Recurrence]]:
    """Run h_t = tanh(a_t + w_rh·h_{t-1}): a (N, H) -> h (N, H). ``bptt`` n > 0: each output error goes back n steps."""
    w_rh = w["w_rh"]
    h0 = start_state(memory, "h", batch, a.shape[1], a)
    h = kernels.elman_forward(a, batch.sizes, w_rh, h0)
    if memory is not None:
        memory.keep(h=h)

    def backprop(dh: Array) -> Recurrence:
        da, dw_rh, _ = kernels.elman_backward(dh, h, batch.sizes, w_rh, h0, bptt)
        return da, {"w_rh": dw_rh}

    return h, backprop


def activations(a: Array, w: Weights, batch: Batch) -> Activations:
    """Return the states and gates: a (N, H)."""
    zero = np.zeros((batch.sentences, a.shape[1]), a.dtype)
    return Activations(kernels.elman_forward(a, batch.sizes, w["w_rh"], zero))


def state_gradients(run: BackwardRun) -> dict[str, Array]:
    """Return the gradients by the states; see ``elman.nn.state_gradients``."""
    assert run.w_rh is not None
    da, _, _ = kernels.elman_backward(run.dh, run.h, run.sizes, run.w_rh, run.zero, 0)
    return {"h": from_next_step(run.by_step(da @ run.w_rh)) + run.by_step(run.dh)}
