"""``parquet``: a row a sentence, ``tokens`` and ``tags`` as lists; read and written row group by row group.

What a row may hold is what an object of ``jsonl`` may hold (``records``); names of numbers come from the metadata that
Hugging Face datasets keeps there too. In messages the number of a line is that of the row, from 1.
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, field
from typing import Any, BinaryIO, cast

from elman.data.formats import json_edit as json_text, json_records as records, jsonl
from elman.data.formats.holds import MANY, Holds
from elman.data.formats.json_records import RecordReader, numbers_of
from elman.data.formats.json_spans import text_in, tokens_in
from elman.data.formats.parquet_writer import ParquetWriter, library, schema_class_names
from elman.data.sentence import RecordSentence, Sentence
from elman.errors import DataError, reason
from elman.utils.compression import CompressedFile, is_plain
from elman.utils.files import scratch_file

MAGIC = b"PAR1"
HOLDS = Holds(columns=MANY, labels=MANY, confidences=True)

_ROWS = 1_000  # read at a time
_BATCH = 16 << 20  # bytes of them
_MOST = 1 << 27  # bytes of rows that become Python's values together
_BLOCK = 1 << 20  # bytes
_TAGS = {str, int, float}
_OPENED = {"page_checksum_verification": True, "pre_buffer": False}  # with it all that was read is kept


@dataclass(frozen=True, slots=True)
class Parquet:
    """The format with options (see ``records.Records``)."""

    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def HOLDS(self) -> Holds:
        return HOLDS

    def open_binary(self, path: str) -> tuple[Sequence[str], Iterator[Sentence]]:
        """The first row as a line of jsonl, and the sentences. Memory is bounded by a row group.

        Raises DataError: no Parquet, rows that are no sentences. Raises MissingExtraError: pyarrow is missing.
        """
        name = "standard input" if path == "-" else path
        file = _opened(path, name)
        found = RecordReader(
            path,
            self.options,
            schema_class_names(file.schema_arrow),
            format="parquet",
            first=lambda: _records(file, name),
        )
        first = next(_records(file, name), None)
        return [] if first is None else [_head(first, found)], _sentences(file, name, found)

    def target(self, name: str | None, head: Sequence[str], path: str, labelled: bool) -> str:
        """The column of that name, as of jsonl. Raises ConfigError: see ``JsonFormat.target``."""
        return jsonl.JsonFormat("parquet").target(name, head, path, labelled)

    def writer(self, columns: Sequence[str], labels: Sequence[str]) -> ParquetWriter:
        """Writes a file. Raises MissingExtraError: pyarrow is missing."""
        return ParquetWriter(columns, labels)


def configured(options: Mapping[str, str]) -> Parquet:
    """The format with options. Raises ConfigError for those it does not have."""
    records.check_options(options, "parquet")
    return Parquet(options)


_PLAIN = Parquet()
open_binary, target, writer = _PLAIN.open_binary, _PLAIN.target, _PLAIN.writer


def _opened(path: str, name: str) -> Any:
    """The file; from a pipe, or unpacked, it goes to a temporary file first, since its index stands last."""
    pa, pq = library()
    try:
        if is_plain(path):
            return pq.ParquetFile(path, **_OPENED)
        with nullcontext(sys.stdin.buffer) if path == "-" else open(path, "rb") as packed, ExitStack() as stack:
            unpacked = stack.enter_context(scratch_file())
            stream = CompressedFile(cast(BinaryIO, packed), name)
            while block := stream.read1(_BLOCK):
                unpacked.write(block)
            unpacked.seek(0)
            file = pq.ParquetFile(unpacked, **_OPENED)
            weakref.finalize(file, stack.pop_all().close)  # nobody else knows when it is done with
            return file
    except OSError as error:
        raise DataError(f"cannot be read: {reason(error)}", path=name) from None
    except (pa.ArrowException, UnicodeDecodeError) as error:
        raise DataError(f"no Parquet, or damaged: {_line(error)}", path=name) from None


def _rows(file: Any, name: str) -> Iterator[tuple[dict[str, Any], Any, int]]:
    """The rows as they come; of each its values by column, the batch it stands in, and where."""
    pa, _ = library()
    size = sum(file.metadata.row_group(i).total_byte_size for i in range(file.num_row_groups))
    n_rows, rows = 0, max(1, min(_ROWS, _BATCH * file.metadata.num_rows // max(size, 1)))
    try:
        for batch in file.iter_batches(batch_size=rows):
            n_rows += batch.num_rows
            yield from _of_batch(batch, name)
        if n_rows != file.metadata.num_rows:
            raise ValueError(f"{n_rows:,} rows in place of {file.metadata.num_rows:,}")
    except (pa.ArrowException, OSError, OverflowError, ValueError) as error:
        raise DataError(f"cannot be read, damaged: {_line(error)}", path=name) from None


def _of_batch(batch: Any, name: str) -> Iterator[tuple[dict[str, Any], Any, int]]:
    if batch.nbytes > _MOST and batch.num_rows > 1:
        half = batch.num_rows // 2
        yield from _of_batch(batch.slice(0, half), name)
        yield from _of_batch(batch.slice(half), name)
        return
    if batch.nbytes > _MOST:
        raise DataError(f"a row of {batch.nbytes:,} bytes; expected a row for each sentence or text", path=name)
    columns = [_values(column) for column in batch.columns]
    for at, row in enumerate(zip(*columns, strict=True)):
        yield dict(zip(batch.schema.names, row, strict=True)), batch, at


def _values(column: Any) -> list[Any]:
    """The values of a column; times that Python does not have, which are nothing to sentences, stay Arrow's own."""
    pa, _ = library()
    try:
        values: list[Any] = column.to_pylist()
    except (ValueError, OverflowError):
        if not pa.types.is_temporal(column.type):
            raise
        return [value if value.is_valid else None for value in column]
    return values


def _records(file: Any, name: str) -> Iterator[dict[str, Any]]:
    """The rows' values alone."""
    return (row for row, _, _ in _rows(file, name))


def _sentences(file: Any, name: str, found: RecordReader) -> Iterator[Sentence]:
    for number, (row, batch, at) in enumerate(_rows(file, name), 1):
        parts = found.parts(row, number)
        if parts is not None:
            words, columns, labels = parts.words, parts.columns, parts.labels
            yield RecordSentence(words, columns, name, number, (), (), "parquet", labels, row, batch, at)


def _head(row: dict[str, Any], found: RecordReader) -> str:
    """The first row as ``target`` needs it: tokens or text, columns, labels, and lists that could be tags."""
    try:
        parts = found.parts(row, 1)
    except DataError:
        return ""  # the error comes when the sentences are read
    if parts is None:
        return ""
    lists = {key: value for key, value in row.items() if isinstance(value, list) and set(map(type, value)) <= _TAGS}
    if not parts.columns and tokens_in(row) is None:
        return json_text.dump({"text": text_in(row), **lists, **parts.labels})
    numbers = {key: value for key, value in lists.items() if numbers_of(key, value)}
    return json_text.dump({"tokens": parts.words, **numbers, **parts.columns, **parts.labels})


def _line(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text if len(text) <= 120 else text[:120] + "…"
