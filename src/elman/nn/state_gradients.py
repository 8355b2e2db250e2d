"""The gradient by each state of a layer: from the layer above, and from later steps through time.

Kernels return gradients by inputs and weights; those by states are derived from them, cell by cell. Letters: T steps, B
texts of equal length, H hidden units. ∂/∂h_t is the total derivative by h_t, through the layer above and the next step,
with the memory cell c_t constant; ∂/∂c_t is the total derivative by the memory cell, including through h_t.
"""

from __future__ import annotations

import numpy as np

from elman.nn.activations import States
from elman.nn.cells import functions
from elman.nn.cells.common import BackwardRun
from elman.nn.layers import Array


def by_states(one: States, w_rh: Array | None, dy: Array, steps: int) -> dict[str, Array]:
    """Turn dy (T·B, H), the gradient from the layer above, into the gradients (T, B, H) by ``h`` and ``c``.

    Rows are time-major, texts of equal length T = ``steps``. ``w_rh`` is the layer's, if it has one. SRU has only
    ``c``, since its h reaches only the layer above.
    """
    B = len(dy) // steps

    def read(rows: Array) -> Array:
        """Return rows (T·B, …) in reading order, as the kernels take them."""
        in_time = rows.reshape(steps, B, -1)
        return np.ascontiguousarray(in_time[::-1] if one.direction == "backward" else in_time).reshape(steps * B, -1)

    gates = {name: read(gate).reshape(steps, B, -1) for name, gate in one.gates.items()}
    kept = [None if rows is None else read(rows) for rows in (one.c, one.kept)]
    run = BackwardRun(read(dy), read(one.h), kept[0], gates, kept[1], np.full(steps, B, np.int32), w_rh)
    gradients = functions(one.cell).state_gradients(run)
    return {name: d[::-1] if one.direction == "backward" else d for name, d in gradients.items()}
