"""``parquet``: a row a sentence, ``tokens`` and ``tags`` as lists; read and written row group by row group.

What a row may hold is what an object of ``jsonl`` may hold (``records``); names of numbers come from the metadata that
Hugging Face datasets keeps there too. In messages the number of a line is that of the row, from 1.
"""

from __future__ import annotations

import io
import json
import sys
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, BinaryIO, cast

from elman.compression import CompressedFile, is_plain
from elman.errors import DataError, MissingExtraError, reason
from elman.files import scratch_file
from elman.formats import json_text, jsonl, records
from elman.formats.label_names import Names, names_in
from elman.formats.record_shapes import text_in, tokens_in
from elman.formats.records import Records, numbers_of, rest_of
from elman.formats.shared import MANY, Holds, is_gap
from elman.sentence import Sentence

MAGIC = b"PAR1"
HOLDS = Holds(columns=MANY, labels=MANY, confidences=True)

_ROWS = 1_000  # read at a time
_GROUP_WORDS = 65_536  # of a row group that is written
_MOST = 1 << 27  # bytes of rows that become Python's values together
_BLOCK = 1 << 20  # bytes
_TAGS = {str, int, float}
_CHECKED = {"page_checksum_verification": True}


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
        found = Records(path, self.options, _names(file), format="parquet", first=lambda: _rows(file, name))
        first = next(_rows(file, name), None)
        return [] if first is None else [_head(first, found)], _sentences(file, name, found)

    def target(self, name: str | None, head: Sequence[str], path: str, labelled: bool) -> str:
        """The column of that name, as of jsonl. Raises ConfigError: see ``Jsonl.target``."""
        return jsonl.Jsonl("parquet").target(name, head, path, labelled)

    def writer(self, columns: Sequence[str], labels: Sequence[str]) -> ParquetWriter:
        """Writes a file. Raises MissingExtraError: pyarrow is missing."""
        return ParquetWriter(columns, labels)


def configured(options: Mapping[str, str]) -> Parquet:
    """The format with options. Raises ConfigError for those it does not have."""
    records.check(options, "parquet")
    return Parquet(options)


_PLAIN = Parquet()
open_binary, target, writer = _PLAIN.open_binary, _PLAIN.target, _PLAIN.writer


def others(path: str, used: Sequence[str]) -> list[str]:
    """The names of columns that are nothing to the sentences, as a message says them. ``used``: those that are."""
    first = next(_rows(_opened(path, path), path), {})
    words = tokens_in(first) or ()
    return rest_of(first, Sentence(tuple(words), dict.fromkeys(used, ())))


class ParquetWriter:
    """A file that is written row group by row group; memory is bounded by one."""

    def __init__(self, columns: Sequence[str], labels: Sequence[str]) -> None:
        _library()
        self._columns = tuple(columns)
        self._labels = tuple(labels)
        self._sink = _Sink()
        self._writer: Any = None
        self._records: list[dict[str, object]] = []
        self._words = 0
        self._confidences = False

    def add(
        self, sentence: Sentence, tags: Mapping[str, Sequence[str]], confidences: Sequence[float] | None = None
    ) -> bytes:
        """The bytes that are done when the sentence is in. Raises ConfigError: a name that stands twice."""
        if is_gap(sentence):
            return b""
        self._confidences = self._confidences or confidences is not None
        self._records.append(jsonl.record_of(sentence, tags, confidences, len(self._columns)))
        self._words += len(sentence) + 1
        return self._group() if self._words >= _GROUP_WORDS else b""

    def finish(self) -> bytes:
        """The rest: the last row group and the end of the file."""
        data = self._group()
        self._writer.close()
        return data + self._sink.take()

    def _group(self) -> bytes:
        pa, pq = _library()
        if self._writer is None:
            self._schema = pa.schema(self._fields(pa))
            sink = pa.PythonFile(self._sink, mode="w")
            self._writer = pq.ParquetWriter(sink, self._schema, write_page_checksum=True)
        if self._records:
            columns = {name: [record.get(name) for record in self._records] for name in self._schema.names}
            self._writer.write_table(pa.table(columns, schema=self._schema))
        self._records, self._words = [], 0
        return self._sink.take()

    def _fields(self, pa: Any) -> list[tuple[str, Any]]:
        """Names and types, in the order of ``jsonl.record_of``."""
        texts = pa.list_(pa.string())
        fields = [("text", pa.string())] if self._labels and not self._columns else []
        fields += [("tokens", texts)]
        fields += [(jsonl.key_of(name, len(self._columns)), texts) for name in self._columns]
        if self._confidences:
            fields.append(("confidences", pa.list_(pa.float32())))
        return fields + [(name, pa.string()) for name in self._labels]


