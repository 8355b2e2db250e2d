"""The speed of elman against PyTorch, ONNX Runtime, CRFsuite, NLTK and spaCy (make bench).

Refuses to run while the machine is busy. Every part runs in processes of its own that check that all engines compute
the same before they time them. A full run is written to results/speed-COMMIT.json and docs/explanation/speed.md; a
quick one, or one of some parts, to build/bench. Trained models and texts are kept in build/bench.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from cases import text
from cases.speed_bars import BARS
from harness import machine, results
from harness.machine import AVX2, run_job
from harness.measure import figure, plural
from harness.results import DOCS, RESULTS, read_json, shown_path, write_json, write_page
from speed_compare import newest
from speed_page import PAGE, draw, page

LIBRARIES = ("elman", "torch", "onnxruntime", "onnx", "python-crfsuite", "nltk", "spacy", "matplotlib")
BATCH = 32  # sentences in a training batch
PRESETS = ["default", "fast"]
OTHERS = ("CRFsuite", "NLTK", "spaCy")


@dataclass(frozen=True)
class Plan:
    """How much is measured: rounds, and seconds of an engine in a round; ``quick`` shortens texts, too."""

    rounds: int = 7
    seconds: float = 0.25
    quick: bool = False


def shapes(case: str) -> dict[str, dict[str, Any]]:
    """Return the shapes of W2 (``step``) and W3 (``tag``): batches of 25 words a sentence, and of EWT's sentences."""
    size = {"hidden": 128, "input": 128}
    if case == "step":
        real = [len(words) for words, _ in text.sentences("train")]
        random.Random(1).shuffle(real)
        batches = [real[i : i + BATCH] for i in range(0, 16 * BATCH, BATCH)]
        sizes = {"1 layer": (1, [[25] * BATCH]), "2 layers": (2, [[25] * BATCH]), "EWT's lengths": (1, batches)}
        return {name: {**size, "layers": layers, "lengths": lengths} for name, (layers, lengths) in sizes.items()}
    real = [len(words) for words, _ in text.sentences("test")]
    batches = [real[i : i + 64] for i in range(0, 16 * 64, 64)]
    lengths = {"64 × 25": [[25] * 64] * 16, "1 × 25": [[25]] * 128, "64, EWT's lengths": batches}
    return {name: {**size, "tags": 17, "lengths": of_shape} for name, of_shape in lengths.items()}


def kernels(case: str, plan: Plan, environment: dict[str, str] | None = None) -> dict[str, Any]:
    """Measure W2 or W3 on all its shapes, with one thread and two."""
    job: dict[str, Any] = {"rounds": plan.rounds, "seconds": plan.seconds}
    job |= {"peak": True} if case == "step" else {"others": environment is None}
    jobs = {
        f"{name}, {plural(threads, 'thread')}": {**job, "shape": shape, "threads": threads}
        for name, shape in shapes(case).items()
        for threads in (1, 2)
    }
    return {name: run_job(f"cases.{case}", job, environment) for name, job in jobs.items()}


def avx2(plan: Plan) -> dict[str, Any]:
    shorter = Plan(min(plan.rounds, 4), plan.seconds / 2)
    return {case: kernels(case, shorter, AVX2) for case in ("step", "tag")}


def processes(part: str, plan: Plan, **job: Any) -> Any:
    job = {"presets": PRESETS, "texts": ["test10", "all"], "rounds": 2 if plan.quick else 5, "threads": 2, **job}
    return run_job("cases.processes", {"part": part, **job})


