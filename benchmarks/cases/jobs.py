"""Wall time, processor time and memory of whole trainings by ``elman train``, with two threads, and ``make demo``.

A job is {"part": "train", "names", "seconds", "rounds", "more"}, or {"part": "demo"}. A training, with ``more``
options, is repeated until its rounds took ``seconds`` together, ``rounds`` times at most. Data: cases/sets.py.
"""

from __future__ import annotations

import json
import re
import shutil
import struct
import sys
from math import prod
from pathlib import Path
from typing import Any

import classify_data
from cases import text
from cases.sets import DATA_SETS, DERIVED, TASK_SETS, DataSet, TaskSet
from harness.machine import elman, run_elman, usage
from harness.measure import figure
from harness.results import DATA, ROOT
from tasks import scores

PIPELINE = "graph pipeline en_ewt"
JOBS = {
    "en_ewt.upos": "accuracy",
    "wiki-en": "accuracy",
    "addr_usaddress": "accuracy",
    **dict.fromkeys(("titles-en", "snips-intents", "trec-coarse"), "accuracy"),
    **dict.fromkeys(("titles-ja", "subjectivity", "language-60"), "accuracy"),
    **dict.fromkeys(("en_ewt.lemma", "en_ewt.morphology"), "accuracy"),
    "en_ewt.segment": "words",
    "graph en_ewt": "las",
    PIPELINE: "las",
}
"""Name of the data set -> score that is reported with the time."""
PRODUCTS = re.compile(r".*\b(w_rx|w_rh|w_oh)")


def measure(job: dict[str, Any]) -> dict[str, Any]:
    return demo() if job["part"] == "demo" else trainings(job)


def options(data: DataSet) -> dict[str, str]:
    return {"format": data.format} | ({"target": data.target} if data.target else {})


def job_sets() -> dict[str, TaskSet]:
    """Return the training and test data of the jobs."""
    tagging = (
        TaskSet(one.name, one.title, DATA / one.train, DATA / one.test, options(one), "columns", {}, "")
        for one in DATA_SETS
    )
    found = {one.name: one for one in (*tagging, *TASK_SETS)}
    return {name: found[name] for name in JOBS}


def model_file(name: str) -> Path:
    """Return where the model of a job is kept."""
    folder = text.WORK / "jobs"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{name.replace(' ', '-')}.model"


def trainings(job: dict[str, Any]) -> dict[str, Any]:
    """Return by job ``seconds``, ``cpu`` and ``memory`` of the processes, the ``score`` on test, and the products."""
    sets, found = job_sets(), {}
    classify_data.build(DATA, DERIVED)
    for name in job["names"]:
        model, rounds = model_file(name), []
        command = elman(*sets[name].training(str(model), 1), "--threads", 2, "--quiet", *job["more"])
        while len(rounds) < job["rounds"] and sum(used.seconds for used in rounds) < job["seconds"]:
            rounds.append(usage(command))
        units = {"seconds": "s", "cpu": "s", "memory": "MB"}
        own = {what: figure([getattr(used, what) for used in rounds], unit) for what, unit in units.items()}
        shares = scores(json.loads(run_elman(*sets[name].evaluation(str(model)), "--threads", 2)))
        found[name] = own | {"title": sets[name].title, "measure": JOBS[name], "score": shares[JOBS[name]][0]}
        print(f"  {name}: {own['seconds']['median']:.1f} s, {100 * shares[JOBS[name]][0]:.2f}", file=sys.stderr)
    for name, own in found.items():
        own["products"] = products(model_file(name))
    return found


def products(path: Path) -> dict[str, int] | None:
    """Return the multiply-adds of the network's products for a word, and the words of all epochs; None if unknown."""
    import elman

    record = elman.load(path, threads=1).describe().get("training", {})
    with path.open("rb") as file:
        (size,) = struct.unpack("<Q", file.read(8))
        tensors = json.loads(file.read(size))
    each = sum(prod(tensor["shape"]) for name, tensor in tensors.items() if PRODUCTS.fullmatch(name))
    known = each and {"words", "epochs"} <= record.keys()
    return {"multiply_adds": each, "words": record["words"] * record["epochs"]} if known else None


def demo() -> dict[str, Any]:
    """Return the seconds of ``make demo`` from nothing, once pip has its downloads."""
    venv = text.WORK / "demo"
    seconds = []
    for _ in range(2):
        shutil.rmtree(venv, ignore_errors=True)
        seconds.append(usage(["make", "demo", f"VENV={venv.relative_to(ROOT)}"]).seconds)
    return {"seconds": figure(seconds[1:], "s")}
