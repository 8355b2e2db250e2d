"""Write Parquet row group by row group, from the tables of ``arrow_rows``."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from elman.data.formats.arrow_rows import ArrowRows, library
from elman.data.formats.holds import Confidences
from elman.data.sentence import Sentence

if TYPE_CHECKING:
    from elman.data.formats.arrow_blocks import TaggedRows


class ParquetWriter:
    """Writes a file row group by row group; memory is bounded by one group.

    ``columns`` and ``labels`` are those of ``ArrowRows``.
    """

    def __init__(self, columns: Sequence[str], labels: Sequence[str]) -> None:
        self._rows = ArrowRows(columns, labels)
        self._file = ParquetFile()

    def add(
        self, sentence: Sentence, tags: Mapping[str, Sequence[str]], confidences: Confidences | None = None
    ) -> bytes:
        """Return the bytes that are complete after adding a sentence. Raises ConfigError as ``ArrowRows.add``."""
        table = self._rows.add(sentence, tags, confidences)
        return b"" if table is None else self._file.write(table)

    def add_tagged(self, rows: TaggedRows, path: str) -> Iterator[bytes]:
        """Yield the bytes that are complete after adding tagged rows of a file. Raises ConfigError as ``add``."""
        return map(self._file.write, self._rows.add_tagged(rows, path))

    def finish(self) -> bytes:
        """Return the rest of the file: the last row group and the footer."""
        return self._file.write(self._rows.finish()) + self._file.close()


class ParquetFile:
    """The bytes of a Parquet file, table by table; all have the schema of the first."""

    def __init__(self) -> None:
        library()
        self._sink = _Sink()
        self._writer: Any = None

    def write(self, table: Any) -> bytes:
        """Return the bytes that are complete after writing a table."""
        pa, pq = library()
        if self._writer is None:
            sink = pa.PythonFile(self._sink, mode="w")
            self._writer = pq.ParquetWriter(sink, table.schema, write_page_checksum=True)
        if len(table):
            self._writer.write_table(table)
        return self._sink.take()

    def close(self) -> bytes:
        """Return the footer; there has been a table."""
        self._writer.close()
        return self._sink.take()


class _Sink(io.RawIOBase):
    """The file object for pyarrow: collects bytes until they are taken."""

    def __init__(self) -> None:
        self._blocks: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._blocks.append(bytes(data))
        return len(self._blocks[-1])

    def take(self) -> bytes:
        """Return the bytes written since the last call."""
        data, self._blocks = b"".join(self._blocks), []
        return data
