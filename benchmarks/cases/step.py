"""W2: one training step of a BiLSTM, forward and backward, with dx and all weight gradients.

A job is {"shape": {"hidden", "input", "layers", "lengths": [[…] for each batch]}, "threads", "rounds", "seconds",
"engines", "peak"}. Every engine gets the same packed batches and the same gradient of the output, and computes dx and
the gradients of all weights; they are compared with PyTorch in float64 before anything is timed. With "peak", NumPy's
products of the same shapes are timed, too. With "tags" in the shape, the step includes scores, softmax and
cross-entropy.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.measure import Figure, in_unit, interleaved, largest_error
from peers.bilstm import Engine, TorchStep, is_ragged

Array = NDArray[Any]
TOLERANCE = 2e-5  # relative to the largest number of each output or gradient
PEAK = 2048  # rows and columns of the large matrix product
LARGE = "NumPy sgemm 2,048²"
SAME = "NumPy sgemm, same shapes"
"""The first words of the engines that multiply what a step multiplies."""


@dataclass(frozen=True)
class StepTask:
    """A BiLSTM and batches for it; the N words of each batch are packed, longest sentence first, step by step.

    ``weights``  by elman's names; ``xs``, ``dys`` of each batch (N, input) and (N, 2 · hidden); ``lengths`` of each
    ``golds``    (N,) of each batch if there is an output layer; it replaces ``dys``
    """

    hidden: int
    layers: int
    weights: dict[str, Array]
    lengths: list[NDArray[np.int64]]
    xs: list[Array]
    dys: list[Array]
    golds: list[NDArray[np.int32]] | None = None

    @property
    def flops(self) -> float:
        """Count a step over all batches: forward, dx, and the weights' gradients each cost the same products."""
        H, widths = self.hidden, [self.xs[0].shape[1]] + [2 * self.hidden] * (self.layers - 1)
        each = sum(2 * (width + H) * 4 * H for width in widths)
        each += self.weights["output.w_oh"].size if self.golds else 0
        return 3 * 2 * sum(map(len, self.xs)) * each


def longest_first(shape: dict[str, Any]) -> list[NDArray[np.int64]]:
    return [np.sort(np.array(lengths, np.int64))[::-1].copy() for lengths in shape["lengths"]]


def step_task(shape: dict[str, Any]) -> StepTask:
    """Draw weights and inputs at random, the same for the same shape."""
    from elman.config import NetworkConfig
    from elman.nn.initialization import initialize
    from elman.nn.network import Network

    H, E, layers, tags = shape["hidden"], shape["input"], shape["layers"], shape.get("tags", 0)
    rng = np.random.default_rng(1)
    network = Network(NetworkConfig(hidden=H, layers=layers, embedding=E, features="none"), 2, 0, tags or 1)
    wanted = ("layer", "output") if tags else ("layer",)
    weights = {name: w for name, w in initialize(network, rng).items() if name.startswith(wanted)}
    batches = longest_first(shape)
    xs = [rng.standard_normal((int(lengths.sum()), E), np.float32) for lengths in batches]
    dys = [rng.standard_normal((len(x), 2 * H), np.float32) / np.float32(len(x)) for x in xs]
    golds = [rng.integers(tags, size=len(x), dtype=np.int32) for x in xs] if tags else None
    return StepTask(H, layers, weights, batches, xs, dys, golds)


class ElmanStep(Engine):
    """elman's encoder, as its trainer runs it: the threads are those of its kernels."""

    def __init__(self, t: StepTask, *, threads: int) -> None:
        from elman import kernels
        from elman.config import NetworkConfig
        from elman.nn import layers
        from elman.nn.batch import pack
        from elman.nn.encoder import Encoder
        from elman.utils.parallel import inner_threads

        config = NetworkConfig(hidden=t.hidden, layers=t.layers, embedding=1, features="none")
        self._encoder, self._weights = Encoder(config, t.xs[0].shape[1], 0), t.weights
        self._kernels, self._linear, self._threads = kernels, layers.linear, partial(inner_threads, threads)
        self._scored = t.golds is not None
        self._batches = list(zip(t.xs, t.golds or t.dys, map(pack, t.lengths), strict=True))

    def _dy(self, y: Array, gold: Array, gradients: dict[str, Any]) -> Array:
        """Return the gradient of the mean cross-entropy with respect to y."""
        scores, unlinear = self._linear(y, self._weights["output.w_oh"], self._weights["output.b_o"])
        _, p = self._kernels.softmax_cross_entropy_forward(scores, gold)
        share = np.full(len(gold), np.float32(1 / len(gold)))  # of a word in the mean
        dscores = self._kernels.softmax_cross_entropy_backward(share, p, gold)
        dy, gradients["output.w_oh"], gradients["output.b_o"] = unlinear(dscores)
        return dy

    def step(self, i: int) -> dict[str, Array]:
        """Return y, dx and the gradients of the weights."""
        x, goal, batch = self._batches[i]
        with self._threads():
            y, backprop = self._encoder.forward(self._weights, x, batch)
            gradients: dict[str, Any] = {}
            dx = backprop(self._dy(y, goal, gradients) if self._scored else goal, gradients)
        return gradients | {"y": y, "dx": dx}

    result = step


def engines(t: StepTask, threads: int, names: Sequence[str]) -> dict[str, Any]:
    """Return the engines by their names in the results; with ``names``, only these."""
    ragged = is_ragged(t.lengths)
    makers: dict[str, Callable[[], Any]] = {"elman": partial(ElmanStep, t, threads=threads)}
    makers["PyTorch nn.LSTM" + ", packed" * ragged] = partial(TorchStep, t, "nn")
    makers["PyTorch oneDNN" + ", padded" * ragged] = partial(TorchStep, t, "fused")
    return {name: make() for name, make in makers.items() if not names or name in names}


