"""Runs that are kept: a file each, so that what was begun can be gone on with, and the table that comes of them."""

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
from elman.training import trainer
from elman.utils.files import check_target, write_bytes_atomically

CELLS = ("lstm", "gru", "elman", "sru", "mingru")


@dataclass(frozen=True)
class Trial:
    """One training. ``minutes`` it may take at most; 0: as long as it takes."""

    problem: str
    cell: str
    seed: int
    minutes: float = 0.0

    @property
    def of(self) -> Problem:
        """The problem."""
        return next(problem for problem in PROBLEMS if problem.name == self.problem)

    @property
    def settings(self) -> dict[str, Any]:
        """What it is trained with."""
        return asdict(settings_for(self.of, self.cell))

    def do(self) -> Result:
        """Train."""
        stop, begun = threading.Event(), time.perf_counter()

        def look(progress: trainer.Progress) -> None:
            if self.minutes and time.perf_counter() - begun > 60 * self.minutes:
                stop.set()

        outcome = run(self.of, settings_for(self.of, self.cell), self.seed, look, stop)
        return Result(self, self.settings, outcome, stop.is_set(), round(time.perf_counter() - begun, 1))


@dataclass(frozen=True)
class Result:
    """What came of a trial. ``stopped``: its time was over. ``seconds`` are of wall time."""

    trial: Trial
    settings: dict[str, Any]
    outcome: Outcome
    stopped: bool
    seconds: float


class ResultsFolder:
    """A folder in which the results of trials are kept; None keeps none.

    Raises OutputError: it cannot be made or written, which is asked before there is work.
    """

    def __init__(self, path: str | None) -> None:
        self._path = path
        self.lost: OutputError | None = None
        """Why a result could not be kept; the trials that follow are done all the same."""
        if path is not None:
            with while_writing(path):
                os.makedirs(path, exist_ok=True)
            check_target(os.path.join(path, "result"))

    def do(self, trial: Trial, train: Callable[[Trial], Result] = Trial.do) -> Result:
        """Train, or read what came of it before, and keep it. Raises DataError for another file."""
        path = None if self._path is None else Path(self._path) / f"{trial.problem}.{trial.cell}.{trial.seed}.json"
        if path is not None and path.exists():
            found = _read(path)
            if found.settings == trial.settings and (not found.stopped or found.trial.minutes >= trial.minutes > 0):
                return found
        result = train(trial)
        if path is not None:
            try:
                write_bytes_atomically(str(path), (json.dumps(asdict(result), indent=1) + "\n").encode())
            except OutputError as error:
                self.lost = error
        return result


