"""Replay the journal of faults.c, and lose the power at any moment: what may then be on disk.

A disk keeps what was flushed by fsync. Of what was written since, it may keep all, nothing, or some sectors; of names
created, renamed and removed since the last fsync of their folder, it may keep the first few. That is what POSIX allows;
most file systems keep more.
"""

from __future__ import annotations

import os
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

SECTOR = 512


class Entry(NamedTuple):
    """One call: create (inode, path), write (inode, offset, size), truncate (inode, size), fsync (inode, path),
    rename (from, to), unlink (path), mkdir (path)."""

    call: str
    fields: tuple[str, ...]
    data: bytes


def parse(journal: bytes) -> list[Entry]:
    """Return the entries of a journal."""
    entries, place = [], 0
    while place < len(journal):
        end = journal.index(b"\n", place)
        call, *fields = os.fsdecode(journal[place:end]).split("\t")
        place = end + 1
        size = int(fields[2]) if call == "write" else 0
        entries.append(Entry(call, tuple(fields), journal[place : place + size]))
        place += size
    return entries


@dataclass
class _File:
    durable: bytes = b""
    pending: list[tuple[int, bytes | None]] = field(default_factory=list)  # offset, data; None: cut to that size

    def all(self) -> bytes:
        return _applied(self.durable, self.pending)


def _applied(content: bytes, changes: Sequence[tuple[int, bytes | None]]) -> bytes:
    result = bytearray(content)
    for offset, data in changes:
        size = offset if data is None else offset + len(data)
        if data is None:
            del result[size:]
        result.extend(bytes(max(0, size - len(result))))
        if data is not None:
            result[offset:size] = data
    return bytes(result)


class Disk:
    """What is on disk, and what is on its way there. ``files`` are the contents by path at the start."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._names: dict[str, str] = {}  # path -> number, as they are on disk
        self._pending: list[tuple[str, ...]] = []  # set path number | move from to | drop path
        self._files: dict[str, _File] = {}
        for path, content in files.items():
            self._names[path] = f"old {path}"
            self._files[f"old {path}"] = _File(content)
        self._written: dict[str, str] = {}  # inode -> number: an inode is used again when its file is gone

    def do(self, entry: Entry) -> None:
        """Take the next call of the journal."""
        call, fields = entry.call, entry.fields
        if call == "create":
            inode, path = fields
            self._written[inode] = number = f"{inode} {len(self._files)}"
            self._files[number] = _File()
            self._pending.append(("set", path, number))
        elif call in ("write", "truncate"):
            file = self._files.setdefault(self._written.get(fields[0], f"unnamed {fields[0]}"), _File())
            file.pending.append((int(fields[1]), entry.data if call == "write" else None))
        elif call == "fsync":
            inode, path = fields
            if inode in self._written:
                file = self._files[self._written[inode]]
                file.durable, file.pending = file.all(), []
            self._keep_names(path)
        elif call == "rename":
            self._pending.append(("move", *fields))
        elif call == "unlink":
            self._pending.append(("drop", *fields))

    def _keep_names(self, folder: str) -> None:
        ours = [
            change for change in self._pending if os.path.dirname(change[-1 if change[0] == "move" else 1]) == folder
        ]
        for change in ours:
            _rename(self._names, change)
            self._pending.remove(change)

    def at_last(self) -> dict[str, bytes]:
        """Return what is on disk once all is flushed, by path."""
        names = dict(self._names)
        for change in self._pending:
            _rename(names, change)
        return {path: self._files[number].all() for path, number in names.items()}

    def after_power_loss(self, draw: random.Random) -> dict[str, bytes]:
        """Return what may be on disk if the power fails now, by path."""
        names = dict(self._names)
        for change in self._pending[: draw.randint(0, len(self._pending))]:
            _rename(names, change)
        return {path: _torn(self._files[number], draw) for path, number in names.items()}


def _rename(names: dict[str, str], change: tuple[str, ...]) -> None:
    kind, path, *rest = change
    if kind == "set":
        names[path] = rest[0]
    elif path in names:
        number = names.pop(path)
        if kind == "move":
            names[rest[0]] = number


def _torn(file: _File, draw: random.Random) -> bytes:
    """Return the content of a file: nothing that is pending, all of it, the first writes, or some sectors."""
    if not file.pending:
        return file.durable
    kind = draw.choice(["nothing", "all", "first", "sectors"])
    if kind == "nothing":
        return file.durable
    if kind == "first":
        return _applied(file.durable, file.pending[: draw.randint(0, len(file.pending))])
    whole = file.all()
    if kind == "all":
        return whole
    torn = bytearray(whole)
    for start in range(0, len(torn), SECTOR):
        if draw.random() < 0.5:  # this sector is as before, or was never written
            before = file.durable[start : start + SECTOR]
            torn[start : start + SECTOR] = before.ljust(len(torn[start : start + SECTOR]), b"\0")
    return bytes(torn)
