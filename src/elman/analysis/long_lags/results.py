"""Run trials, store one JSON file for each so that an interrupted series can be resumed, and tabulate the results."""

from __future__ import annotations

import json
import os
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any, Self

from elman.analysis.long_lags.problems import PROBLEMS, settings_for
from elman.analysis.long_lags.training import Outcome, Problem, ProblemSettings, run
from elman.errors import DataError, ElmanError, OutputError, while_reading, while_writing
from elman.training.progress import Progress
from elman.utils.files import check_target, write_bytes_atomically

CELLS = ("lstm", "gru", "elman", "sru", "mingru")


@dataclass(frozen=True)
class Trial:
    """One training run. ``minutes`` is its time limit; 0: none."""

    problem: str
    cell: str
    seed: int
    minutes: float = 0.0

    @property
    def of(self) -> Problem:
        """The problem with this name."""
        return next(problem for problem in PROBLEMS if problem.name == self.problem)

    @property
    def settings(self) -> dict[str, Any]:
        """The training settings."""
        return asdict(settings_for(self.of, self.cell))

    def do(self) -> Result:
        """Train and return the result."""
        stop, start = threading.Event(), time.perf_counter()

        def check_time(progress: Progress) -> None:
            if self.minutes and time.perf_counter() - start > 60 * self.minutes:
                stop.set()

        outcome = run(self.of, settings_for(self.of, self.cell), self.seed, check_time, stop)
        return Result(self, self.settings, outcome, stop.is_set(), round(time.perf_counter() - start, 1))


@dataclass(frozen=True)
class Result:
    """The result of a trial. ``stopped``: it reached its time limit. ``seconds``: wall time."""

    trial: Trial
    settings: dict[str, Any]
    outcome: Outcome
    stopped: bool
    seconds: float


class ResultsFolder:
    """A folder that stores the results of trials; with None nothing is stored.

    Raises OutputError if it cannot be made or written; this is checked before any training.
    """

    def __init__(self, path: str | None) -> None:
        self._path = path
        self.lost: OutputError | None = None
        """The error if a result could not be stored; later trials run all the same."""
        if path is not None:
            with while_writing(path):
                os.makedirs(path, exist_ok=True)
            check_target(os.path.join(path, "result"))

    def do(self, trial: Trial, train: Callable[[Trial], Result] = Trial.do) -> Result:
        """Read the stored result, or train and store it. Raises DataError if the file is not a result."""
        path = None if self._path is None else Path(self._path) / f"{trial.problem}.{trial.cell}.{trial.seed}.json"
        if path is not None and path.exists():
            stored = _read(path)
            if stored.settings == trial.settings and (not stored.stopped or stored.trial.minutes >= trial.minutes > 0):
                return stored
        result = train(trial)
        if path is not None:
            try:
                write_bytes_atomically(str(path), (json.dumps(asdict(result), indent=1) + "\n").encode())
            except OutputError as error:
                self.lost = error
        return result


class SubprocessRunner:
    """Train in subprocesses, each on one core. They end when this process ends, in whatever way.

    A context manager: at its end, and if one subprocess fails, all running ones are killed.
    """

    def __init__(self) -> None:
        self._lock, self._over = threading.Lock(), False
        self._running: set[Popen[bytes]] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def _stop(self) -> None:
        with self._lock:
            self._over = True
            for process in self._running:
                process.kill()

    def train(self, trial: Trial) -> Result:
        """Train in a subprocess and return the result. Raises ElmanError if the subprocess did."""
        code = "import json, sys; sys.path, trial = json.loads(sys.argv[1])"
        code += "; from elman.analysis.long_lags.results import train_in_subprocess; train_in_subprocess(trial)"
        command = [sys.executable, "-c", code, json.dumps([sys.path, asdict(trial)])]
        environment = {"OPENBLAS_NUM_THREADS": "1", **os.environ}
        # Ctrl-C at the terminal must reach only this process
        group: dict[str, Any] = {"creationflags": 0x200} if os.name == "nt" else {"process_group": 0}
        with self._lock:
            if self._over:
                raise RuntimeError("the runner has ended")
            process = Popen(command, stdin=PIPE, stdout=PIPE, env=environment, **group)
            self._running.add(process)
        with process:
            assert process.stdout is not None
            output = process.stdout.read()
        with self._lock:
            self._running.remove(process)
        answer = {} if process.returncode else json.loads(output)
        if "trial" in answer:
            return _result(answer)
        self._stop()  # the results of the others are no longer needed
        if process.returncode == -9:  # killed by the system because memory is full
            raise MemoryError
        raise ElmanError(answer["refused"]) if answer else RuntimeError(f"{trial} ended with {process.returncode}")


