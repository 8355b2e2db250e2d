"""What the cells share. Letters: N words of a packed batch, T steps, B sentences, H hidden units."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from elman.nn.batch import Batch, Ids
from elman.nn.layers import Array

Recurrence = tuple[Array, dict[str, Array]]  # the gradient by a, and those by the weights


class Memory:
    """States (B, n) by name that a recurrent layer carries from one segment of B sentences to the next.

    ``before``  states before each sentence's first step, longest first; a missing one is 0
    ``rows``    (B,) packed rows whose states become ``after``, by default each sentence's last
    ``after``   those states, filled in by the layer. No gradient passes through either.
    """

    def __init__(self, before: Mapping[str, Array], batch: Batch, rows: NDArray[np.int64] | None = None) -> None:
        self.before, self.after = before, dict[str, Array]()
        self.rows = batch.ends if rows is None else rows

    def start(self, name: str, like: Array) -> Array:
        """Return the initial state of this name, or the zero state ``like``."""
        return self.before.get(name, like)

    def keep(self, **states: Array) -> None:
        """Store the states of ``rows`` from those (N, n) of all rows."""
        self.after |= {name: values[self.rows] for name, values in states.items()}


def start_state(memory: Memory | None, name: str, batch: Batch, width: int, like: Array) -> Array:
    """Return the state (B, width) before the first step: that of ``memory``, or zeros."""
    zero = np.zeros((batch.sentences, width), like.dtype)
    return zero if memory is None else memory.start(name, zero)


class Activations(NamedTuple):
    """What a cell computed over N words in reading order.

    ``h``, ``c``  (N, H) hidden states, memory cells (None: the cell has none)
    ``gates``     (N, H), in the order of the table
    ``kept``      (N, …) what else the backward kernel needs, or None
    """

    h: Array
    c: Array | None = None
    gates: tuple[Array, ...] = ()
    kept: Array | None = None


class BackwardRun(NamedTuple):
    """A layer over B texts of T steps each, in reading order and time-major, and the gradient from the layer above.

    ``dh``, ``h``, ``c``  (T·B, H); ``gates`` (T, B, H) by name; ``kept`` as in ``Activations``; ``sizes`` (T,) all B;
    ``w_rh`` is None for parallel cells
    """

    dh: Array
    h: Array
    c: Array | None
    gates: Mapping[str, Array]
    kept: Array | None
    sizes: Ids
    w_rh: Array | None

    @property
    def zero(self) -> Array:
        """A state (B, H) of zeros."""
        return np.zeros((int(self.sizes[0]), self.dh.shape[1]), self.dh.dtype)

    def by_step(self, rows: Array) -> Array:
        """Return rows (T·B, n) as (T, B, n)."""
        return rows.reshape(len(self.sizes), int(self.sizes[0]), -1)


def from_next_step(d: Array) -> Array:
    """Return what the next step sends back: (T, B, H) moved one step ahead, 0 at the end."""
    moved = np.zeros_like(d)
    moved[:-1] = d[1:]
    return moved


def carried_back(into: Array, keep: Array) -> Array:
    """Return d_t = into_t + keep_{t+1} d_{t+1}, all (T, B, H): s_{t+1} holds keep_{t+1} s_t."""
    d = into.copy()
    for t in range(len(d) - 2, -1, -1):
        d[t] += keep[t + 1] * d[t + 1]
    return d
