"""Input of ``elman tag`` in pieces of bounded size; what a pipe holds is tagged before more is waited for."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from elman.data.sentence import Sentence

CHUNK_WORDS = 65_536
"""Words in memory at a time, in whole sentences."""
CHUNK_BYTES = 131_072
"""Bytes of plain text in memory at a time, for each thread."""


def chunks(sentences: Iterable[Sentence], live: bool) -> Iterator[list[Sentence]]:
    """Yield sentences in chunks of bounded size; of a ``live`` standard input no more than is there already."""
    chunk: list[Sentence] = []
    size = 0
    for sentence in sentences:
        chunk.append(sentence)
        size += sentence.weight
        if size >= CHUNK_WORDS or (live and not _more_to_read()):
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def pieces(texts: Iterable[bytes], most: int, live: bool, size: int, end_mark: bytes = b"\n") -> Iterator[list[bytes]]:
    """Yield text as up to ``most`` pieces that end with ``end_mark``, as the texts do, of about ``size`` bytes each.

    Of a ``live`` standard input no more than is there already.
    """
    some: list[bytes] = []
    small: list[bytes] = []
    waiting = 0  # bytes in them
    for text in texts:
        begin = 0
        while len(text) - begin >= size:
            found = text.find(end_mark, begin + size - 1)
            end = found + len(end_mark) if found >= 0 else len(text)
            some.append(b"".join([*small, text[begin:end]]))
            small, waiting, begin = [], 0, end
            if len(some) == most:
                yield some
                some = []
        small.append(text[begin:])
        waiting += len(small[-1])
        waits = live and not _more_to_read()
        if waiting >= size or (waits and waiting):
            some.append(b"".join(small))
            small, waiting = [], 0
        if some and (len(some) == most or waits):
            yield some
            some = []
    if waiting:
        some.append(b"".join(small))
    if some:
        yield some


def _more_to_read() -> bool:
    """Return whether standard input has more to read now, or has ended: if not, somebody may be waiting for tags."""
    if os.name == "nt":  # pragma: no cover - pipes cannot be asked there
        return True
    return bool(select.select([sys.stdin], [], [], 0)[0])
