"""Run a recurrent cell over a packed batch, in either direction."""

from __future__ import annotations

from collections.abc import Callable

from elman.nn.batch import Batch
from elman.nn.cells import CELLS, functions
from elman.nn.cells.common import Memory, Recurrence
from elman.nn.layers import Array, Weights


def recurrence(
    cell: str,
    a: Array,
    w: Weights,
    batch: Batch,
    *,
    mirrored: bool,
    bptt: int = 0,
    memory: Memory | None = None,
) -> tuple[Array, Callable[[Array], Recurrence]]:
    """Run a cell over a packed batch, from the end of each sentence if ``mirrored``: a (N, gates · H) -> h (N, H).

    backprop returns the gradient by a and, by name, those by the weights ``w``. A mirrored layer has no ``memory``.
    """
    assert memory is None or not mirrored
    a_read = a[batch.mirror] if mirrored else a
    truncated = {"bptt": bptt} if CELLS[cell].truncates else {}
    h, back = functions(cell).layer(a_read, w, batch, memory, **truncated)

    def backprop(dy: Array) -> Recurrence:
        da, dw = back(dy[batch.mirror] if mirrored else dy)
        return da[batch.mirror] if mirrored else da, dw

    return h[batch.mirror] if mirrored else h, backprop
