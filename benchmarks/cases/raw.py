"""Raw text to CoNLL-U by the pipeline that the part ``pipeline`` trains: cutting, parsing and writing EWT's test text.

A job is {"rounds", "times": how often the text is repeated, "threads"}. Every part but the last runs once before it is
timed, so start-up counts in the last one only, which has four times as much text.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

from cases import text
from cases.jobs import PIPELINE, model_file
from harness.machine import run_elman
from harness.measure import figure

MORE = 4
"""Times as much text for a process of its own, so that its start weighs as little as for a corpus."""
PROCESS = "`elman tag` as a process, 2 threads"


def measure(job: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return by part the figures of characters, words and sentences a second."""
    import elman
    from elman.data.formats import read_sentences

    sys.setswitchinterval(0.00005)  # as elman tag does
    model, gold = model_file(PIPELINE), str(text.treebank("test"))
    if not model.exists():
        raise RuntimeError(f"no {model.name}: the part pipeline trains it")
    some = [sentence for sentence in read_sentences(gold, format="conllu", labelled=False) if sentence.words]
    one, two = (elman.load(model, threads=threads) for threads in (1, 2))
    lines = list(one.segmenter.gold_lines(some)[1]) * job["times"]
    words = [sentence.words for sentence in some] * job["times"]
    sizes = {"characters": sum(map(len, lines)), "words": sum(map(len, words)), "sentences": len(words)}
    raw, out = text.WORK / "raw.txt", text.WORK / "tagged" / "raw.conllu"
    out.parent.mkdir(parents=True, exist_ok=True)
    raw.write_text("".join(f"{line}\n" for line in lines * MORE), encoding="utf-8")
    work: dict[str, Callable[[], Any]] = {
        "words and sentences, 1 thread": lambda: written(one.segmenter.sentences(lines)),
        "all columns of gold words, 1 thread": lambda: len(list(one.words.pipe(words, columns=one.words.targets))),
        "raw text to CoNLL-U, 1 thread": lambda: written(one.sentences(lines), one.targets),
        "raw text to CoNLL-U, 2 threads": lambda: written(two.sentences(lines), two.targets),
        PROCESS: lambda: run_elman("tag", model, raw, "-o", out, "--threads", 2),
    }
    found = {}
    for name, call in work.items():
        seconds, more = timed(call, job["rounds"], warm_up=name != PROCESS), MORE if name == PROCESS else 1
        found[name] = {
            what: figure([more * size / each for each in seconds], f"{what}/s") for what, size in sizes.items()
        }
    return found


def timed(work: Callable[[], Any], rounds: int, *, warm_up: bool) -> list[float]:
    if warm_up:
        work()
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return seconds


def written(sentences: Any, targets: Any = ()) -> int:
    """Format sentences as CoNLL-U and return the number of characters."""
    from elman.data.formats import open_writer

    writer = open_writer("conllu", targets)
    return sum(len(writer.add(sentence, {})) for sentence in sentences)
