"""Accuracy of elman on every data set: trains, tags, keeps every result, and writes docs/explanation/accuracy.md.

    python benchmarks/accuracy.py                          default, fast and the baselines, test sets, 5 seeds
    python benchmarks/accuracy.py --presets best --sets wiki-en,en_ewt
    python benchmarks/accuracy.py --presets CRFsuite,NLTK,spaCy,'UDPipe 1'   others, trained here on the same sets
    python benchmarks/accuracy.py --ablations              on dev, 3 seeds

Every run is a process of its own and writes a JSON file. A run is skipped if its file exists, unless data, settings,
threads or the parts of elman that decide a figure (``harness.runs.DECIDING``) have changed; ``--part`` and
``--minutes`` cut the list. Ablations of a data set without dev are measured on a tenth of train.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from accuracy_page import write
from cases.sets import ABLATIONS, BASELINES, DATA_SETS, DataSet
from harness import results, same_bits
from harness.machine import run_job
from harness.results import DATA, Result, names, seeds
from harness.runs import ONE_BLAS_THREAD, Cut, Run, add_options, code_version, digest, run_all
from peers.taggers import OTHERS, identity, is_installed

RESULTS = results.RESULTS / "accuracy"


@dataclass(frozen=True)
class Setting:
    """A preset, a baseline or another tagger, or ``default`` with changed settings, and the name of its results."""

    name: str
    preset: str
    settings: dict[str, Any] = field(default_factory=dict)
    vectors: Path | None = None

    @property
    def model(self) -> str:
        return self.preset if self.preset in (*BASELINES, *OTHERS) else "rnn"

    def resolved(self) -> dict[str, Any]:
        """Return all settings. Raises ConfigError if the preset or a setting does not exist."""
        from elman import config

        if self.model in OTHERS:
            return dict(OTHERS[self.model].settings)
        return {} if self.model != "rnn" else config.preset(self.preset).with_settings(self.settings).to_dict()


def available(settings: Sequence[Setting]) -> list[Setting]:
    """Return the distinct settings that this elman has, and other taggers that are installed; report the rest."""
    from elman.errors import ConfigError

    kept: dict[str, Setting] = {}
    for setting in settings:
        try:
            if setting.model in OTHERS and not is_installed(OTHERS[setting.model]):
                raise ConfigError(f"not installed; pip install {OTHERS[setting.model].library}")
            kept.setdefault(json.dumps([setting.model, setting.resolved(), str(setting.vectors)]), setting)
        except ConfigError as error:
            print(f"not measured: {setting.name}: {error}", file=sys.stderr)
    return list(kept.values())


def planned(settings: Sequence[Setting], given: argparse.Namespace) -> Iterator[Run]:
    """Yield all runs, one seed after the other; report missing files on standard error."""
    version, origins, on = code_version(), {}, "dev" if given.ablations else "test"
    sets = [data for data in DATA_SETS if any(matches(data.name, name) for name in given.sets)]
    for data in sets:
        files = [given.data / name for name in (data.train, getattr(data, on)) if name is not None]
        missing = [file for file in files if not file.is_file()]
        if missing:
            print(f"not measured: {data.name}: no file {missing[0]}", file=sys.stderr)
        else:
            origins[data.name] = {"data": digest(*files), "elman": version}
    for seed in given.seeds:
        for data in (data for data in sets if data.name in origins):
            for setting in settings:
                if setting.model == "rnn" or seed == given.seeds[0]:
                    key = {**origins[data.name], "threads": given.threads, "on": on, "seed": seed}
                    yield run_of(data, setting, key, given.data, given.results)


def run_of(data: DataSet, setting: Setting, key: dict[str, Any], folder: Path, to: Path) -> Run:
    vectors, gold, train = setting.vectors, getattr(data, key["on"]), folder / data.train
    if setting.model in OTHERS:
        key = {name: value for name, value in key.items() if name != "elman"} | identity(OTHERS[setting.model]())
    key |= {
        "model": setting.model,
        "settings": setting.resolved(),
        "vectors": None if vectors is None else digest(vectors),
    }
    job = {"key": key, "train": str(train), "gold": None if gold is None else str(folder / gold)}
    job |= {"target": data.target, "format": data.format, "measure": data.measure, "preset": setting.preset}
    job |= {"dev": str(folder / data.dev) if data.dev else None}
    job |= {"settings": setting.settings, "vectors": None if vectors is None else str(vectors)}
    head = {"set": data.name, "setting": setting.name, "command": command(data, setting, key)}
    # a line of CoNLL-U holds much besides word and tag
    size = train.stat().st_size * (0.2 if data.format == "conllu" else 1) * (setting.model == "rnn" or 0.02)
    name = "".join(letter if letter.isalnum() else "-" for letter in setting.name)
    file = to / key["on"] / data.name / f"{name}.{key['seed']}.json"
    return Run(f"{data.name} {setting.name} seed {key['seed']}", file, key, size, partial(measure, head, job))


def measure(head: dict[str, str], job: dict[str, Any]) -> Result:
    module = "peers.accuracy" if job["preset"] in OTHERS else "cases.train_run"
    return head | run_job(module, job, ONE_BLAS_THREAD, capture=True)


def command(data: DataSet, setting: Setting, key: dict[str, Any]) -> str:
    """Return the command that makes the same model; for a held-out tenth of train, the one that makes this result."""
    if setting.model in OTHERS:
        return f"python benchmarks/accuracy.py --presets '{setting.preset}' --sets {data.name}"
    if key["on"] == "dev" and data.dev is None:
        return f"python benchmarks/accuracy.py --ablations --sets {data.name} --seeds {key['seed']}"
    words = [f"OPENBLAS_NUM_THREADS=1 elman train ../shared/data/{data.train} -o MODEL --format {data.format}"]
    words += [f"--target {data.target}"] if data.target else []
    named = "preset" if setting.model == "rnn" else "model"
    words += [f"--{named} {setting.preset}"] if setting.preset != "default" else []
    words += [f"--seed {key['seed']}", *(f"--set {name}={value}" for name, value in setting.settings.items())]
    words += [f"--vectors {setting.vectors.name}"] if setting.vectors else []
    return " ".join([*words, f"--threads {key['threads']}"])


def main() -> None:
    given = arguments()
    if not given.page:
        settings = [Setting(preset, preset) for preset in given.presets]
        if given.ablations:
            settings = [Setting("default", "default"), *(Setting(a.label, "default", a.settings) for a in ABLATIONS)]
            settings += (
                [Setting(f"vectors: {given.vectors.name}", "default", {}, given.vectors)] if given.vectors else []
            )
        if given.results == RESULTS:
            same_bits.remember(code_version())
        plan = list(planned(available(settings), given))
        _, failures = run_all(plan, shown, given.any_code, Cut.of(given))
        if failures:
            sys.exit(f"accuracy.py: {failures} of {len(plan)} runs failed")
    if given.results == RESULTS:
        write(RESULTS)


def arguments() -> argparse.Namespace:
    parser = results.parser(__doc__)
    add = parser.add_argument
    add("--sets", type=names, help="data sets, or the first part of their names (default: all)")
    add("--presets", type=names, default=["default", "fast", *BASELINES], help="default: default,fast,hmm,frequent")
    add("--seeds", type=seeds, help="such as 1-5 or 1,3 (default 1-5; for ablations 1-3)")
    add("--ablations", action="store_true", help="the table of ablations, on dev (default sets: wiki-en,en_ewt.upos)")
    add("--vectors", type=Path, metavar="FILE", help="an additional ablation: with pretrained vectors")
    add("--threads", type=int, default=2, help="threads of each run (default 2)")
    add_options(parser)
    add("--page", action="store_true", help="write docs/explanation/accuracy.md from the existing results, and stop")
    add("--data", type=Path, default=DATA, help="data folder (default ../shared/data)")
    add("--results", type=Path, default=RESULTS, help="folder for results; the page is not written then")
    given = parser.parse_args()
    if given.vectors and not (given.ablations and given.vectors.is_file()):
        parser.error(f"--vectors: expected a file, and --ablations, found {given.vectors}")
    for name in given.sets or ():
        if not any(matches(data.name, name) for data in DATA_SETS):
            parser.error(f"--sets: no {name!r}; there are {', '.join(data.name for data in DATA_SETS)}")
    given.sets = given.sets or (["wiki-en", "en_ewt.upos"] if given.ablations else [data.name for data in DATA_SETS])
    given.seeds = given.seeds or (range(1, 4) if given.ablations else range(1, 6))
    return given


def matches(name: str, asked: str) -> bool:
    return name == asked or name.startswith(f"{asked}.")


def shown(result: Result) -> str:
    unknown = "" if result["unknown_accuracy"] is None else f"  unknown {100 * result['unknown_accuracy']:.2f}"
    return f"{100 * result['score']:.2f}{unknown}"


if __name__ == "__main__":
    main()