def train_in_subprocess(trial: Mapping[str, Any]) -> None:
    """Train in a process started by ``SubprocessRunner``; print the result, or the error, as JSON."""

    def wait() -> None:
        os.read(0, 1)  # returns only when the parent process has ended
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
    try:
        answer = asdict(Trial(**trial).do())
    except (ElmanError, MemoryError) as error:
        answer = {"refused": str(error) or "not enough memory"}
    print(json.dumps(answer), flush=True)
    os._exit(0)


def read(folder: str) -> list[Result]:
    """Return the results in a folder, sorted by file name."""
    return [_read(path) for path in sorted(Path(folder).glob("*.json"))]


def _read(path: Path) -> Result:
    try:
        with while_reading(str(path)):
            text = path.read_text(encoding="utf-8")
        return _result(json.loads(text))
    except (ValueError, KeyError, TypeError, StopIteration, RecursionError):
        raise DataError("expected a result of elman tutorial memory; move it away", path=str(path)) from None


def _result(record: Mapping[str, Any]) -> Result:
    trial, outcome = Trial(**record["trial"]), Outcome(**record["outcome"])
    assert trial.of
    settings = asdict(ProblemSettings(**record["settings"]))  # settings missing in an older file have their defaults
    return Result(trial, settings, outcome, record["stopped"], record["seconds"])


@dataclass(frozen=True)
class ProblemRow:
    """The results of all seeds of a problem and a cell."""

    problem: Problem
    cell: str
    results: Sequence[Result]

    @property
    def solved(self) -> int:
        """Number of seeds that solved the problem."""
        return sum(result.outcome.solved for result in self.results)

    @property
    def median(self) -> float | None:
        """Median number of sequences until solved; None if the median seed did not solve the problem."""
        sequences = [r.outcome.sequences if r.outcome.solved else float("inf") for r in self.results]
        median = statistics.median(sequences)
        return None if median == float("inf") else median

    @property
    def error(self) -> float:
        """Mean fraction of fresh sequences that are wrong at the end."""
        return statistics.mean(result.outcome.error for result in self.results)

    def cells(self) -> list[str]:
        """Return the cells of the table row."""
        n, problem = len(self.results), self.problem
        seconds = statistics.median(result.seconds for result in self.results)
        last = [f"{100 * self.error:.2f} %", f"{seconds:.0f} s"]
        if not problem.published:
            loss = statistics.mean(result.outcome.loss for result in self.results)
            return [problem.title, self.cell, f"{n}", f"{problem.most:,}", f"{loss:.4f}", *last]
        median = "not solved" if self.median is None else f"{self.median:,.0f}"
        share = "" if self.median is None else f"{self.median / problem.published:.3f}"
        return [problem.title, self.cell, f"{self.solved} of {n}", median, f"{problem.published:,}", share, *last]


SOLVED = ("problem", "cell", "solved", "sequences, median", "published", "share", "wrong at the end", "time, median")
LEARNED = ("problem", "cell", "seeds", "sequences", "loss at the end", "wrong at the end", "time, median")


def rows(results: Iterable[Result]) -> Iterator[ProblemRow]:
    """Yield the rows of the tables, in the order of ``PROBLEMS`` and ``CELLS``."""
    groups: dict[tuple[str, str], list[Result]] = {}
    for result in results:
        groups.setdefault((result.trial.problem, result.trial.cell), []).append(result)
    for problem in PROBLEMS:
        for cell in CELLS:
            if (problem.name, cell) in groups:
                yield ProblemRow(problem, cell, groups[problem.name, cell])


def tables(results: Iterable[Result]) -> list[list[Sequence[str]]]:
    """Return the tables that have rows: problems with a published result, and the others."""
    all_rows = list(rows(results))
    both: list[list[Sequence[str]]] = [
        [SOLVED, *(row.cells() for row in all_rows if row.problem.published)],
        [LEARNED, *(row.cells() for row in all_rows if not row.problem.published)],
    ]
    return [table for table in both if len(table) > 1]


def as_text(table: Sequence[Sequence[str]]) -> str:
    """Return a table aligned for the terminal."""
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in table)


