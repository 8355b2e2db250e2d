"""``elman.learn`` in a process of its own, at a lower priority, so that learning never delays an answer.

The server sends requests and gets outcomes, pickled, through the process's standard input and output. A process that
dies takes nothing with it: models are files, and corrections are in the database. It ends when the server does.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from elman.data.correction import Correction, words_digest
from elman.errors import ConfigError, ElmanError, OutputError
from elman.learn.corrections import check_model
from elman.learn.history import updated
from elman.learn.learner import Learner
from elman.learn.retraining import retrain
from elman.server.measure import Corrected, compare_models, right_items
from elman.server.shelf import write_model
from elman.taggers.load import load
from elman.utils.parallel import thread_count

if TYPE_CHECKING:
    from elman.taggers.base import Predictor
    from elman.taggers.column_predictor import ColumnPredictor

PATCHING, RETRAINING = 10, 15
"""How much the processes yield to others (``nice``)."""
_CODE = "from elman.server.learner import main; main()"


@dataclass(frozen=True, slots=True)
class LearnOptions:
    """How the service learns. ``replay`` and ``heldout`` are files; ``off`` says why it does not, "" if it does."""

    seed: int = 1
    replay: str | None = None
    heldout: str | None = None
    off: str = ""


@dataclass(frozen=True, slots=True)
class Setup:
    """What a learning process begins with: models by path, and corrections.

    ``earlier``  those that the model has learned and that are in force
    ``undone``   the words of those that it has learned, and that are not in force any more
    """

    model: str
    first: str
    folder: str
    earlier: Sequence[Corrected] = ()
    undone: Sequence[tuple[str, ...]] = ()
    replay: str | None = None
    heldout: str | None = None
    seed: int = 1
    nice: int = PATCHING


@dataclass(frozen=True, slots=True)
class Request:
    """Corrections to learn (none: only measure), or to train again with, and the corrected sentences set aside."""

    new: Sequence[Corrected] = ()
    aside: Sequence[Corrected] = ()
    retrain: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a request.

    ``path``    the new model, a file in the shelf's folder; None if there is none, and then ``error`` says why
    ``chance``  whether the same request might succeed another time: the process died, or a disk was full
    """

    path: str | None = None
    error: str | None = None
    chance: bool = False
    report: dict[str, Any] | None = None
    heldout: dict[str, Any] | None = None
    earlier: dict[str, Any] | None = None
    seconds: float = 0.0
    learned: int = 0
    not_learned: int = 0


class DiedError(ElmanError):
    """The learning process has ended before its time."""


