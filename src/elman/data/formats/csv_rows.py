"""Rows of CSV and TSV: fields, and the very lines they stand on."""

from __future__ import annotations

import csv
import json
import re
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from elman.data.formats.lines import LINE_END
from elman.errors import DataError

_OPENED = ("['", '["', "[{", "{'", '{"')
_NUMBERS = re.compile(r"\[[-+0-9.,\s]*[0-9][-+0-9.,\s]+\]")  # two characters or more: [1] may be a word


@dataclass(frozen=True, slots=True)
class CsvRow:
    """The fields of a row, its lines with their ends, and the number of the first."""

    fields: list[str]
    lines: tuple[str, ...]
    line: int


def read_rows(lines: Iterable[str], separator: str, path: str) -> Iterator[CsvRow]:
    """The rows of a table; those of tabs are cut at every tab, of others quotes are honoured (RFC 4180).

    Raises DataError: a quote that is not closed, or that goes on behind its end.
    """
    if separator == "\t":
        for number, line in enumerate(lines, 1):
            yield CsvRow(line.rstrip(LINE_END).split("\t"), (line,), number)
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
            yield CsvRow(fields, tuple(taken), start)
            start += len(taken)
            taken.clear()
    except csv.Error as error:
        what = "a quote is not closed" if "unexpected end" in str(error) else str(error)
        raise DataError(
            f"expected CSV, found that {what}; write a quote in quotes twice", path=path, line=start
        ) from None


def split_fields(text: str, separator: str) -> list[str]:
    """The fields of a row as they stand in the file, quotes and all; joined with the separator they are the row."""
    if separator == "\t":
        return text.split("\t")
    fields = re.findall(rf'(?:^|{separator})("(?:[^"]|"")*"|[^{separator}]*)', text)
    return [str(field) for field in fields]


def quote_field(field: str, separator: str) -> str:
    """A field as it is written: in quotes where it has to be."""
    if separator != "\t" and any(mark in field for mark in (separator, '"', "\n", "\r")):
        return '"' + field.replace('"', '""') + '"'
    return field


def is_list(field: str, *, of_texts: bool) -> bool:
    """Whether a field is a list or an object, or a list ``of_texts``: of Python, as pandas writes it, or of JSON."""
    if field[:1] not in ("[", "{") or field[-1] not in "]}":
        return False  # nearly every field of nearly every file
    if of_texts and field[:2] not in ("['", '["'):
        return False
    if not field.startswith(_OPENED):
        return _NUMBERS.fullmatch(field) is not None
    from ast import literal_eval

    with warnings.catch_warnings(action="ignore"):  # of odd escapes in texts of Python
        for parse in (json.loads, literal_eval):
            try:
                return isinstance(parse(field), list | dict)
            except (ValueError, SyntaxError, RecursionError, MemoryError):
                continue
    return False
