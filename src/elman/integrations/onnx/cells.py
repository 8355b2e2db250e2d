"""Recurrent layers in a graph, over padded sentences (T, S, …).

Three cells are operators of ONNX: RNN, LSTM, and GRU with the reset gate after the product. The parallel cells are a
Scan. All give 0 beyond a sentence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from elman.integrations.onnx.graph import ALL, Graph, Value
from elman.nn.cells import CELLS

Weights = Mapping[str, NDArray[np.float32]]


class _Operator(NamedTuple):
    """An operator, our gates in its order, and its further attributes."""

    name: str
    order: tuple[int, ...]
    attributes: Mapping[str, Any] = {}


_OPERATORS = {
    "elman": _Operator("RNN", (0,)),
    "lstm": _Operator("LSTM", (0, 3, 1, 2)),
    "gru": _Operator("GRU", (1, 0, 2), {"linear_before_reset": 1}),
}


class Padding(NamedTuple):
    """``lengths`` (S,) of padded sequences, ``mask`` (T, S)."""

    lengths: Value
    mask: Value


class States(NamedTuple):
    """``h`` (T, S, P) of all directions side by side, ``last`` (S, P): the state after the last step of each."""

    h: Value
    last: Value


def layer(g: Graph, cell: str, x: Value, ways: Sequence[Weights], padding: Padding) -> States:
    """Run a layer over x (T, S, E), 0 beyond sentences, or one-hot words (T, S), whose last id is none.

    ``ways`` are the weights of its directions.
    """
    run = _parallel if CELLS[cell].parallel else _operator
    found = [run(g, cell, x, way, bool(number), padding) for number, way in enumerate(ways)]
    return States(g.concat([way.h for way in found], 2), g.concat([way.last for way in found], 1))


def _operator(g: Graph, cell: str, x: Value, way: Weights, reverse: bool, padding: Padding) -> States:
    """Run a cell that is an operator, in one direction."""
    name, order, attributes = _OPERATORS[cell]
    H = way["w_rh"].shape[1]
    w_x, w_h, b = way["w_rx"], way["w_rh"], way["b_r"]
    if x.dtype == "int64":  # the rows of w_x are what the gates read
        x, w_x = _rows(g, w_x, x), np.eye(len(order) * H, dtype=np.float32)
    b_h = np.zeros_like(b)
    if cell == "gru":
        b_h[2 * H :] = way["b_rn"]

    def ordered(w: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.concatenate([w[gate * H : (gate + 1) * H] for gate in order])

    weights = [g.weights(ordered(w)).expand(0) for w in (w_x, w_h)]
    bias = g.constant(np.concatenate([ordered(b), ordered(b_h)])[None])
    own = {"hidden_size": H, "direction": "reverse" if reverse else "forward", **attributes}
    h, last = g.ops(name, [x, *weights, bias, padding.lengths.cast("int32")], ["float32", "float32"], **own)
    return States(h.squeeze(1), last.squeeze(0))


def _parallel(g: Graph, cell: str, x: Value, way: Weights, reverse: bool, padding: Padding) -> States:
    """Run a cell whose gates read two steps of the input, not the state, in one direction."""
    a = _two_steps(g, x, way["w_rx"], reverse) + g.constant(way["b_r"])
    H = len(way["b_r"]) // CELLS[cell].blocks
    parts = [a.part(i * H, (i + 1) * H, 2) for i in range(CELLS[cell].blocks)]
    if cell == "mingru":
        z = parts[0].apply("Sigmoid")
        h = _linear_scan(g, 1.0 - z, z * parts[1], reverse, padding)
    else:
        u, f, r, k = parts[0], parts[1].apply("Sigmoid"), parts[2].apply("Sigmoid"), parts[3]
        c = _linear_scan(g, f, (1.0 - f) * u, reverse, padding)
        h = (r * c.apply("Tanh") + (1.0 - r) * k) * padding.mask.cast("float32").expand(2)
    if reverse:
        return States(h, h.part(0, 1, 0).squeeze(0))
    ends = g.op("Max", padding.lengths - 1, g.constant(np.int64(0)))
    place = g.op("Expand", ends.expand(0, 2), g.op("Shape", h.part(0, 1, 0), dtype="int64"))  # (1, S, H)
    return States(h, h.at(place, 0).squeeze(0))


def _two_steps(g: Graph, x: Value, w: NDArray[np.float32], reverse: bool) -> Value:
    """Return w·[x_t, x_{t-1}], backwards w·[x_t, x_{t+1}]."""
    if x.dtype == "int64":
        V = len(w) // 2
        none = g.filled(np.int64(V), 1, x.size(1))
        return _rows(g, w[:V], x) + _rows(g, w[V:], _moved(g, x, none, reverse))
    none = g.filled(np.float32(0), 1, x.size(1), w.shape[1] // 2)
    return g.product(g.concat([x, _moved(g, x, none, reverse)], 2), w)


def _moved(g: Graph, x: Value, none: Value, reverse: bool) -> Value:
    return g.concat([x.part(1, ALL, 0), none] if reverse else [none, x.part(0, -1, 0)], 0)


def _rows(g: Graph, w: NDArray[np.float32], ids: Value) -> Value:
    """Return the rows of w (V, n); id V is a row of zeros."""
    return g.weights(np.concatenate([w, np.zeros_like(w[:1])])).take(ids)


def _linear_scan(g: Graph, keep: Value, add: Value, reverse: bool, padding: Padding) -> Value:
    """Return s_t = keep_t s_{t-1} + add_t (T, S, H); it stays 0 beyond a sentence, in either direction."""
    inside = padding.mask.cast("float32").expand(2)

    def step(inner: Graph, states: list[Value], steps: list[Value]) -> tuple[list[Value], list[Value]]:
        s = steps[0] * states[0] + steps[1]
        return [s], [s]

    start = g.op("ReduceSum", add.part(0, 1, 0) * 0.0, g.vector(0), keepdims=0)  # zeros (S, H)
    _, (s,) = g.scan(step, [start], [keep * inside, add * inside], ([2], [2, 2], [2]), backward=reverse)
    return s
