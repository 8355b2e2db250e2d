"""Results of a search: one for each training of a trial, stored as JSONL; a search that was killed goes on from it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from elman.errors import ConfigError, DataError, OutputError, reason, while_reading, while_writing
from elman.utils.display import shown
from elman.utils.files import check_target, is_pipe
from elman.utils.summary import Row, Summary, counted

if TYPE_CHECKING:
    from elman.taggers.base import Predictor

FULL = "1"
"""The rung on which a trial is trained in full."""
VERSION = 1


@dataclass(frozen=True, slots=True)
class Outcome:
    """One training of a trial.

    ``trial``     its number, from 1: the settings to start from
    ``rung``      the share of a full training: ``1/9``, ``1/3`` or ``1``
    ``epochs``    the epochs planned
    ``settings``  the settings drawn for the trial
    ``score``     the score on dev that chooses the best epoch; None if training failed
    ``shown``     the score as text, or the reason why training failed
    ``seconds``, ``processor_seconds``  the time that it took; the second sums over threads
    """

    trial: int
    rung: str
    epochs: int
    settings: dict[str, Any]
    score: float | None
    shown: str
    seconds: float
    processor_seconds: float

    @property
    def is_full(self) -> bool:
        """Whether it is a training with all epochs."""
        return self.rung == FULL


@dataclass(frozen=True, slots=True, repr=False)
class SearchResult(Summary):
    """What a search found: the outcome of every training, in the order in which they were made.

    ``preset``  the preset that the trials start from; ``base``  the settings of all trials that differ from it
    ``start``   the values that the searched settings have in trial 1
    ``metric``  what the scores on dev are
    ``error``   the standard error of trial 1's score, from the size of dev; 0 if the scores are no accuracies
    ``lost``    why the results file could not be written, which then ends before; "" if it could
    ``model``   the model trained with ``settings``, if one was asked for
    """

    outcomes: tuple[Outcome, ...]
    preset: str
    base: Mapping[str, Any]
    start: Mapping[str, Any]
    metric: str
    error: float = 0.0
    lost: str = ""
    model: Predictor | None = None

    @property
    def ranking(self) -> list[Outcome]:
        """The last outcome of every trial, best first: by rung, then by score; earlier trials first among equals."""
        last = {outcome.trial: outcome for outcome in self.outcomes}
        return sorted(last.values(), key=lambda each: (-Fraction(each.rung), *better(each)))

    @property
    def best(self) -> Outcome:
        """The best of the trials trained in full, if it is better than trial 1 by more than ``error``; else trial 1.

        The highest of many scores is partly chance, and the settings to start from need no luck.
        """
        first = next(each for each in self.outcomes if each.trial == 1)
        best = self.ranking[0]
        if best.score is None or first.score is None or best.score - first.score <= self.error:
            return first
        return best

    @property
    def settings(self) -> dict[str, Any]:
        """The settings of the best trial that differ from ``preset``, as ``elman.train`` takes them."""
        return {**self.base, **self.best.settings}

    def listed(self, outcome: Outcome) -> str:
        """Return the settings of a trial that differ from trial 1: ``hidden=64 dropout=0.3``."""
        differing = {name: value for name, value in outcome.settings.items() if value != self.start[name]}
        return " ".join(
            f"{name}={value:g}" if isinstance(value, float) else f"{name}={value}" for name, value in differing.items()
        )

    def _summary(self) -> str:
        trials = len({outcome.trial for outcome in self.outcomes})
        first = next(outcome.shown for outcome in self.outcomes if outcome.trial == 1)
        best = self.best
        return f"{counted(trials, 'trial')}, best {best.shown} (trial {best.trial}), {first} to start from"

    def _table(self) -> Iterator[Row]:
        yield "trial", "epochs", f"dev {self.metric}", "seconds", "settings"
        for each in self.ranking:
            yield each.trial, each.epochs, each.shown, each.seconds, self.listed(each)


def better(outcome: Outcome) -> tuple[float, int]:
    """Return a key that sorts outcomes of one rung, best first; failed ones come last."""
    return float("inf") if outcome.score is None else -outcome.score, outcome.trial


_KINDS: dict[str, tuple[type, ...]] = {
    "trial": (int,),
    "rung": (str,),
    "epochs": (int,),
    "settings": (dict,),
    "score": (float, type(None)),
    "shown": (str,),
    "seconds": (float,),
    "processor_seconds": (float,),
}
"""The fields of an outcome and the types of their values in JSON."""
_OF_FIRST: dict[str, tuple[type, ...]] = {"metric": (str,), "error": (float,), "start": (dict,), "space": (dict,)}
"""What is recorded with the first training."""


class ResultsFile:
    """The results of a search, in a file if ``path`` is not None.

    The first line is ``header``, which says what was searched; a search with another one is refused. A line is appended
    and flushed to disk when a training has ended. What a killed process left of its last line is dropped.
    Raises DataError if the file holds anything else, ConfigError if it is of another search, OutputError if it cannot
    be written.
    """

    def __init__(self, path: str | None, header: Mapping[str, Any]) -> None:
        self._path, self._known = path, dict[tuple[int, str], Outcome]()
        self.lost = ""
        """Why a result could not be written; the search goes on without the file."""
        self.of_first: dict[str, Any] = {}
        """What else was recorded with the first training."""
        if path is None:
            return
        if is_pipe(path):
            raise ConfigError(f"results: expected the name of a file, got {shown(path)}")
        check_target(path)
        first = _line_of({"search": VERSION, **header})
        content = _read(path)
        whole = content[: content.rfind(b"\n") + 1]
        if not whole and first.startswith(content):  # new, or killed in the first line
            self._write(first, replace=True)
            if self.lost:
                raise OutputError(self.lost)
            return
        for number, line in enumerate(whole.splitlines() or [content], start=1):
            self._take(number, line, header)
        if len(whole) < len(content):
            with while_writing(path):
                os.truncate(path, len(whole))

    def known(self, trial: int, rung: str, settings: Mapping[str, Any]) -> Outcome | None:
        """Return the outcome of a training that an earlier run has made. Raises DataError if it had other settings."""
        found = self._known.get((trial, rung))
        if found is not None and found.settings != settings:
            message = f"trial {trial} has other settings than this elman draws; name another file"
            raise DataError(message, path=self._path)
        return found

    def add(self, outcome: Outcome, more: Mapping[str, Any]) -> None:
        """Append an outcome; ``more`` is recorded with the first one."""
        self._known[outcome.trial, outcome.rung] = outcome
        self.of_first = self.of_first or dict(more)
        if self._path is not None and not self.lost:
            self._write(_line_of(asdict(outcome) | dict(more)))

    def _write(self, line: bytes, *, replace: bool = False) -> None:
        assert self._path is not None
        try:
            with open(self._path, "wb" if replace else "ab", buffering=0) as file:
                while line:  # a nearly full disk may accept only part
                    line = line[file.write(line) :]
                os.fsync(file.fileno())
        except OSError as error:
            self.lost = f"{self._path}: cannot be written: {reason(error)}"

    def _take(self, number: int, line: bytes, header: Mapping[str, Any]) -> None:
        """Take in a line of the file."""
        try:
            values = json.loads(line)
        except ValueError:
            values = None
        if number == 1:
            self._compare(values, header)
            return
        kinds = _KINDS | (_OF_FIRST if number == 2 else {})
        if not isinstance(values, dict) or not all(type(values.get(name)) in kinds[name] for name in kinds):
            message = f"expected a result of elman search, found {shown(line.decode('utf-8', 'replace'))}"
            raise DataError(message, path=self._path, line=number)
        outcome = Outcome(**{name: values[name] for name in _KINDS})
        self._known[outcome.trial, outcome.rung] = outcome
        if number == 2:
            self.of_first = {name: values[name] for name in _OF_FIRST}

    def _compare(self, found: Any, header: Mapping[str, Any]) -> None:
        """Raise ConfigError if the file is of another search."""
        if not isinstance(found, dict) or found.get("search") != VERSION:
            message = "expected the results of elman search, or no file; name another one"
            raise DataError(message, path=self._path, line=1)
        expected = json.loads(json.dumps(header))
        changed = [name for name in expected if found.get(name) != expected[name]]
        if changed:
            names = ", ".join(changed)
            raise ConfigError(f"{self._path}: holds a search with other {names}; name another file")


def _read(path: str) -> bytes:
    if not os.path.exists(path):
        return b""
    with while_reading(path), open(path, "rb") as file:
        return file.read()


def _line_of(values: Mapping[str, Any]) -> bytes:
    return json.dumps(values, ensure_ascii=False).encode() + b"\n"