class SubprocessRunner:
    """Trains in processes of their own, each on one core. They end when this one does, however that ends.

    A context manager: at its end, and where one of them fails, those that still run are ended too.
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
        """What came of a trial. Raises ElmanError: what the process was refused."""
        code = "import json, sys; sys.path, trial = json.loads(sys.argv[1])"
        code += "; from elman.analysis.long_lags.results import train_in_subprocess; train_in_subprocess(trial)"
        command = [sys.executable, "-c", code, json.dumps([sys.path, asdict(trial)])]
        environment = {"OPENBLAS_NUM_THREADS": "1", **os.environ}
        # Ctrl-C at the terminal is for this process alone
        group: dict[str, Any] = {"creationflags": 0x200} if os.name == "nt" else {"process_group": 0}
        with self._lock:
            if self._over:
                raise RuntimeError("there is nobody to train for")
            process = Popen(command, stdin=PIPE, stdout=PIPE, env=environment, **group)
            self._running.add(process)
        with process:
            assert process.stdout is not None
            said = process.stdout.read()
        with self._lock:
            self._running.remove(process)
        found = {} if process.returncode else json.loads(said)
        if "trial" in found:
            return _result(found)
        self._stop()  # nobody waits for the others any more
        if process.returncode == -9:  # the system's way to say that memory is full
            raise MemoryError
        raise ElmanError(found["refused"]) if found else RuntimeError(f"{trial} ended with {process.returncode}")


def train_in_subprocess(trial: Mapping[str, Any]) -> None:
    """What ``SubprocessRunner`` has another process do: it prints what came of a trial, or what it was refused."""

    def wait() -> None:
        os.read(0, 1)  # nothing comes, until the process at the other end has ended
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
    try:
        found = asdict(Trial(**trial).do())
    except (ElmanError, MemoryError) as error:
        found = {"refused": str(error) or "not enough memory"}
    print(json.dumps(found), flush=True)
    os._exit(0)


def read(folder: str) -> list[Result]:
    """The results in a folder."""
    return [_read(path) for path in sorted(Path(folder).glob("*.json"))]


def _read(path: Path) -> Result:
    try:
        with while_reading(str(path)):
            text = path.read_text(encoding="utf-8")
        return _result(json.loads(text))
    except (ValueError, KeyError, TypeError, StopIteration, RecursionError):
        raise DataError("expected a result of elman tutorial memory; move it away", path=str(path)) from None


def _result(found: Mapping[str, Any]) -> Result:
    trial, outcome = Trial(**found["trial"]), Outcome(**found["outcome"])
    assert trial.of
    settings = asdict(ProblemSettings(**found["settings"]))  # those that an older file lacks as they were
    return Result(trial, settings, outcome, found["stopped"], found["seconds"])


@dataclass(frozen=True)
class ProblemRow:
    """A problem and a cell: what came of all seeds."""

    problem: Problem
    cell: str
    results: Sequence[Result]

    @property
    def solved(self) -> int:
        """How many seeds solved it."""
        return sum(result.outcome.solved for result in self.results)

    @property
    def median(self) -> float | None:
        """The median of the sequences until it was solved; None where that is not so of the median seed."""
        found = [r.outcome.sequences if r.outcome.solved else float("inf") for r in self.results]
        middle = statistics.median(found)
        return None if middle == float("inf") else middle

    @property
    def error(self) -> float:
        """The mean share of fresh sequences that are wrong at the end."""
        return statistics.mean(result.outcome.error for result in self.results)

    def cells(self) -> list[str]:
        """What stands in the table."""
        n, problem = len(self.results), self.problem
        seconds = statistics.median(result.seconds for result in self.results)
        some = [f"{100 * self.error:.2f} %", f"{seconds:.0f} s"]
        if not problem.published:
            loss = statistics.mean(result.outcome.loss for result in self.results)
            return [problem.title, self.cell, f"{n}", f"{problem.most:,}", f"{loss:.4f}", *some]
        median = "not solved" if self.median is None else f"{self.median:,.0f}"
        share = "" if self.median is None else f"{self.median / problem.published:.3f}"
        return [problem.title, self.cell, f"{self.solved} of {n}", median, f"{problem.published:,}", share, *some]


SOLVED = ("problem", "cell", "solved", "sequences, median", "published", "share", "wrong at the end", "time, median")
LEARNED = ("problem", "cell", "seeds", "sequences", "loss at the end", "wrong at the end", "time, median")


def rows(results: Iterable[Result]) -> Iterator[ProblemRow]:
    """The rows of the tables, in the order of the problems and the cells."""
    found: dict[tuple[str, str], list[Result]] = {}
    for result in results:
        found.setdefault((result.trial.problem, result.trial.cell), []).append(result)
    for problem in PROBLEMS:
        for cell in CELLS:
            if (problem.name, cell) in found:
                yield ProblemRow(problem, cell, found[problem.name, cell])


def tables(results: Iterable[Result]) -> list[list[Sequence[str]]]:
    """The table of problems that are to be solved and that of the others, those that have rows."""
    every = list(rows(results))
    both: list[list[Sequence[str]]] = [
        [SOLVED, *(row.cells() for row in every if row.problem.published)],
        [LEARNED, *(row.cells() for row in every if not row.problem.published)],
    ]
    return [table for table in both if len(table) > 1]


def as_text(table: Sequence[Sequence[str]]) -> str:
    """A table for the terminal."""
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in table)


def as_markdown(table: Sequence[Sequence[str]]) -> str:
    """A table for a page."""
    lines = [table[0], ["---"] * len(table[0]), *table[1:]]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def page(results: Sequence[Result]) -> str:
    """The page docs/memory.md."""
    found = tables(results)
    how_many = sum(result.stopped for result in results)
    stopped = f"\n{how_many} of {len(results)} runs were stopped when their time was over; they count as not solved.\n"
    hours = sum(result.seconds for result in results) / 3600
    time = f"\nAll {len(results)} runs together took {hours:.1f} hours of one core.\n"
    shown = "\n\n".join(map(as_markdown, found)) + "\n"
    return INTRODUCTION + shown + time + (stopped if how_many else "") + SETTINGS_TEXT


INTRODUCTION = """\
# What a recurrent net can remember

