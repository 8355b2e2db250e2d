"""Build ONNX graphs from Python expressions on their values.

Only operators of ai.onnx 17 and ai.onnx.ml 3 are used. ``Value`` is a tensor of the graph; it knows its element type,
so that Python numbers become constants of the same type.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.utils.imports import optional_package

OPSET, ML_OPSET, IR_VERSION = 17, 3, 8
TYPES = {
    "float32": 1,
    "uint8": 2,
    "int32": 6,
    "int64": 7,
    "string": 8,
    "bool": 9,
    "float16": 10,
    "float64": 11,
    "uint64": 13,
}
"""Numbers of the element types in the format."""
ALL = 1 << 40
"""The end of a slice that reaches to the end of the axis."""


def library() -> Any:
    """Return the package onnx. Raises MissingExtraError if it is not installed."""
    with optional_package("onnx", "onnx"):
        import onnx
    return onnx


class Value:
    """A tensor of a graph, with its element type."""

    def __init__(self, graph: Graph, name: str, dtype: str) -> None:
        self.graph, self.name, self.dtype = graph, name, dtype

    def _with(self, kind: str, other: Any, dtype: str = "", *, swap: bool = False) -> Value:
        pair = (self, self.graph.like(self, other))
        return self.graph.op(kind, *(pair[::-1] if swap else pair), dtype=dtype or self.dtype)

    def __add__(self, other: Any) -> Value:
        return self._with("Add", other)

    def __sub__(self, other: Any) -> Value:
        return self._with("Sub", other)

    def __rsub__(self, other: Any) -> Value:
        return self._with("Sub", other, swap=True)

    def __mul__(self, other: Any) -> Value:
        return self._with("Mul", other)

    def __truediv__(self, other: Any) -> Value:
        return self._with("Div", other)

    def __mod__(self, other: Any) -> Value:
        return self._with("Mod", other)

    def __lt__(self, other: Any) -> Value:
        return self._with("Less", other, "bool")

    def __le__(self, other: Any) -> Value:
        return self._with("LessOrEqual", other, "bool")

    def __gt__(self, other: Any) -> Value:
        return self._with("Greater", other, "bool")

    def __ge__(self, other: Any) -> Value:
        return self._with("GreaterOrEqual", other, "bool")

    def equals(self, other: Any) -> Value:
        """Return whether elements are equal."""
        return self._with("Equal", other, "bool")

    def __and__(self, other: Value) -> Value:
        return self._with("And", other)

    def __or__(self, other: Value) -> Value:
        return self._with("Or", other)

    def __invert__(self) -> Value:
        return self.graph.op("Not", self)

    def cast(self, dtype: str) -> Value:
        """Return the tensor with another element type."""
        return self if dtype == self.dtype else self.graph.op("Cast", self, dtype=dtype, to=TYPES[dtype])

    def take(self, ids: Value, axis: int = 0) -> Value:
        """Return the rows (or columns …) ``ids``."""
        return self.graph.op("Gather", self, ids, axis=axis)

    def at(self, ids: Value, axis: int = 1) -> Value:
        """Return the elements at ``ids`` along an axis, row by row."""
        return self.graph.op("GatherElements", self, ids, axis=axis)

    def where(self, yes: Value, no: Any) -> Value:
        """Return ``yes`` where this is true, ``no`` elsewhere."""
        return self.graph.op("Where", self, yes, self.graph.like(yes, no), dtype=yes.dtype)

    def part(self, start: Any, end: Any, axis: int = 1) -> Value:
        """Return a slice along an axis."""
        ends = (self.graph.vector(start), self.graph.vector(end), self.graph.vector(axis))
        return self.graph.op("Slice", self, *ends)

    def size(self, axis: int) -> Value:
        """Return the length of an axis as a scalar."""
        shape = self.graph.op("Shape", self, dtype="int64", start=axis, end=axis + 1)
        return self.graph.op("Squeeze", shape, self.graph.vector(0))

    def reshape(self, *sizes: Any) -> Value:
        """Return the elements in another shape; -1: what is left, 0: as it is."""
        parts = [self.graph.vector(size) for size in sizes]
        return self.graph.op("Reshape", self, parts[0] if len(parts) == 1 else self.graph.concat(parts, 0))

    def expand(self, *axes: int) -> Value:
        """Return the tensor with additional axes of length 1."""
        return self.graph.op("Unsqueeze", self, self.graph.constant(np.array(axes, np.int64)))

    def squeeze(self, axis: int) -> Value:
        """Return the tensor without an axis of length 1."""
        return self.graph.op("Squeeze", self, self.graph.vector(axis))

    def transpose(self, *axes: int) -> Value:
        """Return the tensor with its axes in this order."""
        return self.graph.op("Transpose", self, perm=list(axes))

    def sum(self, axis: int, *, keep: bool = False) -> Value:
        """Return the sum along an axis."""
        return self.graph.op("ReduceSum", self, self.graph.vector(axis), keepdims=int(keep))

    def max(self, axis: int, *, keep: bool = False) -> Value:
        """Return the maximum along an axis."""
        return self.graph.op("ReduceMax", self, axes=[axis], keepdims=int(keep))

    def argmax(self, axis: int) -> Value:
        """Return the first index of the maximum along an axis."""
        return self.graph.op("ArgMax", self, dtype="int64", axis=axis, keepdims=0)

    def cumsum(self, axis: int = 1, *, exclusive: bool = False) -> Value:
        """Return the sums up to each element along an axis."""
        return self.graph.op("CumSum", self, self.graph.constant(np.int64(axis)), exclusive=int(exclusive))

    def total(self, axis: int) -> Value:
        """Return the sum of int64 along an axis modulo 2^64; onnxruntime's ReduceSum rounds large ones."""
        return self.cumsum(axis).take(self.graph.constant(np.int64(-1)), axis)

    def scatter(self, ids: Value, values: Value, axis: int = 1) -> Value:
        """Return the tensor with ``values`` at ``ids`` along an axis."""
        return self.graph.op("ScatterElements", self, ids, values, axis=axis)

    def softmax(self, axis: int) -> Value:
        """Return the softmax along an axis."""
        return self.graph.op("Softmax", self, axis=axis)

    def apply(self, kind: str) -> Value:
        """Return an elementwise function: Tanh, Sigmoid, Exp …"""
        return self.graph.op(kind, self)


