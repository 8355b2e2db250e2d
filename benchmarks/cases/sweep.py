"""Other sizes than those of W2 and W3: one of hidden units, batch, length and tags is changed at a time.

A job is {"threads", "rounds", "seconds"}.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from cases import step, tag
from harness.measure import interleaved

BASE = {"hidden": 128, "batch": 32, "length": 25, "tags": 17}
INPUT = 128
VALUES = {
    "hidden": (32, 64, 128, 256, 512),
    "batch": (1, 4, 16, 32, 64, 256),
    "length": (1, 5, 25, 100, 200),
    "tags": (2, 17, 100, 1000),
}
LINES = {
    "step": ("elman", "PyTorch nn.LSTM"),
    "tag": ("elman exact", "elman int8", "ONNX Runtime fp32, 1 thread", "ONNX Runtime int8, 1 thread", "PyTorch fp32"),
}
"""Engines compared on one core; of PyTorch's ways, the one that its users take."""
WORDS = 3200  # about this many are tagged in a call


def points() -> Iterator[tuple[str, str, int]]:
    """Yield (kind, what is varied, its value)."""
    for kind in LINES:
        for vary, values in VALUES.items():
            for value in values:
                yield kind, vary, value


def shape(kind: str, vary: str, value: int) -> dict[str, Any]:
    """Return the shape of a job."""
    size = BASE | {vary: value}
    batches = max(1, WORDS // (size["batch"] * size["length"])) if kind == "tag" else 1
    lengths = [[size["length"]] * size["batch"]] * batches
    return {"hidden": size["hidden"], "input": INPUT, "layers": 1, "tags": size["tags"], "lengths": lengths}


def bandwidth(hidden: int, seconds: float = 0.1) -> float:
    """Return the GB/s at which NumPy's matrix-vector product reads recurrent weights (4H, H) repeatedly."""
    import numpy as np

    rng = np.random.default_rng(1)
    w, h = rng.standard_normal((4 * hidden, hidden), np.float32), rng.standard_normal(hidden, np.float32)
    out = np.empty(4 * hidden, np.float32)
    best, begin = 1e9, time.perf_counter()
    while time.perf_counter() - begin < seconds:
        start = time.perf_counter()
        for _ in range(20):
            np.matmul(w, h, out=out)
        best = min(best, (time.perf_counter() - start) / 20)
    return w.nbytes / best / 1e9


def measure(job: dict[str, Any]) -> dict[str, Any]:
    """Return ``gflops`` of each engine at all points, and for the roof ``peak`` and ``bandwidth`` by hidden size."""
    plan = {name: job[name] for name in ("threads", "rounds", "seconds")}
    found: dict[str, Any] = {"step": {}, "tag": {}, "bandwidth": {}}
    for kind, vary, value in points():
        case = step if kind == "step" else tag
        result = case.measure({"shape": shape(kind, vary, value), "engines": LINES[kind], **plan})
        found[kind].setdefault(vary, {})[str(value)] = result["gflops"]
    found["bandwidth"] = {str(hidden): bandwidth(hidden) for hidden in VALUES["hidden"]}
    found["peak"] = step.peak_gflops(interleaved(step.peaks(), rounds=job["rounds"], seconds=0))
    return found