<!-- Written by elman tutorial memory --page; do not edit. -->

The tasks with which LSTM was introduced, experiments 1 to 6 of Hochreiter and Schmidhuber (1997), "Long short-term
memory", and two later ones: copying (Arjovsky, Shah and Bengio 2016), and scikit-learn's 8 x 8 digits read pixel by
pixel. `elman tutorial memory` makes the sequences, trains on a fresh one every time with the trainer and the networks
of the taggers, and counts sequences until a problem is solved by the paper's own criterion. A seed stops at the number
of sequences that the paper's LSTM needed ("published").

- Reber: all of 256 strings that it is trained on and 256 fresh ones are right, at every symbol.
- 2a to 2c: 10,000 fresh sequences are right within 0.25.
- 3a: none of 256 fresh sequences is in the wrong class; 3b: fewer than 6. 3c: on the mean of 256 fresh sequences the
  output is less than 0.015 from what it should be without the noise.
- Adding: the most recent 2,000 training sequences are right within 0.04, with a mean squared error below 0.01.
  Multiplication: all of them but 140, or 13. Temporal order: all of them within 0.3, with a mean loss below 0.1.

"share" is the median of the sequences over that of the paper; seeds that did not solve the problem count as endless.

"""
SETTINGS_TEXT = """
SRU and minGRU are the parallel cells: their gates and what they let in are made of the inputs of two steps alone, so
one layer of them is a sum whose weights the inputs choose. That is enough to add, to multiply two numbers and to know
the order of marks. It is not where a signal looks like the noise behind it (3), nor to copy.

In 2a the steps between are always the same, and at each of them a symbol is to be said; the one that needs memory is a
hundredth of the loss. An LSTM with a high rate learns the 99 others within some hundred sequences, and then nothing
more: its cells are sums, which have grown to 10 to 60 by the last step; tanh has no slope there, and no gradient comes
back to the first symbol. The paper calls it drift. The state of a GRU is a mean and stays within 1. So the LSTM has a
low rate here, input gates that start half open (what the first symbol leaves would be too small), and Adam without
momentum and with a short mean of squares. What each of them is for, tried by hand with seeds 101 to 103, which are none
of the table's, and at most 2,500 sequences:

| LSTM, experiment 2a | sequences until solved |
| --- | --- |
| as chosen: 32 units, rate 0.003, momentum 0, beta2 0.9, forget gates set to 1 to 300 steps | 1,200, 1,300, 1,400 |
| 128 units | 1,100, 2,200, 1,000 |
| Adam's momentum 0.9 and beta2 0.98 | 1,700, 2,200, 1,600 |
| rate 0.01 | 1,800, two not solved |
| input gates that start as far closed as the forget gates are open | 2,200, two not solved |
| no gates set at the start | none solved |

Elman nets have no gates to set at the start; in 2a they have the LSTM's units and rate. In copying a loss of 2.08 is
guessing.

Networks have one layer of 16 units, forward, one-hot symbols or plain numbers in; Adam with a rate of 0.01 that stays
(of copying it goes down to 0), four sequences an update, gradients clipped at 1. Gates are set to remember between one
step and the length of the problem from the start (setting `chrono`; Tallec and Ollivier 2018, "Can recurrent neural
networks warp time?"). What differs between problems is in `src/elman/analysis/long_lags/problems.py` and was chosen
with seeds 1, 2 and 101 (2a: 101 to 108). The paper's networks had two to eight units in cells, learned one sequence at
a time by plain gradient descent, and cut gradients at the gates: the figures compare what a user gets now with what was
possible then.
"""
