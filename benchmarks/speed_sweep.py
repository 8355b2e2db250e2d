"""Other sizes than the benchmark's: one of hidden, batch, length and tags changed at a time.

A job is {"kind": "step" or "tag", "vary", "value", "threads", "rounds", "seconds"}.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import speed_machine
import speed_step
import speed_tag

BASE = {"hidden": 128, "batch": 32, "length": 25, "tags": 17}
INPUT = 128
VALUES = {
    "hidden": (32, 64, 128, 256, 512),
    "batch": (1, 4, 16, 32, 64, 256),
    "length": (1, 5, 25, 100, 200),
    "tags": (2, 17, 100, 1000),
}
QUICK = {"hidden": (64, 128), "batch": (1, 32), "length": (5, 25), "tags": (17, 1000)}
LINES = {
    "step": ("elman", "PyTorch nn.LSTM"),
    "tag": ("elman exact", "elman int8", "ONNX Runtime fp32, 1 thread", "ONNX Runtime int8, 1 thread", "PyTorch fp32"),
}
"""What is compared on one core: of PyTorch's ways the one that its users take."""
WORDS = 3200  # about as many are tagged in a call


def points(quick: bool) -> Iterator[tuple[str, str, int]]:
    """(kind, what is changed, to what)."""
    for kind in LINES:
        for vary, values in (QUICK if quick else VALUES).items():
            for value in values:
                yield kind, vary, value


def shape(kind: str, vary: str, value: int) -> dict[str, Any]:
    """Sizes for a part's job."""
    size = BASE | {vary: value}
    batches = max(1, WORDS // (size["batch"] * size["length"])) if kind == "tag" else 1
    lengths = [[size["length"]] * size["batch"]] * batches
    return {"hidden": size["hidden"], "input": INPUT, "layers": 1, "tags": size["tags"], "lengths": lengths}


def bandwidth(hidden: int, seconds: float = 0.1) -> float:
    """GB/s at which the recurrent weights (4H, H) can be read again and again: a matrix times a vector, by NumPy."""
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
    """Of all points ``gflops`` of each engine; of the roof the ``peak`` and the ``bandwidth`` by hidden size."""
    how = {name: job[name] for name in ("threads", "rounds", "seconds")}
    found: dict[str, Any] = {"step": {}, "tag": {}, "bandwidth": {}}
    for kind, vary, value in points(job["quick"]):
        part = speed_step if kind == "step" else speed_tag
        of_point = part.measure({"shape": shape(kind, vary, value), "engines": LINES[kind], **how})
        found[kind].setdefault(vary, {})[str(value)] = of_point["gflops"]
    for hidden in VALUES["hidden"]:
        found["bandwidth"][str(hidden)] = bandwidth(hidden)
    peak = speed_step.interleaved(speed_step.peaks(), rounds=job["rounds"], seconds=0)
    found["peak"] = {
        name: speed_step.figure([2 * speed_step.PEAK**3 / s / 1e9 for s in v], "GFLOP/s") for name, v in peak.items()
    }
    return found


if __name__ == "__main__":
    speed_machine.main_of(measure)
