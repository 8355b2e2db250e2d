"""PyTorch and ONNX Runtime on the BiLSTM of cases/step.py (training steps) and cases/tag.py (tagging).

T words in the longest of B sentences, V word types, E inputs, H hidden units in each direction, K tags.
"""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from cases.step import StepTask
    from cases.tag import TagTask

Array = NDArray[Any]
GATES = (0, 3, 1, 2)  # elman's i f g o in the order of ONNX: i o f c
OPSET, IR = 17, 10
KINDS = {"weight_ih": "w_rx", "weight_hh": "w_rh", "bias_ih": "b_r"}


class Engine:
    """An engine that works on batches, one by one."""

    _batches: list[Any]

    def step(self, i: int) -> Any:
        raise NotImplementedError

    def all(self) -> None:
        for i in range(len(self._batches)):
            self.step(i)


def is_ragged(batches: list[NDArray[np.int64]]) -> bool:
    """Say whether any batch has sentences of different lengths."""
    return any(len(set(lengths.tolist())) > 1 for lengths in batches)


def elman_name(name: str) -> str:
    """Translate ``weight_hh_l0_reverse`` to ``layer0.backward.w_rh``."""
    if name in ("w_oh", "b_o"):
        return f"output.{name}"
    kind, _, rest = name.partition("_l")
    layer, _, reverse = rest.partition("_")
    return f"layer{layer}.{'backward' if reverse else 'forward'}.{KINDS[kind]}"


def torch_lstm(torch: Any, weights: dict[str, Array], layers: int, hidden: int, width: int) -> Any:
    """Return nn.LSTM with elman's weights, whose gates have the same order. The second of its two biases is 0."""
    lstm = torch.nn.LSTM(width, hidden, layers, bidirectional=True)
    with torch.no_grad():
        for name, parameter in lstm.named_parameters():
            if name.startswith("bias_hh"):
                parameter.zero_()
            else:
                parameter.copy_(torch.from_numpy(weights[elman_name(name)]))
    return lstm


