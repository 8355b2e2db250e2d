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
import statistics
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from accuracy_page import mean_and_spread, standard_error, write
from accuracy_plan import DATA, RESULTS, TRIALS, Request, Result, Run, Setting, ablations, available
from accuracy_sets import ABLATIONS, BASELINES, DATA_SETS


def main() -> None:
    options = arguments()
    if not options.page:
        request = requested(options)
        runs = list(request.runs())
        found, failures = do(runs, options)
        summarize(found)
        if failures:
            sys.exit(f"accuracy.py: {failures} of {len(runs)} runs failed")
        if request.results != RESULTS:
            return
    write(RESULTS)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--sets", type=words, help="data sets, or the first part of their names; by default all")
    add("--presets", "--preset", type=words, help="by default default,fast,hmm,frequent; on dev default alone")
    add("--seeds", type=seeds, help="such as 1-5 or 1,3; by default 1-5, for ablations 1-3")
    add("--set", action="append", default=[], type=pair, metavar="KEY=VALUE", help="change a setting; on dev only")
    add("--on", choices=("test", "dev"), default="test", help="what is measured on; dev results are kept in build/")
    add("--ablations", action="store_true", help="the table of ablations, on dev; by default of wiki-en,en_ewt.upos")
    add("--vectors", type=Path, metavar="FILE", help="train with pretrained vectors, on dev; one more ablation")
    add("--only", type=words, help="of the ablations, these groups")
    add("--threads", type=int, default=2, help="of each run (default 2)")
    add("--jobs", type=int, default=1, help="runs at once (default 1); more, and the times mean little")
    add("--force", action="store_true", help="do again what is done")
    add("--any-code", action="store_true", help="keep results that an elman with other code made")
    add("--page", action="store_true", help="write docs/accuracy.md from the results there are, and stop")
    add("--data", type=Path, default=DATA, help="folder of the data (default ../shared/data)")
    add("--results", type=Path, help="folder of the results, for trials; the page is not written then")
    options = parser.parse_args()
    reporting = options.on == "test" and not options.ablations
    if (options.set and (reporting or options.ablations)) or (options.vectors and reporting):
        parser.error("--set and --vectors go with --on dev: settings are chosen on dev, and test is for reporting")
    if options.vectors and not options.vectors.is_file():
        parser.error(f"--vectors: no file {options.vectors}")
    for name in options.sets or ():
        if not any(is_called(data.name, name) for data in DATA_SETS):
            parser.error(f"--sets: no {name!r}; there are {', '.join(data.name for data in DATA_SETS)}")
    groups = {ablation.group for ablation in ABLATIONS}
    if options.only and not groups.issuperset(options.only):
        parser.error(f"--only: expected some of {','.join(sorted(groups))}")
    return options


def requested(options: argparse.Namespace) -> Request:
    """What the options ask for; what they leave open goes by whether it is a report, a trial or ablations."""
    trial = options.on == "dev" and not options.ablations
    sets = options.sets or (["wiki-en", "en_ewt.upos"] if options.ablations else [data.name for data in DATA_SETS])
    own, vectors = dict(options.set), options.vectors
    names = options.presets or (["default"] if trial else ["default", "fast", *BASELINES])
    wanted = [Setting(name, name, {}) if name in BASELINES else Setting(name, name, own, vectors) for name in names]
    return Request(
        data_sets=[data for data in DATA_SETS if any(is_called(data.name, name) for name in sets)],
        settings=available(ablations(options.only, vectors) if options.ablations else wanted),
        seeds=options.seeds or (range(1, 4) if options.ablations else range(1, 6)),
        on="dev" if options.ablations else options.on,
        trial=trial,
        threads=options.threads,
        data=options.data,
        results=options.results or (TRIALS if trial else RESULTS),
    )


def is_called(name: str, asked: str) -> bool:
    return name == asked or name.startswith(f"{asked}.")


def pair(text: str) -> tuple[str, str]:
    """``KEY=VALUE`` in two."""
    name, mark, value = text.partition("=")
    if not mark:
        raise argparse.ArgumentTypeError(f"expected KEY=VALUE, found {text!r}")
    return name, value


def words(text: str) -> list[str]:
    return [word for word in text.split(",") if word]


def seeds(text: str) -> list[int]:
    """``1-3,7`` as numbers."""
    found: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    return found


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
                print(f"FAILED {run}: {error}", file=sys.stderr)
                clock.done(run, None)
                return
            clock.done(run, time.perf_counter() - start)
            print(f"{clock} {run}: {shown(result)}", flush=True)
        found[number] = result

    pool = ThreadPoolExecutor(options.jobs)
    try:
        list(pool.map(one, range(len(runs))))
    except KeyboardInterrupt:
        pool.shutdown(cancel_futures=True)
        sys.exit("accuracy.py: stopped; what is done is kept, the same command goes on from there")
    return [(runs[number], found[number]) for number in sorted(found)], failures


class Clock:
    """How many runs are done, and when the rest will be: by the time of like runs, else by the size of the data."""

    def __init__(self, runs: Sequence[Run], options: argparse.Namespace) -> None:
        self._jobs = options.jobs
        self._left = [run for run in runs if options.force or run.stored(options.any_code) is None]
        self._all = len(self._left)
        self._seconds: dict[tuple[str, str], float] = {}
        # a line of conllu holds much besides word and tag
        share = {"conllu": 0.2}
        self._sizes = {r.data.name: share.get(r.data.format, 1) * Path(r.job["train"]).stat().st_size for r in runs}
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
        measured = [pair for pair in self._seconds if pair[1] == run.setting.name] or list(self._seconds)
        seconds = sum(self._seconds[pair] for pair in measured)
        return seconds * self._sizes[run.data.name] / sum(self._sizes[name] for name, _ in measured)


def shown(result: Result) -> str:
    unknown = "" if result["unknown_accuracy"] is None else f"  unknown {100 * result['unknown_accuracy']:.2f}"
    return f"{100 * result['score']:.2f}{unknown}  {result['seconds']:.1f} s"


def summarize(found: Sequence[tuple[Run, Result]]) -> None:
    """One line for each data set and setting."""
    groups: dict[tuple[str, str], list[tuple[Run, Result]]] = {}
    for run, result in found:
        groups.setdefault((run.data.name, run.setting.name), []).append((run, result))
    for group in groups.values():
        run, some = group[0][0], [result for _, result in group]
        mean, spread = mean_and_spread([result["score"] for result in some])
        parts = [run.data.name, run.setting.name, *(f"{key}={value}" for key, value in run.setting.settings.items())]
        parts += [] if run.setting.vectors is None else [f"vectors={run.setting.vectors.name}"]
        parts += [f"on {run.key['on']}: {100 * mean:.2f}", "" if spread is None else f"± {100 * spread:.2f}"]
        parts.append(f"(se {100 * standard_error(mean, some[0]['n']):.2f}) ")
        unknown = [result["unknown_accuracy"] for result in some if result["unknown_accuracy"] is not None]
        parts.append(f"unknown {100 * statistics.mean(unknown):.2f} " if unknown else "")
        parts.append(f"{statistics.mean(result['seconds'] for result in some):.1f} s a run ")
        parts.append(f"{some[0]['model_bytes'] / 1e6:.2f} MB  {len(some)} seed{'s' * (len(some) > 1)}")
        print(*(part for part in parts if part))


if __name__ == "__main__":
    main()
