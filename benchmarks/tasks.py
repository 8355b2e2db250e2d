"""Accuracy of elman on the tasks besides tagging: trains and evaluates by the command line, keeps every result.

    python benchmarks/tasks.py                                  all sets, 5 seeds
    python benchmarks/tasks.py --sets titles-en,en_ewt.lemma --seeds 1-2
    python benchmarks/tasks.py --models build/models            keeps the models, and uses those that are there
    python benchmarks/tasks.py --page                           accuracy-tasks.md in docs/explanation/ from the results

A result is a file in benchmarks/results/tasks. An existing result is kept unless settings or elman's code have changed
(--any-code ignores the code). The sets are rows of cases/task_sets.txt; derived data is made in build/tasks by
classify_data.py and raw_data.py.
"""

from __future__ import annotations

import hashlib
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import classify_data
import raw_data
from cases.sets import DERIVED, TASK_SETS, TaskSet
from harness import results, same_bits
from harness.machine import record, run_elman
from harness.results import DATA, DOCS, MISSING, Result, names, read_json, standard_error, verdict, with_spread
from harness.runs import ONE_BLAS_THREAD, Cut, Run, add_options, code_version, newest_alike, portable, run_all

RESULTS = results.RESULTS / "tasks"
PAGE = DOCS / "accuracy-tasks.md"


def scores(found: dict[str, Any]) -> dict[str, tuple[float, int]]:
    """Return the output of ``elman evaluate --json`` as metric -> (share, what it is a share of)."""
    if "metrics" in found:
        metrics = ((name.lower(), metric) for name, metric in found["metrics"].items())
        return {name: (metric["f1"], metric["gold"]) for name, metric in metrics if metric.get("f1") is not None}
    shares: dict[str, tuple[float, int]] = {"accuracy": (found["accuracy"], found.get("tokens") or found.get("texts"))}
    if found.get("unknown_tokens"):
        shares["unknown"] = found["unknown_accuracy"], found["unknown_tokens"]
    for name, of in (found.get("targets") or {found.get("label", "accuracy"): found}).items():
        shares[name] = (of["accuracy"], of.get("tokens") or of.get("texts"))
        if of.get("spans"):
            shares[f"{name}.spans"] = (of["spans"]["f1"], of["spans"]["gold"])
    return shares


def measure(task_set: TaskSet, seed: int, key: dict[str, Any], threads: int, folder: str) -> Result:
    """Train, unless ``folder`` has that model, of this set or another one, and evaluate on test."""
    training = "\0".join([key["elman"], *task_set.training("", seed)])
    digest = hashlib.sha256(training.encode()).hexdigest()[:16]
    model = os.path.join(folder, f"{task_set.train.stem}.{seed}.{digest}")
    seconds = Path(f"{model}.seconds")
    if not seconds.exists():
        start = time.perf_counter()
        run_elman(*task_set.training(model, seed), "--threads", threads, environment=ONE_BLAS_THREAD)
        seconds.write_text(str(time.perf_counter() - start))
    output = run_elman(*task_set.evaluation(model), "--threads", threads, environment=ONE_BLAS_THREAD)
    return {
        "key": key,
        "set": task_set.name,
        "scores": {name: {"share": share, "of": n} for name, (share, n) in scores(json.loads(output)).items()},
        "seconds": round(float(seconds.read_text()), 1),
        "model_bytes": os.path.getsize(model),
        **record(),
    }


def file_stem(task_set: TaskSet) -> str:
    return task_set.name.replace(" ", "-")


def runs_of(sets: Sequence[TaskSet], seed: int, threads: int, folder: str) -> Iterator[Run]:
    """Yield the runs of one seed; their models go to ``folder``."""
    version = code_version()
    for task_set in sets:
        key = {"training": [portable(word) for word in task_set.training("MODEL", seed)], "elman": version}
        file = RESULTS / f"{file_stem(task_set)}.{seed}.json"
        work = partial(measure, task_set, seed, key, threads, folder)
        yield Run(f"{task_set.name} seed {seed}", file, key, 1.0, work)


def shown(result: Result) -> str:
    return "  ".join(f"{name} {100 * score['share']:.2f}" for name, score in result["scores"].items())


def main() -> None:
    parser = results.parser(__doc__)
    parser.add_argument("--sets", type=names, help="names, or the first part of names (default: all)")
    parser.add_argument("--seeds", type=results.seeds, default=[1, 2, 3, 4, 5], help="such as 1-5 or 1,3 (default 1-5)")
    parser.add_argument("--threads", type=int, default=1)
    add_options(parser)
    parser.add_argument("--models", metavar="FOLDER", help="keep the models there; what it has is not trained again")
    parser.add_argument("--page", action="store_true", help="write the page from the existing results, and stop")
    options = parser.parse_args()
    cut = Cut.of(options)
    if options.models:
        os.makedirs(options.models, exist_ok=True)
    chosen = [one for one in TASK_SETS if not options.sets or one.name.startswith(tuple(options.sets))]
    if not options.page:
        if any(one.train.is_relative_to(DERIVED) for one in chosen):
            classify_data.build(DATA, DERIVED)
        raw_data.build({file for one in chosen for file in one.needs}, DERIVED, options.threads)
        failures = 0
        same_bits.remember(code_version())
        for seed in options.seeds:
            with tempfile.TemporaryDirectory() as folder:  # several sets may evaluate the same model
                runs = list(runs_of(chosen, seed, options.threads, options.models or folder))
                failures += run_all(runs, shown, options.any_code, cut)[1]
        if failures:
            sys.exit(f"tasks.py: {failures} runs failed")
    results.write_page(PAGE, page(TASK_SETS))


def page(sets: Sequence[TaskSet]) -> str:
    """Return the text of the page, made from the result files."""
    lines = ["| set | measure | score | SE | at least | | others | seeds | training, s |", "|" + "---|" * 9]
    commands = []
    for task_set in sets:
        files = sorted(RESULTS.glob(f"{file_stem(task_set)}.[0-9]*.json"))
        alike = newest_alike([read_json(file) for file in files], _without_seed)
        lines += [row(task_set, name, bar, alike) for name, bar in task_set.measures.items()]
        commands += [f"elman {' '.join(alike[0]['key']['training'])}"] if alike else []
    return results.fill("accuracy-tasks", scores="\n".join(lines), commands="\n".join(commands))


def _without_seed(result: Result) -> list[str]:
    words = result["key"]["training"]
    at = words.index("--seed")
    return [*words[:at], *words[at + 2 :]]


def row(task_set: TaskSet, name: str, bar: float | None, found: Sequence[Result]) -> str:
    """Format the row of one measure."""
    asked = "" if bar is None else f"{bar:.2f}"
    cells = [name, MISSING, "", asked, "", task_set.peers, "", ""]
    if found:
        name = task_set.key(name)
        shares = [100 * result["scores"][name]["share"] for result in found]
        mean = statistics.mean(shares)
        error = 100 * standard_error(mean / 100, found[0]["scores"][name]["of"])
        seconds = statistics.median(result["seconds"] for result in found)
        cells = [name, with_spread(shares), f"{error:.2f}", asked, verdict(mean, error, bar), task_set.peers]
        cells += [f"{len(shares)}", f"{seconds:.0f}"]
    return "| " + " | ".join([task_set.title, *cells]) + " |"


if __name__ == "__main__":
    main()
