"""The minGRU (Feng et al. 2024)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from elman import kernels
from elman.nn.batch import Batch
from elman.nn.cells.common import Activations, BackwardRun, Memory, Recurrence, carried_back, start_state
from elman.nn.layers import Array, Weights, sigmoid


def layer(
    a: Array, w: Weights, batch: Batch, memory: Memory | None = None
) -> tuple[Array, Callable[[Array], Recurrence]]:
    """Run a minGRU: a (N, 2H) -> h (N, H)."""
    h0 = start_state(memory, "h", batch, a.shape[1] // 2, a)
    h = kernels.mingru_forward(a, batch.sizes, h0)
    if memory is not None:
        memory.keep(h=h)
    return h, lambda dh: (kernels.mingru_backward(dh, a, h, batch.sizes, h0)[0], {})


def activations(a: Array, w: Weights, batch: Batch) -> Activations:
    """Return the states and gates: a (N, 2H)."""
    H = a.shape[1] // 2
    h = kernels.mingru_forward(a, batch.sizes, np.zeros((batch.sentences, H), a.dtype))
    return Activations(h, gates=(sigmoid(a[:, :H]),))


def state_gradients(run: BackwardRun) -> dict[str, Array]:
    """Return the gradients by the states; see ``elman.nn.state_gradients``."""
    return {"h": carried_back(run.by_step(run.dh), 1 - run.gates["update"])}
