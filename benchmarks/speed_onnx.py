"""The tagger of W3 as an ONNX graph: word ids -> vectors -> BiLSTM -> scores -> tags."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

GATES = (0, 3, 1, 2)  # elman's i f g o, as ONNX has them: i o f c
OPSET, IR = 17, 10


def save(weights: dict[str, NDArray[Any]], hidden: int, path: Path, *, ragged: bool) -> None:
    """ids (T, B) -> scores (T · B, K), tags (T · B,); of ragged batches also the lengths (B,)."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    w, r, b = (_directions(weights, name, hidden) for name in ("w_rx", "w_rh", "b_r"))
    constants = {
        "embedding": weights["embedding"],
        "w": w,
        "r": r,
        "b": np.concatenate([b, np.zeros_like(b)], axis=1),
        "w_o": np.ascontiguousarray(weights["output.w_oh"].T),
        "b_o": weights["output.b_o"],
        "flat": np.array([-1, 2 * hidden], np.int64),
    }
    nodes = [
        helper.make_node("Gather", ["embedding", "ids"], ["x"]),
        helper.make_node(
            "LSTM",
            ["x", "w", "r", "b", *["lengths"] * ragged],
            ["h"],
            hidden_size=hidden,
            direction="bidirectional",
        ),  # h (T, 2, B, H)
        helper.make_node("Transpose", ["h"], ["turned"], perm=[0, 2, 1, 3]),
        helper.make_node("Reshape", ["turned", "flat"], ["rows"]),
        helper.make_node("MatMul", ["rows", "w_o"], ["product"]),
        helper.make_node("Add", ["product", "b_o"], ["scores"]),
        helper.make_node("ArgMax", ["scores"], ["tags"], axis=1, keepdims=0),
    ]
    value = helper.make_tensor_value_info
    inputs = [value("ids", TensorProto.INT64, ["T", "B"])]
    if ragged:
        inputs.append(value("lengths", TensorProto.INT32, ["B"]))
    outputs = [value("scores", TensorProto.FLOAT, ["N", "K"]), value("tags", TensorProto.INT64, ["N"])]
    initial = [numpy_helper.from_array(array, name) for name, array in constants.items()]
    graph = helper.make_graph(nodes, "tagger", inputs, outputs, initial)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def quantize(path: Path, to: Path) -> None:
    """The same in 8 bits, as ONNX Runtime's own tool makes it."""
    import logging

    from onnxruntime.quantization import QuantType, quantize_dynamic

    logging.disable(logging.WARNING)  # it advises a preparation that changes nothing here
    quantize_dynamic(path, to, weight_type=QuantType.QInt8)
    logging.disable(logging.NOTSET)


def _directions(weights: dict[str, NDArray[Any]], name: str, hidden: int) -> NDArray[Any]:
    found = []
    for direction in ("forward", "backward"):
        gates = weights[f"layer0.{direction}.{name}"].reshape(4, hidden, -1)[list(GATES)]
        found.append(gates.reshape(4 * hidden, -1) if name != "b_r" else gates.reshape(-1))
    return np.stack(found)
