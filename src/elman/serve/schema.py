"""The SQLite file of corrections: its tables, and the checks before it is used.

Events are never changed or deleted; triggers see to it. ``PRAGMA user_version`` is the version of the tables.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from elman.errors import DataError, OutputError
from elman.utils.files import check_target

VERSION = 1
APPLICATION = 0x656C6D6E
"""Marks the file as elman's (``elmn``), in ``PRAGMA application_id``."""
BUSY = 10.0
"""Seconds to wait for another program that has the file open."""

_TABLES = """
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE files (
  number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, read_as TEXT NOT NULL, sha256 TEXT NOT NULL,
  content BLOB NOT NULL);
CREATE TABLE events (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, time REAL NOT NULL, annotator TEXT NOT NULL, kind TEXT NOT NULL,
  sentence TEXT NOT NULL, words TEXT NOT NULL, before TEXT, after TEXT, seconds REAL, model TEXT NOT NULL,
  undoes INTEGER REFERENCES events (seq));
CREATE TABLE models (
  number INTEGER PRIMARY KEY AUTOINCREMENT, sha256 TEXT NOT NULL, parent TEXT, time REAL NOT NULL, kind TEXT NOT NULL,
  events TEXT NOT NULL, adopted INTEGER NOT NULL, reason TEXT, report TEXT, heldout TEXT);
CREATE TABLE adoptions (number INTEGER PRIMARY KEY AUTOINCREMENT, time REAL NOT NULL, sha256 TEXT NOT NULL);
CREATE TRIGGER events_stay BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'events are never changed'); END;
CREATE TRIGGER events_last BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'events are never deleted'); END;
"""


def connect(path: str) -> sqlite3.Connection:
    """Return a connection that commits by itself outside of ``BEGIN IMMEDIATE``, and only after data are on disk."""
    connection = sqlite3.connect(path, timeout=BUSY, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


class Lock:
    """Keeps a second server, or ``elman corrections undo``, away from a database, while others may read it.

    The lock is SQLite's own, on a file beside the database; the system gives it back when the process ends, however.
    """

    def __init__(self, path: str) -> None:
        try:
            self._connection = sqlite3.connect(f"{path}-lock", timeout=0, isolation_level=None, check_same_thread=False)
            self._connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise OutputError(f"{path}-lock: cannot be written: {error}") from None
            message = f"{path}: in use by another elman serve; stop that one, or name another database (--db)"
            raise OutputError(message) from None
        except sqlite3.DatabaseError as error:
            raise OutputError(f"{path}-lock: cannot be used: {error}; remove this file") from None

    def release(self) -> None:
        """Give the database back."""
        self._connection.close()


def check_path(path: str, *, create: bool) -> None:
    """Raise DataError if there is no database and none is to be made, OutputError if it cannot be written."""
    if not create and not os.path.isfile(path):
        raise DataError("no such database of corrections; elman serve --db makes one", path=path)
    check_target(path, text=False)


def open_database(path: str) -> sqlite3.Connection:
    """Open a database of corrections for writing; make it if it is not there.

    Raises OutputError if it cannot be written; DataError if it is none, damaged, or of a newer version of elman.
    """
    exists = os.path.exists(path) and os.path.getsize(path) > 0
    try:
        connection = connect(path)
        try:
            _check(connection, path, exists)
            connection.execute("PRAGMA journal_mode = WAL")
            if not exists:
                version = f"PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {VERSION};"
                connection.executescript(f"BEGIN IMMEDIATE;{_TABLES}{version}COMMIT;")
        except BaseException:
            connection.close()
            raise
    except sqlite3.OperationalError as error:
        raise OutputError(f"{path}: cannot be written: {error}") from None
    except sqlite3.DatabaseError as error:
        raise DataError(f"{_DAMAGED} ({error})", path=path) from None
    return connection


_DAMAGED = "not a database of corrections, or damaged; go back to a copy, or name another (--db)"


def open_to_read(path: str) -> sqlite3.Connection:
    """Open a database of corrections for reading, while a server may be writing to it. Raises DataError."""
    if not os.path.isfile(path):
        raise DataError("no such database of corrections; elman serve --db makes one", path=path)
    # in a folder that cannot be written SQLite cannot share the file with a writer; if all is in it there is none
    alone = not os.access(os.path.dirname(os.path.abspath(path)), os.W_OK) and not os.path.exists(f"{path}-wal")
    mode = "mode=ro&immutable=1" if alone else "mode=ro"
    try:
        connection = sqlite3.connect(f"{Path(path).absolute().as_uri()}?{mode}", uri=True, timeout=BUSY)
        try:
            _check(connection, path, exists=True)
        except BaseException:
            connection.close()
            raise
    except sqlite3.DatabaseError as error:
        raise DataError(f"{_DAMAGED} ({error})", path=path) from None
    return connection


def _check(connection: sqlite3.Connection, path: str, exists: bool) -> None:
    """Raise DataError for a file of another program or version, or one that is damaged."""
    if not exists:
        return
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION:
        raise DataError("an SQLite database, but not of corrections; name another (--db)", path=path)
    if version > VERSION:
        expected = f"its version is {version}, and this elman writes {VERSION}"
        raise DataError(f"{expected}; use the newer elman that made it", path=path)
    with closing(connection.execute("PRAGMA integrity_check(1)")) as rows:
        (answer,) = rows.fetchone()
    if answer != "ok":
        raise DataError(f"{_DAMAGED} ({answer})", path=path)
