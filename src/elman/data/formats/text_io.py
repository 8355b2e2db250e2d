"""Read bytes as lines: decompressed, decoded strictly, split at line feeds only, without losing or changing a line."""

from __future__ import annotations

import codecs
import io
import sys
from _thread import _local as local
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from itertools import chain
from typing import BinaryIO

from elman.errors import DataError, while_reading
from elman.utils.charsets import Decoder, check_encoding
from elman.utils.compression import CompressedFile
from elman.utils.files import opened
from elman.utils.limits import LINE

BOM = "\ufeff"
MAX_HEAD = 1000
"""Number of first lines that are used to detect the format, at most."""

_BLOCK_BYTES = 1 << 18
Span = tuple[int, int]
"""Where a part of a file begins and ends: in bytes, or in row groups of Parquet."""


class _Observers(local):
    def __init__(self) -> None:
        self.all: list[Callable[[str, int], object]] = []


_observers = _Observers()


@dataclass(slots=True)
class TextSource:
    """A text file being read.

    ``name``   its name in messages
    ``head``   its first lines, as many as needed to detect the format
    ``texts``  its whole content, including the first lines, in pieces of whole lines; can be consumed once
    ``bom``    whether it begins with a byte order mark, which ``head`` and ``texts`` do not contain
    ``most``   the characters of the longest line that is read, in a list
    """

    name: str
    head: list[str]
    texts: Iterator[str]
    bom: bool
    most: list[int] = field(default_factory=lambda: [LINE])

    def limit_lines(self, most: int) -> None:
        """Read no line of more than ``most`` characters from now on. Raises DataError if the first lines have one."""
        self.most[0] = most
        check_lengths(self.head, most, self.name)

    @property
    def lines(self) -> Iterator[str]:
        """All lines, as an alternative to ``texts``."""
        return self.lines_after(0)

    def lines_after(self, n: int) -> Iterator[str]:
        """Return all lines but the first ``n``, which are not cut up."""
        return chain.from_iterable(map(_lines, after_lines(self.texts, n)))


def open_source(path: str, encoding: str, enough: Callable[[list[str]], bool], span: Span | None = None) -> TextSource:
    """Open a file (``-``: standard input) and read its first lines, until they are ``enough``.

    With a ``span``, of a file that is not compressed, the lines behind the first ones are those of this part; in the
    first ones, which only show the format, what cannot be decoded is replaced.
    Raises the errors of ``text_blocks``.
    """
    most = [LINE]
    name = "standard input" if path == "-" else path
    texts = _whole_lines(_counted_blocks(path, encoding) if span is None else _head_blocks(path, encoding), name, most)
    first = next(texts, "")
    bom = first.startswith(BOM)
    pieces = [first.removeprefix(BOM)] if first else []
    head = _lines(pieces[0]) if pieces else []
    while not enough(head) and (text := next(texts, None)):
        pieces.append(text)
        head += _lines(text)
    if span is not None:
        pieces, texts = [], _whole_lines(_counted_blocks(path, encoding, span), name, most)
        bom = bom and span[0] == 0
        if bom:
            pieces = [next(texts).removeprefix(BOM)]
    return TextSource(name, head[:MAX_HEAD], chain(pieces, texts), bom, most)


def line_blocks(path: str, encoding: str) -> Iterator[list[str]]:
    """Yield the lines of a file with line ends, one block at a time; ``-`` is standard input.

    Lines of a pipe are returned as soon as they arrive. Memory is bounded by one block and the longest line. Raises the
    errors of ``text_blocks``.
    """
    name = "standard input" if path == "-" else path
    return map(_lines, _whole_lines(_counted_blocks(path, encoding), name, [LINE]))


def after_lines(texts: Iterable[str], n: int) -> Iterator[str]:
    """Yield pieces of whole lines without the first ``n`` lines."""
    for text in texts:
        if not n:
            yield text
            continue
        found, at = text.count("\n"), 0
        for _ in range(min(n, found)):
            at = text.index("\n", at) + 1
        rest = text[at:] if found >= n else ""
        n -= min(n, found)
        if rest:
            yield rest


