"""One round of what a service and a shell wait for: tagging of single sentences in Python, and of text by an ensemble.

A job is {"row": "sentence" or "ensemble", "model", "text", "threads"}; the text has one sentence a line.
"""

from __future__ import annotations

import statistics
import time
from pathlib import Path
from typing import Any

from harness.measure import cpu_seconds

WORDS = 12
"""Words of a sentence."""
PIECE = 32_768
"""Characters of the pieces of a text, as ``elman tag`` has them."""


def measure(job: dict[str, Any]) -> dict[str, float]:
    """Return the figures of one round, by their names."""
    return {"sentence": sentence, "ensemble": ensemble}[job["row"]](job)


def sentence(job: dict[str, Any]) -> dict[str, float]:
    """Return the median microseconds of ``Tagger.tag`` for sentences tagged before, and for new ones."""
    import elman

    lines = Path(job["text"]).read_text(encoding="utf-8").split("\n")
    sentences = [words[:WORDS] for line in lines if len(words := line.split(" ")) >= WORDS]
    tagger = elman.load(job["model"], threads=1)
    tagger.tag(sentences[0])
    found = {}
    for name in ("new sentence", "sentence"):
        times = []
        for words in sentences:
            start = time.perf_counter()
            tagger.tag(words)
            times.append(time.perf_counter() - start)
        found[f"{name}, µs"] = 1e6 * statistics.median(times)
    return found


def ensemble(job: dict[str, Any]) -> dict[str, float]:
    """Return words a second, by wall time and by processor time, in a first pass over a text and in a second."""
    from elman.taggers.fast_lines import load

    pieces, size = [b""], 0
    for line in Path(job["text"]).read_bytes().splitlines(keepends=True):
        pieces[-1] += line
        if len(pieces[-1]) >= PIECE:
            pieces.append(b"")
        size += line.count(b" ") + 1
    tagger, found = load(job["model"], threads=job["threads"]), {}
    for name in ("first pass", "second pass"):
        wall, cpu = time.perf_counter(), cpu_seconds()
        list(tagger.tag_lines(pieces))
        found[f"{name}, words/s"] = size / (time.perf_counter() - wall)
        found[f"{name}, words/CPU s"] = size / (cpu_seconds() - cpu)
    return found
