"""Whole processes: ``elman tag`` from its start to its end, until the first tag, and loading a model.

A job is {"presets", "texts", "rounds", "quick"}. Every preset tags every text on one core and on two, exactly and in
8 bits where the processor has that; output goes to a file, as a user's would.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import speed_data
import speed_machine
from speed_measure import Figure, figure, interleaved
from speed_train import need_model

CORES = (1, 2)


def tag(model: Path, text: Path, cores: int, precision: str) -> Path:
    """Tags a file in a process of its own that has so many cores; where the output is."""
    out = speed_data.WORK / "tagged" / f"{model.stem}-{text.stem}-{cores}-{precision}.txt"
    command = [sys.executable, "-m", "elman", "tag", str(model), str(text), "-o", str(out)]
    command += ["--threads", str(cores), "--precision", precision]
    with speed_machine.on_cores(cores):
        done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"speed.py: elman tag: {done.stderr.strip()}")
    return out


def name(preset: str, precision: str, cores: int) -> str:
    return f"{preset}, {precision}, {cores} core{'s' * (cores > 1)}"


def without_start(words: int, whole: list[float], start: list[float]) -> Figure:
    """Words a second of the time that a text takes beyond what one sentence takes, round by round."""
    return figure([words / max(a - b, 1e-9) for a, b in zip(whole, start, strict=True)], "words/s")


def check(text: str, outputs: dict[str, Path]) -> None:
    """The words came back as they were, in the same order, and one core gives the same tags as two."""
    source = speed_data.text_file(text).read_text(encoding="utf-8").split("\n")
    first: dict[str, str] = {}
    for which, out in outputs.items():
        tagged = out.read_text(encoding="utf-8")
        words = [" ".join(cell.rpartition("_")[0] for cell in line.split(" ")) for line in tagged.split("\n")]
        if words != source:
            raise SystemExit(f"speed.py: elman tag, {which}, {text}: the words are not those of the text")
        if first.setdefault(which.rpartition(",")[0], tagged) != tagged:
            raise SystemExit(f"speed.py: elman tag, {which}, {text}: other tags than on one core")


def upos(out: Path) -> float:
    """The share of right tags in the tagged test text, of which there may be more than one copy."""
    gold = speed_data.sentences("test")
    with out.open(encoding="utf-8", newline="\n") as lines:
        pairs = [
            (cell.rpartition("_")[2], tag)
            for (_, tags), line in zip(gold, lines, strict=False)
            for cell, tag in zip(line.rstrip("\n").split(" "), tags, strict=True)
        ]
    return sum(a == b for a, b in pairs) / len(pairs)


def measure(job: dict[str, Any]) -> dict[str, Any]:
    """By text ``with_start`` and ``without_start`` in words/s; ``upos`` of the test text; ``start`` of one sentence."""
    from elman import kernels

    (speed_data.WORK / "tagged").mkdir(parents=True, exist_ok=True)
    precisions = ("exact", "int8") if kernels.describe()["int8"] else ("exact",)
    ways = list(product(job["presets"], precisions, CORES))
    models = {preset: need_model(preset, job["quick"]) for preset in job["presets"]}
    texts = {text: speed_data.text_file(text) for text in ("one", *job["texts"])}
    outputs: dict[str, dict[str, Path]] = {text: {} for text in texts}

    def run(text: str, way: tuple[str, str, int]) -> None:
        preset, precision, cores = way
        outputs[text][name(*way)] = tag(models[preset], texts[text], cores, precision)

    work: dict[str, Callable[[], object]] = {
        f"{text}: {name(*way)}": partial(run, text, way) for text in texts for way in ways
    }
    times = interleaved(work, rounds=job["rounds"], seconds=0)
    found: dict[str, Any] = {
        "start": {name(*way): figure(times[f"one: {name(*way)}"], "s") for way in ways},
        "load": load(models["default"], job["rounds"]),
        "model_mb": {preset: path.stat().st_size / 1e6 for preset, path in models.items()},
    }
    for text in job["texts"]:
        check(text, outputs[text])
        n = sum(len(line.split(" ")) for line in texts[text].read_text(encoding="utf-8").split("\n") if line)
        found[text] = {"words": n, "with_start": {}, "without_start": {}}
        for way in ways:
            whole, start = times[f"{text}: {name(*way)}"], times[f"one: {name(*way)}"]
            found[text]["with_start"][name(*way)] = figure([n / s for s in whole], "words/s")
            found[text]["without_start"][name(*way)] = without_start(n, whole, start)
    if "test10" in job["texts"]:
        found["upos"] = {name(*way): upos(outputs["test10"][name(*way)]) for way in ways if way[2] == 1}
    return found


def load(model: Path, rounds: int) -> dict[str, Figure]:
    """Loading a model, ``first`` in a process that has imported what it needs, and ``again``, in ms."""
    rows = [speed_machine.run_part("speed_load", {"model": str(model), "threads": 1}) for _ in range(rounds)]
    return {key: figure([row[key] for row in rows], "ms") for key in rows[0]}


if __name__ == "__main__":
    speed_machine.main_of(measure)
