"""The store: nothing is acknowledged that is not on disk, and what cannot be used is said in one line."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from elman.errors import DataError, ElmanError, OutputError
from elman.server import schema
from elman.server.events import CORRECTION, Event, Values
from elman.server.store import ConflictError, FullError, ModelRow, Store, read_events, read_state


def correction(sentence: str = "s", tag: str = "X", before: str = "Y", annotator: str = "a") -> Event:
    values = Values({"t": (before,)}), Values({"t": (tag,)})
    return Event(CORRECTION, annotator, sentence, ("w",), *values, 1.0, "model")


def test_what_was_stored_is_there_after_the_next_start(tmp_path: Path) -> None:
    store = Store(str(tmp_path / "a.sqlite"), now=lambda: 7.0)
    stored = [store.correct(correction(f"s{i}"), 0).result() for i in range(3)]
    store.undo("a").result()
    store.put_model(ModelRow("ab" * 32, "first")).result()
    assert store.setting("seed", "1") == store.setting("seed", "2") == "1"
    store.close()
    again = Store(str(tmp_path / "a.sqlite"))
    assert [event.seq for event in again.state.corrections()] == [stored[0].seq, stored[1].seq]
    redone = again.redo("a").result()
    assert redone.undoes == stored[2].seq
    assert again.adopted() == "ab" * 32 and [model.number for model in again.models()] == [1]
    again.close()


def test_a_version_that_has_passed_is_a_conflict(tmp_path: Path) -> None:
    store = Store(str(tmp_path / "a.sqlite"))
    first = store.correct(correction(), 0).result()
    for event, version in ((correction(), 0), (correction(), first.seq + 1), (correction(before="Z"), None)):
        with pytest.raises(ConflictError, match="corrected since"):
            store.correct(event, version).result()
    store.correct(correction(before="X", tag="Z"), None).result()
    with pytest.raises(ConflictError, match="nothing to undo"):
        store.undo("b").result()
    with pytest.raises(ConflictError, match="nothing to redo"):
        store.redo("a").result()
    assert store.state.last == 2
    store.close()


def test_writers_of_many_threads_take_turns(tmp_path: Path) -> None:
    store = Store(str(tmp_path / "a.sqlite"))

    def work(name: str) -> None:
        for i in range(20):
            store.correct(correction(f"{name}{i}", annotator=name), 0).result()

    threads = [threading.Thread(target=work, args=(name,)) for name in "abcdefgh"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    store.close()
    with closing(schema.open_to_read(store.path)) as connection:
        events = list(read_events(connection))
    assert [event.seq for event in events] == list(range(1, 161))


def test_events_are_never_changed(tmp_path: Path) -> None:
    store = Store(str(tmp_path / "a.sqlite"))
    store.correct(correction(), 0).result()
    for statement in ("UPDATE events SET annotator = 'b'", "DELETE FROM events"):
        with pytest.raises(sqlite3.IntegrityError, match="events are never"):
            store.submit(lambda connection, s=statement: connection.execute(s)).result()  # type: ignore[misc]
    store.close()


def test_a_full_disk_stores_nothing(tmp_path: Path) -> None:
    store = Store(str(tmp_path / "a.sqlite"))
    store.correct(correction(), 0).result()
    (pages,) = store.submit(lambda connection: connection.execute("PRAGMA page_count").fetchone()).result()
    store._connection.execute(f"PRAGMA max_page_count = {pages}")  # SQLite then reports SQLITE_FULL, as for a disk
    big = Event(CORRECTION, "a", "s2", ("w" * 20_000,), after=Values({"t": ("X",)}))
    with pytest.raises(FullError, match="full; nothing was stored"):
        store.correct(big, 0).result()
    assert store.state.last == 1 and store.state.of("s2", "a") is None
    store._connection.execute("PRAGMA max_page_count = 1000000")
    store.correct(big, 0).result()
    store.close()


LIMITED = """
import resource, sys
from elman.server.events import CORRECTION, Event, Values
from elman.server.store import FullError, Store

store = Store(sys.argv[1])
event = lambda i: Event(CORRECTION, "a", f"s{i}", ("w" * 20_000,), after=Values({"t": ("X",)}))
store.correct(event(0), 0).result()
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))  # no file may grow beyond
stored, refused = 0, 0
for i in range(1, 40):
    try:
        store.correct(event(i), 0).result()
        stored += 1
    except FullError:
        refused += 1
assert store.state.last == 1 + stored == sum(1 for _ in store.state.corrections())
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
last = store.correct(event(100), 0).result()
assert last.seq == 2 + stored, last.seq
store.close()
assert Store(sys.argv[1]).state.last == last.seq
print(stored > 0, refused > 0)
"""


@pytest.mark.skipif(os.name == "nt", reason="there are no such limits there")
def test_a_file_that_cannot_grow_stores_nothing_until_it_can(tmp_path: Path) -> None:
    command = [sys.executable, "-c", LIMITED, str(tmp_path / "a.sqlite")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.stdout == "True True\n", done.stderr


def test_nothing_is_stored_after_the_end(tmp_path: Path) -> None:
    store = Store(str(tmp_path / "a.sqlite"))
    store.close()
    store.close()
    with pytest.raises(OutputError, match="closed; nothing was stored"):
        store.correct(correction(), 0)


def test_one_server_at_a_time(tmp_path: Path) -> None:
    store = Store(str(tmp_path / "a.sqlite"))
    with pytest.raises(OutputError, match="in use by another elman serve"):
        Store(str(tmp_path / "a.sqlite"))
    with closing(schema.open_to_read(store.path)) as connection:  # but it may be read
        assert read_state(connection).last == 0
    store.close()
    Store(str(tmp_path / "a.sqlite")).close()


def test_what_is_no_database_is_said_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    with pytest.raises(DataError, match="no such database"):
        Store(str(path), create=False)
    path.write_bytes(b"hello" * 1000)
    with pytest.raises(DataError, match="not a database of corrections, or damaged"):
        Store(str(path))
    path.unlink()
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE t (a)")
    with pytest.raises(DataError, match="but not of corrections"):
        Store(str(path))
    path.unlink()
    Store(str(path)).close()
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA user_version = 9")
    for refused in (lambda: Store(str(path)), lambda: schema.open_to_read(str(path))):
        with pytest.raises(DataError, match="its version is 9, and this elman writes 1; use the newer"):
            refused()


def test_a_damaged_database_is_said_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    store = Store(str(path))
    for i in range(200):
        store.correct(correction(f"s{i}" * 50), 0).result()
    store.close()
    data = bytearray(path.read_bytes())
    data[8192:-4096] = os.urandom(len(data) - 8192 - 4096)
    path.write_bytes(data)
    with pytest.raises(DataError, match="damaged"):
        Store(str(path))


@pytest.mark.skipif(os.name == "nt", reason="permissions are others there")
def test_a_read_only_database_is_said_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    Store(str(path)).close()
    path.chmod(0o444)
    with pytest.raises(OutputError, match="read-only"):
        Store(str(path))
    path.chmod(0o644)
    with pytest.raises(ElmanError, match="is a folder"):
        Store(str(tmp_path))
