"""Accuracy of elman on every data set: trains, tags, keeps every result, and writes docs/accuracy.md.

    python benchmarks/accuracy.py                          default, fast and the baselines, test sets, 5 seeds
    python benchmarks/accuracy.py --presets best --sets wiki-en,en_ewt
    python benchmarks/accuracy.py --ablations              on dev, 3 seeds
    python benchmarks/accuracy.py --on dev --sets en_ewt.upos --set hidden=128 --seeds 1-2

Every run is a process of its own and leaves a JSON file; a run whose file is there is not done again, unless data,
settings, threads or elman's code have changed. Where a data set has no dev part, a tenth of train is held out and
`--on dev` measures on that. Settings are chosen on dev: --set is refused on test.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import Any

from accuracy_run import code_version
from accuracy_sets import ABLATIONS, BASELINES, DATA_SETS, DataSet
from elman import config
from elman.errors import ConfigError

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "accuracy"
TRIALS = ROOT / "build" / "accuracy"  # of --on dev; git ignores them
DATA = ROOT.parent / "shared" / "data"

Result = dict[str, Any]


@dataclass(frozen=True)
class Setting:
    """What is trained, by the name its results go under. ``model`` is the preset's, or a baseline."""

    name: str
    preset: str
    settings: dict[str, Any]

    @property
    def model(self) -> str:
        return self.preset if self.preset in BASELINES else "rnn"

    def resolved(self) -> dict[str, Any]:
        """All settings. Raises ConfigError for a preset or a setting that does not exist."""
        if self.model != "rnn":
            return {}
        return config.preset(self.preset).with_settings(self.settings).to_dict()


