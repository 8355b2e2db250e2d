"""``parquet``: one row per sentence, ``tokens`` and ``tags`` as lists; read and written row group by row group.

A row may hold what an object of ``jsonl`` may hold (``json_records``); names of numeric labels come from the metadata
of Hugging Face datasets. Line numbers in messages are row numbers, from 1.
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO, cast

from elman.data.formats import json_edit, json_records, jsonl
from elman.data.formats.arrow_rows import library, schema_class_names
from elman.data.formats.holds import MANY, Holds
from elman.data.formats.json_records import RecordReader, numbers_of
from elman.data.formats.json_spans import tokens_in
from elman.data.formats.parquet_writer import ParquetWriter
from elman.data.formats.text_io import Span
from elman.data.sentence import RecordSentence, Sentence
from elman.errors import DataError, reason
from elman.utils.compression import CompressedFile, is_plain
from elman.utils.files import discard, scratch_file

MAGIC = b"PAR1"
HOLDS = Holds(columns=MANY, labels=MANY, confidences=True)

_BATCH_ROWS = 1_000
_BATCH_BYTES = 16 << 20
_MAX_BATCH_BYTES = 1 << 27  # converted to Python values at a time
_BLOCK_BYTES = 1 << 20
_TAG_TYPES = {str, int, float}
_OPEN_OPTIONS = {"page_checksum_verification": True, "pre_buffer": False}  # pre-buffering keeps all data in memory


@dataclass(frozen=True, slots=True)
class Parquet:
    """The format with options (see ``json_records.RecordReader``); ``format`` is its name in messages.

    ``groups``  the row groups to read, from the first to before the last; None: all
    """

    options: Mapping[str, str] = field(default_factory=dict)
    format: str = "parquet"
    groups: Span | None = None

    @property
    def HOLDS(self) -> Holds:
        return HOLDS

    def reading_null(self, text: str) -> Parquet:
        """Return the format that reads null among tags as ``text``; by default it is refused."""
        return replace(self, options={**self.options, "null": text})

    def reading_groups(self, groups: Span) -> Parquet:
        """Return the format that reads only these row groups."""
        return replace(self, groups=groups)

    def open_binary(self, path: str) -> tuple[Sequence[str], Iterator[Sentence]]:
        """Return the first row as a line of jsonl, and the sentences. Memory is bounded by a row group.

        Raises DataError for invalid Parquet and rows that are no sentences, MissingExtraError without pyarrow.
        """
        name = "standard input" if path == "-" else path
        file = _open(path, name)
        reader = RecordReader(
            path,
            self.options,
            schema_class_names(file.schema_arrow),
            format="parquet",
            first=lambda: _records(file, name),
        )
        first = next(_records(file, name), None)
        return [] if first is None else [head_of(first, reader)], Rows(file, name, reader, self.groups)

    def target(self, name: str | None, head: Sequence[str], path: str, labelled: bool) -> str:
        """Return the column of a name, see ``JsonFormat.target``."""
        return jsonl.JsonFormat(self.format).target(name, head, path, labelled)

    def writer(self, columns: Sequence[str], labels: Sequence[str]) -> ParquetWriter:
        """Return a writer of a file. Raises MissingExtraError without pyarrow."""
        return ParquetWriter(columns, labels)


def configured(options: Mapping[str, str]) -> Parquet:
    """Return the format with options. Raises ConfigError for unknown options."""
    json_records.check_options(options, "parquet")
    return Parquet(options)


_PLAIN = Parquet()
open_binary, target, writer = _PLAIN.open_binary, _PLAIN.target, _PLAIN.writer
reading_null, reading_groups = _PLAIN.reading_null, _PLAIN.reading_groups


def row_group_ends(path: str) -> list[int]:
    """Return where each row group of a file ends, in bytes. Raises DataError as reading does."""
    file = _open(path, path)
    ends, end = [], len(MAGIC)
    for i in range(file.num_row_groups):
        group = file.metadata.row_group(i)
        end += sum(group.column(j).total_compressed_size for j in range(group.num_columns))
        ends.append(end)
    return ends


def _open(path: str, name: str) -> Any:
    """Open the file; input that is piped or compressed is copied to a temporary file, since the index comes last."""
    pa, pq = library()
    try:
        if is_plain(path):
            return pq.ParquetFile(path, **_OPEN_OPTIONS)
        with nullcontext(sys.stdin.buffer) if path == "-" else open(path, "rb") as packed, ExitStack() as stack:
            unpacked = scratch_file()
            stack.callback(discard, unpacked)
            stream = CompressedFile(cast(BinaryIO, packed), name)
            while block := stream.read1(_BLOCK_BYTES):
                unpacked.write(block)
            unpacked.seek(0)
            file = pq.ParquetFile(unpacked, **_OPEN_OPTIONS)
            weakref.finalize(file, stack.pop_all().close)  # closed along with the ParquetFile
            return file
    except OSError as error:
        raise DataError(f"cannot be read: {reason(error)}", path=name) from None
    except MemoryError:  # one of Arrow's exceptions is one
        raise
    except (pa.ArrowException, UnicodeDecodeError) as error:
        raise DataError(f"no Parquet, or damaged: {_line(error)}", path=name) from None


@contextmanager
def _reading(name: str) -> Iterator[None]:
    """Raise DataError for errors of pyarrow."""
    pa, _ = library()
    try:
        yield
    except MemoryError:  # one of Arrow's exceptions is one
        raise
    except (pa.ArrowException, OSError, OverflowError, ValueError) as error:
        raise DataError(f"cannot be read, damaged: {_line(error)}", path=name) from None


def _batches(file: Any, name: str, groups: Span | None = None) -> Iterator[Any]:
    """Yield the rows in order, in batches of bounded size."""
    chosen = range(*groups) if groups is not None else range(file.num_row_groups)
    size = sum(file.metadata.row_group(i).total_byte_size for i in chosen)
    expected = _n_rows(file, chosen)
    n_rows, rows = 0, max(1, min(_BATCH_ROWS, _BATCH_BYTES * expected // max(size, 1)))
    options = {"batch_size": rows, "use_threads": False}  # threads crash if memory is short
    with _reading(name):
        for batch in file.iter_batches(row_groups=list(chosen), **options):
            n_rows += batch.num_rows
            yield batch
        if n_rows != expected:
            raise ValueError(f"{n_rows:,} rows in place of {expected:,}")


def _n_rows(file: Any, groups: Iterable[int]) -> int:
    return sum(file.metadata.row_group(i).num_rows for i in groups)


def _rows(batches: Iterable[Any], name: str) -> Iterator[tuple[dict[str, Any], Any, int]]:
    """Yield the rows of batches; see ``rows_of_batch``."""
    with _reading(name):
        for batch in batches:
            yield from rows_of_batch(batch, name)


class Rows(Iterator[Sentence]):
    """The sentences of the rows of a file. Before the first is read, batches may be taken.

    ``batches``  the batches of rows that are not read yet
    ``number``   of rows that were read, or taken, or that are before those to read
    """

    def __init__(self, file: Any, name: str, reader: RecordReader, groups: Span | None = None) -> None:
        self.schema, self.reader, self._name = file.schema_arrow, reader, name
        self.batches: Iterator[Any] = _batches(file, name, groups)
        self.number = 0 if groups is None else _n_rows(file, range(groups[0]))
        self._sentences = self._read()

    def __next__(self) -> Sentence:
        return next(self._sentences)

    def _read(self) -> Iterator[Sentence]:
        for row, batch, at in _rows(self.batches, self._name):
            self.number += 1
            content = self.reader.parts(row, self.number)
            if content is not None:
                words, columns, labels = content.words, content.columns, content.labels
                path, line = self._name, self.number
                yield RecordSentence(words, columns, path, line, (), (), "parquet", labels, row, batch, at)


def rows_of_batch(batch: Any, name: str) -> Iterator[tuple[dict[str, Any], Any, int]]:
    """Yield the rows of a batch: values by column, the batch, and the index in it. Raises DataError for a huge row."""
    if batch.nbytes > _MAX_BATCH_BYTES and batch.num_rows > 1:
        half = batch.num_rows // 2
        yield from rows_of_batch(batch.slice(0, half), name)
        yield from rows_of_batch(batch.slice(half), name)
        return
    if batch.nbytes > _MAX_BATCH_BYTES:
        raise DataError(f"a row of {batch.nbytes:,} bytes; expected a row for each sentence or text", path=name)
    columns = [_values(column) for column in batch.columns]
    for at, row in enumerate(zip(*columns, strict=True)):
        yield dict(zip(batch.schema.names, row, strict=True)), batch, at


def _values(column: Any) -> list[Any]:
    """Return the values of a column; timestamps that Python cannot represent stay Arrow scalars."""
    pa, _ = library()
    try:
        values: list[Any] = column.to_pylist()
    except (ValueError, OverflowError):
        if not pa.types.is_temporal(column.type):
            raise
        return [value if value.is_valid else None for value in column]
    return values


def _records(file: Any, name: str) -> Iterator[dict[str, Any]]:
    """Yield the values of the rows."""
    return (row for row, _, _ in _rows(_batches(file, name), name))


def head_of(row: dict[str, Any], reader: RecordReader) -> str:
    """Return the first row as ``target`` needs it: tokens or text, columns, labels, and lists that may be tags."""
    try:
        content = reader.parts(row, 1)
    except DataError:
        return ""  # reading the sentences will raise the error
    if content is None:
        return ""
    lists = {
        key: value for key, value in row.items() if isinstance(value, list) and set(map(type, value)) <= _TAG_TYPES
    }
    if not content.columns and tokens_in(row) is None:
        return json_edit.dump({"text": " ".join(content.words), **lists, **content.labels})
    numbers = {key: value for key, value in lists.items() if numbers_of(key, value)}
    return json_edit.dump({"tokens": content.words, **numbers, **content.columns, **content.labels})


def _line(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text if len(text) <= 120 else text[:120] + "…"
