"""The store: one thread writes to the SQLite file, one transaction after the other; who asks gets a future.

The future has its result after the transaction is on disk (``synchronous=FULL``), and the events in memory change only
then, so nothing is shown or acknowledged that a crash could take back.
"""

from __future__ import annotations

import json
import os
import queue
import sqlite3
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, TypeVar

from elman.errors import ConfigError, DataError, ElmanError, OutputError
from elman.server import schema
from elman.server.events import CORRECTION, REDO, UNDO, Event, State, Values

_T = TypeVar("_T")


class ConflictError(ElmanError):
    """The sentence has changed since, or there is nothing to undo or redo."""


class FullError(ElmanError):
    """The disk is full, or cannot be written any more: nothing was stored."""


class FileRow(NamedTuple):
    """A file that was read: its name, how it was read, and its bytes; ``number`` is 0 until it is stored."""

    number: int
    name: str
    read_as: dict[str, Any]
    sha256: str
    content: bytes


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A model that was made, whether it was adopted or not.

    ``kind``     ``first``, ``patch`` or ``retrain``
    ``events``   the numbers of the corrections that it was made for
    ``reason``   why it was not adopted
    ``report``   only of a model that is being stored; ``Store.report`` reads it
    """

    sha256: str
    kind: str
    parent: str | None = None
    events: tuple[int, ...] = ()
    adopted: bool = True
    reason: str | None = None
    report: dict[str, Any] | None = None
    heldout: dict[str, Any] | None = None
    time: float = 0.0
    number: int = 0


class Store:
    """A database of corrections that is open for writing; ``state`` is what its events say."""

    def __init__(self, path: str, *, create: bool = True, now: Callable[[], float] = time.time) -> None:
        """Open or make the database. Raises OutputError or DataError, see ``schema.open_database``."""
        self.path = path
        self._now = now
        schema.check_path(path, create=create)
        self._made = not os.path.exists(path)
        self._lock = schema.Lock(path)
        try:
            self._connection = schema.open_database(path)
            self.state = read_state(self._connection)
        except BaseException:
            self._lock.release()
            raise
        self._jobs: queue.SimpleQueue[tuple[Callable[[], Any], Future[Any]] | None] = queue.SimpleQueue()
        self._closing, self._closed = threading.Lock(), False
        self._thread = threading.Thread(target=self._write, name="elman-store", daemon=True)
        self._thread.start()

    def close(self, *, discard: bool = False) -> None:
        """Write what waits, and give the database back; with ``discard`` remove it if it was made by this start."""
        with self._closing:
            was_closed, self._closed = self._closed, True
        if not was_closed:
            self._jobs.put(None)
            self._thread.join()
            self._connection.close()
            for ending in ("", "-wal", "-shm", "-lock") if discard and self._made else ():
                with suppress(OSError):
                    os.unlink(self.path + ending)
            self._lock.release()

    def submit(self, job: Callable[[sqlite3.Connection], _T], after: Callable[[_T], None] | None = None) -> Future[_T]:
        """Run a job in a transaction of its own, in the writer's thread; ``after`` gets its result once it is stored.

        The future raises FullError if it could not be stored, and whatever the job raises. Raises OutputError after
        ``close``, when nobody would do the job.
        """
        future: Future[_T] = Future()

        def run() -> _T:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                result = job(self._connection)
                self._connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):  # an error of the disk may have rolled back already
                    self._connection.execute("ROLLBACK")
                raise
            if after is not None:
                after(result)
            return result

        with self._closing:
            if self._closed:
                raise OutputError(f"{self.path}: closed; nothing was stored")
            self._jobs.put((run, future))
        return future

    def _write(self) -> None:
        while (item := self._jobs.get()) is not None:
            run, future = item
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(run())
            except sqlite3.OperationalError as error:
                future.set_exception(FullError(f"{self.path}: cannot be written: {error}; nothing was stored"))
            except BaseException as error:
                future.set_exception(error)

    def _event(self, decide: Callable[[], Event]) -> Future[Event]:
        def job(connection: sqlite3.Connection) -> Event:
            event = replace(decide(), time=self._now())
            marks = ", ".join("?" * len(event.row()))
            done = connection.execute(f"INSERT INTO events ({Event.COLUMNS}) VALUES ({marks})", event.row())
            return replace(event, seq=int(done.lastrowid or 0))

        return self.submit(job, self.state.add)

    def correct(self, event: Event, version: int | None) -> Future[Event]:
        """Store a correction. ConflictError if this annotator's event in force is not ``version``.

        Without a version it is one if there is a correction in force that is not ``event.before``.
        """

        def decide() -> Event:
            given = self.state.of(event.sentence, event.annotator)
            if version is not None:
                changed = version != (given.seq if given else 0)
            else:
                changed = given is not None and given.kind == CORRECTION and given.after != event.before
            if changed:
                raise ConflictError("the sentence has been corrected since; look at it again")
            return event

        return self._event(decide)

    def skip(self, event: Event) -> Future[Event]:
        """Store that an annotator passed a sentence over."""
        return self._event(lambda: event)

    def undo(self, annotator: str) -> Future[Event]:
        """Take back an annotator's last correction or skip. ConflictError if there is none."""
        return self._back(UNDO, annotator, self.state.undoable)

    def redo(self, annotator: str) -> Future[Event]:
        """Bring back what was last undone. ConflictError if there is nothing, or something was corrected since."""
        return self._back(REDO, annotator, self.state.redoable)

    def _back(self, kind: str, annotator: str, find: Callable[[str], Event | None]) -> Future[Event]:
        def decide() -> Event:
            event = find(annotator)
            if event is None:
                raise ConflictError(f"nothing to {kind}")
            values: Sequence[Values] = (event.after, event.before) if kind == UNDO else (event.before, event.after)
            before, after = values
            return Event(kind, annotator, event.sentence, event.words, before, after, None, event.model, event.seq)

        return self._event(decide)

    # --- settings, files, models ---

    def setting(self, name: str, value: str | None = None) -> str | None:
        """Return a setting that was stored; ``value`` is stored if there is none yet."""

        def job(connection: sqlite3.Connection) -> str | None:
            found = connection.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()
            if found is None and value is not None:
                connection.execute("INSERT INTO settings VALUES (?, ?)", (name, value))
            return value if found is None else str(found[0])

        return self.submit(job).result()

    def put_setting(self, name: str, value: str) -> Future[None]:
        """Store a setting, in place of an earlier value."""

        def job(connection: sqlite3.Connection) -> None:
            connection.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (name, value))

        return self.submit(job)

    def files(self) -> list[FileRow]:
        """Return the files, in the order in which they were first given."""
        return self.submit(read_files).result()

    def put_file(self, file: FileRow) -> None:
        """Store a file, in place of an earlier one of its name."""
        values = (json.dumps(file.read_as), file.sha256, zlib.compress(file.content, 6))

        def job(connection: sqlite3.Connection) -> None:
            same = "ON CONFLICT (name) DO UPDATE SET read_as = excluded.read_as, sha256 = excluded.sha256"
            insert = f"INSERT INTO files (name, read_as, sha256, content) VALUES (?, ?, ?, ?) {same}"
            connection.execute(f"{insert}, content = excluded.content", (file.name, *values))

        self.submit(job).result()

    def models(self) -> list[ModelRow]:
        """Return all models, oldest first."""
        return self.submit(read_models).result()

    def put_model(self, model: ModelRow) -> Future[ModelRow]:
        """Store that a model was made; if it was adopted it is the one that the next start loads."""
        model = replace(model, time=self._now())

        def job(connection: sqlite3.Connection) -> ModelRow:
            values = [model.sha256, model.parent, model.time, model.kind, json.dumps(model.events), model.adopted]
            values += [model.reason, *(None if value is None else json.dumps(value) for value in _reports(model))]
            marks = ", ".join("?" * len(values))
            done = connection.execute(f"INSERT INTO models ({_MODEL_COLUMNS}) VALUES ({marks})", values)
            if model.adopted:
                connection.execute("INSERT INTO adoptions (time, sha256) VALUES (?, ?)", (model.time, model.sha256))
            return replace(model, number=int(done.lastrowid or 0), report=None)

        return self.submit(job)

    def report(self, number: int) -> dict[str, Any] | None:
        """Return the report of the model with this number."""

        def job(connection: sqlite3.Connection) -> str | None:
            row = connection.execute("SELECT report FROM models WHERE number = ?", (number,)).fetchone()
            return row[0] if row else None

        text = self.submit(job).result()
        return None if text is None else dict(json.loads(text))

    def adopt(self, sha256: str) -> Future[None]:
        """Store that an earlier model answers from now on."""

        def job(connection: sqlite3.Connection) -> None:
            connection.execute("INSERT INTO adoptions (time, sha256) VALUES (?, ?)", (self._now(), sha256))

        return self.submit(job)

    def adopted(self) -> str | None:
        """Return the model that was adopted last."""

        def job(connection: sqlite3.Connection) -> str | None:
            row = connection.execute("SELECT sha256 FROM adoptions ORDER BY number DESC LIMIT 1").fetchone()
            return str(row[0]) if row else None

        return self.submit(job).result()


