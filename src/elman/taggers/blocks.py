"""Blocks of text that are tagged natively, bytes in and bytes out, without making sentences of them.

``BlockRequest`` says what is read and written. Each pair of formats is a row of ``kernels/native/block_formats.hpp``;
``LightTagger.block_tagger`` and ``Tagger.block_tagger`` return the function that tags a block.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


class WrittenColumn(NamedTuple):
    """A label column that is written.

    ``name``   its name in the model
    ``key``    its name in the output
    ``field``  its index in a line of a table
    """

    name: str
    key: str
    field: int = 0


class BlockRequest(NamedTuple):
    """The formats that are read and written, and how.

    ``table``  of ``columns``: the number of fields of a line, and the index of the word
    """

    input: str
    output: str
    columns: tuple[WrittenColumn, ...]
    confidences: bool = False
    table: tuple[int, int] = (0, 0)


class TaggedBlock(NamedTuple):
    """The tagged text of a block in UTF-8, and how many sentences and words it has."""

    text: bytes
    sentences: int
    words: int


BlockTagger = Callable[[bytes], TaggedBlock | None]
"""Tags a block of whole sentences in UTF-8; None for a block that the readers and writers of sentences have to take,
because it is unusual or faulty."""