class Graph:
    """A graph, or the body of a loop in it (``parent``), whose constants are those of the whole graph."""

    def __init__(self, parent: Graph | None = None) -> None:
        self.nodes: list[Any] = []
        self.root: Graph = self if parent is None else parent.root
        self._constants: dict[tuple[Any, ...], Value] = {}
        self._initializers: list[Any] = []
        self._count = 0

    def input(self, name: str, dtype: str) -> Value:
        """Return an input of the model."""
        return Value(self, name, dtype)

    def output(self, name: str, value: Value, sizes: Sequence[Any]) -> tuple[str, str, Sequence[Any]]:
        """Give a tensor the name of an output; return what ``model`` takes."""
        self.nodes.append(library().helper.make_node("Identity", [value.name], [name]))
        return name, value.dtype, sizes

    def name(self) -> str:
        """Return a new name. Those of inputs and outputs have no slash."""
        self.root._count += 1
        return f"/{self.root._count}"

    def op(self, kind: str, *inputs: Value | None, dtype: str = "", **attributes: Any) -> Value:
        """Add an operator with one output; its element type is that of the first input if none is given."""
        return self.ops(kind, inputs, [dtype or _first(inputs).dtype], **attributes)[0]

    def ops(self, kind: str, inputs: Sequence[Value | None], dtypes: Sequence[str], **attributes: Any) -> list[Value]:
        """Add an operator with an output of each element type; "": an output that is not used."""
        results = [Value(self, self.name() if dtype else "", dtype) for dtype in dtypes]
        names = ["" if value is None else value.name for value in inputs]
        node = library().helper.make_node(kind, names, [value.name for value in results], **attributes)
        self.nodes.append(node)
        return results

    def constant(self, array: Any) -> Value:
        """Return a constant; equal ones are stored once."""
        array = np.asarray(array)
        texts = array.dtype.kind in "OU"
        content = tuple(array.ravel().tolist()) if texts else array.tobytes()
        key = ("string" if texts else array.dtype.name, array.shape, content)
        found = self.root._constants.get(key)
        if found is None:
            found = self.root._constants[key] = self._stored(array, key[0])
        return Value(self, found.name, found.dtype)

    def weights(self, array: NDArray[np.float32]) -> Value:
        """Return float32 weights; if float16 holds them without loss, they are stored so, in half the space."""
        with np.errstate(over="ignore"):
            half = array.astype(np.float16)
        if array.ndim < 2 or not np.array_equal(half, array):
            return self.constant(np.ascontiguousarray(array, np.float32))
        stored = self.constant(np.ascontiguousarray(half))
        return self.op("Cast", stored, dtype="float32", to=TYPES["float32"])

    def like(self, value: Value, other: Any) -> Value:
        """Return ``other``, a number as a constant of the element type of ``value``."""
        return other if isinstance(other, Value) else self.constant(np.dtype(value.dtype).type(other))

    def vector(self, value: Any) -> Value:
        """Return a whole number as a vector of one element."""
        if not isinstance(value, Value):
            return self.constant(np.array([value], np.int64))
        return self.op("Reshape", value, self.constant(np.array([1], np.int64)))

    def concat(self, values: Sequence[Value], axis: int) -> Value:
        """Join tensors along an axis."""
        return values[0] if len(values) == 1 else self.op("Concat", *values, axis=axis)

    def range(self, n: Value) -> Value:
        """Return 0 … n - 1."""
        return self.op("Range", self.constant(np.int64(0)), n, self.constant(np.int64(1)))

    def filled(self, number: Any, *sizes: Any) -> Value:
        """Return a tensor of these sizes with the same ``number``, of a NumPy type, everywhere."""
        shape = self.concat([self.vector(size) for size in sizes], 0)
        return self.op("Expand", self.constant(number), shape)

    def most(self, numbers: Value) -> Value:
        """Return the largest of numbers (n,) that are not negative as a scalar; 0 of none."""
        return self.op("ReduceMax", self.concat([numbers, self.vector(0)], 0), axes=[0], keepdims=0)

    def product(self, x: Value, w: NDArray[np.float32], b: NDArray[np.float32] | None = None) -> Value:
        """Return w·x + b along the last axis: w (H, E)."""
        y = self.op("MatMul", x, self.weights(np.ascontiguousarray(w.T)))
        return y if b is None else y + self.constant(b)

    def lookup(self, keys: Value, table: Mapping[Any, int], default: int) -> Value:
        """Return the number of each key, text or int64, or the default."""
        if not table:
            return self.op("Expand", self.constant(np.int64(default)), self.op("Shape", keys, dtype="int64"))
        kind = "keys_strings" if keys.dtype == "string" else "keys_int64s"
        own = {kind: list(table), "values_int64s": list(table.values()), "default_int64": default}
        return self.op("LabelEncoder", keys, dtype="int64", domain="ai.onnx.ml", **own)

    def scan(
        self,
        body: Callable[[Graph, list[Value], list[Value]], tuple[list[Value], list[Value]]],
        states: Sequence[Value],
        sequences: Sequence[Value],
        ranks: tuple[Sequence[int], Sequence[int], Sequence[int]],
        *,
        backward: bool = False,
    ) -> tuple[list[Value], list[Value]]:
        """Run ``body`` on each step of the sequences (axis 0); return the last states and the outputs of all steps.

        ``body`` takes a graph, the states and a step of each sequence and returns the new states and the step's
        outputs. ``ranks`` are those of states, steps and outputs.
        """
        helper = library().helper
        inner = Graph(self)
        given = [Value(inner, self.name(), value.dtype) for value in (*states, *sequences)]
        new, outputs = body(inner, given[: len(states)], given[len(states) :])
        made = [*new, *outputs]
        results = inner._results(made, {value.name for value in given})
        infos = [
            [
                helper.make_tensor_value_info(v.name, TYPES[v.dtype], [None] * rank)
                for v, rank in zip(vs, rs, strict=True)
            ]
            for vs, rs in ((given, [*ranks[0], *ranks[1]]), (results, [*ranks[0], *ranks[2]]))
        ]
        direction = [int(backward)]
        attributes = {
            "body": helper.make_graph(inner.nodes, "step", *infos),
            "num_scan_inputs": len(sequences),
            "scan_input_directions": direction * len(sequences),
            "scan_output_directions": direction * len(outputs),
        }
        after = self.ops("Scan", [*states, *sequences], [value.dtype for value in made], **attributes)
        return after[: len(states)], after[len(states) :]

    def model(self, inputs: Sequence[Any], outputs: Sequence[Any], facts: Mapping[str, str]) -> Any:
        """Return the model; inputs and outputs are (name, element type, sizes), ``facts`` its metadata."""
        helper = library().helper
        infos = [[helper.make_tensor_value_info(n, TYPES[t], s) for n, t, s in each] for each in (inputs, outputs)]
        graph = helper.make_graph(self.nodes, "elman", *infos, self._initializers)
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", ML_OPSET)]
        model = helper.make_model(graph, opset_imports=opsets, producer_name="elman", ir_version=IR_VERSION)
        helper.set_model_props(model, dict(facts))
        return model

    def _results(self, values: Sequence[Value], taken: set[str]) -> list[Value]:
        """Return values as outputs of a body: none may be an input of it, or another output."""
        results = []
        for value in values:
            copied = value.name in taken or value.graph is not self
            results.append(self.op("Identity", value) if copied else value)
            taken.add(value.name)
        return results

    def _stored(self, array: NDArray[Any], dtype: str) -> Value:
        name, onnx = self.name(), library()
        if dtype == "string":
            content = [text.encode() for text in array.ravel().tolist()]
            tensor = onnx.helper.make_tensor(name, TYPES[dtype], array.shape, content)
        else:
            tensor = onnx.numpy_helper.from_array(array, name)
        self.root._initializers.append(tensor)
        return Value(self.root, name, dtype)


def _first(inputs: Sequence[Value | None]) -> Value:
    return next(value for value in inputs if value is not None)