def _lines(text: str) -> list[str]:
    return list(io.StringIO(text, newline="\n")) or [text]


def _whole_lines(blocks: Iterable[tuple[str, int]], name: str, most: Sequence[int]) -> Iterator[str]:
    """Yield blocks of a text, each with the number of line ends up to its end, as non-empty pieces of whole lines.

    Raises DataError for a line of more than ``most`` characters.
    """
    pending: list[str] = []  # pieces of an incomplete line
    length = 0  # characters in them
    for text, n_lines in blocks:
        cut = text.rfind("\n") + 1
        if cut:
            pending.append(text[:cut])
            yield "".join(pending)
            pending, length = [], 0
        pending.append(text[cut:])
        length += len(text) - cut
        if length > most[0]:
            raise _too_long(most[0], name, n_lines + 1)
    last = "".join(pending)
    if last:
        yield last


def check_lengths(lines: Iterable[str], most: int, name: str) -> None:
    """Raise DataError if one of the first lines of a file has more than ``most`` characters."""
    for number, line in enumerate(lines, 1):
        if len(line) > most:
            raise _too_long(most, name, number)


def _too_long(most: int, name: str, line: int) -> DataError:
    message = f"more than {most:,} characters in a line; expected text in lines, of JSON one record in each"
    return DataError(message, path=name, line=line)


def text_blocks(path: str, encoding: str) -> Iterator[str]:
    """Yield the text of a file one block at a time, without regard to lines; ``-`` is standard input.

    Raises DataError for a file that cannot be read or decompressed, bytes that are not in the encoding, or a NUL;
    ConfigError for an unknown encoding; MissingExtraError for Zstandard without its package.
    """
    return (text for text, _ in _counted_blocks(path, encoding))


def _counted_blocks(path: str, encoding: str, span: Span | None = None) -> Iterator[tuple[str, int]]:
    """Yield the blocks of ``text_blocks``, each with the number of line ends up to its end.

    Of a part of a file, which is not compressed, line ends count from its begin.
    """
    name = "standard input" if path == "-" else path
    decoder = Decoder(name, encoding, 0 if span is None else span[0])
    n_lines = 0
    with while_reading(path), _input(path) as file:
        read = _reader(file, name, span)
        block = b"more"
        while block:
            block = read(_BLOCK_BYTES)
            text = decoder.decode(block, n_lines)
            n_lines += text.count("\n")
            for observer in _observers.all if path != "-" else ():
                observer(path, file.tell())
            yield text, n_lines


def _reader(file: BinaryIO, name: str, span: Span | None) -> Callable[[int], bytes]:
    """Return what reads the next bytes of a file, or of a part of it."""
    if span is None:
        return CompressedFile(file, name).read1
    begin, end = span
    file.seek(begin)
    return lambda size: file.read(min(size, end - file.tell()))


def _head_blocks(path: str, encoding: str) -> Iterator[tuple[str, int]]:
    """Yield the blocks of a file that is not compressed; what cannot be decoded is replaced."""
    check_encoding(encoding)
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    n_lines = 0
    with while_reading(path), opened(path) as file:
        while block := file.read(_BLOCK_BYTES):
            text = decoder.decode(block).replace("\0", "\ufffd")
            n_lines += text.count("\n")
            yield text, n_lines


@contextmanager
def observed(observer: Callable[[str, int], object]) -> Iterator[None]:
    """Call ``observer`` in this block with the path of a file, not standard input, and the bytes read of it so far.

    Only for files that this thread reads.
    """
    _observers.all.append(observer)
    try:
        yield
    finally:
        _observers.all.remove(observer)


def _input(path: str) -> AbstractContextManager[BinaryIO]:
    return nullcontext(sys.stdin.buffer) if path == "-" else opened(path)
