"""Memory for n steps: time, memory and accuracy of the full gradient, and of bptt=n and chunk=n.

    python benchmarks/truncated_bptt.py wiki-en-train.norm_pos wiki-en-test.norm_pos [SEEDS [RUN...]]

Prints a Markdown table, as in docs/explanation/streams.md. The memory is the most that a training update holds, beyond
data and weights: Python's and NumPy's own count (tracemalloc), in a short run besides the timed one.
"""

from __future__ import annotations

import gc
import statistics
import time
import tracemalloc
from typing import Any
from unittest import mock

import elman
from elman.training.tagging_task import TaggingTask
from harness.results import options

STEPS = (0, 1, 2, 5, 20, 100)
FORWARD = {"direction": "forward", "decoder": "softmax", "ensemble": 1}
RUNS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "tutorial, bptt": ("tutorial", "bptt", {}),
    "tutorial, chunk": ("tutorial", "chunk", {}),
    "tutorial, chunk, rate 0.1": ("tutorial", "chunk", {"learning_rate": 0.1}),
    "LSTM, chunk": ("default", "chunk", FORWARD),
}


def run(train: str, test: str, seed: int, **how: Any) -> tuple[float, float, float]:
    """Return CPU seconds, accuracy on the held-out tenth, and accuracy on test."""
    start = time.process_time()  # other processes may be running
    tagger = elman.train(train, "10%", seed=seed, threads=1, on_warning=lambda warning: None, **how)
    seconds = time.process_time() - start
    return seconds, tagger.describe()["data"]["dev_accuracy"], tagger.evaluate(test).accuracy


def memory(train: str, preset: str, settings: dict[str, Any]) -> float:
    """Return the most memory that a call for a gradient of one epoch holds, in kB."""
    most = 0
    whole = TaggingTask.gradients

    def measured(self: TaggingTask, *given: Any) -> Any:
        nonlocal most
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        found = whole(self, *given)
        most = max(most, tracemalloc.get_traced_memory()[1] - before)
        return found

    settings = {**settings, "epochs": 1}
    with mock.patch.multiple(TaggingTask, gradients=measured, online=lambda *given: None):
        gc.collect()
        tracemalloc.start()
        elman.train(train, preset=preset, settings=settings, threads=1, on_warning=lambda warning: None)
        tracemalloc.stop()
    return most / 1000


def main() -> None:
    given = options(__doc__, "train", "test", "seeds?", "runs*")
    seeds = range(1, int(given.seeds or 1) + 1)
    print("| run | n | time (s) | memory of an update (kB) | held out (%) | test (%) |\n|---|---|---|---|---|---|")
    known: dict[tuple[str, str, int], float] = {}  # the learning rate does not matter
    for name in given.runs or RUNS:
        preset, key, changed = RUNS[name]
        for n in STEPS:
            settings = {**changed, key: n}
            found = [run(given.train, given.test, seed, preset=preset, settings=settings) for seed in seeds]
            seconds, dev, test = (statistics.mean(values) for values in zip(*found, strict=True))
            if (preset, key, n) not in known:
                known[preset, key, n] = memory(given.train, preset, settings)
            kb = known[preset, key, n]
            row = f"| {name} | {n or 'full'} | {seconds:.1f} | {kb:,.0f} | {100 * dev:.2f} | {100 * test:.2f} |"
            print(row, flush=True)


if __name__ == "__main__":
    main()