def check(found: dict[str, Any], right: dict[str, Array]) -> dict[str, float]:
    """Return the largest error of each engine in the first batch. Raises RuntimeError if one is above TOLERANCE."""
    errors = {}
    for name, engine in found.items():
        result = engine.result(0)
        if result.keys() != right.keys():
            raise RuntimeError(f"{name} computes {sorted(result)}, expected {sorted(right)}")
        errors[name] = max(largest_error(result[key], right[key]) for key in right)
        if not errors[name] <= TOLERANCE:
            raise RuntimeError(f"{name} is off by {errors[name]:.1e}, more than {TOLERANCE:.0e}")
    return errors


class SameShapes(Engine):
    """NumPy's products of the shapes that a step has, and nothing else: what the step could take at best.

    ``parts``  of the batch, sentence by sentence in turn; each part's products are on one thread
    """

    def __init__(self, t: StepTask, parts: int) -> None:
        from threadpoolctl import ThreadpoolController

        from elman.nn.batch import pack

        self._blas, self._parts, self._pool = ThreadpoolController(), parts, ThreadPoolExecutor(parts)
        widths = [t.xs[0].shape[1]] + [2 * t.hidden] * (t.layers - 1)
        self._batches = []
        for lengths in t.lengths:
            batches = [pack(lengths[i::parts]).sizes.tolist() for i in range(min(parts, len(lengths)))]
            self._batches.append([self._products(sizes, widths, t.hidden) for sizes in batches])

    def _products(self, sizes: list[int], widths: list[int], H: int) -> list[tuple[Array, Array, Array]]:
        """Return (a, b, out) of the products of some sentences, ``sizes`` of them at each step."""
        rng, n = np.random.default_rng(1), sum(sizes)
        found = []
        for width in [width for width in widths for _ in ("forward", "backward")]:
            x, h, d, w_rx, w_rh, da = (
                rng.standard_normal(shape, np.float32)
                for shape in ((n, width), (n, H), (n, 4 * H), (4 * H, width), (4 * H, H), (n, 4 * H))
            )
            ends = np.cumsum(sizes)
            steps = [slice(end - size, end) for end, size in zip(ends, sizes, strict=True)]
            found.append((x, w_rx.T, da))
            found += [(h[rows], w_rh.T, da[rows]) for rows in steps]
            found += [(d[rows], w_rh, np.empty_like(h[rows])) for rows in reversed(steps)]
            found += [(d, w_rx, np.empty_like(x)), (d.T, x, np.empty_like(w_rx)), (d.T, h, np.empty_like(w_rh))]
        return found

    @staticmethod
    def _multiply(products: list[tuple[Array, Array, Array]]) -> None:
        for a, b, out in products:
            np.matmul(a, b, out=out)

    def step(self, i: int) -> None:
        if self._parts == 1:
            self._multiply(self._batches[i][0])
            return
        with self._blas.limit(limits=1, user_api="blas"):
            list(self._pool.map(self._multiply, self._batches[i]))


def same_shapes(t: StepTask, threads: int) -> dict[str, Engine]:
    """Return the ways of NumPy to compute the products of a step; the faster one is the peak."""
    return {f"{SAME}{f', {n} parts' if n > 1 else ''}": SameShapes(t, n) for n in range(1, threads + 1)}


def peaks() -> dict[str, Callable[[], object]]:
    """Return large matrix products, for the roof of the sweep."""
    import torch

    a, b, c = (np.random.default_rng(i).standard_normal((PEAK, PEAK), np.float32) for i in range(3))
    x, y, z = map(torch.from_numpy, (a, b, c))
    return {"NumPy sgemm": lambda: np.matmul(a, b, out=c), "PyTorch sgemm": lambda: torch.mm(x, y, out=z)}


def peak_gflops(times: dict[str, list[float]]) -> dict[str, Figure]:
    return in_unit(times, "GFLOP/s", lambda seconds: 2 * PEAK**3 / seconds / 1e9)


def measure(job: dict[str, Any]) -> dict[str, Any]:
    """Return ``ms`` of a step of each engine, as mean over the batches; ``gflops`` of engines and peaks; errors."""
    import torch

    from elman.kernels import describe

    torch.set_num_threads(job["threads"])
    t = step_task(job["shape"])
    found = engines(t, job["threads"], job.get("engines", ()))
    errors = check(found, TorchStep(t, "nn", "float64").result(0))
    work: dict[str, Callable[[], object]] = {name: engine.all for name, engine in found.items()}
    products: dict[str, Callable[[], object]] = {}
    if job.get("peak"):
        products = {name: engine.all for name, engine in same_shapes(t, job["threads"]).items()}
    large = {LARGE: peaks()["NumPy sgemm"]} if job.get("peak") else {}
    times = interleaved(work | products | large, rounds=job["rounds"], seconds=job["seconds"])
    batches = len(t.xs)
    own, gflops = ({name: times[name] for name in some} for some in (work, work | products))
    return {
        "ms": in_unit(own, "ms", lambda seconds: 1e3 * seconds / batches),
        "gflops": in_unit(gflops, "GFLOP/s", lambda seconds: t.flops / seconds / 1e9)
        | peak_gflops({name: times[name] for name in large}),
        "errors": errors,
        "gflop_a_step": t.flops / batches / 1e9,
        "isa": {"torch": torch.backends.cpu.get_cpu_capability(), "elman": describe()["isa"]},
    }
