"""Rows of CSV and TSV: fields, and the very lines they stand on."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from elman.errors import DataError
from elman.formats.shared import LINE_END


@dataclass(frozen=True, slots=True)
class Row:
    """The fields of a row, its lines with their ends, and the number of the first."""

    fields: list[str]
    lines: tuple[str, ...]
    line: int


def rows_of(lines: Iterable[str], separator: str, path: str) -> Iterator[Row]:
    """The rows of a table; those of tabs are cut at every tab, of others quotes are honoured (RFC 4180).

    Raises DataError: a quote that is not closed, or that goes on behind its end.
    """
    if separator == "\t":
        for number, line in enumerate(lines, 1):
            yield Row(line.rstrip(LINE_END).split("\t"), (line,), number)
        return
    taken: list[str] = []

    def noted() -> Iterator[str]:
        for line in lines:
            taken.append(line)
            yield line

    start = 1
    reader = csv.reader(noted(), delimiter=separator, strict=True)
    try:
        for fields in reader:
            yield Row(fields, tuple(taken), start)
            start += len(taken)
            taken.clear()
    except csv.Error as error:
        what = "a quote is not closed" if "unexpected end" in str(error) else str(error)
        raise DataError(
            f"expected CSV, found that {what}; write a quote in quotes twice", path=path, line=start
        ) from None


def cut(text: str, separator: str) -> list[str]:
    """The fields of a row as they stand in the file, quotes and all; joined with the separator they are the row."""
    if separator == "\t":
        return text.split("\t")
    fields = re.findall(rf'(?:^|{separator})("(?:[^"]|"")*"|[^{separator}]*)', text)
    return [str(field) for field in fields]


def quoted(field: str, separator: str) -> str:
    """A field as it is written: in quotes where it has to be."""
    if separator != "\t" and any(mark in field for mark in (separator, '"', "\n", "\r")):
        return '"' + field.replace('"', '""') + '"'
    return field