class _Sink(io.RawIOBase):
    """Where pyarrow writes to: bytes that are taken away as they come."""

    def __init__(self) -> None:
        self._blocks: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._blocks.append(bytes(data))
        return len(self._blocks[-1])

    def take(self) -> bytes:
        """What was written since the last time."""
        data, self._blocks = b"".join(self._blocks), []
        return data


def _library() -> tuple[Any, Any]:
    try:
        pyarrow, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
    except ImportError:
        raise MissingExtraError("pyarrow", "parquet") from None
    return pyarrow, parquet


def _opened(path: str, name: str) -> Any:
    """The file; from a pipe, or unpacked, it goes to a temporary file first, since its index stands last."""
    pa, pq = _library()
    try:
        if is_plain(path):
            return pq.ParquetFile(path, **_CHECKED)
        with nullcontext(sys.stdin.buffer) if path == "-" else open(path, "rb") as packed, ExitStack() as stack:
            unpacked = stack.enter_context(scratch_file())
            stream = CompressedFile(cast(BinaryIO, packed), name)
            while block := stream.read1(_BLOCK):
                unpacked.write(block)
            unpacked.seek(0)
            file = pq.ParquetFile(unpacked, **_CHECKED)
            weakref.finalize(file, stack.pop_all().close)  # nobody else knows when it is done with
            return file
    except OSError as error:
        raise DataError(f"cannot be read: {reason(error)}", path=name) from None
    except (pa.ArrowException, UnicodeDecodeError) as error:
        raise DataError(f"no Parquet, or damaged: {_line(error)}", path=name) from None


def _names(file: Any) -> Names:
    """The names of labels in what Hugging Face datasets wrote into the file."""
    found = (file.schema_arrow.metadata or {}).get(b"huggingface", b"{}")
    try:
        return names_in(json.loads(found))
    except (ValueError, RecursionError):
        return {}


def _rows(file: Any, name: str) -> Iterator[dict[str, Any]]:
    pa, _ = _library()
    n_rows = 0
    try:
        for batch in file.iter_batches(batch_size=_ROWS):
            n_rows += batch.num_rows
            yield from _of_batch(batch, name)
        if n_rows != file.metadata.num_rows:
            raise ValueError(f"{n_rows:,} rows in place of {file.metadata.num_rows:,}")
    except (pa.ArrowException, OSError, OverflowError, ValueError) as error:
        raise DataError(f"cannot be read, damaged: {_line(error)}", path=name) from None


def _of_batch(batch: Any, name: str) -> Iterator[dict[str, Any]]:
    if batch.nbytes > _MOST and batch.num_rows > 1:
        half = batch.num_rows // 2
        yield from _of_batch(batch.slice(0, half), name)
        yield from _of_batch(batch.slice(half), name)
        return
    if batch.nbytes > _MOST:
        raise DataError(f"a row of {batch.nbytes:,} bytes; expected a row for each sentence or text", path=name)
    columns = [_values(column) for column in batch.columns]
    for row in zip(*columns, strict=True):
        yield dict(zip(batch.schema.names, row, strict=True))


def _values(column: Any) -> list[Any]:
    """The values of a column; of times that Python does not have, which are nothing to sentences, None each."""
    pa, _ = _library()
    try:
        values: list[Any] = column.to_pylist()
    except (ValueError, OverflowError):
        if not pa.types.is_temporal(column.type):
            raise
        return [None] * len(column)
    return values


def _sentences(file: Any, name: str, found: Records) -> Iterator[Sentence]:
    for number, row in enumerate(_rows(file, name), 1):
        parts = found.parts(row, number)
        if parts is not None:
            yield Sentence(parts.words, parts.columns, name, number, format="parquet", labels=parts.labels)


def _head(row: dict[str, Any], found: Records) -> str:
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
