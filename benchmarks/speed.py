"""The speed of elman against other libraries (make bench), and of long jobs (make bench-jobs, bench-parse, …).

Refuses to run while the machine is busy. Every part runs in processes of its own that check that all engines compute
the same before they time them. A run of all parts of a target is written to results/TARGET-COMMIT.json, one of some
parts with --keep to results/part-PARTS-COMMIT.json, and docs/explanation/speed.md shows the newest result of each part.
Other runs, and quick ones, go to build/bench, where trained models and texts are kept.
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
from cases.jobs import JOBS, PIPELINE
from cases.rates import ROWS
from cases.speed_bars import BARS
from harness import machine, results
from harness.machine import AVX2, run_job
from harness.measure import figure, plural
from harness.results import DOCS, RESULTS, Result, shown_path, write_json, write_page
from speed_page import PAGE, kept, merged, page
from speed_picture import draw

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


def prepared(module: str, **job: Any) -> Any:
    """Run a job whose models and texts are made by another one before."""
    run_job(module, {**job, "part": "prepare", "threads": 2})
    return run_job(module, job)


def rates(plan: Plan) -> Any:
    rows = [name for name in ROWS if name.startswith(("UPOS", "10,000"))] if plan.quick else None
    return prepared("cases.rates", rows=rows, rounds=2 if plan.quick else 5, threads=2)


def formats(plan: Plan) -> Any:
    return prepared("cases.formats", rounds=1 if plan.quick else 5, threads=1)


def sentence(plan: Plan) -> dict[str, Any]:
    rounds = [prepared("cases.sentence", threads=1) for _ in range(min(plan.rounds, 5))]
    return {name: figure([found[name] for found in rounds], "µs") for name in rounds[0]}


def large(plan: Plan) -> Any:
    size = 30_000_000 if plan.quick else text.LARGE
    return processes("large", plan, bytes=size, end=size // 10)


def billion(plan: Plan) -> Any:
    size = 30_000_000 if plan.quick else text.LARGE
    return run_job("cases.rates", {"part": "billion", "bytes": size, "times": 5, "threads": 2})


def jobs(plan: Plan, *names: str) -> Any:
    job = {"part": "train", "names": names, "rounds": 3, "seconds": 45, "more": [], "threads": 2}
    return run_job("cases.jobs", job | ({"rounds": 1, "more": ["--set", "epochs=1"]} if plan.quick else {}))


def sweep(plan: Plan) -> Any:
    rounds, seconds = (1, 0.03) if plan.quick else (3, 0.1)
    return run_job("cases.sweep", {"threads": 1, "rounds": rounds, "seconds": seconds})


def raw(plan: Plan) -> Any:
    return run_job("cases.raw", {"rounds": 1 if plan.quick else 5, "times": 1 if plan.quick else 4, "threads": 2})


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


@dataclass(frozen=True)
class Part:
    """What measures a part, about how many seconds that takes on two cores, its title, and the make target of it."""

    measure: Callable[[Plan], Any]
    seconds: int
    title: str
    target: str = "speed"


SHORT = [name for name in JOBS if not name.startswith("graph")]
PARTS: dict[str, Part] = {
    "train": Part(partial(processes, "train", threads=1), 80, "training on one core"),
    "w2": Part(partial(kernels, "step"), 120, "training steps"),
    "w3": Part(partial(kernels, "tag"), 120, "tagging in memory"),
    "whole": Part(partial(processes, "whole"), 70, "elman tag as a process"),
    "rates": Part(rates, 330, "elman tag by text, model and size"),
    "formats": Part(formats, 130, "elman tag by format"),
    "sentence": Part(sentence, 15, "a sentence in Python"),
    "roofline": Part(lambda plan: prepared("cases.roofline", threads=1), 10, "what the processor can do"),
    "others": Part(others, 260, "CRFsuite, NLTK and spaCy"),
    "sweep": Part(sweep, 110, "other sizes"),
    "avx2": Part(avx2, 70, "AVX2 alone"),
    "jobs": Part(lambda plan: jobs(plan, *SHORT), 800, "trainings", "jobs"),
    "parse": Part(lambda plan: jobs(plan, "graph en_ewt"), 700, "training a parser", "parse"),
    "pipeline": Part(lambda plan: jobs(plan, PIPELINE), 900, "training a pipeline", "parse"),
    "raw": Part(raw, 60, "raw text by that pipeline", "parse"),
    "demo": Part(lambda plan: run_job("cases.jobs", {"part": "demo"}), 130, "make demo", "jobs"),
    "large": Part(large, 270, "a file of 1 GB", "large"),
    "billion": Part(billion, 900, "a billion words", "large"),
}
TARGETS = ("speed", "jobs", "parse", "large")


def main() -> None:
    flags: dict[str, Any] = {"only": (parts, f"some of {','.join(PARTS)}")}
    flags |= {"target": (target, f"all parts of one of {','.join(TARGETS)} (default: {TARGETS[0]})")}
    flags |= {"keep": (False, "keep a result of some parts, too, and show it on the page")}
    flags |= {"quick": (False, "few rounds and less text, for development")}
    flags |= {"force": (False, "on a busy machine too; the result records it")}
    flags |= {"page": (False, "write docs/explanation/speed.md from the newest results, and stop")}
    given = results.options(__doc__, **flags)
    if given.page:
        publish(kept(), DOCS)
        return
    whole = given.target or TARGETS[0]
    wanted = given.only or [name for name, part in PARTS.items() if part.target == whole]
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
    commit = about["commit"][:7] or "unknown"
    result = {**about, "others_before": busy, **found}
    result["name"] = f"{'-'.join(['part', *given.only]) if given.only else whole}-{commit}.json"
    judge(result)
    save(result, keep=not given.quick and (given.keep or not given.only))


def target(name: str) -> str:
    if name not in TARGETS:
        raise argparse.ArgumentTypeError(f"expected one of {','.join(TARGETS)}, found {name!r}")
    return name


def parts(listed: str) -> list[str]:
    if not PARTS.keys() >= set(asked := results.names(listed)):
        raise argparse.ArgumentTypeError(f"expected some of {','.join(PARTS)}, found {listed!r}")
    return [name for name in PARTS if name in asked]


def run(wanted: list[str], plan: Plan) -> dict[str, Any]:
    """Return the results of the parts, their seconds, and the cores that other processes kept busy meanwhile."""
    found: dict[str, Any] = {"parts": {}, "seconds": {}, "others": {}}
    for name in wanted:
        part = PARTS[name]
        print(f"{name}: {part.title}" + ("" if plan.quick else f", about {part.seconds} s"), flush=True)
        elsewhere, start = machine.Others(), time.perf_counter()
        found["parts"][name] = part.measure(plan)
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


def save(result: Result, *, keep: bool) -> None:
    path = (RESULTS if keep else text.WORK) / result["name"]
    write_json(path, result)
    print(f"written to {shown_path(path)}")
    publish(kept() if keep else [result], DOCS if keep else text.WORK)


def publish(runs: list[Result], folder: Path) -> None:
    """Write the page, and the picture if there is a sweep."""
    sweep = merged(runs).get("sweep")
    if sweep:
        draw(sweep, folder)
    write_page(folder / PAGE.name, page(runs))


if __name__ == "__main__":
    main()
