"""Bytes to lines: decompressed, decoded strictly, split at the line feed alone, never a line lost or changed."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import chain
from typing import BinaryIO

from elman.errors import while_reading
from elman.utils.compression import CompressedFile
from elman.utils.encodings import Decoder

BOM = "\ufeff"
MAX_HEAD = 1000
"""No more lines than these are looked at to know the format."""

_BLOCK = 1 << 18  # bytes


@dataclass(frozen=True, slots=True)
class TextSource:
    """A text file being read.

    ``name``   what messages call it
    ``head``   its first lines, as many as it takes to know its format
    ``texts``  all of it, the first lines again, in pieces of whole lines, once through
    ``bom``    whether it begins with a byte order mark, which is not in ``head`` and ``texts``
    """

    name: str
    head: list[str]
    texts: Iterator[str]
    bom: bool

    @property
    def lines(self) -> Iterator[str]:
        """All its lines, in place of ``texts``."""
        return chain.from_iterable(map(_lines, self.texts))


def open_source(path: str, encoding: str, enough: Callable[[list[str]], bool]) -> TextSource:
    """Open a file (``-``: standard input) and read its first lines, until they are ``enough``.

    Raises DataError and ConfigError: see ``text_blocks``.
    """
    texts = _whole_lines(path, encoding)
    first = next(texts, "")
    bom = first.startswith(BOM)
    read = [first.removeprefix(BOM)] if first else []
    head = _lines(read[0]) if read else []
    while not enough(head) and (text := next(texts, None)):
        read.append(text)
        head += _lines(text)
    name = "standard input" if path == "-" else path
    return TextSource(name, head[:MAX_HEAD], chain(read, texts), bom)


def line_blocks(path: str, encoding: str) -> Iterator[list[str]]:
    """The lines of a file with their ends, as many at a time as one read brings; ``-`` is standard input.

    A pipe's lines come as soon as they are there. Memory is bounded by one block and the longest line. Raises as
    ``text_blocks`` does.
    """
    return map(_lines, _whole_lines(path, encoding))


def _lines(text: str) -> list[str]:
    return list(io.StringIO(text, newline="\n")) or [text]


def _whole_lines(path: str, encoding: str) -> Iterator[str]:
    """The text of a file in pieces of whole lines; none is empty."""
    pending: list[str] = []  # the pieces of a line whose end is not yet read
    for text in text_blocks(path, encoding):
        cut = text.rfind("\n") + 1
        if cut:
            pending.append(text[:cut])
            yield "".join(pending)
            pending = [text[cut:]]
        else:
            pending.append(text)
    last = "".join(pending)
    if last:
        yield last


def text_blocks(path: str, encoding: str) -> Iterator[str]:
    """The text of a file, as much at a time as one read brings, lines cut anywhere; ``-`` is standard input.

    Raises DataError: a file that cannot be read or decompressed, bytes that are not in the encoding, a NUL.
    Raises ConfigError: no such encoding. Raises MissingExtraError: Zstandard without its package.
    """
    name = "standard input" if path == "-" else path
    decoder = Decoder(name, encoding)
    lines_before = 0
    with while_reading(path), _opened(path) as file:
        stream = CompressedFile(file, name)
        block = b"more"
        while block:
            block = stream.read1(_BLOCK)
            text = decoder.decode(block, lines_before)
            lines_before += text.count("\n")
            yield text


def _opened(path: str) -> nullcontext[BinaryIO] | BinaryIO:
    return nullcontext(sys.stdin.buffer) if path == "-" else open(path, "rb")
