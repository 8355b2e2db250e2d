"""Cut input files into shards, at borders of sentences near multiples of a size.

The cuts depend on the files and the size alone, so that every process finds the same ones.
"""

from __future__ import annotations

import codecs
import hashlib
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any, BinaryIO, Literal

from elman.data.formats.text_io import Span
from elman.errors import DataError, ElmanError, while_reading
from elman.utils.compression import is_plain
from elman.utils.files import is_pipe

Border = Literal["line", "blank line", "row group"]
"""What ends a sentence: a line, a blank line (or a paragraph of raw text); of Parquet, row groups are kept whole."""
BORDERS: dict[str, Border] = {name: "line" for name in ("text", "word_tag", "label_text", "fasttext", "jsonl")}
BORDERS |= {"columns": "blank line", "conllu": "blank line", "conllup": "blank line", "parquet": "row group"}
"""Format -> its borders. Files of other formats are one shard each, and compressed files too."""
_ONE_BYTE_ENDS = re.compile("utf-8|ascii|iso8859-.*|cp125.|koi8-.*|latin.*")
"""Encodings, as Python names them, in which the byte of a line feed is always one."""
_WHITE = b" \t\r\n"
_BLOCK = 1 << 20
_LINE = 1 << 20
"""Bytes of a line that are read at a time."""


class ChangedError(ElmanError):
    """An input file is not what it was when the work was planned."""


@dataclass(frozen=True, slots=True)
class InputFile:
    """An input file as it was when the work was planned.

    ``number``   from 0, in the order of the input
    ``size``     in bytes
    ``changed``  when it was changed, in ns; -1 if it cannot be read
    """

    number: int
    path: str
    size: int
    changed: int

    @classmethod
    def of(cls, number: int, path: str) -> InputFile:
        """Return a file as it is now. Raises DataError if it can be read only once."""
        if is_pipe(path):
            raise DataError("can be read only once, and shards are read again if need be; save it", path=path)
        try:
            status = os.stat(path)
        except OSError:  # working on it will say why
            return cls(number, path, 0, -1)
        return cls(number, path, status.st_size, status.st_mtime_ns)

    def check(self, path: str) -> None:
        """Raise ChangedError if the file is not what it was, DataError if it cannot be read now.

        ``path`` is its path as seen from here.
        """
        with while_reading(path):
            status = os.stat(path)
        if status.st_size == self.size and status.st_mtime_ns == self.changed:
            return
        found = f"{status.st_size:,}" if status.st_size != self.size else "another time of change"
        expected = f"{path}: changed since the work began: expected {self.size:,} bytes, found {found}"
        raise ChangedError(f"{expected}; name another folder for --shards, or take the old file")


@dataclass(frozen=True, slots=True)
class Shard:
    """A part of an input file, or a whole one.

    ``number``  from 0, in the order of the input
    ``index``   from 0, in the file
    ``begin``, ``end``  its bytes in the file
    ``groups``  of Parquet that was cut: its row groups, from the first to before the last
    """

    number: int
    file: InputFile
    index: int
    begin: int
    end: int
    groups: Span | None = None

    @property
    def name(self) -> str:
        """The name of its part, without the extension, which the format decides."""
        return f"part-{self.file.number:05d}-{self.index:05d}"

    @property
    def span(self) -> Span | None:
        """What is read of the file, for ``read_sentences``; None: the whole file."""
        return self.groups or (None if self.end - self.begin == self.file.size else (self.begin, self.end))

    def __str__(self) -> str:
        return self.file.path if self.span is None else f"{self.file.path}, bytes {self.begin:,} to {self.end:,}"


@dataclass(frozen=True, slots=True)
class Plan:
    """All shards of a run."""

    shards: tuple[Shard, ...]

    def to_json(self) -> dict[str, Any]:
        """Return plain values for ``json.dumps``: the files, and where the shards of each begin."""
        files: dict[int, dict[str, Any]] = {}
        for shard in self.shards:
            about = {name: value for name, value in asdict(shard.file).items() if name != "number"}
            files.setdefault(shard.file.number, {**about, "shards": []})["shards"].append(shard.begin)
        return {"files": list(files.values())}


def cut(paths: Sequence[str], size: int, encoding: str, border: Callable[[str], Border | None]) -> Plan:
    """Cut files into shards of about ``size`` bytes.

    ``border`` is asked for the borders of a file that is large enough to be cut; None: it is not cut.
    A file that cannot be read is one shard. Raises DataError if none can be, or one can be read only once.
    """
    files = [InputFile.of(number, path) for number, path in enumerate(paths)]
    if files and all(file.changed < 0 for file in files):
        with while_reading(files[0].path):
            os.stat(files[0].path)
    shards: list[Shard] = []
    for file in files:
        for index, (begin, end, groups) in enumerate(_parts_of(file, size, encoding, border)):
            shards.append(Shard(len(shards), file, index, begin, end, groups))
    return Plan(tuple(shards))


def _parts_of(
    file: InputFile, size: int, encoding: str, border: Callable[[str], Border | None]
) -> Sequence[tuple[int, int, Span | None]]:
    """Return the begin and end in bytes of the parts of a file, and their row groups."""
    parts: list[tuple[int, int, Span | None]] = []
    with suppress(OSError, DataError):  # working on it will say why
        if file.size >= 2 * size and is_plain(file.path):
            kind = border(file.path)
            if kind == "row group":
                parts = list(_row_groups(file.path, size))
            elif kind is not None and _ONE_BYTE_ENDS.fullmatch(codecs.lookup(encoding).name):
                parts = list(_at_borders(file, size, kind))
    return parts if len(parts) > 1 else [(0, file.size, None)]


def _at_borders(file: InputFile, size: int, kind: Border) -> Iterator[tuple[int, int, None]]:
    begin = 0
    with open(file.path, "rb") as stream:
        while begin < file.size:
            end = file.size
            if file.size - begin >= 2 * size:
                end = min(_border(stream, begin + size, kind), file.size)
            yield begin, end, None
            begin = end


def _border(stream: BinaryIO, at: int, kind: Border) -> int:
    """Return the first border at a place or behind it."""
    stream.seek(at - 1)
    _line_is_blank(stream)  # ends the line that the place is in
    if kind == "line":
        return stream.tell()
    while _line_is_blank(stream) is False:
        pass
    end = stream.tell()
    while _line_is_blank(stream):  # more blank lines belong to the sentence before
        end = stream.tell()
    return end


def _line_is_blank(stream: BinaryIO) -> bool | None:
    """Read a line, and return whether it is blank; None at the end."""
    line = stream.readline(_LINE)
    if not line:
        return None
    blank = not line.strip(_WHITE)
    while not line.endswith(b"\n") and (line := stream.readline(_LINE)):
        blank = blank and not line.strip(_WHITE)
    return blank


def _row_groups(path: str, size: int) -> Iterator[tuple[int, int, Span]]:
    from elman.data.formats.parquet import row_group_ends

    ends = row_group_ends(path)
    begin = first = 0
    for i, end in enumerate(ends, start=1):
        if end - begin >= size or i == len(ends):
            yield begin, end, (first, i)
            begin, first = end, i


def sha256(path: str, begin: int = 0, end: int | None = None) -> str:
    """Return the SHA-256 of a file, or of some of its bytes. Raises DataError if it cannot be read."""
    found = hashlib.sha256()
    with while_reading(path), open(path, "rb") as file:
        file.seek(begin)
        while block := file.read(_BLOCK if end is None else min(_BLOCK, end - file.tell())):
            found.update(block)
    return found.hexdigest()
