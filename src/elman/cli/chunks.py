"""Input of ``elman tag`` in pieces of bounded size; what a pipe holds is tagged before more is waited for."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from elman.data.formats.text_io import after_lines
from elman.utils import limits

if TYPE_CHECKING:
    from elman.data.formats import Reading
    from elman.data.sentence import Sentence
    from elman.taggers.tagger import Tagger

CHUNK_WORDS = 65_536
"""Words in memory at a time, in whole sentences."""
CHUNK_CHARACTERS = 32_768
"""The same of plain text, for each thread."""


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


def tagged_lines(reading: Reading, tagger: Tagger, live: bool, done: int = 0) -> Iterator[str]:
    """Yield plain text with tags: the same as sentence by sentence, without making sentences of it.

    ``done`` lines at the beginning are left out.
    """

    def checked(some: list[bytes]) -> list[bytes]:
        for piece in some:
            limits.check_lines(piece, reading.path)
        return some

    pieces = map(checked, _pieces(after_lines(reading.plain_text(), done), tagger.threads, live))
    if live:  # write what has come before waiting for more
        for some in pieces:
            yield b"".join(tagger.tag_lines(some)).decode()
        return
    for text in tagger.tag_lines(piece for some in pieces for piece in some):
        yield text.decode()


def _pieces(texts: Iterable[str], most: int, live: bool) -> Iterator[list[bytes]]:
    """Yield text as up to ``most`` pieces of whole lines, of bounded size.

    Of a ``live`` standard input no more than is there already.
    """
    pieces: list[bytes] = []
    small: list[str] = []
    size = 0
    for text in texts:
        begin = 0
        while len(text) - begin >= CHUNK_CHARACTERS:
            end = text.find("\n", begin + CHUNK_CHARACTERS - 1) + 1 or len(text)
            pieces.append("".join([*small, text[begin:end]]).encode())
            small, size, begin = [], 0, end
            if len(pieces) == most:
                yield pieces
                pieces = []
        small.append(text[begin:])
        size += len(small[-1])
        waits = live and not _more_to_read()
        if size >= CHUNK_CHARACTERS or (waits and size):
            pieces.append("".join(small).encode())
            small, size = [], 0
        if pieces and (len(pieces) == most or waits):
            yield pieces
            pieces = []
    if size:
        pieces.append("".join(small).encode())
    if pieces:
        yield pieces


def _more_to_read() -> bool:
    """Return whether standard input has more to read now, or has ended: if not, somebody may be waiting for tags."""
    if os.name == "nt":  # pragma: no cover - pipes cannot be asked there
        return True
    return bool(select.select([sys.stdin], [], [], 0)[0])
