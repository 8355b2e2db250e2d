"""Data sets, required scores, limits and ablations of the accuracy pages.

They are the rows of the tables beside this file. ``files`` is relative to the data folder, or, if it begins with
``build/``, to build/tasks, where classify_data.py makes it; ``{}`` is train, dev or test. Scores are in per cent. The
figures of other tools are those of the project's issue on accuracy.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from harness.results import BUILD, DATA

DERIVED = BUILD / "tasks"
BASELINES = ("hmm", "frequent")
"""Models without settings; they are listed with the presets and need only one seed."""
TOOLS = ("HMM", "NLTK", "spaCy", "UDPipe 1", "CRFsuite", "prototype")
FAST_LOSS = 0.4
"""Points that ``fast`` may lose against ``default``."""


def rows(name: str) -> Iterator[dict[str, str]]:
    """Yield the rows of a table as column -> cell."""
    lines = Path(__file__).with_name(name).read_text(encoding="utf-8").splitlines()
    head, *table = ([cell.strip() for cell in line.split("|")] for line in lines)
    for cells in table:
        yield dict(zip(head, cells + [""] * (len(head) - len(cells)), strict=True))


@dataclass(frozen=True)
class DataSet:
    """A labelled data set for tagging. Without ``dev``, a tenth of train is used.

    ``measure``  ``accuracy``, or ``spans``: F1 of whole spans, as conlleval counts
    ``bars``     scores to be reached by a preset; of ``unknown`` words by ``default``; ``aim``: hoped for with ``best``
    ``peers``    scores of other tools, in brackets those of unknown words
    """

    name: str
    title: str
    train: str
    test: str
    dev: str | None
    format: str
    target: str | None
    measure: str
    bars: dict[str, float]
    peers: dict[str, str]

    @classmethod
    def of(cls, row: dict[str, str]) -> DataSet:
        train, dev, test = (row["files"].format(part) for part in ("train", "dev", "test"))
        bars = {name: float(row[name]) for name in ("default", "unknown", "best", "aim") if row[name]}
        about, peers = (row["format"], row["target"] or None, row["measure"]), {name: row[name] for name in TOOLS}
        return cls(row["name"], row["title"], train, test, dev if row["dev"] else None, *about, bars, peers)


@dataclass(frozen=True)
class TaskSet:
    """A task on a data set.

    ``options``   of ``elman train``: format, task, target, encoding, model; ``more`` are further words of its command,
                  in which ``build/`` is build/tasks
    ``evaluate``  ``columns``: accuracy of the only column, on gold words; ``conll18``: the metrics of CoNLL 2018
    ``measures``  metric -> score to be reached; None: only reported
    """

    name: str
    title: str
    train: Path
    test: Path
    options: dict[str, str]
    evaluate: str
    measures: dict[str, float | None]
    peers: str
    more: tuple[str, ...] = ()

    @classmethod
    def of(cls, row: dict[str, str]) -> TaskSet:
        file = str((DERIVED if row["files"].startswith("build/") else DATA) / row["files"].removeprefix("build/"))
        train, test = (Path(file.format(part)) for part in ("train", row["test"] or "test"))
        options = {name: row[name] for name in ("format", "task", "target", "encoding") if row[name]}
        bars = (measure.partition(" ") for measure in row["measures"].split("; "))
        measures = {name: float(bar) if bar else None for name, _, bar in bars}
        of_row = row["name"], row["title"], train, test, options, row["evaluate"], measures, row["peers"]
        return cls(*of_row, tuple(row["more"].split()))

    def training(self, model: str, seed: int) -> list[str]:
        """Return the arguments of ``elman train``."""
        rest = [
            (f"--{name}", self.options[name])
            for name in ("task", "target", "encoding", "model")
            if name in self.options
        ]
        words = ["train", str(self.train), "-o", model, "--format", self.options["format"], "--seed", str(seed)]
        words += [word for pair in rest for word in pair]
        return words + [str(DERIVED / word[6:]) if word.startswith("build/") else word for word in self.more]

    @property
    def needs(self) -> list[str]:
        """The files in build/tasks that ``more`` names."""
        return [word.removeprefix("build/") for word in self.more if word.startswith("build/")]

    def evaluation(self, model: str) -> list[str]:
        """Return the arguments of ``elman evaluate``."""
        words = ["evaluate", model, str(self.test), "--format", self.options["format"], "--json"]
        words += ["--style", "conll18"] if self.evaluate == "conll18" else []
        return words + (["--encoding", self.options["encoding"]] if "encoding" in self.options else [])

    def key(self, measure: str) -> str:
        """Return what a measure is called in a result."""
        return "accuracy" if self.evaluate == "columns" else measure.lower()


@dataclass(frozen=True)
class Ablation:
    """The preset ``default`` with some settings changed; skipped if a setting does not exist."""

    group: str
    name: str
    settings: dict[str, Any]

    @property
    def label(self) -> str:
        return f"{self.group}: {self.name}"


def _task_sets() -> Iterator[TaskSet]:
    """Yield all sets, those for text classification also with ``--model linear``, as a comparison."""
    for task_set in map(TaskSet.of, rows("task_sets.txt")):
        yield task_set
        if task_set.options.get("task") == "classify":
            options, name = {**task_set.options, "model": "linear"}, f"{task_set.name}.linear"
            title, measures = f"{task_set.title}, linear", dict.fromkeys(task_set.measures)
            yield replace(task_set, name=name, title=title, options=options, measures=measures, peers="")


DATA_SETS = tuple(map(DataSet.of, rows("accuracy_sets.txt")))
TASK_SETS = tuple(_task_sets())
LIMITS = tuple(rows("limits.txt"))
ABLATIONS = tuple(Ablation(r["group"], r["name"], json.loads(r["settings"])) for r in rows("ablations.txt"))
