"""W2: one training step of a BiLSTM, forward and backward, dx and all weight gradients among it.

A job is {"shape": {"hidden", "input", "layers", "lengths": [[…] for each batch]}, "threads", "rounds", "seconds",
"engines", "peak"}. Every engine gets the same packed batches and the same gradient by the output, and computes dx and
the gradients of all weights; they are held against PyTorch in float64 before anything is timed. With "tags" in the
shape the step goes on to scores, softmax and cross-entropy, and begins from there on its way back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

import speed_machine
from elman.nn.initialization import initialize
from speed_measure import figure, interleaved, largest_error

Array = NDArray[Any]
TOLERANCE = 2e-5  # of the largest number in each output or gradient
PEAK = 2048  # rows and columns of the matrix product that gives the peak


@dataclass(frozen=True)
class Task:
    """A BiLSTM and batches for it; the N words of each batch packed, longest sentence first, step by step.

    ``weights``  by elman's names; ``xs``, ``dys`` of each batch (N, input) and (N, 2 · hidden); ``lengths`` of each
    ``golds``    (N,) of each batch where there is an output layer; it takes the place of ``dys``
    """

    hidden: int
    layers: int
    weights: dict[str, Array]
    lengths: list[NDArray[np.int64]]
    xs: list[Array]
    dys: list[Array]
    golds: list[NDArray[np.int32]] | None = None

    @property
    def words(self) -> int:
        return sum(map(len, self.xs))

    @property
    def flops(self) -> float:
        """Of a step through all batches: forward, dx, and the weights' gradients each cost the same products."""
        H, widths = self.hidden, [self.xs[0].shape[1]] + [2 * self.hidden] * (self.layers - 1)
        each = sum(2 * (width + H) * 4 * H for width in widths)
        each += self.weights["output.w_oh"].size if self.golds else 0
        return 3 * 2 * self.words * each


def task(shape: dict[str, Any]) -> Task:
    """Weights and inputs drawn at random, the same for the same shape. Each batch is put longest first."""
    from elman.config import NetworkConfig
    from elman.nn.network import Network

    H, E, layers = shape["hidden"], shape["input"], shape["layers"]
    rng = np.random.default_rng(1)
    tags = shape.get("tags", 0)
    network = Network(NetworkConfig(hidden=H, layers=layers, embedding=E, features="none"), 2, 0, tags or 1)
    wanted = ("layer", "output") if tags else ("layer",)
    weights = {name: w for name, w in initialize(network, rng).items() if name.startswith(wanted)}
    lengths = [np.sort(np.array(some, np.int64))[::-1].copy() for some in shape["lengths"]]
    xs = [rng.standard_normal((int(some.sum()), E), np.float32) for some in lengths]
    dys = [rng.standard_normal((len(x), 2 * H), np.float32) / np.float32(len(x)) for x in xs]
    golds = [rng.integers(tags, size=len(x), dtype=np.int32) for x in xs] if tags else None
    return Task(H, layers, weights, lengths, xs, dys, golds)


class Elman:
    """elman's encoder; a batch is cut into ``shards`` parts, as its trainer does, which ``threads`` work on."""

    def __init__(self, t: Task, *, threads: int, shards: int) -> None:
        from elman import kernels
        from elman.config import NetworkConfig
        from elman.nn import layers
        from elman.nn.batch import pack
        from elman.nn.encoder import Encoder
        from elman.training import optimizers

        config = NetworkConfig(hidden=t.hidden, layers=t.layers, embedding=1, features="none")
        self._encoder = Encoder(config, t.xs[0].shape[1], 0)
        self._weights, self._total, self._pool = t.weights, optimizers.total, ThreadPoolExecutor(threads)
        self._kernels, self._linear = kernels, layers.linear
        self._scored = t.golds is not None
        self._parts = []
        for lengths, x, goal in zip(t.lengths, t.xs, t.golds or t.dys, strict=True):
            sentence = pack(lengths).sentence  # of each packed row
            rows = [np.flatnonzero(sentence % shards == part) for part in range(min(shards, len(lengths)))]
            share = np.float32(1 / len(x))  # of a word in the mean
            self._parts.append([(r, x[r], goal[r], pack(lengths[i::shards]), share) for i, r in enumerate(rows)])

    def _one(self, part: Any) -> Any:
        _, x, goal, batch, share = part
        y, backprop = self._encoder.forward(self._weights, x, batch)
        gradients: dict[str, Any] = {}
        dx = backprop(self._dy(y, goal, share, gradients) if self._scored else goal, gradients)
        return y, dx, gradients

    def _dy(self, y: Array, gold: Array, share: np.float32, gradients: dict[str, Any]) -> Array:
        """The gradient by y of the mean cross-entropy."""
        scores, unlinear = self._linear(y, self._weights["output.w_oh"], self._weights["output.b_o"])
        _, p = self._kernels.softmax_cross_entropy_forward(scores, gold)
        dscores = self._kernels.softmax_cross_entropy_backward(np.full(len(gold), share), p, gold)
        dy, gradients["output.w_oh"], gradients["output.b_o"] = unlinear(dscores)
        return dy

    def step(self, i: int) -> Any:
        parts = self._parts[i]
        found = list(self._pool.map(self._one, parts)) if len(parts) > 1 else [self._one(parts[0])]
        return found, self._total([gradients for _, _, gradients in found])

    def all(self) -> None:
        for i in range(len(self._parts)):
            self.step(i)

    def result(self, i: int) -> dict[str, Array]:
        found, gradients = self.step(i)
        n = sum(len(rows) for rows, *_ in self._parts[i])
        for k, name in enumerate(("y", "dx")):
            whole = np.empty((n, found[0][k].shape[1]), np.float32)
            for (rows, *_), of_part in zip(self._parts[i], found, strict=True):
                whole[rows] = of_part[k]
            gradients[name] = whole
        return dict(gradients)


