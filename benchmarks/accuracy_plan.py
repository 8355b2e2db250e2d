"""Which runs are to be made, what identifies each, and where its result is kept."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from accuracy_run import code_version
from accuracy_sets import ABLATIONS, BASELINES, DataSet
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
    vectors: Path | None = None

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
    key: dict[str, Any]
    file: Path
    job: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.data.name} {self.setting.name} seed {self.key['seed']}"

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
        if done.returncode in (130, -signal.SIGINT):
            raise KeyboardInterrupt
        if done.returncode:  # one line, or the traceback of a bug
            raise RuntimeError(done.stderr.strip() or f"status {done.returncode}")
        result = {"set": self.data.name, "setting": self.setting.name, "command": command(self)}
        result |= json.loads(done.stdout)
        self.file.parent.mkdir(parents=True, exist_ok=True)
        partial = self.file.with_suffix(".partial")
        partial.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
        partial.replace(self.file)
        return result


def command(run: Run) -> str:
    """The command that makes the same model; where a tenth of train is held out, the one that makes this result."""
    data, setting, key = run.data, run.setting, run.key
    if key["on"] == "dev" and data.dev is None:
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
    words += [] if setting.vectors is None else ["--vectors", setting.vectors.name]
    return " ".join(str(word) for word in [*words, "--threads", key["threads"]])


def digest(*files: Path) -> str:
    """Of the files' bytes."""
    found = hashlib.sha256()
    for file in files:
        found.update(file.read_bytes() + b"\0")
    return found.hexdigest()[:16]


def ablations(groups: Sequence[str] | None, vectors: Path | None) -> list[Setting]:
    """The preset ``default``, then it with each change of the list, or of these groups of it, or with vectors."""
    chosen = [a for a in ABLATIONS if not groups or a.group in groups]
    found = [Setting("default", "default", {}), *(Setting(a.label, "default", a.settings) for a in chosen)]
    return found + ([Setting(f"vectors: {vectors.name}", "default", {}, vectors)] if vectors is not None else [])


def available(wanted: Sequence[Setting]) -> list[Setting]:
    """Those that this elman has, each distinct one once; says of the others why not."""
    kept: dict[str, Setting] = {}
    for setting in wanted:
        try:
            kept.setdefault(json.dumps([setting.model, setting.resolved(), str(setting.vectors)]), setting)
        except ConfigError as error:
            print(f"not measured: {setting.name}: {error}", file=sys.stderr)
    return list(kept.values())


@dataclass(frozen=True)
class Request:
    """What is asked for. The results of trials go under a digest of their settings, others under a name."""

    data_sets: Sequence[DataSet]
    settings: Sequence[Setting]
    seeds: Sequence[int]
    on: str
    trial: bool
    threads: int
    data: Path
    results: Path

    def runs(self) -> Iterator[Run]:
        """Seed after seed, so that a part of them tells something early; says which files are missing."""
        version = code_version()
        digests: dict[str, str] = {}
        for data in self.data_sets:
            files = [self.data / name for name in (data.train, self.gold(data)) if name is not None]
            missing = [file for file in files if not file.is_file()]
            if missing:
                print(f"not measured: {data.name}: no file {missing[0]}", file=sys.stderr)
                continue
            digests[data.name] = digest(*files)
        for seed in self.seeds:
            for data in self.data_sets:
                for setting in self.settings:
                    if data.name in digests and (setting.model == "rnn" or seed == self.seeds[0]):
                        yield self._run(data, setting, seed, {"data": digests[data.name], "elman": version})

    def gold(self, data: DataSet) -> str | None:
        """The file that is measured on; None where a part of train is held out."""
        return data.test if self.on == "test" else data.dev

    def _run(self, data: DataSet, setting: Setting, seed: int, origin: dict[str, str]) -> Run:
        vectors = setting.vectors
        key = {
            **origin,
            "vectors": None if vectors is None else digest(vectors),
            "on": self.on,
            "model": setting.model,
            "settings": setting.resolved(),
            "seed": seed,
            "threads": self.threads,
        }
        name = "".join(letter if letter.isalnum() else "-" for letter in setting.name)
        if self.trial:
            parts = {part: key[part] for part in ("model", "settings", "vectors", "threads")}
            name = f"{setting.preset}-{hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:12]}"
        gold = self.gold(data)
        job = {
            "key": key,
            "train": str(self.data / data.train),
            "gold": None if gold is None else str(self.data / gold),
            "target": data.target,
            "format": data.format,
            "measure": data.measure,
            "preset": setting.preset,
            "settings": setting.settings,
            "vectors": None if vectors is None else str(vectors),
        }
        return Run(data, setting, key, self.results / self.on / data.name / f"{name}.{seed}.json", job)
