"""``elman tag`` by blocks: what is common and sound is tagged natively, from bytes to bytes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import TYPE_CHECKING, Any

from elman.cli import chunks
from elman.taggers.blocks import BlockRequest, BlockTagger, TaggedBlock, WrittenColumn
from elman.utils import limits
from elman.utils.parallel import ordered

if TYPE_CHECKING:
    from elman.cli.output_columns import OutputColumns
    from elman.data.formats import Reading
    from elman.data.formats.arrow_blocks import TaggedRows

_TABLES = ("conllu", "columns")
"""Formats of a word a line: blocks end at blank lines."""
_TABLE = 2
"""Bytes of a word of these by those of a word of text: their blocks are larger."""
_LARGEST = 1 << 26
"""Bytes of a block; a sentence that is longer is read in Python, which says what is wrong."""
_BLANK_LINE = re.compile(rb"^[ \t\r]*\n", re.MULTILINE)


def block_request(reading: Reading, output: str, columns: OutputColumns, *, confidences: bool) -> BlockRequest | None:
    """Return what is to be read and written; None if that is not done by blocks."""
    format, table = reading.format, reading.tab_table or (0, 0)
    if columns.labels or columns.only_empty is not None or not columns.columns:
        return None
    written = []
    for name, place in columns.columns.items():
        column = _written_column(name, place, output, len(columns.columns), in_place=reading.format == output)
        if column is None:
            return None
        written.append(column)
    if reading.format == "columns":
        if table == (0, 0) or output != "columns":
            return None
        written.sort(key=lambda column: column.field)
        new = [column.field for column in written if column.field >= table[0]]
        if new != list(range(table[0], table[0] + len(new))) or table[1] in [column.field for column in written]:
            return None
    if len({column.key for column in written}) < len(written):
        return None
    if output == "parquet":
        blocks = reading.row_blocks() if format == "parquet" else None
        if format == "parquet" and blocks is None:
            return None
        format, output = blocks.format if blocks is not None else format, "arrow"
    return BlockRequest(format, output, tuple(written), confidences, table)


def _written_column(name: str, place: str, output: str, n: int, *, in_place: bool) -> WrittenColumn | None:
    """Return where a label column is written; None if the formats' own writers have to find that."""
    if output == "conllu":
        from elman.data.formats.conllu import COLUMNS

        return WrittenColumn(name, place, COLUMNS[place]) if place in COLUMNS else None
    if output == "columns" and in_place:
        from elman.data.formats.lines import whole_number

        number = whole_number(place)
        return WrittenColumn(name, place, number - 1) if number else None
    if output == "jsonl":
        from elman.data.formats.jsonl import RESERVED_KEYS, column_key

        key = column_key(place, n)
        return None if (n > 1 and place in RESERVED_KEYS) or (in_place and key != place) else WrittenColumn(name, key)
    return WrittenColumn(name, place)


def tagged_blocks(
    reading: Reading, tag: BlockTagger, threads: int, *, live: bool, lines: int
) -> Iterator[tuple[TaggedBlock, int]]:
    """Yield the tagged blocks of a file behind its first lines, each with the number of lines up to its end.

    They end before the first block that the tagger leaves to the readers of sentences; ``reading`` goes on with it. Of
    a ``live`` standard input no more is waited for than is there already.
    """
    texts = reading.pieces(lines)
    if texts is None:
        return
    encoded = (text.encode() for text in texts)
    refused = False

    def tagged(text: bytes) -> tuple[bytes, TaggedBlock | None]:
        return text, None if refused or len(text) > _LARGEST else tag(text)

    def results() -> Iterator[tuple[bytes, TaggedBlock | None]]:
        if reading.format in _TABLES:
            whole = _whole_sentences(encoded)
            parts = chunks.pieces(whole, threads, live, _TABLE * chunks.CHUNK_BYTES, b"\n\n")
        else:
            parts = chunks.pieces(encoded, threads, live, chunks.CHUNK_BYTES)
        if live:  # write what has come before waiting for more
            for some in parts:
                yield from ordered(tagged, some, threads)
        else:
            yield from ordered(tagged, (text for some in parts for text in some), threads)

    stream = results()
    for text, block in stream:
        if block is None:
            refused = True
            reading.put_back(chain([text.decode()], (later.decode() for later, _ in stream)), lines)
            return
        lines += text.count(b"\n") + (not text.endswith(b"\n"))
        yield block, lines


def tagged_batches(
    reading: Reading, tag: BlockTagger, request: BlockRequest, threads: int, *, live: bool
) -> Iterator[tuple[TaggedRows, int]]:
    """Yield rows to be written as Parquet, of a file of rows or of text; otherwise as ``tagged_blocks``."""
    from elman.data.formats.arrow_blocks import tagged_rows

    places = [column.key for column in request.columns]
    options: dict[str, Any] = {"words": request.input != "arrow", "confidences": request.confidences}
    rows = reading.row_blocks()
    if rows is None:
        for block, lines in tagged_blocks(reading, tag, threads, live=live, lines=0):
            yield tagged_rows(*block, places, **options), lines
        return
    refused = False

    def tagged(batch: Any) -> tuple[Any, TaggedRows | None]:
        packed = None if refused else rows.pack(batch)
        block = None if packed is None else tag(packed)
        return batch, None if block is None else tagged_rows(*block, places, **options, batch=batch)

    stream = ordered(tagged, rows.batches(), threads)
    n_rows = 0
    for batch, found in stream:
        if found is None:
            refused = True
            rows.put_back(chain([batch], (later for later, _ in stream)), n_rows)
            return
        n_rows += batch.num_rows
        yield found, 0


def _whole_sentences(texts: Iterable[bytes]) -> Iterator[bytes]:
    """Yield pieces of whole lines as pieces that end with a blank line, or with the text; or are too large."""
    pending: list[bytes] = []
    size = 0
    for text in texts:
        end = text.rfind(b"\n\n") + 2
        if end < 2:
            end = max((match.end() for match in _BLANK_LINE.finditer(text)), default=0)
        if size > _LARGEST:
            end = len(text)
        if end:
            yield b"".join([*pending, text[:end]])
            pending, size = [], 0
        pending.append(text[end:])
        size += len(pending[-1])
    if size:
        yield b"".join(pending)


def checking_lines(tag: BlockTagger, path: str) -> BlockTagger:
    """Return the tagger of plain text that first checks the length of every sentence."""

    def checked(text: bytes) -> TaggedBlock | None:
        limits.check_lines(text, path)
        return tag(text)

    return checked