class Torch:
    """PyTorch. ``way``: ``nn`` nn.LSTM, which packs what is ragged; ``fused`` oneDNN's layer, both ways by hand, with
    what is ragged padded, and the backward direction a forward one over sentences turned around."""

    def __init__(self, t: Task, way: str, dtype: str = "float32") -> None:
        import torch

        from elman.nn.batch import pack

        self._torch, self._way, kind = torch, way, getattr(torch, dtype)
        self._module = module(torch, t.weights, t.layers, t.hidden, t.xs[0].shape[1]).to(kind)
        self._parameters = dict(self._module.named_parameters())
        self._scored = t.golds is not None
        self._output = []
        if t.golds is not None:
            self._output = [torch.from_numpy(t.weights[n]).to(kind) for n in ("output.w_oh", "output.b_o")]
            self._golds = [torch.from_numpy(gold.astype(np.int64)) for gold in t.golds]
        for w in self._output:
            w.requires_grad_()
        self._ragged = any(len(set(some.tolist())) > 1 for some in t.lengths)
        self._batches = []
        for lengths, x, dy in zip(t.lengths, t.xs, t.dys, strict=True):
            batch = pack(lengths)
            there = np.flatnonzero(np.arange(lengths[0])[:, None] < lengths)  # of the padded rows (T · B)
            turned = np.arange(int(lengths[0]) * len(lengths))
            turned[there] = there[batch.mirror]
            if way == "fused":
                x, dy = (_padded(a, there, len(turned)).reshape(-1, len(lengths), a.shape[1]) for a in (x, dy))
            elif not self._ragged:
                x, dy = (a.reshape(-1, len(lengths), a.shape[1]) for a in (x, dy))
            tensors = [torch.from_numpy(np.ascontiguousarray(a)).to(kind) for a in (x, dy)]
            tensors[0].requires_grad_()
            sizes = torch.from_numpy(batch.sizes.astype(np.int64))
            self._batches.append((*tensors, sizes, torch.from_numpy(turned), torch.from_numpy(there)))

    def _forward(self, x: Any, sizes: Any, turned: Any) -> Any:
        if self._way == "fused":
            return self._fused(x, turned)
        if self._ragged:
            return self._module(self._torch.nn.utils.rnn.PackedSequence(x, sizes))[0].data
        return self._module(x)[0]

    def _fused(self, x: Any, turned: Any) -> Any:
        torch, module = self._torch, self._module
        zero = torch.zeros(1, x.shape[1], module.hidden_size)
        flip = (lambda a: a.flatten(0, 1)[turned].view_as(a)) if self._ragged else (lambda a: a)
        for i in range(module.num_layers):
            outs = []
            for end in ("", "_reverse"):
                w = [self._parameters[f"{n}_l{i}{end}"] for n in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
                turn = flip if end else (lambda a: a)
                back = bool(end) and not self._ragged
                how = (back, [], 2, module.hidden_size, 1, True, False, False, True)
                outs.append(turn(torch.ops.aten.mkldnn_rnn_layer(turn(x), *w, zero, zero, *how)[0]))
            x = torch.cat(outs, 2)
        return x

    def step(self, i: int) -> Any:
        x, dy, sizes, turned, _ = self._batches[i]
        y = self._forward(x, sizes, turned)
        weights = [x, *self._parameters.values(), *self._output]
        if not self._scored:
            return y, self._torch.autograd.grad(y, weights, dy)
        nn = self._torch.nn.functional
        assert self._way == "nn" or not self._ragged  # what is padded has no gold tag
        loss = nn.cross_entropy(nn.linear(y.flatten(0, -2), *self._output), self._golds[i])
        return y, self._torch.autograd.grad(loss, weights)

    def all(self) -> None:
        for i in range(len(self._batches)):
            self.step(i)

    def result(self, i: int) -> dict[str, Array]:
        y, (dx, *grads) = self.step(i)
        there = self._batches[i][-1]
        found = {name: a.detach().flatten(0, -2).numpy() for name, a in (("y", y), ("dx", dx))}
        if self._way == "fused":
            found = {name: a[there.numpy()] for name, a in found.items()}
        for name, grad in zip([*self._parameters, *["w_oh", "b_o"][: len(self._output)]], grads, strict=True):
            if "bias_hh" not in name:
                found[elman_name(name)] = grad.numpy()
        return found


def elman_name(name: str) -> str:
    """``weight_hh_l0_reverse`` -> ``layer0.backward.w_rh``."""
    if name in ("w_oh", "b_o"):
        return f"output.{name}"
    kind, _, rest = name.partition("_l")
    end = {"weight_ih": "w_rx", "weight_hh": "w_rh", "bias_ih": "b_r"}[kind]
    layer, _, reverse = rest.partition("_")
    return f"layer{layer}.{'backward' if reverse else 'forward'}.{end}"


def module(torch: Any, weights: dict[str, Array], layers: int, hidden: int, width: int) -> Any:
    """nn.LSTM with elman's weights; the gates stand in the same order. Of its two biases the second is 0."""
    lstm = torch.nn.LSTM(width, hidden, layers, bidirectional=True)
    with torch.no_grad():
        for name, parameter in lstm.named_parameters():
            if name.startswith("bias_hh"):
                parameter.zero_()
            else:
                parameter.copy_(torch.from_numpy(weights[elman_name(name)]))
    return lstm


def _padded(packed: Array, there: NDArray[np.int64], rows: int) -> Array:
    found = np.zeros((rows, packed.shape[1]), packed.dtype)
    found[there] = packed
    return found


def engines(t: Task, threads: int, names: Sequence[str]) -> dict[str, Any]:
    """The engines there are, by what the page calls them."""
    ragged = any(len(set(some.tolist())) > 1 for some in t.lengths)
    makers: dict[str, Callable[[], Any]] = {"elman": partial(Elman, t, threads=threads, shards=threads)}
    if threads == 1:
        makers["elman, 2 parts"] = partial(Elman, t, threads=1, shards=2)
    makers["PyTorch nn.LSTM" + ", packed" * ragged] = partial(Torch, t, "nn")
    makers["PyTorch oneDNN" + ", padded" * ragged] = partial(Torch, t, "fused")
    return {name: make() for name, make in makers.items() if not names or name in names}


def check(t: Task, found: dict[str, Any]) -> dict[str, float]:
    """The largest error of each engine in the first batch; exits where one is above TOLERANCE."""
    right = Torch(t, "nn", "float64").result(0)
    errors = {}
    for name, engine in found.items():
        result = engine.result(0)
        if result.keys() != right.keys():
            raise SystemExit(f"speed.py: {name} computes {sorted(result)}, wanted {sorted(right)}")
        errors[name] = max(largest_error(result[key], right[key]) for key in right)
        if not errors[name] <= TOLERANCE:
            raise SystemExit(f"speed.py: {name} is off by {errors[name]:.1e}, more than {TOLERANCE:.0e}")
    return errors


def peaks() -> dict[str, Callable[[], object]]:
    """Matrix products of which the fastest known speed is the machine's peak."""
    import torch

    a, b, c = (np.random.default_rng(i).standard_normal((PEAK, PEAK), np.float32) for i in range(3))
    x, y, z = map(torch.from_numpy, (a, b, c))
    return {"NumPy sgemm": lambda: np.matmul(a, b, out=c), "PyTorch sgemm": lambda: torch.mm(x, y, out=z)}


def measure(job: dict[str, Any]) -> dict[str, Any]:
    """``ms`` of a step of each engine, in the mean over the batches; ``gflops`` of each and of the peaks; errors."""
    import torch

    torch.set_num_threads(job["threads"])
    t = task(job["shape"])
    found = engines(t, job["threads"], job.get("engines", ()))
    errors = check(t, found) if job.get("check", True) else {}
    work: dict[str, Callable[[], object]] = {name: engine.all for name, engine in found.items()}
    if job.get("peak"):
        work |= peaks()
    times = interleaved(work, rounds=job["rounds"], seconds=job["seconds"])
    batches = len(t.xs)
    flops = {name: 2 * PEAK**3 if "sgemm" in name else t.flops for name in times}
    return {
        "ms": {name: figure([1e3 * s / batches for s in v], "ms") for name, v in times.items() if "sgemm" not in name},
        "gflops": {name: figure([flops[name] / s / 1e9 for s in v], "GFLOP/s") for name, v in times.items()},
        "errors": errors,
        "gflop_a_step": t.flops / batches / 1e9,
        "isa": {"torch": torch.backends.cpu.get_cpu_capability(), "elman": _isa()},
    }


def _isa() -> str:
    from elman.kernels import describe

    return str(describe()["isa"])


if __name__ == "__main__":
    speed_machine.main_of(measure)
