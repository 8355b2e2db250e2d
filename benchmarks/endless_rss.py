"""Memory of training on text that does not fit in memory: resident kB over time, by the size of the file.

    python benchmarks/endless_rss.py [MB | MB:lines ...]

One endless sentence of 100, 320 and 1,000 MB, and logs of 100 and 320 MB in lines, whose last 2 % serve as dev.

Writes benchmarks/results/endless-rss.json, which docs/explanation/streams.md shows in part, and table rows like
those of that page on standard output. The files are generated from a seed, in TMPDIR, and deleted one by one after use.
"""

from __future__ import annotations

import json
import os
import tempfile
import threading
import time
from typing import Any

import numpy as np

from harness.machine import memory, record, run_job
from harness.results import RESULTS, options, read_json

RESULT = RESULTS / "endless-rss.json"
SETTINGS = {"direction": "forward", "chunk": 20, "hidden": 16, "embedding": 8, "features": "none"}
SETTINGS |= {"batch": 128, "epochs": 1, "ensemble": 1}
SIZES = ("100", "320", "1000", "100:lines", "320:lines")
WORDS, TAGS, LINE = 20_000, 8, 20
BLOCK = 100_000  # words generated at a time
POINTS = 5  # moments of the training that are printed


def make(path: str, megabytes: float, lines: bool) -> None:
    """Write word_tag text in lines of 1 to 39 words, or in one; a tag depends on its word and the previous one."""
    generator = np.random.default_rng(1)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    names = ["".join(generator.choice(letters, n)) + str(i) for i, n in enumerate(generator.integers(1, 9, WORDS))]
    classes, last = generator.integers(0, TAGS, WORDS), 0
    with open(path, "w", encoding="utf-8") as file:
        while file.tell() < megabytes * 1_000_000:
            ids = (WORDS * generator.random(BLOCK) ** 3).astype(np.int64)
            before = np.concatenate(([last], ids[:-1]))
            last = int(ids[-1])
            tags = ((classes[ids] + classes[before] % 2) % TAGS).tolist()
            ends = np.full(BLOCK, " ")
            if lines:
                ends[np.cumsum(generator.integers(1, 2 * LINE, BLOCK // LINE)).clip(max=BLOCK - 1)] = "\n"
            words = zip(ids.tolist(), tags, ends.tolist(), strict=True)
            file.write("".join([f"{names[i]}_T{t}{e}" for i, t, e in words]))


def measure(job: dict[str, Any]) -> dict[str, Any]:
    """Train in this process; every second sample [CPU seconds, kB, 1 if in training]."""
    import elman

    samples: list[tuple[float, int, int]] = []
    training, done = threading.Event(), threading.Event()

    def sample() -> None:
        while not done.wait(1):
            held = memory(os.getpid()) or (0.0, 0.0)
            samples.append((round(time.process_time(), 1), round(held[0] * 1e6 / 1024), int(training.is_set())))

    watcher = threading.Thread(target=sample)
    watcher.start()
    hooks = {"on_note": lambda note: training.set(), "on_warning": lambda warning: None}
    try:
        tagger = elman.train(job["path"], job["dev"], settings=SETTINGS, threads=1, **hooks)
    finally:
        done.set()
        watcher.join()
    data = tagger.describe()["data"]
    facts = {name: data[name] for name in ("words", "sentences", "dev_accuracy")}
    return facts | {"bytes": os.path.getsize(job["path"]), "samples": samples}


def row(shape: str, found: dict[str, Any]) -> str:
    """Format the most memory while reading, at fifths of the training's samples, and in training."""
    reading, training = ([kb for _, kb, phase in found["samples"] if phase == wanted] for wanted in (0, 1))
    some = [training[min(len(training) - 1, i * len(training) // POINTS)] for i in range(POINTS + 1)]
    cells = [f"{found['bytes'] / 1e6:,.0f} MB, {shape}", f"{found['words'] / 1e6:.1f} M"]
    cells += [f"{kb / 1000:.0f}" for kb in (max(reading, default=0), *some, max(training))]
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    for size in options(__doc__, "sizes*").sizes or SIZES:
        megabytes, _, lines = size.partition(":")
        name = f"{megabytes} MB, {'in lines' if lines else 'one sentence'}"
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "log.txt")
            make(path, int(megabytes), bool(lines))
            found = run_job("endless_rss", {"path": path, "dev": "2%" if lines else None})
        print(row(name.partition(", ")[2], found), flush=True)
        runs = read_json(RESULT)["runs"] if RESULT.exists() else {}
        runs[name] = {**record(), **found}
        RESULT.write_text(json.dumps({"settings": SETTINGS, "runs": runs}) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
