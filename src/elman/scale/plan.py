"""Cut input files into shards, at borders of sentences near multiples of a size.

The cuts depend on the files and the size alone, so that every process finds the same ones.
"""

from __future__ import annotations

import codecs
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, BinaryIO, Literal

from elman.data.formats.text_io import Span
from elman.errors import DataError, while_reading
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
_LINE = 1 << 20
"""Bytes of a line that are read at a time."""


@dataclass(frozen=True, slots=True)
class InputFile:
    """An input file as it was when the work was planned: its size in bytes, and when it was changed, in ns."""

    path: str
    size: int
    changed: int

    @classmethod
    def of(cls, path: str) -> InputFile:
        """Return a file as it is now. Raises DataError if it cannot be read, or only once."""
        with while_reading(path):
            if is_pipe(path):
                raise DataError("can be read only once, and shards are read again if need be; save it", path=path)
            status = os.stat(path)
        return cls(path, status.st_size, status.st_mtime_ns)

    def check(self, path: str) -> None:
        """Raise DataError if the file is not what it was. ``path`` is its path as seen from here."""
        now = InputFile.of(path)
        if (now.size, now.changed) != (self.size, self.changed):
            was, found = f"{self.size:,} bytes", f"{now.size:,}" if now.size != self.size else "another time of change"
            expected = f"changed since the work began: expected {was}, found {found}"
            raise DataError(f"{expected}; name another folder for --shards, or take the old file", path=self.path)


@dataclass(frozen=True, slots=True)
class Shard:
    """A part of an input file, or a whole one.

    ``number``  from 0, in the order of the input
    ``begin``, ``end``  its bytes in the file
    ``groups``  of Parquet that was cut: its row groups, from the first to before the last
    """

    number: int
    file: InputFile
    begin: int
    end: int
    groups: Span | None = None

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
        """Return plain values for ``json.dumps``: the files; of each shard the number of its file, begin and end."""
        files = list(dict.fromkeys(shard.file for shard in self.shards))
        number = {file: i for i, file in enumerate(files)}
        shards = [[number[shard.file], shard.begin, shard.end] for shard in self.shards]
        return {"files": [asdict(file) for file in files], "shards": shards}


def cut(paths: Sequence[str], size: int, encoding: str, border: Callable[[str], Border | None]) -> Plan:
    """Cut files into shards of about ``size`` bytes.

    ``border`` is asked for the borders of a file that is large enough to be cut; None: it is not cut.
    Raises DataError if a file cannot be read.
    """
    shards: list[Shard] = []
    for path in paths:
        file = InputFile.of(path)
        for begin, end, groups in _parts_of(file, size, encoding, border):
            shards.append(Shard(len(shards), file, begin, end, groups))
    return Plan(tuple(shards))


def _parts_of(
    file: InputFile, size: int, encoding: str, border: Callable[[str], Border | None]
) -> Sequence[tuple[int, int, Span | None]]:
    """Return the begin and end in bytes of the parts of a file, and their row groups."""
    parts: list[tuple[int, int, Span | None]] = []
    with while_reading(file.path):
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
