"""Outputs that survive the end of their process: the same command goes on behind the last whole sentence.

A ``ResumableFile`` writes ``OUT.part``. About once a second it is flushed to disk, and ``OUT.part.journal`` is replaced
by a new one, which says how many bytes of the part count and the state of the command behind them. When the output is
whole, the part becomes OUT, and the journal is removed.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import stat
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, BinaryIO, Self, cast

from elman.errors import ConfigError, DataError, ElmanError, OutputError, while_reading
from elman.utils import signals
from elman.utils.compression import compressing
from elman.utils.display import shown
from elman.utils.durable import PartFile, remove_left, rename_open, try_lock
from elman.utils.files import OutputFile, check_target

SECONDS = 1.0
"""The least time between two journals."""
MEMBER = 1 << 22
"""Uncompressed bytes of a gzip member, an xz stream or a Zstandard frame: work goes on at the beginning of one."""

_BLOCK = 1 << 20
_BETWEEN = 1 << 16
"""Bytes between two marks of compressed output, at least."""
_HASH = "sha256:"
_KEYS = {"about": dict, "state": dict, "offset": int, "begin": int, "size": int, "sha256": str, "encoder": list}
_KEYS |= {"complete": bool, "finished": bool}
_STOPPED = "stopped; the same command goes on from here"


def saved(things: Sequence[Any]) -> list[dict[str, Any]]:
    """Return the attributes, JSON values, that each thing names in its ``STATE``."""
    return [{name: getattr(thing, name) for name in thing.STATE} for thing in things]


def restore(things: Sequence[Any], states: Sequence[Mapping[str, Any]]) -> None:
    """Set the attributes that ``saved`` returned."""
    for thing, state in zip(things, states, strict=True):
        for name, value in state.items():
            there = getattr(thing, name)
            if isinstance(there, dict):  # others may refer to it
                there.clear()
                there.update(value)
            else:
                setattr(thing, name, value)


def digest(path: str) -> str:
    """Return the SHA-256 of a file, marked as such. Raises DataError if it cannot be read."""
    with while_reading(path), open(path, "rb") as file:
        return _HASH + hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True)
class _Mark:
    """A point behind a whole sentence: the state of the command, the bytes before it, the state of the encoder."""

    state: Mapping[str, Any]
    offset: int
    encoder: tuple[bool, Any]


class _Counted(io.RawIOBase):
    """Passes bytes on, counts and hashes them."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.size, self.hash = file, 0, hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        n = self.file.write(data)
        self.count(memoryview(data)[:n])
        return n

    def count(self, data: Any) -> None:
        self.size += len(data)
        self.hash.update(data)


