"""elman as whole processes on English EWT: training, tagging from start to end, loading, and a large file.

A job is {"part": "train", "whole", "load" or "large", "threads", …}. Presets' settings were chosen on dev; test is read
once. The position of a process in its file, and its memory, are read from /proc every fifth of a second.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from itertools import product
from operator import eq
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from cases import text
from cases.models import model_of
from harness.machine import memory, on_cores, run_elman, run_job
from harness.measure import Figure, figure, in_unit, interleaved, plural

CORES = (1, 2)
EVERY = 0.2  # seconds between samples
SHOWN = 60  # samples kept in the result


def measure(job: dict[str, Any]) -> dict[str, Any]:
    return {"train": training, "whole": tagging, "load": loading, "large": large_file}[job["part"]](job)


def precisions() -> tuple[str, ...]:
    from elman import kernels

    return ("exact", "int8") if kernels.describe()["int8"] else ("exact",)


def training(job: dict[str, Any]) -> dict[str, Any]:
    """Return ``seconds`` of training on one core and ``upos``, the accuracy on test by precision, of each preset."""
    import elman

    seconds, upos = {}, {}
    for preset in job["presets"]:
        path, took = model_of(preset, again=True, threads=1)
        seconds[preset], gold = figure([took], "s"), text.treebank("test")
        upos[preset] = {p: elman.load(path, threads=1, precision=p).evaluate(gold).accuracy for p in precisions()}
    return {"seconds": seconds, "upos": upos}


def tagging(job: dict[str, Any]) -> dict[str, Any]:
    """Return by text ``with_start`` and ``without_start`` in words/s; ``upos`` of test; ``start`` of one sentence.

    Every preset tags every text on one core and on two, exactly and in 8 bits if the processor has that.
    """
    (text.WORK / "tagged").mkdir(parents=True, exist_ok=True)
    models = {preset: model_of(preset)[0] for preset in job["presets"]}
    ways = {f"{m}, {p}, {plural(n, 'core')}": (models[m], p, n) for m, p, n in product(models, precisions(), CORES)}
    names = ("one", *job["texts"])
    outputs = {(name, way): text.WORK / "tagged" / f"{name}, {way}.txt" for name in names for way in ways}

    def tag(name: str, way: str) -> None:
        model, precision, cores = ways[way]
        with on_cores(cores):
            options = ("--threads", cores, "--precision", precision)
            run_elman("tag", model, text.text_file(name), "-o", outputs[name, way], *options)

    times = interleaved({f"{n}: {way}": partial(tag, n, way) for n, way in outputs}, rounds=job["rounds"], seconds=0)
    load = {"part": "load", "model": str(models["default"]), "threads": 1}
    loads = [run_job("cases.processes", load) for _ in range(job["rounds"])]
    found: dict[str, Any] = {
        "start": {way: figure(times[f"one: {way}"], "s") for way in ways},
        "load": {key: figure([row[key] for row in loads], "ms") for key in loads[0]},
        "model_mb": {preset: path.stat().st_size / 1e6 for preset, path in models.items()},
    }
    for name in job["texts"]:
        check(name, {way: outputs[name, way] for way in ways})
        n, whole = text.words_in(text.text_file(name)), {way: times[f"{name}: {way}"] for way in ways}
        found[name] = {
            "words": n,
            "with_start": in_unit(whole, "words/s", lambda seconds, n=n: n / seconds),
            "without_start": {way: without_start(n, whole[way], times[f"one: {way}"]) for way in ways},
        }
    return found | {"upos": {way: upos(outputs["test10", way]) for way in ways if way.endswith("1 core")}}


def without_start(words: int, whole: list[float], start: list[float]) -> Figure:
    """Return the words a second of the time beyond that of one sentence, round by round."""
    return figure([words / max(a - b, 1e-9) for a, b in zip(whole, start, strict=True)], "words/s")


def check(source: str, outputs: dict[str, Path]) -> None:
    """Raise RuntimeError if words are changed or out of order, or if one core gives other tags than two."""
    lines = text.text_file(source).read_text(encoding="utf-8").split("\n")
    first: dict[str, str] = {}
    for way, out in outputs.items():
        tagged = out.read_text(encoding="utf-8")
        words = [" ".join(cell.rpartition("_")[0] for cell in line.split(" ")) for line in tagged.split("\n")]
        if words != lines:
            raise RuntimeError(f"elman tag, {way}, {source}: the words are not those of the text")
        if first.setdefault(way.rpartition(",")[0], tagged) != tagged:
            raise RuntimeError(f"elman tag, {way}, {source}: the tags differ from those on one core")


def upos(out: Path) -> float:
    """Return the accuracy of the tagged test text, of which there may be more than one copy."""
    gold = [tag for _, tags in text.sentences("test") for tag in tags]
    found = [cell.rpartition("_")[2] for cell in out.read_text(encoding="utf-8").split()]
    return sum(map(eq, gold, found)) / len(gold)


def loading(job: dict[str, Any]) -> dict[str, float]:
    """Return milliseconds of loading a model: as ``elman tag`` does, by ``elman.load``, and by that ``again``.

    What has to be imported is imported before the clock starts.
    """
    import elman
    from elman import kernels
    from elman.models import rnn
    from elman.taggers import fast_lines

    assert rnn
    kernels.describe()
    kernels.native_core()

    def timed(load: Callable[[str], object]) -> float:
        start = time.perf_counter()
        load(job["model"])
        return 1e3 * (time.perf_counter() - start)

    tag, first, *rest = timed(fast_lines.load), *(timed(elman.load) for _ in range(8))
    return {"tag": tag, "first": first, "again": statistics.median(rest)}


class Sample(NamedTuple):
    seconds: float
    position: int  # bytes read of the file
    rss_mb: float  # MB: 10⁶ bytes
    peak_mb: float  # largest so far


def samples(process: subprocess.Popen[bytes], path: Path) -> list[Sample]:
    """Sample a process until it ends; its end counts as the end of the file."""
    found: list[Sample] = []
    begin = time.perf_counter()
    while process.poll() is None:
        place, held = position(process.pid, path), memory(process.pid)
        if place is not None and held is not None:
            found.append(Sample(time.perf_counter() - begin, place, *held))
        time.sleep(EVERY)
    held = found[-1][2:] if found else (0.0, 0.0)
    return [*found, Sample(time.perf_counter() - begin, path.stat().st_size, *held)]


def position(pid: int, path: Path) -> int | None:
    """Return how many bytes of a file a process has read; None if it has not opened it or has ended."""
    try:
        for fd in Path(f"/proc/{pid}/fd").iterdir():
            if os.path.realpath(fd) == str(path.resolve()):
                return int(Path(f"/proc/{pid}/fdinfo/{fd.name}").read_text().split()[1])
    except (OSError, IndexError, ValueError):
        pass
    return None


def rates(found: Sequence[Sample], end: int) -> tuple[float, float]:
    """Return the MB/s of the first and of the last ``end`` bytes."""
    seconds, places = np.array([(sample.seconds, sample.position) for sample in found]).T
    after, before = np.interp([places[0] + end, places[-1] - end], places, seconds)
    return end / 1e6 / float(after - seconds[0]), end / 1e6 / float(seconds[-1] - before)


def large_file(job: dict[str, Any]) -> dict[str, Any]:
    """Return rates in MB/s and words/s, the peak of the memory and its course. The output is discarded."""
    if not Path("/proc/self/fdinfo").exists():
        raise RuntimeError("the part large needs /proc, which Linux has")
    path, model = text.large_file(job["bytes"]), model_of("default")[0]
    words = text.words_in(path)  # brings the file into memory, too
    command = [sys.executable, "-m", "elman", "tag", str(model), str(path), "--threads", str(job["threads"])]
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        found = samples(process, path)
    seconds = time.perf_counter() - start
    if process.returncode:
        raise RuntimeError(f"elman tag failed on {path.name}")
    first, last = rates(found, job["end"])
    return {
        "bytes": path.stat().st_size,
        "words": words,
        "end": job["end"],
        "all": figure([words / seconds], "words/s"),
        "first": figure([first], "MB/s"),
        "last": figure([last], "MB/s"),
        "peak": figure([found[-1].peak_mb], "MB"),
        "course": [sample._asdict() for sample in found[:: max(1, len(found) // SHOWN)]],
    }
