"""Memory while a tagger is trained on text that memory does not hold: resident kB over time, by the size of the file.

    python benchmarks/endless_rss.py [MB | MB:lines ...]

One endless sentence of 100, 320 and 1,000 MB, and logs of 100 and 320 MB in lines, whose last 2 % choose the epoch.

Writes benchmarks/results/endless-rss.json, which docs/streams.md shows in part, and lines like it on stdout. The files
are made up (seeded), stand in TMPDIR and are deleted when each is done with.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

from accuracy_run import surroundings

RESULT = Path(__file__).resolve().parent / "results" / "endless-rss.json"
SETTINGS = {"direction": "forward", "chunk": 20, "hidden": 16, "embedding": 8, "features": "none"}
SETTINGS |= {"batch": 128, "epochs": 1, "ensemble": 1}
WORDS, TAGS, LINE = 20_000, 8, 20
BLOCK = 100_000  # words made at a time
POINTS = 5  # moments of the training that are printed


def make(path: str, megabytes: int, lines: bool) -> None:
    """word_tag; the tag of a word hangs on the word and on the one before. In lines of 1 to 39 words, or in one."""
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
            file.write(
                "".join([f"{names[i]}_T{t}{e}" for i, t, e in zip(ids.tolist(), tags, ends.tolist(), strict=True)])
            )


def resident() -> int:
    """Resident memory of this process, in kB."""
    with open("/proc/self/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))


def measure(path: str, dev: str | None) -> dict[str, Any]:
    """Trains in this process; samples [seconds of the processor, kB, 1 if in training], once a second."""
    import elman

    samples: list[tuple[float, int, int]] = []
    training, done = threading.Event(), threading.Event()

    def sample() -> None:
        while not done.wait(1):
            samples.append((round(time.process_time(), 1), resident(), int(training.is_set())))

    watcher = threading.Thread(target=sample)
    watcher.start()
    try:
        tagger = elman.train(
            path, dev, settings=SETTINGS, threads=1, on_note=lambda note: training.set(), on_warning=lambda doubt: None
        )
    finally:
        done.set()
        watcher.join()
    data = tagger.describe()["data"]
    facts = {"words": data["words"], "sentences": data["sentences"], "dev_accuracy": data["dev_accuracy"]}
    return facts | {"bytes": os.path.getsize(path), "samples": samples}


def row(shape: str, found: dict[str, Any]) -> str:
    """The most while reading, and at fifths of the training's samples."""
    kb = [[k for _, k, phase in found["samples"] if phase == wanted] for wanted in (0, 1)]
    read, trained = max(kb[0], default=0), kb[1]
    some = [trained[min(len(trained) - 1, i * len(trained) // POINTS)] for i in range(POINTS + 1)]
    cells = [f"{found['bytes'] / 1e6:,.0f} MB, {shape}", f"{found['words'] / 1e6:.1f} M", f"{read / 1000:.0f}"]
    cells += [f"{k / 1000:.0f}" for k in some] + [f"{max(trained) / 1000:.0f}"]
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(measure(sys.argv[2], sys.argv[3] or None)))
        return
    wanted = sys.argv[1:] or ["100", "320", "1000", "100:lines", "320:lines"]
    runs: dict[str, Any] = json.loads(RESULT.read_text())["runs"] if RESULT.exists() else {}
    for size in wanted:
        megabytes, lines = int(size.removesuffix(":lines")), size.endswith(":lines")
        shape = "in lines" if lines else "one sentence"
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "log.txt")
            make(path, megabytes, lines)
            command = [sys.executable, __file__, "--one", path, "2%" if lines else ""]
            found: dict[str, Any] = json.loads(
                subprocess.run(command, check=True, capture_output=True, text=True).stdout
            )
        runs[f"{megabytes} MB, {shape}"] = {**surroundings(), **found}
        print(row(shape, found), flush=True)
        RESULT.write_text(json.dumps({"settings": SETTINGS, "runs": runs}) + "\n")


if __name__ == "__main__":
    main()
