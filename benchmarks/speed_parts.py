"""The parts of ``make bench``: which jobs each of them is, how long it takes, how it is cut short for development."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import peers
import speed_data
from speed_machine import AVX2, THREAD_SETTINGS, clean_environment, on_cores, run_part
from speed_measure import figure

SENTENCES = 32  # in a training batch
HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Plan:
    """How much is measured: rounds, and seconds of an engine in a round."""

    rounds: int = 7
    seconds: float = 0.25
    quick: bool = False
    threads: tuple[int, ...] = (1, 2)


def shapes_of_steps(quick: bool) -> dict[str, dict[str, Any]]:
    """W2: 32 sentences of 25 words; and as many at a time as they come in EWT, shuffled."""
    size = {"hidden": 128, "input": 128}
    real = lengths("train")
    random.Random(1).shuffle(real)
    batches = [real[i : i + SENTENCES] for i in range(0, (4 if quick else 16) * SENTENCES, SENTENCES)]
    return {
        "1 layer": {**size, "layers": 1, "lengths": [[25] * SENTENCES]},
        "2 layers": {**size, "layers": 2, "lengths": [[25] * SENTENCES]},
        "EWT's lengths": {**size, "layers": 1, "lengths": batches},
    }


def shapes_of_tagging(quick: bool) -> dict[str, dict[str, Any]]:
    """W3: 64 sentences of 25 words, one such sentence, and 64 sentences of EWT's test text."""
    size = {"hidden": 128, "input": 128, "tags": 17}
    real, n = lengths("test"), 4 if quick else 16
    return {
        "64 × 25": {**size, "lengths": [[25] * 64] * n},
        "1 × 25": {**size, "lengths": [[25]] * 8 * n},
        "64, EWT's lengths": {**size, "lengths": [real[i : i + 64] for i in range(0, n * 64, 64)]},
    }


def lengths(split: str) -> list[int]:
    return [len(words) for words, _ in speed_data.sentences(split)]


def w2(plan: Plan, environment: dict[str, str] | None = None) -> dict[str, Any]:
    """Training steps, and the peak in the same rounds."""
    return _all("speed_step", shapes_of_steps(plan.quick), plan, environment, peak=True)


def w3(plan: Plan, environment: dict[str, str] | None = None) -> dict[str, Any]:
    """Tagging, from word ids to tags."""
    return _all("speed_tag", shapes_of_tagging(plan.quick), plan, environment, others=environment is None)


def avx2(plan: Plan) -> dict[str, Any]:
    """Both, with everything kept to AVX2."""
    shorter = Plan(min(plan.rounds, 4), plan.seconds / 2, plan.quick, plan.threads[: 1 if plan.quick else 2])
    return {"step": w2(shorter, AVX2), "tag": w3(shorter, AVX2)}


def _all(
    module: str, shapes: dict[str, dict[str, Any]], plan: Plan, environment: dict[str, str] | None, **more: Any
) -> dict[str, Any]:
    how = {"rounds": plan.rounds, "seconds": plan.seconds, **more}
    return {
        f"{name}, {threads} thread{'s' * (threads > 1)}": run_part(
            module, {"shape": shape, "threads": threads, **how}, environment
        )
        for name, shape in shapes.items()
        for threads in plan.threads
    }


def train(plan: Plan) -> Any:
    """Training of default and fast on one core."""
    return run_part("speed_train", {"presets": ["default", "fast"], "quick": plan.quick, "threads": 1})


def whole(plan: Plan) -> Any:
    """``elman tag`` as a process."""
    texts = ["test10"] if plan.quick else ["test10", "all"]
    rounds = 2 if plan.quick else 5
    job = {"presets": ["default", "fast"], "texts": texts, "rounds": rounds, "quick": plan.quick, "threads": 2}
    return run_part("speed_whole", job)


def large(plan: Plan) -> Any:
    """A file of 1 GB."""
    size, end = (30_000_000, 5_000_000) if plan.quick else (1_000_000_000, 100_000_000)
    return run_part("speed_large", {"bytes": size, "end": end, "quick": plan.quick, "threads": 2})


def sweep(plan: Plan) -> Any:
    """Other sizes, on one core."""
    rounds, seconds = (2, 0.03) if plan.quick else (3, 0.1)
    return run_part("speed_sweep", {"quick": plan.quick, "threads": 1, "rounds": rounds, "seconds": seconds})


def others(plan: Plan) -> dict[str, Any]:
    """CRFsuite, NLTK and spaCy on the same text and one core: accuracy, training, and tagging without start-up."""
    found: dict[str, Any] = {name: _peer("train", name, plan) for name in peers.PEERS}
    out = speed_data.WORK / "tagged" / "peer.txt"
    out.parent.mkdir(parents=True, exist_ok=True)
    for text in ("test",) if plan.quick else ("test10", "all"):
        source = speed_data.text_file(text)
        words = sum(len(line.split(" ")) for line in source.read_text(encoding="utf-8").split("\n") if line)
        rows: dict[str, list[dict[str, float]]] = {name: [] for name in found}
        for _ in range(2 if text == "test10" else 1):
            for name, times in rows.items():
                times.append(_peer("tag", name, plan, source, out))
        for name, times in rows.items():
            found[name][text] = figure([words / row["seconds"] for row in times], "words/s")
            found[name]["load"] = figure([row["load"] for row in times], "s")
    return found


def _peer(what: str, name: str, plan: Plan, *files: Path) -> Any:
    command = [sys.executable, str(HERE / "peers.py"), what, name, *map(str, files), *["--quick"] * plan.quick]
    environment = clean_environment(**dict.fromkeys(THREAD_SETTINGS, "1"))
    with on_cores(1):
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=environment)
    if done.returncode:
        raise SystemExit(f"speed.py: {name} failed (status {done.returncode})")
    return json.loads(done.stdout)


@dataclass(frozen=True)
class Part:
    """A part and about how long it takes, in seconds on two cores."""

    run: Callable[[Plan], Any]
    seconds: int
    title: str


PARTS = {
    "train": Part(train, 80, "training on one core"),
    "w2": Part(w2, 100, "training steps"),
    "w3": Part(w3, 120, "tagging in memory"),
    "whole": Part(whole, 70, "elman tag as a process"),
    "others": Part(others, 260, "CRFsuite, NLTK and spaCy"),
    "large": Part(large, 270, "a file of 1 GB"),
    "sweep": Part(sweep, 110, "other sizes"),
    "avx2": Part(avx2, 70, "AVX2 alone"),
}


def usable_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