class ResumableFile(OutputFile):
    """An ``OutputFile`` that is kept, not removed, if its process ends early, and gone on with by the next one.

    ``state``     that of the last journal: where to go on; empty at the beginning
    ``finished``  whether the output was written before: there is nothing to do
    ``part``, ``journal``  the paths of the two files
    ``about``     what the output depends on, by name, as JSON values

    Call ``mark`` behind whole sentences. Compressed output begins a new member each ``MEMBER`` bytes, wherever the
    process ended, so the bytes are those of an undisturbed run. Text behind the last mark before such a border is
    written again to be compressed again; what of it lies before the border is left out.

    Raises the errors of ``OutputFile``; ConfigError if the part belongs to a command that was asked for something else,
    has no journal or is damaged, and OutputError if another process is writing it.
    """

    def __init__(self, path: str, about: Mapping[str, Any], *, encoding: str = "utf-8") -> None:
        super().__init__(path, encoding=encoding)
        self.part = os.path.realpath(path) + ".part"
        self.journal = self.part + ".journal"
        self.about = about
        self._offset = self._left_out = 0  # bytes of output so far; bytes that are not to be written
        self._marked = _Mark({}, 0, (False, 0))
        self._last = self._marked, 0, 0, ""  # mark, begin, size and hash that the next journal holds
        self._synced: object = None
        self._next = 0.0
        self._is_complete = False

    def __enter__(self) -> Self:
        check_target(self._path)
        self._target = os.path.realpath(self._path)
        try:
            self._begin()
        except OSError as error:
            self._close()
            raise self._failed(error) from None
        except ElmanError:
            self._close()
            raise
        signals.say(_STOPPED)
        return self

    def _begin(self) -> None:
        there = os.path.exists(self.part)
        said = self._read_journal()
        if not there and said is not None and self._is_finished(said):
            self.finished, self.state = True, said["state"]
            return
        self._file = open(os.open(self.part, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666), "r+b")
        if try_lock(self._file, self.part) is False:
            raise OutputError(f"{self.part}: another process is writing it; wait for its end, or name another output")
        self._counted = _Counted(self._file)
        said = self._read_journal()
        size = os.fstat(self._file.fileno()).st_size
        if said is None and size:
            raise ConfigError(f"{self.part}: is there without its journal; delete it to begin again")
        if os.path.exists(self._target):
            os.chmod(self.part, stat.S_IMODE(os.stat(self._target).st_mode))
        self._stream = None if self._compressed else cast(BinaryIO, self._counted)
        if there and said is not None and (said["state"] or said["size"]):
            self._check(said)
            self._go_on(said)
        else:
            self._shorten(0)
            self._marked = _Mark({}, 0, self._encoder.state)
            self._last = self._marked, 0, *self._bytes()
            self._sync()

    def _read_journal(self) -> Mapping[str, Any] | None:
        try:
            with open(self.journal, "rb") as file:
                said = json.load(file)
            if all(type(said[key]) is kind for key, kind in _KEYS.items()):
                return cast(Mapping[str, Any], said)
        except FileNotFoundError:
            return None
        except (ValueError, TypeError, KeyError, RecursionError):
            pass
        raise ConfigError(f"{self.journal}: is damaged; delete it and {self.part} to begin again")

    def _is_finished(self, said: Mapping[str, Any]) -> bool:
        """Return whether the output was finished by the same command, and is unchanged."""
        if said["about"] != self.about or not said.get("finished") or not os.path.isfile(self._target):
            return False
        return digest(self._target) == _HASH + str(said["sha256"])

    def _check(self, said: Mapping[str, Any]) -> None:
        """Raise ConfigError if the part belongs to another command, or is not what the journal says."""
        again = f"delete {self.part} to begin again"
        for name in (*self.about, *said["about"]):
            before, now = said["about"].get(name), self.about.get(name)
            if before != now and str(now).startswith(_HASH):
                raise ConfigError(f"{self.part}: {name} has changed since it was begun; {again}")
            if before != now:
                raise ConfigError(f"{self.part}: {name} was {_told(before)}, and is {_told(now)} now; {again}")
        left = said["size"]
        assert self._file is not None
        while left > 0 and (block := self._file.read(min(left, _BLOCK))):
            self._counted.count(block)
            left -= len(block)
        if left or self._counted.hash.hexdigest() != said["sha256"]:
            problem = "is shorter than" if left else "is not what"
            raise ConfigError(f"{self.part}: {problem} its journal says; {again}")

    def _go_on(self, said: Mapping[str, Any]) -> None:
        """Continue behind the bytes that count; what is behind them was torn off."""
        assert self._file is not None
        self._file.seek(said["size"])
        self._shorten(said["size"])
        self.state = said["state"]
        self._encoder.state = said["encoder"]
        self._offset, self._left_out = said["offset"], said["begin"] - said["offset"]
        self._marked = _Mark(self.state, said["offset"], self._encoder.state)
        self._synced = self._last = self._marked, said["begin"], *self._bytes()
        self._next = time.monotonic() + SECONDS
        self._is_complete = said["complete"]
        if said["finished"]:
            self._rename()

    def _shorten(self, size: int) -> None:
        """Cut the file off behind ``size`` bytes; what a signal interrupts is tried again, as ``truncate`` does not."""
        assert self._file is not None
        self._file.flush()
        os.ftruncate(self._file.fileno(), size)

    def write_bytes(self, data: bytes) -> None:
        """Write bytes unchanged."""
        rest = memoryview(data)
        if self._left_out:
            n = min(self._left_out, len(rest))
            rest, self._left_out, self._offset = rest[n:], self._left_out - n, self._offset + n
        while self._compressed and len(rest) >= (room := MEMBER - self._offset % MEMBER):
            self._write(rest[:room])
            self._cut()
            rest = rest[room:]
        self._write(rest)

    def _write(self, data: memoryview) -> None:
        if not data:
            return
        if self._stream is None:
            self._stream = compressing(cast(BinaryIO, self._counted), self._path)
        super().write_bytes(data)  # type: ignore[arg-type]
        self._offset += len(data)

    def _cut(self) -> None:
        """End a member; work can go on behind it from the last mark."""
        self._end_member()
        self._last = self._marked, self._offset, *self._bytes()

    def _end_member(self) -> None:
        if self._compressed and self._stream is not None:
            with self._writing():
                self._stream.close()  # the file below stays open
            self._stream = None

    def _bytes(self) -> tuple[int, str]:
        """Return the size and the hash of the part so far."""
        return self._counted.size, self._counted.hash.hexdigest()

    def flush(self) -> None:
        """Do nothing: nobody reads the part."""

    def mark(self, state: Callable[[], Mapping[str, Any]], *, now: bool = False) -> None:
        """Note that whole sentences have been written; ``state`` returns what is needed to go on, as JSON values.

        ``now``: flush it to disk, however short ago that was done.
        """
        if self._left_out:  # the mark before the border is still the one to go on from
            return
        due = now or time.monotonic() >= self._next
        if due or (self._compressed and self._offset >= self._marked.offset + _BETWEEN):
            copy = json.loads(json.dumps(state()))
            self._marked = _Mark(copy, self._offset, self._encoder.state)
        if due and not (self._compressed and self._offset):
            self._last = self._marked, self._offset, *self._bytes()
        if due and self._last is not self._synced:
            with self._writing():
                self._sync()

    def complete(self, state: Mapping[str, Any]) -> None:
        """Write everything to disk, with a journal that holds ``state``; only the name is missing afterwards."""
        self._end(state)
        with self._writing():
            self._sync()

    def _end(self, state: Mapping[str, Any]) -> None:
        if self._is_complete:
            return
        self.write_bytes(self._encoder.end())
        if self._compressed and not self._offset:
            self._stream = compressing(cast(BinaryIO, self._counted), self._path)  # an empty member
        self._end_member()
        self._is_complete = True
        self._last = _Mark(state, self._offset, self._encoder.state), self._offset, *self._bytes()

    def _sync(self, *, finished: bool = False) -> None:
        """Flush the part to disk, then replace the journal. Raises OSError."""
        assert self._file is not None
        mark, begin, size, sha256 = self._synced = self._last
        said = {"about": self.about, "state": mark.state, "offset": mark.offset, "begin": begin, "size": size}
        said |= {"sha256": sha256, "encoder": mark.encoder, "complete": self._is_complete, "finished": finished}
        self._file.flush()
        os.fsync(self._file.fileno())
        journal = PartFile(self.journal)
        try:
            journal.file.write(json.dumps(said).encode())
            journal.replace()
        finally:
            journal.remove()
        self._next = time.monotonic() + SECONDS

    def _finish(self) -> None:
        if not self.finished:
            self._end({})
            with self._writing():
                self._sync(finished=True)
                self._rename()

    def _rename(self) -> None:
        """Give the part the name of the output. Raises OSError."""
        assert self._file is not None
        rename_open(self._file, self.part, self._target)
        self.finished = True

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise self._failed(error) from None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._finish()
        finally:
            self._close()
            signals.say("stopped")
            if isinstance(error, ElmanError) and not isinstance(error, OutputError) and not _is_of_system(error):
                for path in (self.part, self.journal):  # input that has to change, or an option: of no use
                    with suppress(OSError):
                        os.unlink(path)
                remove_left(self.journal)

    def _close(self) -> None:
        for stream in (self._stream, self._file):
            with suppress(OSError):
                if stream is not None:
                    stream.close()

    def _failed(self, error: OSError) -> OSError | OutputError:
        failed = super()._failed(error)
        return OutputError(f"{failed}; the same command goes on from {self.part}")


def _told(value: object) -> str:
    return "not given" if value in (None, False, []) else "given" if value is True else shown(str(value))


def _is_of_system(error: ElmanError) -> bool:
    """Return whether the system failed to read, which may succeed the next time."""
    return isinstance(error, DataError) and getattr(error.__context__, "errno", None) is not None
