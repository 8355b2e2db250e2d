"""Learn from corrections behind the service: what is to be learned, and which model answers.

What a model has learned follows from the database: the corrections of all patches from the first model, or the last
retraining, up to it. What is in force, not set aside and not among these is learned next, all that waits in one go.
Nothing else is remembered, so a crash at any moment loses no correction.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from elman.errors import ElmanError
from elman.server.documents import is_set_aside
from elman.server.events import Event
from elman.server.hub import Hub
from elman.server.learner import RETRAINING, LearnOptions, Outcome, Process, Request, Setup
from elman.server.measure import Corrected
from elman.server.security import error_line
from elman.server.shelf import Shelf
from elman.server.store import ConflictError, ModelRow, Store
from elman.server.tagging import Serving

if TYPE_CHECKING:
    from elman.taggers.column_predictor import ColumnPredictor


class Learning:
    """Learns in threads of its own; ``adopt`` is called with each model that answers from then on."""

    def __init__(
        self,
        store: Store,
        shelf: Shelf,
        hub: Hub,
        options: LearnOptions,
        adopt: Callable[[Serving], None],
        words: Callable[[Event], tuple[str, ...]],
    ) -> None:
        self.tell: Callable[[], None] = lambda: None
        """Tells all who listen that something has changed."""
        self._store, self._shelf, self._hub, self.options, self._adopt = store, shelf, hub, options, adopt
        self._words = words
        self.models = store.models()
        self.passed = int(store.setting("passed", "0") or 0)
        self.present = store.adopted() or shelf.first
        self.heldout: dict[str, Any] | None = None
        self.earlier: dict[str, Any] | None = None
        self.error: str | None = options.off or None
        self.seconds: float | None = None
        self.state = "off" if options.off else "idle"
        self.retrain_state, self.retrain_queued = "idle", False
        self.retrain_error: str | None = None
        self.retrain_seconds: float | None = None
        self._wake, self._lock, self._ended = threading.Event(), threading.RLock(), False
        self._retrain_wake = threading.Event()
        self._process: Process | None = None
        self._second: Process | None = None
        self._knows: tuple[str, frozenset[int]] | None = None
        self._tries: Counter[int] = Counter()  # how often a patch has failed for another reason than its score
        self._read: dict[int, tuple[Corrected, bool]] = {}  # corrections by event, and whether they are set aside
        self._waiting: tuple[tuple[int, int, str, int], list[Corrected]] | None = None
        self._learned: tuple[tuple[int, str], dict[str, int]] | None = None
        self._measured: tuple[str, tuple[int, ...], frozenset[int]] | None = None
        self._threads = [
            threading.Thread(target=work, name=f"elman-{name}", daemon=True)
            for name, work in (("learning", self._work), ("retraining", self._retrain))
        ]

    def start(self) -> None:
        """Begin to learn what waits."""
        if not self.options.off:
            for thread in self._threads:
                thread.start()
            self.notify()

    def notify(self) -> None:
        """Look again: an event was stored."""
        self._wake.set()

    def close(self) -> None:
        """End the learning processes; what they have not finished is learned after the next start."""
        self._ended = True
        self._wake.set()
        self._retrain_wake.set()
        for process in (self._process, self._second):
            if process is not None:
                process.stop()
        for thread in self._threads:
            if thread.is_alive():
                thread.join()
        for process in (self._process, self._second):
            if process is not None:
                process.end()  # only now, when no thread reads its pipes

    # --- what is to be learned ---

    def learned(self) -> dict[str, int]:
        """Return which correction of each sentence the present model has learned last."""
        key = (len(self.models), self.present)
        if self._learned is None or self._learned[0] != key:
            self._learned = key, self._find_learned()
        return self._learned[1]

    def _find_learned(self) -> dict[str, int]:
        by_sha256 = {model.sha256: model for model in self.models if model.adopted}
        line: dict[str, ModelRow] = {}
        model = by_sha256.get(self.present)
        while model is not None and model.sha256 not in line:
            line[model.sha256] = model
            model = by_sha256.get(model.parent or "") if model.kind == "patch" else None
        events = [self._store.state.known(seq) for model in reversed(line.values()) for seq in model.events]
        return {event.sentence: event.seq for event in events if event is not None}

    def in_force(self) -> tuple[list[Corrected], list[Corrected]]:
        """Return the latest correction of each sentence: those to train on, and those that are set aside."""
        found = [self._read.get(event.seq) or self._corrected(event) for event in self._store.state.corrections()]
        return [one for one, aside in found if not aside], [one for one, aside in found if aside]

    def _corrected(self, event: Event) -> tuple[Corrected, bool]:
        found = Corrected.of(event, self._words(event)), is_set_aside(self.options.seed, event.sentence)
        self._read[event.seq] = found
        return found

    def waiting(self) -> list[Corrected]:
        """Return the corrections that the present model has not learned, and is to learn."""
        key = (self._store.state.last, len(self.models), self.present, self.passed)
        if self._waiting is None or self._waiting[0] != key:
            self._waiting = key, self._find_waiting()
        return self._waiting[1]

    def _find_waiting(self) -> list[Corrected]:
        learned = self.learned()
        rejected = {seq for model in self.models if not model.adopted for seq in model.events}
        to_train, _ = self.in_force()
        new = [one for one in to_train if learned.get(one.id) != one.seq and one.seq > self.passed]
        return [one for one in new if one.seq not in rejected and one.says_something]

    def _known(self, to_train: Sequence[Corrected]) -> list[Corrected]:
        """Return those that the present model has learned, and that are in force."""
        learned = self.learned()
        return [one for one in to_train if learned.get(one.id) == one.seq]

    def _work(self) -> None:
        self._guard(self._warm_up)
        while True:
            self._wake.wait()
            self._wake.clear()
            if self._ended:
                return
            self._guard(self._learn_all)

    def _warm_up(self) -> None:
        """Start the learning process, which takes a while, before there is anything to learn."""
        self._ask(Request(), self.present, self._known(self.in_force()[0]))

    def _learn_all(self) -> None:
        while not self._ended and self._step():
            pass

    def _guard(self, work: Callable[[], None]) -> None:
        """Do a piece of work; an error is told, and does not end learning."""
        try:
            work()
        except Exception as error:  # corrections are safe, and tried again
            self._failed(error_line(error))

    def _step(self) -> bool:
        """Do one thing: take back what was undone, learn what waits, or measure. Return whether there was any."""
        with self._lock:
            present = self.present
            if self._take_back():
                return True
        new = self._together()
        to_train, aside = self.in_force()
        earlier = self._known(to_train)
        seqs = frozenset(one.seq for one in earlier)
        measured = (present, tuple(one.seq for one in aside), seqs)
        if not new and (measured == self._measured or not (aside or earlier)):
            return False
        self.state = "patching" if new else self.state
        outcome = self._ask(Request(new, aside), present, earlier)
        if self._ended:
            return False
        self.heldout, self.earlier = outcome.heldout, outcome.earlier
        self._measured = measured
        if new:
            self._knows = None
            self._settle(new, outcome, present)
            if outcome.path is not None:
                with self._lock:
                    if self.present != present:
                        self._knows = (self.present, seqs | {one.seq for one in new})
                        self._measured = (self.present, measured[1], self._knows[1])
        self.tell()
        return True

    def _together(self) -> list[Corrected]:
        """Return what is learned next in one go: all that waits, but of what has failed one after the other."""
        new = self.waiting()
        return new[:1] if any(one.seq in self._tries for one in new) else new

    def _ask(self, request: Request, present: str, earlier: Sequence[Corrected]) -> Outcome:
        """Ask the learning process, a new one if the last has died or knows other things."""
        knows = (present, frozenset(one.seq for one in earlier))
        try:
            if self._process is None:
                self._process = Process(self._setup(present, earlier))
            elif self._knows != knows:
                self._process.begin(self._setup(present, earlier))
            self._knows = knows
            if self._ended:  # after the process is known to `close`, which ends it
                return Outcome(error="the service is being closed")
            return self._process.ask(request)
        except ElmanError as error:
            self._process = self._knows = None
            return Outcome(error=str(error), chance=True)

    def _setup(self, present: str, earlier: Sequence[Corrected]) -> Setup:
        options, shelf = self.options, self._shelf
        return Setup(
            shelf.path(present),
            shelf.path(shelf.first),
            shelf.folder,
            tuple(earlier),
            self._undone(earlier),
            options.replay,
            options.heldout,
            options.seed,
        )

    def _undone(self, earlier: Sequence[Corrected]) -> tuple[tuple[str, ...], ...]:
        """Return the words of what the present model has learned and is not in force any more."""
        ids = self.learned().keys() - {one.id for one in earlier}
        return tuple(self._words(event) for event in self._store.state.known_corrections() if event.sentence in ids)

    def _settle(self, new: Sequence[Corrected], outcome: Outcome, parent: str) -> None:
        """Adopt what came of a patch, or store why not."""
        ids, seqs = [one.id for one in new], tuple(one.seq for one in new)
        self.state, self.seconds = "idle", outcome.seconds
        row = ModelRow("", "patch", parent, seqs, False, outcome.error, outcome.report, outcome.heldout)
        with self._lock:
            if outcome.path is not None and self.present == parent:
                sha256 = self._shelf.put(outcome.path)
                self.error = None  # before the model is seen as adopted
                self._put(replace(row, sha256=sha256, adopted=True))
                learned = {"learned": outcome.learned, "not_learned": outcome.not_learned}
                self._hub.publish("learned", {"model": self.present, "ids": ids, "seconds": outcome.seconds} | learned)
                return
            if outcome.path is not None:  # another model was chosen meanwhile; they are learned on top of it
                self._shelf.discard(outcome.path)
                return
            alone = len(new) == 1
            again = outcome.report is None and (not alone or (outcome.chance and not self._tries[new[0].seq]))
            if again:
                self._tries.update(seqs)  # each by itself, so that one does not fail the others
                self._failed(outcome.error or "")
                return
            self.models.append(self._store.put_model(row).result())
            self._failed(outcome.error or "")
        self._hub.publish("rejected", {"ids": ids, "error": self.error})

    def _failed(self, error: str) -> None:
        self.state, self.error = "idle", error

    def _put(self, row: ModelRow) -> None:
        """Store a model, and let it answer."""
        model = self._shelf.load(row.sha256)
        stored = self._store.put_model(row).result()
        self.models.append(stored)
        self.present = stored.sha256
        self._adopt(Serving(cast("ColumnPredictor", model), stored.sha256, stored.number, stored.kind))
        self._hub.publish("model", {"model": stored.sha256, "kind": stored.kind})
        self._shelf.prune(self.models, self.present)

    def _take_back(self) -> bool:
        """Go back to the model before, if all that the present one learned of its own was undone."""
        row = self.row(self.present)
        if row is None or row.kind != "patch" or row.parent is None or max(row.events, default=0) <= self.passed:
            return False  # it was not patched, or a person has chosen it
        in_force = {event.seq for event in self._store.state.corrections()}
        if in_force & set(row.events) or not self._shelf.has(row.parent):
            return False
        self._activate(row.parent)
        return True

    # --- what a person asks for ---

    def row(self, sha256: str) -> ModelRow | None:
        """Return what the database says of a model that was adopted."""
        return next((model for model in reversed(self.models) if model.adopted and model.sha256 == sha256), None)

    def activate(self, sha256: str) -> None:
        """Let an earlier model answer; corrections that it has not learned are left out from now on.

        Raises ModelFileError if its file is missing.
        """
        with self._lock:
            self.passed = self._store.state.last
            self._store.put_setting("passed", str(self.passed)).result()
            self._activate(sha256)
        self.notify()

    def _activate(self, sha256: str) -> None:
        row = self.row(sha256)
        model = self._shelf.load(sha256)
        self._store.adopt(sha256).result()
        self.present = sha256
        number, kind = (row.number, row.kind) if row else (1, "first")
        self._adopt(Serving(cast("ColumnPredictor", model), sha256, number, kind))
        self._hub.publish("model", {"model": sha256, "kind": kind})

    def retrain(self) -> str:
        """Train again on everything in the background; return ``running`` or ``queued``.

        Raises ConflictError if that is queued already, or if the service does not learn.
        """
        with self._lock:
            if self.options.off:
                raise ConflictError(f"this service does not learn: {self.options.off}")
            if self.options.replay is None:
                raise ConflictError("retraining needs the training file: start the service with --replay FILE")
            if self.retrain_state == "running":
                if self.retrain_queued:
                    raise ConflictError("a retraining is running, and another is queued already")
                self.retrain_queued = True
                return "queued"
            self.retrain_state = "running"
        self._retrain_wake.set()
        self._hub.publish("retrain", {"state": "running", "error": None})
        return "running"

    def _retrain(self) -> None:
        while True:
            self._retrain_wake.wait()
            self._retrain_wake.clear()
            if self._ended:
                return
            start = time.monotonic()
            try:
                state = self._retrain_once()
            except Exception as error:  # an error of ours must not end retraining either
                state, self.retrain_error = "failed", error_line(error)
            if self._ended:
                return
            self.retrain_seconds = round(time.monotonic() - start, 3)
            with self._lock:
                again, self.retrain_queued = self.retrain_queued, False
                self.retrain_state = "running" if again else "idle"
            self._hub.publish("retrain", {"state": state, "error": self.retrain_error})
            self.tell()
            self.notify()
            if again:
                self._retrain_wake.set()

    def _retrain_once(self) -> str:
        """Train again; return ``adopted``, ``rejected`` or ``failed``."""
        to_train, aside = self.in_force()
        parent = self.present
        process = self._second = Process(replace(self._setup(parent, ()), nice=RETRAINING))
        if self._ended:
            return "failed"
        outcome = process.ask(Request(to_train, aside, retrain=True))
        process.end()
        self.retrain_error = outcome.error
        row = ModelRow("", "retrain", parent, (), False, outcome.error, outcome.report, outcome.heldout)
        with self._lock:
            if outcome.path is None:
                self.models.append(self._store.put_model(row).result())
                return "failed" if outcome.report is None else "rejected"
            seqs = tuple(one.seq for one in to_train)
            self._put(replace(row, sha256=self._shelf.put(outcome.path), adopted=True, events=seqs))
        return "adopted"

    def status(self) -> dict[str, Any]:
        """Return what the live line shows of learning."""
        return {
            "heldout": self.heldout,
            "earlier": self.earlier,
            "learning": {
                "state": self.state,
                "waiting": 0 if self.options.off else len(self.waiting()),
                "error": self.error,
                "seconds": self.seconds,
            },
            "retrain": {
                "state": self.retrain_state,
                "queued": self.retrain_queued,
                "error": self.retrain_error,
                "seconds": self.retrain_seconds,
            },
        }
