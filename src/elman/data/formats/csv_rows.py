"""Rows of CSV and TSV: fields, and the lines they come from."""

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
_NUMBERS = re.compile(r"\[[-+.,\s]*[0-9][-+0-9.,\s]+\]")  # two characters or more: [1] may be a word


@dataclass(frozen=True, slots=True)
class CsvRow:
    """The fields of a row, its lines with line ends, and the number of its first line."""

    fields: list[str]
    lines: tuple[str, ...]
    line: int


def read_rows(lines: Iterable[str], separator: str, path: str) -> Iterator[CsvRow]:
    """Yield the rows of a table. Tab-separated lines are split at every tab; otherwise quotes are respected (RFC 4180).

    Raises DataError for a quote that is not closed, or is followed by text.
    """
    if separator == "\t":
        for number, line in enumerate(lines, 1):
            yield CsvRow(line.rstrip(LINE_END).split("\t"), (line,), number)
        return
    row_lines: list[str] = []

    def recorded() -> Iterator[str]:
        for line in lines:
            row_lines.append(line)
            yield line

    first_line = 1
    reader = csv.reader(recorded(), delimiter=separator, strict=True)
    try:
        for fields in reader:
            yield CsvRow(fields, tuple(row_lines), first_line)
            first_line += len(row_lines)
            row_lines.clear()
    except csv.Error as error:
        what = "a quote is not closed" if "unexpected end" in str(error) else str(error)
        raise DataError(
            f"expected CSV, found that {what}; write a quote in quotes twice", path=path, line=first_line
        ) from None


def split_fields(text: str, separator: str) -> list[str]:
    """Return the raw fields of a row, including quotes; joined with the separator they are the row."""
    if separator == "\t":
        return text.split("\t")
    fields = re.findall(rf'(?:^|{separator})("(?:[^"]|"")*"|[^{separator}]*)', text)
    return [str(field) for field in fields]


def quote_field(field: str, separator: str) -> str:
    """Return a field as it is written, quoted if necessary."""
    if separator != "\t" and any(character in field for character in (separator, '"', "\n", "\r")):
        return '"' + field.replace('"', '""') + '"'
    return field


def is_list(field: str, *, of_texts: bool) -> bool:
    """Return whether a field is a list or object (or a list ``of_texts``) of JSON or Python, as pandas writes it."""
    if field[:1] not in ("[", "{") or field[-1] not in "]}":
        return False  # nearly all fields
    if of_texts and field[:2] not in ("['", '["'):
        return False
    if not field.startswith(_OPENED):
        return _NUMBERS.fullmatch(field) is not None
    from ast import literal_eval

    with warnings.catch_warnings(action="ignore"):  # about invalid escapes in Python literals
        for parse in (json.loads, literal_eval):
            try:
                return isinstance(parse(field), list | dict)
            except (ValueError, SyntaxError, RecursionError, MemoryError):
                continue
    return False