@dataclass(frozen=True)
class Run:
    """One training: what, on which data, with which seed; ``file`` takes its result, ``key`` says what that was."""

    data: DataSet
    setting: Setting
    on: str
    key: dict[str, Any]
    file: Path
    job: dict[str, Any]

    def stored(self, any_code: bool = False) -> Result | None:
        """The result that is there already; None where it is of something else."""
        try:
            result: Result = json.loads(self.file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        differs = {name for name in self.key if self.key[name] != result["key"].get(name)}
        return None if differs - ({"elman"} if any_code else set()) else result

    def measure(self) -> Result:
        """Do it, in a process of its own, and keep the result. Raises RuntimeError where that process fails."""
        # One BLAS thread: elman's own threads are the parallel ones, and the command that is shown says so too.
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        worker = [sys.executable, str(Path(__file__).with_name("accuracy_run.py"))]
        done = subprocess.run(worker, input=json.dumps(self.job), capture_output=True, text=True, env=environment)
        if done.returncode:
            raise RuntimeError(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "stopped")
        result = {"set": self.data.name, "on": self.on, "setting": self.setting.name, "command": command(self)}
        result |= json.loads(done.stdout)
        self.file.parent.mkdir(parents=True, exist_ok=True)
        partial = self.file.with_suffix(".partial")
        partial.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
        partial.replace(self.file)
        return result


def command(run: Run) -> str:
    """The command that makes the same model; where a tenth of train is held out, the one that makes this result."""
    data, setting, key = run.data, run.setting, run.key
    if run.on == "dev" and data.dev is None:
        words = ["python benchmarks/accuracy.py --on dev", "--sets", data.name, "--presets", setting.preset]
        words += ["--seeds", key["seed"]]
    else:
        words = [
            "OPENBLAS_NUM_THREADS=1 elman train",
            f"../shared/data/{data.train}",
            "-o MODEL",
            "--format",
            data.format,
        ]
        words += ["--target", data.target] if data.target else []
        if setting.model != "rnn":
            words += ["--model", setting.model]
        elif setting.preset != "default":
            words += ["--preset", setting.preset]
        words += ["--seed", key["seed"]]
    words += [f"--set {name}={value}" for name, value in setting.settings.items()]
    return " ".join(str(word) for word in [*words, "--threads", key["threads"]])


def main() -> None:
    options = arguments()
    if not options.page:
        runs = list(planned(options))
        results, failures = do(runs, options)
        summarize(results)
        if failures:
            sys.exit(f"accuracy.py: {failures} of {len(runs)} runs failed")
    if options.page or (not options.trial and options.results == RESULTS):
        from accuracy_page import write

        write(RESULTS)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--sets", type=words, help="data sets, or the first part of their names; by default all")
    add("--presets", "--preset", type=words, help="by default default,fast,hmm,frequent; on dev default alone")
    add("--seeds", type=seeds, help="such as 1-5 or 1,3; by default 1-5, for ablations 1-3")
    add("--set", action="append", default=[], metavar="KEY=VALUE", help="change a setting; on dev only")
    add("--on", choices=("test", "dev"), default="test", help="what is measured on; dev results are kept in build/")
    add("--ablations", action="store_true", help="the table of ablations, on dev; --sets wiki-en,en_ewt.upos")
    add("--only", type=words, help="of the ablations, these groups")
    add("--threads", type=int, default=2, help="of each run (default 2)")
    add("--jobs", type=int, default=1, help="runs at once (default 1); more, and the times mean little")
    add("--force", action="store_true", help="do again what is done")
    add("--any-code", action="store_true", help="keep results that an elman with other code made")
    add("--page", action="store_true", help="write docs/accuracy.md from the results there are, and stop")
    add("--data", type=Path, default=DATA, help="folder of the data (default ../shared/data)")
    add("--results", type=Path, default=RESULTS, help="folder of the results; another than the default writes no page")
    options = parser.parse_args()
    options.settings = {}
    for item in options.set:
        name, mark, value = item.partition("=")
        if not mark:
            parser.error(f"--set: expected KEY=VALUE, found {item!r}")
        options.settings[name] = value
    if options.ablations:
        options.on = "dev"
    if options.settings and (options.on == "test" or options.ablations):
        parser.error("--set goes with --on dev alone: settings are chosen on dev, and test is for reporting")
    options.trial = options.on == "dev" and not options.ablations
    usual = ["wiki-en", "en_ewt.upos"] if options.ablations else [data.name for data in DATA_SETS]
    options.data_sets = [data for data in DATA_SETS if any(_is(data.name, name) for name in options.sets or usual)]
    for name in options.sets or ():
        if not any(_is(data.name, name) for data in DATA_SETS):
            parser.error(f"--sets: no {name!r}; there are {', '.join(data.name for data in DATA_SETS)}")
    options.seeds = options.seeds or (range(1, 4) if options.ablations else range(1, 6))
    options.presets = options.presets or (["default"] if options.trial else ["default", "fast", *BASELINES])
    return options


def _is(name: str, asked: str) -> bool:
    return name == asked or name.startswith(f"{asked}.")


def words(text: str) -> list[str]:
    return [word for word in text.split(",") if word]


def seeds(text: str) -> list[int]:
    """``1-3,7`` as numbers."""
    found: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    return found


def settings(options: argparse.Namespace) -> Iterator[Setting]:
    """What is to be trained; with a notice for each that this elman does not have."""
    wanted = [Setting(name, name, options.settings if name not in BASELINES else {}) for name in options.presets]
    if options.ablations:
        chosen = [a for a in ABLATIONS if not options.only or a.group in options.only]
        wanted = [Setting("default", "default", {})]
        wanted += [Setting(f"{a.group}: {a.name}", "default", a.settings) for a in chosen]
    usual = config.preset("default").to_dict()
    for setting in wanted:
        try:
            same = setting.resolved() == usual and setting.name != "default"
        except ConfigError as error:
            print(f"not measured: {setting.name}: {error}", file=sys.stderr)
            continue
        if not (options.ablations and same):
            yield setting


def planned(options: argparse.Namespace) -> Iterator[Run]:
    """The runs asked for, seed after seed, so that a part of them tells something early."""
    version = code_version()
    chosen = list(settings(options))
    digests: dict[str, str] = {}
    for data in options.data_sets:
        gold = data.test if options.on == "test" else data.dev
        files = [options.data / name for name in (data.train, gold) if name is not None]
        missing = [file for file in files if not file.is_file()]
        if missing:
            print(f"not measured: {data.name}: no file {missing[0]}", file=sys.stderr)
            continue
        digests[data.name] = hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()[:16]
    for seed in options.seeds:
        for data in options.data_sets:
            for setting in chosen:
                if data.name in digests and (setting.model == "rnn" or seed == options.seeds[0]):
                    yield _run(data, setting, seed, digests[data.name], version, options)


def _run(data: DataSet, setting: Setting, seed: int, digest: str, version: str, options: argparse.Namespace) -> Run:
    key = {
        "data": digest,
        "on": options.on,
        "model": setting.model,
        "settings": setting.resolved(),
        "seed": seed,
        "threads": options.threads,
        "elman": version,
    }
    name = "".join(letter if letter.isalnum() else "-" for letter in setting.name)
    folder = options.results
    if options.trial:
        text = json.dumps([setting.model, key["settings"], options.threads], sort_keys=True)
        name = f"{setting.preset}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"
        folder = TRIALS if options.results == RESULTS else options.results
    gold = data.test if options.on == "test" else data.dev
    job = {
        "key": key,
        "train": str(options.data / data.train),
        "gold": None if gold is None else str(options.data / gold),
        "target": data.target,
        "format": data.format,
        "measure": data.measure,
        "preset": setting.preset,
        "settings": setting.settings,
    }
    return Run(data, setting, options.on, key, folder / options.on / data.name / f"{name}.{seed}.json", job)


def do(runs: Sequence[Run], options: argparse.Namespace) -> tuple[list[tuple[Run, Result]], int]:
    """(the runs with their results, how many failed); says how each went and how long the others will take."""
    clock = Clock(runs, options)
    found: dict[int, Result] = {}
    failures = 0

    def one(number: int) -> None:
        nonlocal failures
        run = runs[number]
        result = None if options.force else run.stored(options.any_code)
        if result is None:
            start = time.perf_counter()
            try:
                result = run.measure()
            except RuntimeError as error:
                failures += 1
                print(f"FAILED {run.data.name} {run.setting.name} seed {run.key['seed']}: {error}", file=sys.stderr)
                clock.done(run, None)
                return
            clock.done(run, time.perf_counter() - start)
            print(f"{clock} {run.data.name} {run.setting.name} seed {run.key['seed']}: {shown(result)}", flush=True)
        found[number] = result

    try:
        with ThreadPoolExecutor(options.jobs) as pool:
            list(pool.map(one, range(len(runs))))
    except KeyboardInterrupt:
        sys.exit("accuracy.py: stopped; what is done is kept, the same command goes on from there")
    return [(runs[number], found[number]) for number in sorted(found)], failures


class Clock:
    """How many runs are done, and when the rest will be: by the time of like runs, else by the size of the data."""

    def __init__(self, runs: Sequence[Run], options: argparse.Namespace) -> None:
        self._jobs = options.jobs
        self._left = [run for run in runs if options.force or run.stored(options.any_code) is None]
        self._all = len(self._left)
        self._seconds: dict[tuple[str, str], float] = {}
        kept = len(runs) - self._all
        print(f"{self._all} runs to do" + (f", {kept} are done already" if kept else ""), flush=True)

    def done(self, run: Run, seconds: float | None) -> None:
        self._left.remove(run)
        if seconds is not None:
            self._seconds[run.data.name, run.setting.name] = seconds

    def __str__(self) -> str:
        left = sum(map(self._guess, self._left)) / self._jobs
        rest = f"about {left / 60:.0f} min left" if left >= 90 else f"about {left:.0f} s left"
        return f"[{self._all - len(self._left)}/{self._all}, {rest}]"

    def _guess(self, run: Run) -> float:
        known = self._seconds.get((run.data.name, run.setting.name))
        if known is not None or not self._seconds:
            return known or 0.0
        like = [(s, t) for (s, name), t in self._seconds.items() if name == run.setting.name]
        like = like or [(s, t) for (s, _), t in self._seconds.items()]
        sizes = {data.name: _size(data, run) for data in DATA_SETS}
        return sum(t for _, t in like) * sizes[run.data.name] / sum(sizes[s] for s, _ in like)


def _size(data: DataSet, run: Run) -> float:
    folder = Path(run.job["train"].removesuffix(run.data.train))
    path = folder / data.train
    # a line of conllu holds much else besides word and tag
    return path.stat().st_size * (0.2 if data.format == "conllu" else 1.0) if path.is_file() else 0.0


def shown(result: Result) -> str:
    unknown = "" if result["unknown_accuracy"] is None else f"  unknown {100 * result['unknown_accuracy']:.2f}"
    return f"{100 * result['score']:.2f}{unknown}  {result['seconds']:.1f} s"


def standard_error(score: float, n: int) -> float:
    """Of a share ``score`` of ``n``, both from 0 to 1."""
    return sqrt(score * (1 - score) / n)


def mean_and_spread(values: Sequence[float]) -> tuple[float, float | None]:
    """Mean and standard deviation; None of a single value."""
    return statistics.mean(values), statistics.stdev(values) if len(values) > 1 else None


def summarize(results: Sequence[tuple[Run, Result]]) -> None:
    """One line for each data set and setting."""
    groups: dict[tuple[str, str], list[tuple[Run, Result]]] = {}
    for run, result in results:
        groups.setdefault((run.data.name, run.setting.name), []).append((run, result))
    for (name, setting), group in groups.items():
        run, first = group[0]
        some = [result for _, result in group]
        column: Callable[[str], list[float]] = lambda key: [result[key] for result in some]  # noqa: B023, E731
        mean, spread = mean_and_spread(column("score"))
        parts = [name, setting, *(f"{key}={value}" for key, value in run.setting.settings.items()), f"on {run.on}:"]
        parts.append(f"{100 * mean:.2f}" + ("" if spread is None else f" ± {100 * spread:.2f}"))
        parts.append(f"(se {100 * standard_error(mean, first['n']):.2f})")
        if first["unknown_accuracy"] is not None:
            parts.append(f" unknown {100 * statistics.mean(column('unknown_accuracy')):.2f}")
        parts.append(f" {statistics.mean(column('seconds')):.1f} s a run  {first['model_bytes'] / 1e6:.2f} MB ")
        parts.append(f"{len(some)} seed" + "s" * (len(some) > 1))
        print(*parts)


if __name__ == "__main__":
    main()
