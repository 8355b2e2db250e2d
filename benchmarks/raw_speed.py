"""How fast raw text is cut, parsed and written: ``python benchmarks/raw_speed.py MODEL GOLD``; nothing is trained.

MODEL is a pipeline (``elman train --task pipeline``), GOLD a file of CoNLL-U; its raw text, several times over, is what
is read. Start-up counts in the last figure alone: every other part runs once before it is timed. A figure is the median
of some rounds, of which there are two kinds: by the clock, which a busy machine spoils, and by CPU time.

    segment   sentences and words of raw text, with CoNLL-U written; characters a second, one thread
    parse     all columns of gold words; sentences and words a second, one thread
    pipeline  raw text to CoNLL-U; words a second, one thread and two
    process   elman tag as a process of its own, from its start to its end, two threads, four times as much text

With --json FILE the figures are written there too.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import click

import elman
from accuracy_run import surroundings
from elman.data.formats import open_writer, read_sentences

MORE = 4
"""Times as much text for a process of its own, whose start is to weigh as it does for a corpus."""


def timed(work: Callable[[], Any], rounds: int) -> dict[str, float]:
    """Medians of the seconds that it takes, by the clock and of CPU time."""
    work()
    wall, cpu = [], []
    for _ in range(rounds):
        clock, used = time.perf_counter(), time.process_time()
        work()
        wall.append(time.perf_counter() - clock)
        cpu.append(time.process_time() - used)
    return {"seconds": median(wall), "cpu_seconds": median(cpu)}


def written(sentences: Any, targets: Any = ()) -> int:
    """Write sentences into nothing; how many characters that were."""
    writer = open_writer("conllu", targets)
    return sum(len(writer.add(sentence, {})) for sentence in sentences)


def process(model: str, lines: list[str], rounds: int) -> dict[str, float]:
    """``elman tag`` from its start to its end; the CPU time is that of its children, too."""
    with tempfile.TemporaryDirectory() as folder:
        raw, out = Path(folder, "raw.txt"), os.path.join(folder, "out.conllu")
        raw.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        command = [sys.executable, "-m", "elman", "tag", model, str(raw), "-o", out, "--threads", "2"]
        wall, cpu = [], []
        for _ in range(rounds):
            clock, used = time.perf_counter(), os.times()
            subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
            wall.append(time.perf_counter() - clock)
            now = os.times()
            cpu.append(now.children_user + now.children_system - used.children_user - used.children_system)
    return {"seconds": median(wall), "cpu_seconds": median(cpu)}


@click.command()
@click.argument("model")
@click.argument("gold")
@click.option("--times", default=4, show_default=True, help="How many times over the text is read.")
@click.option("--rounds", default=3, show_default=True, help="Rounds that a median is of.")
@click.option("--json", "output", help="Where the figures go, too.")
def main(model: str, gold: str, times: int, rounds: int, output: str | None) -> None:
    sys.setswitchinterval(0.00005)  # as elman tag does
    some = [sentence for sentence in read_sentences(gold, format="conllu", labelled=False) if sentence.words]
    one, two = (elman.load(model, threads=threads) for threads in (1, 2))
    lines = list(one.segmenter.gold_lines(some)[1]) * times
    sizes = {
        "characters": sum(map(len, lines)),
        "words": sum(map(len, some)) * times,
        "sentences": len(some) * times,
    }
    gold_words = [sentence.words for sentence in some] * times
    found: dict[str, Any] = {
        "segment": timed(lambda: written(one.segmenter.sentences(lines)), rounds),
        "parse": timed(
            lambda: sum(len(columns) for columns in one.words.pipe(gold_words, columns=one.words.targets)), rounds
        ),
        "pipeline": timed(lambda: written(one.sentences(lines), one.targets), rounds),
        "pipeline, 2 threads": timed(lambda: written(two.sentences(lines), two.targets), rounds),
    }
    found["process"] = process(model, lines * MORE, rounds)
    for name, own in found.items():
        for what, size in sizes.items():
            size *= MORE if name == "process" else 1
            own[f"{what}_per_second"] = round(size / own["seconds"])
            own[f"{what}_per_cpu_second"] = round(size / own["cpu_seconds"])
        click.echo(f"{name}: {', '.join(f'{value:,.5g} {key}' for key, value in own.items())}")
    if output:
        about = {"text": sizes, "rounds": rounds, **surroundings()}
        Path(output).write_text(json.dumps({**about, "figures": found}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
