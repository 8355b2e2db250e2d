"""Accuracy of elman on the tasks beside tagging: trains and evaluates by the command line, keeps every result.

    python benchmarks/tasks.py                                  all sets, 5 seeds
    python benchmarks/tasks.py --sets titles-en,en_ewt.lemma --seeds 1-2
    python benchmarks/tasks.py --page                           docs/accuracy-tasks.md from what is there

A result is a file in benchmarks/results/tasks; what is there is not measured again, unless settings or elman's code are
others (--any-code keeps those). Sets stand in classify_sets.py, words_sets.py and parse_sets.py; derived data is made
in build/tasks by classify_data.py.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from accuracy import seeds, words
from accuracy_run import code_version, surroundings
from classify_sets import CLASSIFY
from parse_sets import PARSE
from words_sets import WORDS

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
DERIVED = ROOT / "build" / "tasks"
RESULTS = ROOT / "benchmarks" / "results" / "tasks"
PAGE = ROOT / "docs" / "accuracy-tasks.md"

Result = dict[str, Any]


@dataclass(frozen=True)
class Set:
    """One thing to be learned. ``measures``: what is measured, with what has to be reached at least, in per cent."""

    name: str
    title: str
    train: str
    test: str
    format: str
    measures: dict[str, float | None]
    task: str | None = None
    target: str | None = None
    encoding: str = "utf-8"
    how: str | None = None
    derived: bool = False
    settings: dict[str, Any] = field(default_factory=dict)
    options: tuple[str, ...] = ()
    peers: dict[str, float] = field(default_factory=dict)
    model: str | None = None

    def path(self, name: str) -> Path:
        """Where a file of it is."""
        return (DERIVED if self.derived else DATA) / name

    def training(self, model: str, seed: int) -> list[str]:
        """The words of ``elman train``."""
        of = ["train", str(self.path(self.train)), "-o", model, "--format", self.format, "--seed", str(seed)]
        for option in ("task", "target", "encoding", "model"):
            value = getattr(self, option)
            of += [] if value in (None, "utf-8") else [f"--{option}", value]
        return [*of, *self.options, *(w for key, value in self.settings.items() for w in ("--set", f"{key}={value}"))]

    def evaluation(self, model: str) -> list[str]:
        """The words of ``elman evaluate``."""
        of = ["evaluate", model, str(self.path(self.test)), "--format", self.format, "--json"]
        of += ["--style", "conll18"] if self.how in ("raw", "words") and self.format == "conllu" else []
        return of + ([] if self.encoding == "utf-8" else ["--encoding", self.encoding])


def sets() -> Iterator[Set]:
    """All of them."""
    known = set(Set.__dataclass_fields__)
    for one in (*CLASSIFY, *WORDS, *PARSE):
        given = {key: value for key, value in one.items() if key in known}
        given.setdefault("measures", {"accuracy": one.get("bar")})
        found = Set(**given)
        yield found
        if one.get("task") == "classify":
            linear = {"name": f"{found.name}.linear", "title": f"{found.title}, linear", "model": "linear"}
            yield Set(**{**given, **linear, "measures": dict.fromkeys(found.measures), "peers": {}})


def scores(found: dict[str, Any]) -> dict[str, tuple[float, int]]:
    """What ``elman evaluate --json`` found: name -> share and what it is a share of."""
    if "metrics" in found:
        return {
            name.lower(): (metric["f1"], metric["gold"])
            for name, metric in found["metrics"].items()
            if metric.get("f1") is not None
        }
    result: dict[str, tuple[float, int]] = {"accuracy": (found["accuracy"], found.get("tokens") or found.get("texts"))}
    for name, of in (found.get("targets") or {found.get("label", "accuracy"): found}).items():
        result[name] = (of["accuracy"], of.get("tokens") or of.get("texts"))
        if of.get("spans"):
            result[f"{name}.spans"] = (of["spans"]["f1"], of["spans"]["gold"])
    return result


def measure(one: Set, seed: int, key: dict[str, Any], threads: int, folder: str) -> Result:
    """Train, unless ``folder`` has that model from another set, and evaluate on test."""
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}

    def elman(*arguments: str) -> str:
        command = [sys.executable, "-m", "elman", *arguments, "--threads", str(threads)]
        done = subprocess.run(command, capture_output=True, text=True, env=environment)
        if done.returncode:
            raise RuntimeError(done.stderr.strip())
        return done.stdout

    training = "\0".join(one.training("", seed))
    model = os.path.join(folder, hashlib.sha256(training.encode()).hexdigest()[:16])
    seconds = Path(f"{model}.seconds")
    if not seconds.exists():
        begun = time.perf_counter()
        elman(*one.training(model, seed))
        seconds.write_text(str(time.perf_counter() - begun))
    found = scores(json.loads(elman(*one.evaluation(model))))
    return {
        "key": key,
        "set": one.name,
        "scores": {name: {"share": share, "of": n} for name, (share, n) in found.items()},
        "seconds": round(float(seconds.read_text()), 1),
        "model_bytes": os.path.getsize(model),
        **surroundings(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", type=words, help="names, or the first part of names; by default all")
    parser.add_argument("--seeds", type=seeds, default=[1, 2, 3, 4, 5], help="such as 1-5 or 1,3")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--any-code", action="store_true", help="keep results that an elman with other code made")
    parser.add_argument("--page", action="store_true", help="write the page from the results there are, and stop")
    options = parser.parse_args()
    chosen = [one for one in sets() if not options.sets or one.name.startswith(tuple(options.sets))]
    if not options.page:
        if any(one.derived for one in chosen):
            subprocess.run([sys.executable, str(Path(__file__).with_name("classify_data.py"))], check=True)
        version, failures = code_version(), 0
        for seed in options.seeds:
            with tempfile.TemporaryDirectory() as folder:  # several sets may judge one model
                for one in chosen:
                    failures += not done(one, seed, version, options, folder)
        if failures:
            sys.exit(f"tasks.py: {failures} runs failed")
    PAGE.write_text(page(list(sets())), encoding="utf-8", newline="\n")
    print(f"written to {PAGE.relative_to(ROOT)}")


def done(one: Set, seed: int, version: str, options: argparse.Namespace, folder: str) -> bool:
    """Measure, unless it is there; False: it failed."""
    file = RESULTS / f"{one.name.replace(' ', '-')}.{seed}.json"
    training = one.training("MODEL", seed)
    training = [word.replace(f"{ROOT}{os.sep}", "").replace(str(ROOT.parent), "..") for word in training]
    key = {"training": training, "elman": version}
    if file.exists():
        there = json.loads(file.read_text(encoding="utf-8"))["key"]
        if there["training"] == key["training"] and (options.any_code or there["elman"] == version):
            return True
    try:
        result = measure(one, seed, key, options.threads, folder)
    except RuntimeError as error:
        print(f"{one.name} seed {seed}: failed: {error}", flush=True)
        return False
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    shown = "  ".join(f"{name} {100 * result['scores'][measured(one, name)]['share']:.2f}" for name in one.measures)
    print(f"{one.name} seed {seed}: {shown}  {result['seconds']:.0f} s", flush=True)
    return True


def measured(one: Set, name: str) -> str:
    """What a measure is called in a result; the only column of a file is its accuracy."""
    return "accuracy" if one.how == "columns" else name.lower()


def page(every: Sequence[Set]) -> str:
    """The page, from the result files."""
    lines = [INTRODUCTION, "| set | measure | score | SE | at least | | others | seeds | training, s |"]
    lines.append("|---|---|---|---|---|---|---|---|---|")
    commands = []
    for one in every:
        files = sorted(RESULTS.glob(f"{one.name.replace(' ', '-')}.[0-9]*.json"))
        results = [json.loads(file.read_text(encoding="utf-8")) for file in files]
        newest = max(results, key=lambda r: str(r["date"]), default=None)
        alike = [r for r in results if newest is not None and _but_the_seed(r) == _but_the_seed(newest)]
        for name, bar in one.measures.items():
            lines.append(row(one, name, bar, alike))
        if alike:
            train = " ".join(map(str, alike[0]["key"]["training"]))
            commands.append(f"elman {train}")
    return "\n".join([*lines, COMMANDS, "```sh", *commands, "```", ""])


def _but_the_seed(result: Result) -> list[str]:
    """How it was trained."""
    words = list(result["key"]["training"])
    at = words.index("--seed")
    return [*words[:at], *words[at + 2 :]]


def row(one: Set, name: str, bar: float | None, results: Sequence[Result]) -> str:
    """A measure of a set."""
    others = ", ".join(f"{peer} {value}" for peer, value in one.peers.items())
    asked = "" if bar is None else f"{bar:.2f}"
    if not results:
        return f"| {one.title} | {name} | not measured yet | | {asked} | | {others} | | |"
    name = measured(one, name)
    shares = [100 * result["scores"][name]["share"] for result in results]
    mean, n = statistics.mean(shares), results[0]["scores"][name]["of"]
    error = 100 * math.sqrt(mean / 100 * (1 - mean / 100) / n)
    spread = f" ± {statistics.stdev(shares):.2f}" if len(shares) > 1 else ""
    verdict = "" if bar is None else "reached" if mean + error >= bar else f"missed by {bar - mean:.2f}"
    seconds = statistics.median(result["seconds"] for result in results)
    cells = [one.title, name, f"{mean:.2f}{spread}", f"{error:.2f}", asked, verdict, others]
    return "| " + " | ".join([*cells, f"{len(shares)}", f"{seconds:.0f}"]) + " |"


INTRODUCTION = """\
# Accuracy of the tasks beside tagging

<!-- Written by benchmarks/tasks.py from the files in benchmarks/results/tasks/. Do not edit. -->

Means over seeds ± their standard deviation, in per cent, on the test part. Training saw the train part alone; settings
were chosen on held-out parts. SE is the standard error of a share of that many words, sentences or texts; a bar ("at
least") is reached when the mean is within one SE of it. Times are wall time of the whole command with one thread, some
of them beside other work. Each result file names the state of elman's code that it was measured with, which is not the
same in all and not the latest; to be measured again. `make accuracy-tasks` measures what is missing and writes this
page.
"""
COMMANDS = """
## Where the figures come from

With the seeds from 1 on; then `elman evaluate MODEL TEST --json`, of raw text and parses with `--style conll18`:
"""

if __name__ == "__main__":
    main()