def as_markdown(table: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = [table[0], ["---"] * len(table[0]), *table[1:]]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def page(results: Sequence[Result]) -> str:
    """Return the text of the page docs/lab-notebook/long-lags.md."""
    count = sum(result.stopped for result in results)
    stopped = f"\n{count} of {len(results)} runs were stopped at their time limit; they count as not solved.\n"
    hours = sum(result.seconds for result in results) / 3600
    time = f"\nAll {len(results)} runs together took {hours:.1f} hours of one core.\n"
    shown = "\n\n".join(map(as_markdown, tables(results))) + "\n"
    return INTRODUCTION + shown + time + (stopped if count else "") + SETTINGS_TEXT


INTRODUCTION = """\
# What a recurrent net can remember

<!-- Written by elman tutorial memory --page; do not edit. -->

The tasks with which LSTM was introduced, experiments 1 to 6 of Hochreiter and Schmidhuber (1997), "Long short-term
memory", and two later ones: copying (Arjovsky, Shah and Bengio 2016), and scikit-learn's 8 x 8 digits read pixel by
pixel. `elman tutorial memory` generates fresh sequences, trains on them with the trainer and the networks of the
taggers, and counts sequences until a problem is solved by the paper's criterion. Training stops at the number of
sequences that the paper's LSTM needed ("published").

- Reber: all 256 training strings and 256 fresh ones are correct, at every symbol.
- 2a to 2c: 10,000 fresh sequences are correct within 0.25.
- 3a: none of 256 fresh sequences is in the wrong class; 3b: fewer than 6. 3c: the mean distance of the output from the
  noise-free target over 256 fresh sequences is less than 0.015.
- Adding: the most recent 2,000 training sequences are correct within 0.04, with a mean squared error below 0.01.
  Multiplication: all but 140, or 13, of them. Temporal order: all of them within 0.3, with a mean loss below 0.1.

"share" is the median number of sequences divided by that of the paper; a seed that did not solve the problem counts as
infinite.

"""
SETTINGS_TEXT = """
SRU and minGRU are parallel cells: their gates and candidate values depend only on the inputs of two steps, so one
layer computes a sum whose weights are functions of the inputs. That suffices to add, to multiply two numbers and to
recognize the order of marks. It does not suffice to copy, or if the signal looks like the noise after it (3).

In 2a the intermediate symbols are always the same, and each of them is a target; the one that needs memory is a
hundredth of the loss. An LSTM with a high learning rate learns the 99 others within a few hundred sequences and then
nothing more: its cells are sums, which have grown to 10 to 60 by the last step; there tanh is flat, and no gradient
reaches the first symbol. The paper calls this drift. The state of a GRU is a weighted mean and stays within 1. So the
LSTM has a low learning rate here, input gates that start half open (otherwise the trace of the first symbol is too
small), and Adam without momentum and with a short average of squared gradients. The effect of each, tried by hand with
seeds 101 to 103, which are not in the table, and at most 2,500 sequences:

| LSTM, experiment 2a | sequences until solved |
| --- | --- |
| chosen: 32 units, learning rate 0.003, momentum 0, beta2 0.9, forget gates for 1 to 300 steps | 1,200, 1,300, 1,400 |
| 128 units | 1,100, 2,200, 1,000 |
| Adam's momentum 0.9 and beta2 0.98 | 1,700, 2,200, 1,600 |
| learning rate 0.01 | 1,800, two not solved |
| input gates that start as far closed as the forget gates are open | 2,200, two not solved |
| no gate initialization | none solved |

Elman networks have no gates; in 2a they use the LSTM's units and learning rate. In copying, a loss of 2.08 is chance
level.

Networks have one forward layer of 16 units, with one-hot symbols or plain numbers as inputs. They are trained with Adam
at a constant learning rate of 0.01 (decaying to 0 in copying), four sequences per update and gradients clipped at 1.
Gates are initialized to remember between one step and the length of the problem (setting `chrono`; Tallec and Ollivier
2018, "Can recurrent neural networks warp time?"). Settings that differ for single problems are in
`src/elman/analysis/long_lags/problems.py`; they were chosen with seeds 1, 2 and 101 (2a: 101 to 108). The paper's
networks had two to eight memory cell units, were trained on one sequence at a time by plain gradient descent, and
truncated gradients at the gates: the figures compare what a user gets now with what was possible then.

Next: [how far back a network remembers](../explanation/memory.md), [gradients and states](../explanation/gradients.md)
"""
