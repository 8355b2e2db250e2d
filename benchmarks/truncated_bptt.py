"""Memory for n steps, measured: time, memory and accuracy of the full gradient and of bptt=n and chunk=n.

    python benchmarks/truncated_bptt.py wiki-en-train.norm_pos wiki-en-test.norm_pos [SEEDS [RUN...]]

Prints a table in Markdown, as in docs/streams.md. The memory is what a training update holds at most, beyond data
and weights: Python's and NumPy's own count (tracemalloc), in a short run beside the one that is timed.
"""

from __future__ import annotations

import gc
import statistics
import sys
import time
import tracemalloc
from typing import Any

import elman
from elman.training.tagging_task import TaggingTask

STEPS = (0, 1, 2, 5, 20, 100)
FORWARD = {"direction": "forward", "decoder": "softmax", "ensemble": 1}
RUNS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "tutorial, bptt": ("tutorial", "bptt", {}),
    "tutorial, chunk": ("tutorial", "chunk", {}),
    "tutorial, chunk, rate 0.1": ("tutorial", "chunk", {"learning_rate": 0.1}),
    "LSTM, chunk": ("default", "chunk", FORWARD),
}


def run(train: str, test: str, preset: str, settings: dict[str, Any], seed: int) -> tuple[float, float, float]:
    """Seconds of the processor, accuracy on the held-out tenth, accuracy on test."""
    began = time.process_time()  # others may be at work on the machine
    tagger = elman.train(
        train, "10%", preset=preset, settings=settings, seed=seed, threads=1, on_warning=lambda doubt: None
    )
    seconds = time.process_time() - began
    return seconds, tagger.describe()["data"]["dev_accuracy"], tagger.evaluate(test).accuracy


def memory(train: str, preset: str, settings: dict[str, Any]) -> float:
    """The most that a call for a gradient of one epoch holds, in kB."""
    most = 0
    whole = TaggingTask.gradients

    def measured(self: TaggingTask, *given: Any) -> Any:
        nonlocal most
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        found = whole(self, *given)
        most = max(most, tracemalloc.get_traced_memory()[1] - before)
        return found

    TaggingTask.gradients = measured  # type: ignore[method-assign]
    online, TaggingTask.online = TaggingTask.online, lambda *given: None  # type: ignore[method-assign, assignment]
    try:
        gc.collect()
        tracemalloc.start()
        one = {**settings, "epochs": 1}
        elman.train(train, preset=preset, settings=one, threads=1, on_warning=lambda doubt: None)
    finally:
        tracemalloc.stop()
        TaggingTask.gradients, TaggingTask.online = whole, online  # type: ignore[method-assign]
    return most / 1000


def main() -> None:
    train, test, *rest = sys.argv[1:]
    seeds, names = range(1, int(rest[0]) + 1 if rest else 2), rest[1:]
    print("| run | n | time (s) | memory of an update (kB) | held out (%) | test (%) |\n|---|---|---|---|---|---|")
    known: dict[tuple[str, str, int], float] = {}  # the rate does not count
    for name in names or RUNS:
        preset, key, own = RUNS[name]
        for n in STEPS:
            settings = {**own, key: n}
            found = [run(train, test, preset, settings, seed) for seed in seeds]
            seconds, dev, tests = (statistics.mean(values) for values in zip(*found, strict=True))
            if (preset, key, n) not in known:
                known[preset, key, n] = memory(train, preset, settings)
            kb = known[preset, key, n]
            row = f"| {name} | {n or 'full'} | {seconds:.1f} | {kb:,.0f} | {100 * dev:.2f} | {100 * tests:.2f} |"
            print(row, flush=True)


if __name__ == "__main__":
    main()
