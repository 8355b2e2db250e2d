"""Accuracy of elman on every data set: trains, tags, keeps every result, and writes docs/explanation/accuracy.md.

    python benchmarks/accuracy.py                          default, fast and the baselines, test sets, 5 seeds
    python benchmarks/accuracy.py --presets best --sets wiki-en,en_ewt
    python benchmarks/accuracy.py --ablations              on dev, 3 seeds
    python benchmarks/accuracy.py --on dev --sets en_ewt.upos --set hidden=128 --seeds 1-2

Every run is a process of its own and writes a JSON file. A run is skipped if its file exists, unless data, settings,
threads or elman's code have changed. If a data set has no dev part, a tenth of train is held out and `--on dev`
measures on that. Settings are chosen on dev: --set is refused on test.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from accuracy_page import Group, write
from cases.sets import ABLATIONS, BASELINES, DATA_SETS, DataSet
from harness import results
from harness.machine import run_job
from harness.measure import plural
from harness.results import BUILD, DATA, Result, key_value, names, seeds
from harness.runs import ONE_BLAS_THREAD, Run, code_version, digest, run_all

RESULTS = results.RESULTS / "accuracy"
TRIALS = BUILD / "accuracy"  # results of --on dev; ignored by git


@dataclass(frozen=True)
class Setting:
    """A preset or baseline with changed settings, and the name of its results."""

    name: str
    preset: str
    settings: dict[str, Any]
    vectors: Path | None = None

    @property
    def model(self) -> str:
        return self.preset if self.preset in BASELINES else "rnn"

    def resolved(self) -> dict[str, Any]:
        """Return all settings. Raises ConfigError if the preset or a setting does not exist."""
        from elman import config

        return {} if self.model != "rnn" else config.preset(self.preset).with_settings(self.settings).to_dict()

    def __str__(self) -> str:
        changed = [f"{key}={value}" for key, value in self.settings.items()]
        return " ".join([self.name, *changed, *([f"vectors={self.vectors.name}"] if self.vectors else [])])


def available(settings: Sequence[Setting]) -> list[Setting]:
    """Return the distinct settings that this elman has; report the others on standard error."""
    from elman.errors import ConfigError

    kept: dict[str, Setting] = {}
    for setting in settings:
        try:
            kept.setdefault(json.dumps([setting.model, setting.resolved(), str(setting.vectors)]), setting)
        except ConfigError as error:
            print(f"not measured: {setting.name}: {error}", file=sys.stderr)
    return list(kept.values())


@dataclass(frozen=True)
class Request:
    """What the options ask for. Results of trials are named by a digest of their settings, others by a name."""

    data_sets: Sequence[DataSet]
    settings: Sequence[Setting]
    seeds: Sequence[int]
    on: str
    trial: bool
    threads: int
    data: Path
    results: Path

    def runs(self) -> Iterator[tuple[DataSet, Setting, Run]]:
        """Yield all runs, one seed after the other; report missing files on standard error."""
        version, origins = code_version(), {}
        for data in self.data_sets:
            files = [self.data / name for name in (data.train, self.gold(data)) if name is not None]
            missing = [file for file in files if not file.is_file()]
            if missing:
                print(f"not measured: {data.name}: no file {missing[0]}", file=sys.stderr)
            else:
                origins[data.name] = {"data": digest(*files), "elman": version}
        for seed in self.seeds:
            for data in self.data_sets:
                for setting in self.settings:
                    if data.name in origins and (setting.model == "rnn" or seed == self.seeds[0]):
                        yield data, setting, self._run(data, setting, seed, origins[data.name])

    def gold(self, data: DataSet) -> str | None:
        """Return the file to evaluate on; None if a part of train is held out."""
        return data.test if self.on == "test" else data.dev

    def _run(self, data: DataSet, setting: Setting, seed: int, origin: dict[str, str]) -> Run:
        vectors, gold, train = setting.vectors, self.gold(data), self.data / data.train
        about = {"model": setting.model, "settings": setting.resolved()}
        about |= {"vectors": None if vectors is None else digest(vectors), "threads": self.threads}
        key = {**origin, **about, "on": self.on, "seed": seed}
        name = "".join(letter if letter.isalnum() else "-" for letter in setting.name)
        if self.trial:
            name = f"{setting.preset}-{hashlib.sha256(json.dumps(about).encode()).hexdigest()[:12]}"
        job = {"key": key, "train": str(train), "gold": None if gold is None else str(self.data / gold)}
        job |= {"target": data.target, "format": data.format, "measure": data.measure, "preset": setting.preset}
        job |= {"settings": setting.settings, "vectors": None if vectors is None else str(vectors)}
        head = {"set": data.name, "setting": setting.name, "command": command(data, setting, key)}
        # a line of CoNLL-U holds much besides word and tag
        size = train.stat().st_size * (0.2 if data.format == "conllu" else 1) * (setting.model == "rnn" or 0.02)
        file = self.results / self.on / data.name / f"{name}.{seed}.json"
        return Run(f"{data.name} {setting.name} seed {seed}", file, key, size, partial(measure, head, job))


def measure(head: dict[str, str], job: dict[str, Any]) -> Result:
    return head | run_job("cases.train_run", job, ONE_BLAS_THREAD, capture=True)


def command(data: DataSet, setting: Setting, key: dict[str, Any]) -> str:
    """Return the command that makes the same model; if a tenth of train is held out, the one that makes this result."""
    if key["on"] == "dev" and data.dev is None:
        words = [f"python benchmarks/accuracy.py --on dev --sets {data.name} --presets {setting.preset}", "--seeds"]
    else:
        words = [f"OPENBLAS_NUM_THREADS=1 elman train ../shared/data/{data.train} -o MODEL --format {data.format}"]
        words += [f"--target {data.target}"] if data.target else []
        words += [f"--{'preset' if setting.model == 'rnn' else 'model'} {setting.preset}"] * (
            setting.preset != "default"
        )
        words += ["--seed"]
    words += [f"{key['seed']}", *(f"--set {name}={value}" for name, value in setting.settings.items())]
    words += [f"--vectors {setting.vectors.name}"] if setting.vectors else []
    return " ".join([*words, f"--threads {key['threads']}"])


def main() -> None:
    options = arguments()
    if not options.page:
        request = requested(options)
        plan = list(request.runs())
        how = {"jobs": options.jobs, "any_code": options.any_code, "force": options.force}
        found, failures = run_all([run for _, _, run in plan], shown, **how)
        summarize([(*plan[number][:2], result) for number, result in found.items()], request.on)
        if failures:
            sys.exit(f"accuracy.py: {failures} of {len(plan)} runs failed")
        if request.results != RESULTS:
            return
    write(RESULTS)


def arguments() -> argparse.Namespace:
    parser = results.parser(__doc__)
    add = parser.add_argument
    add("--sets", type=names, help="data sets, or the first part of their names (default: all)")
    add("--presets", "--preset", type=names, help="default: default,fast,hmm,frequent; on dev: default")
    add("--seeds", type=seeds, help="such as 1-5 or 1,3 (default 1-5; for ablations 1-3)")
    add("--set", action="append", default=[], type=key_value, metavar="KEY=VALUE", help="change a setting; only on dev")
    add("--on", choices=("test", "dev"), default="test", help="where to evaluate; results on dev go to build/")
    add("--ablations", action="store_true", help="the table of ablations, on dev (default sets: wiki-en,en_ewt.upos)")
    add("--vectors", type=Path, metavar="FILE", help="train with pretrained vectors, on dev; an additional ablation")
    add("--only", type=names, help="only these groups of ablations")
    add("--threads", type=int, default=2, help="threads of each run (default 2)")
    add("--jobs", type=int, default=1, help="runs at once (default 1); with more, times mean little")
    add("--force", action="store_true", help="repeat runs that are done")
    add("--any-code", action="store_true", help="keep results of an elman with other code")
    add("--page", action="store_true", help="write docs/explanation/accuracy.md from the existing results, and stop")
    add("--data", type=Path, default=DATA, help="data folder (default ../shared/data)")
    add("--results", type=Path, help="folder for results of trials; the page is not written then")
    options = parser.parse_args()
    reporting = options.on == "test" and not options.ablations
    if (options.set and (reporting or options.ablations)) or (options.vectors and reporting):
        parser.error("--set and --vectors go with --on dev: settings are chosen on dev, and test is for reporting")
    if options.vectors and not options.vectors.is_file():
        parser.error(f"--vectors: no file {options.vectors}")
    for name in options.sets or ():
        if not any(matches(data.name, name) for data in DATA_SETS):
            parser.error(f"--sets: no {name!r}; there are {', '.join(data.name for data in DATA_SETS)}")
    groups = {ablation.group for ablation in ABLATIONS}
    if options.only and not groups.issuperset(options.only):
        parser.error(f"--only: expected some of {','.join(sorted(groups))}")
    return options


def requested(options: argparse.Namespace) -> Request:
    """Fill in defaults, which depend on whether it is a report, a trial or ablations."""
    trial, changed, vectors = options.on == "dev" and not options.ablations, dict(options.set), options.vectors
    sets = options.sets or (["wiki-en", "en_ewt.upos"] if options.ablations else [data.name for data in DATA_SETS])
    presets = options.presets or (["default"] if trial else ["default", "fast", *BASELINES])
    settings = [Setting(p, p, {}) if p in BASELINES else Setting(p, p, changed, vectors) for p in presets]
    if options.ablations:
        chosen = [ablation for ablation in ABLATIONS if not options.only or ablation.group in options.only]
        settings = [Setting("default", "default", {}), *(Setting(a.label, "default", a.settings) for a in chosen)]
        settings += [] if vectors is None else [Setting(f"vectors: {vectors.name}", "default", {}, vectors)]
    return Request(
        data_sets=[data for data in DATA_SETS if any(matches(data.name, name) for name in sets)],
        settings=available(settings),
        seeds=options.seeds or (range(1, 4) if options.ablations else range(1, 6)),
        on="dev" if options.ablations else options.on,
        trial=trial,
        threads=options.threads,
        data=options.data,
        results=options.results or (TRIALS if trial else RESULTS),
    )


def matches(name: str, asked: str) -> bool:
    return name == asked or name.startswith(f"{asked}.")


def shown(result: Result) -> str:
    unknown = "" if result["unknown_accuracy"] is None else f"  unknown {100 * result['unknown_accuracy']:.2f}"
    return f"{100 * result['score']:.2f}{unknown}"


def summarize(found: Sequence[tuple[DataSet, Setting, Result]], on: str) -> None:
    """Print one line for each data set and setting."""
    groups: dict[str, list[Result]] = {}
    for data, setting, result in found:
        groups.setdefault(f"{data.name} {setting}", []).append(result)
    for name, group in ((name, Group(some)) for name, some in groups.items()):
        unknown = "" if group.unknown is None else f"  unknown {group.unknown:.2f}"
        costs = f"{group.mean('seconds'):.1f} s a run  {group.first['model_bytes'] / 1e6:.2f} MB"
        scores = f"{group} (se {group.error:.2f}){unknown}"
        print(f"{name} on {on}: {scores}  {costs}  {plural(len(group.results), 'seed')}")


if __name__ == "__main__":
    main()
