"""Recurrent cells: one module per cell, and the table of their shapes, which needs no NumPy.

To add a cell, add its kernels (``elman.kernels``), a module here with the functions below, a row in ``CELLS``, and its
name in the setting ``cell`` (``elman.settings``).

    layer(a, w, batch, memory)   -> (h, backprop): h (N, H) from a (N, blocks · H); backprop takes dh (N, H) and returns
                                    da and the gradients by the weights (``common.Recurrence``)
    activations(a, w, batch)     -> hidden states, memory cells, gates, for analysis (``common.Activations``)
    state_gradients(run)         -> the gradients (T, B, H) by ``h`` and ``c`` of a ``common.BackwardRun``
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any, NamedTuple


class Cell(NamedTuple):
    """What a network needs to know of a cell.

    ``blocks``      blocks of H rows in w_rx and b_r
    ``states``      names of the states that pass from one step to the next: ``h``, ``c``
    ``gates``       names of its gates, 0 to 1, as in the papers
    ``parallel``    gates and candidates depend only on the inputs of two steps: w_rx reads both, and there is no w_rh
    ``chrono``      blocks of b_r that chrono initialization sets -> sign (Tallec & Ollivier 2018, section 2)
    ``orthogonal``  whether the blocks of w_rh start as orthogonal matrices
    ``biases``      names of further biases (H,)
    ``truncates``   whether its layer can truncate back-propagation through time (argument ``bptt``)
    """

    blocks: int
    states: str
    gates: tuple[str, ...] = ()
    parallel: bool = False
    chrono: tuple[tuple[int, int], ...] = ()
    orthogonal: bool = True
    biases: tuple[str, ...] = ()
    truncates: bool = False


CELLS = {
    "elman": Cell(1, "h", orthogonal=False, truncates=True),
    "lstm": Cell(4, "hc", ("input", "forget", "output"), chrono=((0, -1), (1, 1))),
    "gru": Cell(3, "h", ("reset", "update"), chrono=((1, 1),), biases=("b_rn",)),
    "sru": Cell(4, "c", ("forget", "reset"), parallel=True, chrono=((1, 1),)),
    "mingru": Cell(2, "h", ("update",), parallel=True, chrono=((0, -1),)),
}


@cache
def functions(cell: str) -> Any:
    """Return the module of a cell."""
    return import_module(f"elman.nn.cells.{cell}")