_MODEL_COLUMNS = "sha256, parent, time, kind, events, adopted, reason, report, heldout"


def _reports(model: ModelRow) -> tuple[dict[str, Any] | None, ...]:
    return model.report, model.heldout


def read_state(connection: sqlite3.Connection) -> State:
    """Return what the events of a database say. Raises DataError for events that contradict each other."""
    try:
        return State(read_events(connection))
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        raise DataError("the events in the database contradict each other; go back to a copy of it") from None


def read_events(
    connection: sqlite3.Connection, after: int = 0, limit: int = -1, annotator: str = ""
) -> Iterable[Event]:
    """Yield events from number ``after`` + 1 on."""
    of = "AND annotator = ?" if annotator else "AND ? = ''"
    query = f"SELECT seq, {Event.COLUMNS} FROM events WHERE seq > ? {of} ORDER BY seq LIMIT ?"
    yield from map(Event.of_row, connection.execute(query, (after, annotator, limit)))


def read_files(connection: sqlite3.Connection) -> list[FileRow]:
    """Return the files of a database with their bytes."""
    rows = connection.execute("SELECT number, name, read_as, sha256, content FROM files ORDER BY number")
    return [
        FileRow(number, name, json.loads(read_as), sha256, zlib.decompress(content))
        for number, name, read_as, sha256, content in rows
    ]


def read_settings(connection: sqlite3.Connection) -> dict[str, str]:
    """Return the settings of a database by name."""
    return dict(connection.execute("SELECT name, value FROM settings").fetchall())


def read_models(connection: sqlite3.Connection) -> list[ModelRow]:
    """Return the models of a database, oldest first, without their reports: all of them may be many megabytes."""
    found = []
    columns = _MODEL_COLUMNS.replace("report", "NULL")
    for number, *row in connection.execute(f"SELECT number, {columns} FROM models ORDER BY number"):
        sha256, parent, when, kind, events, adopted, reason, report, text = row
        heldout = None if text is None else json.loads(text)
        made_for = tuple(json.loads(events))
        found.append(ModelRow(sha256, kind, parent, made_for, bool(adopted), reason, report, heldout, when, number))
    return found


def checked_annotator(name: str) -> str:
    """Return an annotator's name. Raises ConfigError unless it is 1 to 64 printable characters."""
    if not 1 <= len(name) <= 64 or not name.isprintable() or name != name.strip():
        raise ConfigError("annotator: expected a name of 1 to 64 printable characters")
    return name