class Process:
    """A learning process, as the server sees it; for one thread, but for ``stop``."""

    def __init__(self, setup: Setup) -> None:
        flags = [flag for flag in ("-B",) if sys.dont_write_bytecode]
        self._process = subprocess.Popen(
            [sys.executable, *flags, "-c", _CODE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=_environment()
        )
        self.begin(setup)

    def ask(self, request: Request) -> Outcome:
        """Send a request and wait for its outcome. Raises DiedError if the process ends meanwhile."""
        self._send(request)
        try:
            return cast(Outcome, pickle.load(cast(BinaryIO, self._process.stdout)))
        except (EOFError, OSError, pickle.UnpicklingError):
            raise self._died() from None

    def begin(self, setup: Setup) -> None:
        """Begin again with other models or corrections, in the same process."""
        self.setup = setup
        self._send(setup)

    def _send(self, value: object) -> None:
        pipe = cast(BinaryIO, self._process.stdin)
        try:
            pickle.dump(value, pipe)
            pipe.flush()
        except OSError:
            raise self._died() from None

    def _died(self) -> DiedError:
        self.end()
        return DiedError(f"the learning process has ended (exit status {self._process.returncode}); is memory short?")

    def stop(self) -> None:
        """End the process at once, from any thread; one that waits in ``ask`` gets DiedError."""
        self._process.kill()
        self._process.wait()

    def end(self) -> None:
        """End the process at once and close its pipes, which no other thread may be using."""
        self.stop()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None and not pipe.closed:
                try:
                    pipe.close()
                except OSError:  # what was left to send
                    pass


def _learner(model: Predictor, setup: Setup, *, replay: Any, heldout: Any) -> Learner:
    threads = min(2, thread_count(None))  # two bring a patch sooner, more would not
    return Learner(model, replay=replay, heldout=heldout, seed=setup.seed, threads=threads)


def _environment() -> dict[str, str]:
    """Return the environment of the process: one thread, and the modules that this one finds."""
    one = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "1")
    return {**os.environ, **one, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


@dataclass
class _Learning:
    """The state of a learning process. ``heldout`` are the sentences of the file of that name."""

    setup: Setup
    first: ColumnPredictor
    learner: Learner
    heldout: list[Correction]
    known: list[Corrected]
    once: set[tuple[int, str, int]] = field(default_factory=set)
    """Changed words that the model has given right at some time."""

    @staticmethod
    def begin(setup: Setup) -> _Learning:
        model = check_model(load(setup.model, threads=1))
        first = model if setup.first == setup.model else load(setup.first, threads=1)
        undone = {words_digest(words) for words in setup.undone}
        history = model.history
        standing = tuple(one for one in history.corrections if one.words_digest not in undone)
        model = model.with_history(replace(history, corrections=standing))
        learner = _learner(model, setup, replay=setup.replay, heldout=setup.heldout)
        made = _Learning(setup, cast("ColumnPredictor", first), learner, learner.heldout, list(setup.earlier))
        made.once = right_items(model, made.known)
        return made

    def answer(self, request: Request) -> Outcome:
        start = time.monotonic()
        outcome: dict[str, Any] = {}
        if request.retrain:
            return Outcome(**self._retrain(request), seconds=round(time.monotonic() - start, 3))
        if request.new:
            outcome = self._patch(request)
        right = right_items(self.learner.model, self.known)
        self.once |= right
        outcome["earlier"] = {"kept": len(right), "broken": len(self.once - right), "total": len(self.once)}
        outcome["heldout"] = compare_models(self.first, self.learner.model, request.aside)
        return Outcome(**outcome, seconds=round(time.monotonic() - start, 3))

    def _patch(self, request: Request) -> dict[str, Any]:
        learner, before = self.learner, self.learner.model
        learner.heldout = self._heldout(request)
        report = learner.update([one.correction() for one in request.new])
        told = {"report": report.to_json(), "learned": len(report.learned), "not_learned": len(report.not_learned)}
        if report.worse:
            self.learner = _learner(before, self.setup, replay=learner.replay or None, heldout=learner.heldout)
            return {**told, "error": "significantly worse on held-out text; the model stays as it was"}
        path = write_model(self.learner.model, self.setup.folder)
        ids = {one.id for one in request.new}
        self.known = [one for one in self.known if one.id not in ids] + list(request.new)
        standing = {one.seq for one in self.known}
        self.once = {item for item in self.once if item[0] in standing}
        return {**told, "path": path}

    def _heldout(self, request: Request) -> list[Correction]:
        return self.heldout + [one.correction() for one in request.aside]

    def _retrain(self, request: Request) -> dict[str, Any]:
        model, learned = self.learner.model, [one.correction() for one in request.new]
        heldout = self._heldout(request)
        if not heldout:
            raise ConfigError(
                "retraining is tested on held-out text: correct a sentence that is set aside, or --heldout"
            )
        new, report, is_new = retrain(model, learned, train=self.setup.replay, heldout=heldout)
        told: dict[str, Any] = {"report": report.to_json(), "learned": len(report.learned)}
        if not is_new:
            return {**told, "error": "significantly worse than the present model on held-out text; that one stays"}
        history = updated(model.history, model.history.parent, learned, ())
        found = new.with_history(history)
        told["heldout"] = compare_models(self.first, found, request.aside)
        return {**told, "path": write_model(found, self.setup.folder)}


def main() -> None:
    """Answer the requests on standard input, until it ends."""
    requests, outcomes = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what is printed by mistake is no outcome
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, which ends this
    setup: Setup = pickle.load(requests)
    if hasattr(os, "nice"):
        os.nice(setup.nice)
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    learning: _Learning | None = None
    while True:
        try:
            request: Request | Setup = pickle.load(requests)
        except (EOFError, pickle.UnpicklingError):
            return
        if isinstance(request, Setup):
            setup, learning = request, None
            continue
        try:
            learning = learning or _Learning.begin(setup)
            outcome = learning.answer(request)
        except ElmanError as error:
            outcome = Outcome(error=str(error), chance=isinstance(error, OutputError))
        except Exception as error:  # an error of ours, or too little memory, must not end the loop, nor be silent
            outcome = Outcome(error=f"{type(error).__name__}: {' '.join(str(error).split())[:300]}", chance=True)
        try:
            pickle.dump(outcome, outcomes)
            outcomes.flush()
        except OSError:  # the server has gone, and with it who wants to know
            os._exit(1)


def _end_with(parent: int) -> None:
    """End this process when the server has ended, however that was."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)
