"""Write rows of values by column as ``csv``, ``tsv``, ``jsonl``, ``json`` or ``parquet``.

These are the rows of other formats, with what they hold besides words and tags; nested values become JSON in a table.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

from elman.data.formats.csv_rows import quote_field, read_rows
from elman.data.formats.json_records import record_of_sentence
from elman.data.formats.jsonl import are_names
from elman.data.formats.lines import is_blank
from elman.data.formats.reader import Reading
from elman.data.sentence import Sentence
from elman.errors import ConfigError, DataError
from elman.utils.display import shown

FORMATS = ("csv", "tsv", "jsonl", "json", "parquet")
_JSON = ("jsonl", "json")
_GROUP_ROWS = 10_000  # of Parquet


def columns_of(reading: Reading, text_column: str | None = None) -> tuple[str, ...]:
    """Return the names of the columns that ``row_of`` gives for the first sentences of a file."""
    if reading.table_columns:
        return reading.table_columns
    rows = (each for each in reading.first() if each.format not in _JSON or is_row(each, text_column))
    return tuple(dict.fromkeys(name for each in rows for name in row_of(each, reading))) or ("text",)


def is_row(sentence: Sentence, text_column: str | None = None) -> bool:
    """Return whether a sentence is a row, even without a text: no blank line, and no names of labels."""
    if sentence.format in _JSON and not is_blank(sentence.lines[0]):
        return not are_names(record_of_sentence(sentence) or {}, text_column)
    return bool(sentence.words or sentence.labels or sentence.rows or sentence.format == "parquet")


def row_of(sentence: Sentence, reading: Reading) -> dict[str, Any]:
    """Return the values of a sentence by column: its record, its row of a table, or its text and its labels."""
    record = record_of_sentence(sentence)
    if record is not None:
        return dict(record)
    if reading.table_columns and sentence.rows:
        row = next(read_rows(sentence.lines[sentence.rows[0] :], reading.table_separator, sentence.path))
        return dict(zip(reading.table_columns, row.fields, strict=True))
    return {"text": " ".join(sentence.words), **sentence.labels}


class RowWriter:
    """Writes rows with these columns; a missing value is empty."""

    STATE = ("_begun",)

    def __init__(self, format: str, columns: Sequence[str]) -> None:
        self._format, self._columns = format, tuple(columns)
        self._separator = "\t" if format == "tsv" else ","
        self._begun = False
        self._parquet = _ParquetRows(self._columns) if format == "parquet" else None

    def add(self, row: Mapping[str, Any], where: Sentence) -> str | bytes:
        """Return what is written for a row. Raises DataError for a column that is not among the names."""
        other = next((name for name in row if name not in self._columns), None)
        if other is not None:
            message = f"a column {shown(other)}, which the first rows have not; {self._format} needs all names there"
            raise DataError(message, path=where.path or None, line=where.line or None)
        if self._parquet is not None:
            return self._parquet.add(row)
        if self._format in ("jsonl", "json"):
            text = _json(row)
            return f"{text}\n" if self._format == "jsonl" else f"{',' if self._start() else '['}\n{text}"
        values = [_field(row.get(name)) for name in self._columns]
        if self._format == "tsv" and any(mark in "".join(values) for mark in "\t\r\n"):
            raise DataError("a tab or a line end, which tsv cannot hold; write csv", path=where.path, line=where.line)
        return (self._line(self._columns) if not self._start() else "") + self._line(values)

    def finish(self) -> str | bytes:
        """Return the rest of the file."""
        if self._parquet is not None:
            return self._parquet.finish()
        if self._format == "json":
            return "\n]\n" if self._begun else "[]\n"
        return "" if self._begun or self._format == "jsonl" else self._line(self._columns)

    def _start(self) -> bool:
        """Return whether something was written before."""
        begun, self._begun = self._begun, True
        return begun

    def _line(self, values: Sequence[str]) -> str:
        return self._separator.join(quote_field(value, self._separator) for value in values) + "\n"


class _ParquetRows:
    """Writes rows as Parquet; the types of the columns are those of the first group of rows."""

    def __init__(self, columns: Sequence[str]) -> None:
        from elman.data.formats.parquet_writer import ParquetFile

        self._columns, self._rows, self._schema = columns, list[Mapping[str, Any]](), None
        self._file = ParquetFile()

    def add(self, row: Mapping[str, Any]) -> bytes:
        self._rows.append(row)
        return self._group() if len(self._rows) == _GROUP_ROWS else b""

    def finish(self) -> bytes:
        return self._group() + self._file.close()

    def _group(self) -> bytes:
        from elman.data.formats.arrow_rows import library

        pa, _ = library()
        columns = {name: [row.get(name) for row in self._rows] for name in self._columns}
        try:
            if self._schema is None:
                found = pa.table(columns).schema
                texts = [pa.field(each.name, pa.string()) if pa.types.is_null(each.type) else each for each in found]
                self._schema = pa.schema(texts)
            table = pa.table(columns, schema=self._schema)
        except pa.ArrowException as error:
            raise ConfigError(f"parquet: one type a column: {' '.join(str(error).split())}; write jsonl") from None
        self._rows = []
        return self._file.write(table)


def _field(value: Any) -> str:
    if value is None:
        return ""
    return _json(value) if isinstance(value, dict | list | bool) else str(value)


def _json(value: Any) -> str:
    """Return a value as JSON: dates and bytes become texts; NaN and infinity, which JSON has not, null."""
    try:
        return json.dumps(value, ensure_ascii=False, default=str, allow_nan=False)
    except ValueError:
        return json.dumps(_finite(value), ensure_ascii=False, default=str)


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not isfinite(value) else value