class TorchStep(Engine):
    """A training step in PyTorch.

    ``way``  ``nn``: nn.LSTM, with packed sequences if lengths differ; ``fused``: oneDNN's layer called directly, with
             padding if lengths differ, and the backward direction as a forward one over reversed sentences
    """

    def __init__(self, t: StepTask, way: str, dtype: str = "float32") -> None:
        import torch

        self._torch, self._way, kind = torch, way, getattr(torch, dtype)
        self._module = torch_lstm(torch, t.weights, t.layers, t.hidden, t.xs[0].shape[1]).to(kind)
        self._parameters = dict(self._module.named_parameters())
        self._ragged = is_ragged(t.lengths)
        output = [t.weights[name] for name in ("output.w_oh", "output.b_o") if t.golds]
        self._output = [torch.from_numpy(w).to(kind).requires_grad_() for w in output]
        self._golds = [torch.from_numpy(gold.astype(np.int64)) for gold in t.golds or ()]
        self._batches = [self._tensors(*batch, kind) for batch in zip(t.lengths, t.xs, t.dys, strict=True)]

    def _tensors(self, lengths: NDArray[np.int64], x: Array, dy: Array, kind: Any) -> tuple[Any, ...]:
        """Return x and dy in the layout of the way, step sizes, and two row indices into the padded layout (T · B).

        The indices are the row to read for reversed sentences, and the rows that hold words.
        """
        from elman.nn.batch import pack

        batch = pack(lengths)
        real = np.flatnonzero(np.arange(lengths[0])[:, None] < lengths)
        reverse = np.arange(int(lengths[0]) * len(lengths))
        reverse[real] = real[batch.mirror]
        if self._way == "fused":
            padded = [np.zeros((len(reverse), a.shape[1]), a.dtype) for a in (x, dy)]
            for whole, a in zip(padded, (x, dy), strict=True):
                whole[real] = a
            x, dy = padded
        if self._way == "fused" or not self._ragged:
            x, dy = (a.reshape(-1, len(lengths), a.shape[1]) for a in (x, dy))
        tensors = [self._torch.from_numpy(np.ascontiguousarray(a)).to(kind) for a in (x, dy)]
        tensors[0].requires_grad_()
        return *tensors, *(self._torch.from_numpy(a) for a in (batch.sizes.astype(np.int64), reverse, real))

    def _forward(self, x: Any, sizes: Any, reverse: Any) -> Any:
        if self._way == "fused":
            return self._fused(x, reverse)
        if self._ragged:
            return self._module(self._torch.nn.utils.rnn.PackedSequence(x, sizes))[0].data
        return self._module(x)[0]

    def _fused(self, x: Any, reverse: Any) -> Any:
        torch, module = self._torch, self._module
        zero = torch.zeros(1, x.shape[1], module.hidden_size)

        def flip(a: Any, end: str) -> Any:
            return a.flatten(0, 1)[reverse].view_as(a) if end and self._ragged else a

        for i in range(module.num_layers):
            outs = []
            for end in ("", "_reverse"):
                w = [self._parameters[f"{n}_l{i}{end}"] for n in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
                options = (bool(end) and not self._ragged, [], 2, module.hidden_size, 1, True, False, False, True)
                outs.append(flip(torch.ops.aten.mkldnn_rnn_layer(flip(x, end), *w, zero, zero, *options)[0], end))
            x = torch.cat(outs, 2)
        return x

    def step(self, i: int) -> Any:
        x, dy, sizes, reverse, _ = self._batches[i]
        y = self._forward(x, sizes, reverse)
        weights = [x, *self._parameters.values(), *self._output]
        if not self._golds:
            return y, self._torch.autograd.grad(y, weights, dy)
        nn = self._torch.nn.functional
        assert self._way == "nn" or not self._ragged  # padding has no gold tag
        loss = nn.cross_entropy(nn.linear(y.flatten(0, -2), *self._output), self._golds[i])
        return y, self._torch.autograd.grad(loss, weights)

    def result(self, i: int) -> dict[str, Array]:
        """Return y, dx and the gradients of the weights, by elman's names, in packed order."""
        y, (dx, *grads) = self.step(i)
        real = self._batches[i][-1].numpy()
        found = {name: a.detach().flatten(0, -2).numpy() for name, a in (("y", y), ("dx", dx))}
        if self._way == "fused":
            found = {name: a[real] for name, a in found.items()}
        names = [*self._parameters, *["w_oh", "b_o"][: len(self._output)]]
        pairs = zip(names, grads, strict=True)
        return found | {elman_name(name): grad.numpy() for name, grad in pairs if "bias_hh" not in name}


class _PaddedTagger(Engine):
    """A tagger that reads padded ids (T, B)."""

    def __init__(self, t: TagTask) -> None:
        self._batches = []
        for ids, lengths in t.batches:
            real = np.arange(lengths[0]) < lengths[:, None]
            padded = np.zeros(real.shape, np.int64)
            padded[real] = ids
            self._batches.append((np.ascontiguousarray(padded.T), lengths))

    def _sentences(self, scores: Array, i: int) -> list[Array]:
        """Split scores (T · B, K) into those of each sentence."""
        ids, lengths = self._batches[i]
        by_step = scores.reshape(*ids.shape, -1)
        return [by_step[:length, k] for k, length in enumerate(lengths.tolist())]


class TorchTagger(_PaddedTagger):
    """PyTorch: nn.Embedding, nn.LSTM, nn.Linear; packed sequences if lengths differ."""

    def __init__(self, t: TagTask, dtype: str) -> None:
        import torch

        super().__init__(t)
        weights, kind = t.weights, getattr(torch, dtype)
        embedding = weights["embedding"]
        self._torch, self._ragged = torch, t.ragged
        self._embedding = torch.from_numpy(embedding).to(kind)
        self._lstm = torch_lstm(torch, weights, 1, t.config.network.hidden, embedding.shape[1]).to(kind).eval()
        self._output = [torch.from_numpy(weights[f"output.{name}"]).to(kind) for name in ("w_oh", "b_o")]
        self._tensors = [[torch.from_numpy(array) for array in batch] for batch in self._batches]

    def _scores(self, i: int) -> Any:
        nn, (ids, lengths) = self._torch.nn, self._tensors[i]
        x = nn.functional.embedding(ids, self._embedding)
        if self._ragged:
            packed = nn.utils.rnn.pack_padded_sequence(x, lengths)
            h = nn.utils.rnn.pad_packed_sequence(self._lstm(packed)[0])[0]
        else:
            h = self._lstm(x)[0]
        return nn.functional.linear(h, *self._output)

    def step(self, i: int) -> Any:
        with self._torch.inference_mode():
            return self._scores(i).argmax(-1)

    def scores(self, i: int) -> list[Array]:
        with self._torch.inference_mode():
            return self._sentences(self._scores(i).float().numpy(), i)


class OnnxTagger(_PaddedTagger):
    """ONNX Runtime on the CPU; ``int8`` as quantized by its own tool."""

    def __init__(self, t: TagTask, threads: int, *, int8: bool) -> None:
        import onnxruntime

        super().__init__(t)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        options.log_severity_level = 3
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "tagger.onnx"
            save_onnx(t.weights, t.config.network.hidden, path, ragged=t.ragged)
            self._session = onnxruntime.InferenceSession(_quantized(path) if int8 else path, options)
        self._feeds: list[dict[str, Array]] = [{"ids": ids} for ids, _ in self._batches]
        if t.ragged:
            self._feeds = [{"ids": ids, "lengths": lengths.astype(np.int32)} for ids, lengths in self._batches]

    def step(self, i: int) -> Any:
        return self._session.run(["tags"], self._feeds[i])[0]

    def scores(self, i: int) -> list[Array]:
        return self._sentences(self._session.run(["scores"], self._feeds[i])[0], i)


def save_onnx(weights: dict[str, Array], hidden: int, path: Path, *, ragged: bool) -> None:
    """Write the graph ids (T, B) -> scores (T · B, K), tags (T · B,); ``ragged``: lengths (B,) are an input too."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    def both(name: str) -> Array:
        """Stack both directions, gates in ONNX's order."""
        gates = (weights[f"layer0.{way}.{name}"].reshape(4, hidden, -1)[list(GATES)] for way in ("forward", "backward"))
        return np.stack([g.reshape(-1) if name == "b_r" else g.reshape(4 * hidden, -1) for g in gates])

    b = both("b_r")
    constants = {
        "embedding": weights["embedding"],
        "w": both("w_rx"),
        "r": both("w_rh"),
        "b": np.concatenate([b, np.zeros_like(b)], axis=1),
        "w_o": np.ascontiguousarray(weights["output.w_oh"].T),
        "b_o": weights["output.b_o"],
        "flat": np.array([-1, 2 * hidden], np.int64),
    }
    node, value = helper.make_node, helper.make_tensor_value_info
    inputs = ["x", "w", "r", "b", *["lengths"] * ragged]
    nodes = [
        node("Gather", ["embedding", "ids"], ["x"]),
        node("LSTM", inputs, ["h"], hidden_size=hidden, direction="bidirectional"),  # h (T, 2, B, H)
        node("Transpose", ["h"], ["turned"], perm=[0, 2, 1, 3]),
        node("Reshape", ["turned", "flat"], ["rows"]),
        node("MatMul", ["rows", "w_o"], ["product"]),
        node("Add", ["product", "b_o"], ["scores"]),
        node("ArgMax", ["scores"], ["tags"], axis=1, keepdims=0),
    ]
    given = [value("ids", TensorProto.INT64, ["T", "B"])]
    given += [value("lengths", TensorProto.INT32, ["B"])] * ragged
    outputs = [value("scores", TensorProto.FLOAT, ["N", "K"]), value("tags", TensorProto.INT64, ["N"])]
    initial = [numpy_helper.from_array(array, name) for name, array in constants.items()]
    graph = helper.make_graph(nodes, "tagger", given, outputs, initial)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def _quantized(path: Path) -> Path:
    from onnxruntime.quantization import QuantType, quantize_dynamic

    small = path.with_name("int8.onnx")
    logging.disable(logging.WARNING)  # it recommends a preparation that changes nothing here
    quantize_dynamic(path, small, weight_type=QuantType.QInt8)
    logging.disable(logging.NOTSET)
    return small
