"""Hidden states, memory cells and gates of every layer, for analysis.

Letters: N words of a packed batch, H hidden units, E input width. Rows are in the order of the batch in both
directions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from elman import kernels
from elman.nn.batch import Batch, Ids
from elman.nn.cells import CELLS, functions
from elman.nn.encoder import Encoder, Parameters, two_words
from elman.nn.layers import Array, bag, shift

BOUND = 0.01
"""A unit or gate this close to the end of its range is saturated: its gradient is nearly 0."""
STILL = 0.01
"""A unit whose state has a smaller standard deviation over the words is dead."""
SATURATED = 1 - BOUND


@dataclass(frozen=True)
class States:
    """Activations of one layer in one direction over N words.

    ``h``      (N, H) hidden states
    ``c``      (N, H) memory cells of LSTM and SRU; None: the cell has none
    ``gates``  (N, H) by name
    ``kept``   (N, …) what else the backward kernel needs, or None
    """

    layer: int  # from 0
    direction: str
    cell: str
    h: Array
    c: Array | None
    gates: Mapping[str, Array]
    kept: Array | None = None

    @property
    def name(self) -> str:
        """``layer0.forward``: the prefix of its parameters."""
        return f"layer{self.layer}.{self.direction}"


@dataclass(frozen=True, slots=True)
class Units:
    """Health of a network's units: fractions, 0 to 1, over a sample of words.

    ``saturated``  values within 0.01 of an end of their range: states of an Elman network, gates of other cells
    ``dead``       units whose state hardly varies over the words (standard deviation below 0.01)
    """

    saturated: float
    dead: float


def states(encoder: Encoder, parameters: Parameters, x: Array | Ids, batch: Batch) -> Iterator[States]:
    """Yield the states of each layer, from the first, and direction. x (N, width), or one-hot words as ids (N,)."""
    for i in range(encoder.config.layers):
        yield from of_layer(encoder, parameters, i, x, batch)
        x, _ = encoder.up_to(i).forward(parameters, x, batch, first=i)


def of_layer(encoder: Encoder, parameters: Parameters, i: int, x: Array | Ids, batch: Batch) -> list[States]:
    """Return the states of one layer, by direction; x is the layer's input."""
    return [_states(encoder, parameters, (i, direction), x, batch) for direction in encoder.directions]


def units(encoder: Encoder, parameters: Parameters, x: Array | Ids, batch: Batch) -> Units:
    """Measure saturated and dead units."""
    saturated, values, dead, total = 0, 0, 0, 0
    for layer in states(encoder, parameters, x, batch):
        for gate in layer.gates.values():
            saturated += int((np.abs(gate - 0.5) > 0.5 - BOUND).sum())
            values += gate.size
        if not layer.gates:
            saturated += int((np.abs(layer.h) > SATURATED).sum())
            values += layer.h.size
        dead += int((layer.h.std(axis=0) < STILL).sum())
        total += layer.h.shape[1]
    return Units(saturated / max(values, 1), dead / max(total, 1))


def _states(encoder: Encoder, parameters: Parameters, where: tuple[int, str], x: Array | Ids, batch: Batch) -> States:
    layer, direction = where
    cell, prefix = encoder.config.cell, f"layer{layer}.{direction}."
    w = {name: parameters[prefix + name] for name in ("w_rx", "b_r", "w_rh", "b_rn") if prefix + name in parameters}
    backward = direction == "backward"
    source = batch.following if backward else batch.previous
    if x.ndim == 1 and CELLS[cell].parallel:
        a = bag(w["w_rx"], two_words(x, source, len(w["w_rx"]) // 2))[0] + w["b_r"]
    elif x.ndim == 1:
        a = w["w_rx"][x] + w["b_r"]
    else:
        both = x
        if CELLS[cell].parallel:
            both = np.concatenate([x, shift(x, source)[0]], axis=1)
        a = kernels.linear_forward(both, w["w_rx"], w["b_r"])
    order = batch.mirror if backward else np.arange(len(a))  # its own inverse
    h, c, gates, kept = functions(cell).activations(np.ascontiguousarray(a[order]), w, batch)
    back = [None if rows is None else rows[order] for rows in (c, kept)]
    named = {name: gate[order] for name, gate in zip(CELLS[cell].gates, gates, strict=True)}
    return States(layer, direction, cell, h[order], back[0], named, back[1])
