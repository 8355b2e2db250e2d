"""Speed of segmenting, parsing and writing raw text; nothing is trained.

    python benchmarks/raw_speed.py MODEL GOLD

MODEL is a pipeline (``elman train --task pipeline``), GOLD a CoNLL-U file whose raw text, repeated, is the input. Every
part but the last runs once before it is timed, so start-up counts in the last figure only. A figure is a median over
rounds, by wall time, which a busy machine spoils, and by CPU time.

    segment   sentences and words of raw text, written as CoNLL-U; characters a second, one thread
    parse     all columns of gold words; sentences and words a second, one thread
    pipeline  raw text to CoNLL-U; words a second, one thread and two
    process   elman tag as a process of its own, from start to end, two threads, four times as much text
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import elman
from elman.data.formats import open_writer, read_sentences
from harness.machine import record, run_elman
from harness.measure import cpu_seconds
from harness.results import options, write_json

MORE = 4
"""Times as much text for a process of its own, so that its start weighs as little as for a corpus."""


def timed(work: Callable[[], Any], rounds: int, *, warm_up: bool = True) -> dict[str, float]:
    """Return medians of wall and CPU seconds."""
    if warm_up:
        work()
    wall, cpu = [], []
    for _ in range(rounds):
        clock, used = time.perf_counter(), cpu_seconds()
        work()
        wall.append(time.perf_counter() - clock)
        cpu.append(cpu_seconds() - used)
    return {"seconds": median(wall), "cpu_seconds": median(cpu)}


def written(sentences: Any, targets: Any = ()) -> int:
    """Format sentences as CoNLL-U and return the number of characters."""
    writer = open_writer("conllu", targets)
    return sum(len(writer.add(sentence, {})) for sentence in sentences)


def main() -> None:
    flags = {"times": (4, "how often the text is repeated"), "rounds": (3, "rounds of each median")}
    given = options(__doc__, "model", "gold", **flags, json=(Path, "write the figures to a file, too"))
    sys.setswitchinterval(0.00005)  # as elman tag does
    some = [sentence for sentence in read_sentences(given.gold, format="conllu", labelled=False) if sentence.words]
    one, two = (elman.load(given.model, threads=threads) for threads in (1, 2))
    lines = list(one.segmenter.gold_lines(some)[1]) * given.times
    words = [sentence.words for sentence in some] * given.times
    sizes = {"characters": sum(map(len, lines)), "words": sum(map(len, words)), "sentences": len(words)}
    work: dict[str, Callable[[], Any]] = {
        "segment": lambda: written(one.segmenter.sentences(lines)),
        "parse": lambda: sum(len(columns) for columns in one.words.pipe(words, columns=one.words.targets)),
        "pipeline": lambda: written(one.sentences(lines), one.targets),
        "pipeline, 2 threads": lambda: written(two.sentences(lines), two.targets),
    }
    figures = {name: timed(call, given.rounds) for name, call in work.items()}
    with tempfile.TemporaryDirectory() as folder:
        raw, out = Path(folder, "raw.txt"), Path(folder, "out.conllu")
        raw.write_text("".join(f"{line}\n" for line in lines * MORE), encoding="utf-8")
        command = ("tag", given.model, raw, "-o", out, "--threads", 2)
        figures["process"] = timed(lambda: run_elman(*command), given.rounds, warm_up=False)
    for name, own in figures.items():
        for what, size in sizes.items():
            size *= MORE if name == "process" else 1
            own[f"{what}_per_second"] = round(size / own["seconds"])
            own[f"{what}_per_cpu_second"] = round(size / own["cpu_seconds"])
        print(f"{name}: {', '.join(f'{value:,.5g} {key}' for key, value in own.items())}", flush=True)
    if given.json:
        write_json(given.json, {"text": sizes, "rounds": given.rounds, **record(), "figures": figures})


if __name__ == "__main__":
    main()
