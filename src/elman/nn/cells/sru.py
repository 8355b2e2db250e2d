"""The SRU (Lei et al. 2018, without the peephole on c): its h reaches only the layer above."""

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
    """Run an SRU: a (N, 4H) -> h (N, H)."""
    c0 = start_state(memory, "c", batch, a.shape[1] // 4, a)
    h, c = kernels.sru_forward(a, batch.sizes, c0)
    if memory is not None:
        memory.keep(c=c)
    return h, lambda dh: (kernels.sru_backward(dh, a, c, batch.sizes, c0)[0], {})


def activations(a: Array, w: Weights, batch: Batch) -> Activations:
    """Return the states and gates: a (N, 4H)."""
    H = a.shape[1] // 4
    h, c = kernels.sru_forward(a, batch.sizes, np.zeros((batch.sentences, H), a.dtype))
    return Activations(h, c, (sigmoid(a[:, H : 2 * H]), sigmoid(a[:, 2 * H : 3 * H])))


def state_gradients(run: BackwardRun) -> dict[str, Array]:
    """Return the gradients by the states; see ``elman.nn.state_gradients``."""
    assert run.c is not None
    into = run.by_step(run.dh) * run.gates["reset"] * (1 - np.tanh(run.by_step(run.c)) ** 2)
    return {"c": carried_back(into, run.gates["forget"])}