def large(plan: Plan) -> Any:
    size = 30_000_000 if plan.quick else 1_000_000_000
    return processes("large", plan, bytes=size, end=size // 10)


def sweep(plan: Plan) -> Any:
    rounds, seconds = (1, 0.03) if plan.quick else (3, 0.1)
    return run_job("cases.sweep", {"threads": 1, "rounds": rounds, "seconds": seconds})


def others(plan: Plan) -> dict[str, Any]:
    """Measure CRFsuite, NLTK and spaCy on one core: accuracy, training, and tagging without start-up."""
    found: dict[str, Any] = {name: run_job("peers.taggers", {"name": name, "threads": 1}) for name in OTHERS}
    out = text.WORK / "tagged" / "peer.txt"
    out.parent.mkdir(parents=True, exist_ok=True)
    for source, rounds in (("test10", 2), ("all", 1)):
        path = text.text_file(source)
        job = {"source": str(path), "out": str(out), "threads": 1}
        rows = [{name: run_job("peers.taggers", {"name": name, **job}) for name in OTHERS} for _ in range(rounds)]
        words = text.words_in(path)
        for name, peer in found.items():
            peer[source] = figure([words / row[name]["seconds"] for row in rows], "words/s")
            peer["load"] = figure([row[name]["load"] for row in rows], "s")
    return found


PARTS: dict[str, tuple[Callable[[Plan], Any], int, str]] = {
    "train": (partial(processes, "train", threads=1), 80, "training on one core"),
    "w2": (partial(kernels, "step"), 100, "training steps"),
    "w3": (partial(kernels, "tag"), 120, "tagging in memory"),
    "whole": (partial(processes, "whole"), 70, "elman tag as a process"),
    "others": (others, 260, "CRFsuite, NLTK and spaCy"),
    "large": (large, 270, "a file of 1 GB"),
    "sweep": (sweep, 110, "other sizes"),
    "avx2": (avx2, 70, "AVX2 alone"),
}
"""The parts: what runs them, about how many seconds they take on two cores, and their titles."""


def main() -> None:
    flags: dict[str, Any] = {"only": (parts, f"some of {','.join(PARTS)}")}
    flags |= {"quick": (False, "few rounds and less text, for development")}
    flags |= {"force": (False, "on a busy machine too; the result records it")}
    flags |= {"page": (False, "write docs/explanation/speed.md from the newest result, and stop")}
    given = results.options(__doc__, **flags)
    if given.page:
        publish(read_json(newest()[-1]), DOCS)
        return
    wanted = given.only or list(PARTS)
    for name in machine.UNSET:
        os.environ.pop(name, None)
    text.treebank("train")
    if machine.usable_cores() < 2:
        sys.exit(f"speed.py: two cores are needed, this process has {machine.usable_cores()}")
    busy = machine.require_quiet(given.force)
    about = {"benchmark": "speed", **machine.record(LIBRARIES), "quick": given.quick, "forced": given.force}
    try:
        found = run(wanted, Plan(2, 0.03, True) if given.quick else Plan())
    except RuntimeError as error:
        sys.exit(f"speed.py: {error}")
    result = {**about, "others_before": busy, **found}
    judge(result)
    save(result, full=not given.quick and wanted == list(PARTS))


def parts(listed: str) -> list[str]:
    if not PARTS.keys() >= set(asked := results.names(listed)):
        raise argparse.ArgumentTypeError(f"expected some of {','.join(PARTS)}, found {listed!r}")
    return [name for name in PARTS if name in asked]


def run(wanted: list[str], plan: Plan) -> dict[str, Any]:
    """Return the results of the parts, their seconds, and the cores that other processes kept busy meanwhile."""
    found: dict[str, Any] = {"parts": {}, "seconds": {}, "others": {}}
    for name in wanted:
        measure, seconds, title = PARTS[name]
        print(f"{name}: {title}" + ("" if plan.quick else f", about {seconds} s"), flush=True)
        elsewhere, start = machine.Others(), time.perf_counter()
        found["parts"][name] = measure(plan)
        found["seconds"][name] = round(time.perf_counter() - start, 1)
        found["others"][name] = busy = elsewhere.cores()
        if busy is not None and busy > machine.BUSY:
            print(f"  others kept {busy:.2f} cores busy meanwhile; these figures are doubtful", file=sys.stderr)
    return found


def judge(result: dict[str, Any]) -> None:
    """Print the bars and what was measured."""
    for bar in BARS:
        value = bar.value(result)
        if value is not None:
            word = "reached" if bar.reached(result) else "MISSED"
            print(f"{bar.work:<78} {bar.bar:>11,.10g} {bar.unit:<8} {value:>12,.2f}  {word}")
    print(f"{sum(result['seconds'].values()) / 60:.1f} minutes")


def save(result: dict[str, Any], *, full: bool) -> None:
    result["name"] = f"speed-{result['commit'][:7] or 'unknown'}.json"
    path = (RESULTS if full else text.WORK) / result["name"]
    write_json(path, result)
    print(f"written to {shown_path(path)}")
    publish(result, DOCS if full else text.WORK)


def publish(result: dict[str, Any], folder: Path) -> None:
    """Write the page, and the picture if there is a sweep."""
    if "sweep" in result["parts"]:
        draw(result["parts"]["sweep"], folder)
    write_page(folder / PAGE.name, page(result))


if __name__ == "__main__":
    main()
