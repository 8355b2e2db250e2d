"""Tables whose columns are not all called as usual: whether a text is one, and which of its columns is to be read.

A table is known by the names of its columns, by the ending of the file's name, or by texts of several words between
tabs. Which column has the words or the texts is known by its usual name (``tables.WORDS``, ``tables.TEXTS``), or
because the others are what a model gives. Else it has to be said: IDs are tagged as readily as texts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from elman.data.formats.csv_reader import TEXTS, WORDS, CsvFormat
from elman.data.formats.csv_rows import read_rows
from elman.data.formats.lines import is_blank
from elman.data.formats.sniff import ModelHints
from elman.errors import ConfigError, DataError
from elman.utils.compression import ENDINGS
from elman.utils.display import shown

_NAME = re.compile(r"[^\W\d_][\w .#/-]{0,40}")
_SPAN = re.compile(r"O|[BIESLUM]-.+")
_OPTION = re.compile(r"[^,=]+")  # what can stand in --format csv:text=…
_SENTENCE = 30
"""More rows than these for each blank line are no words of sentences."""


class _Top(NamedTuple):
    """The first rows of a file, cut as ``csv`` or ``tsv``: the very first, and those below that are as long."""

    format: str
    path: str
    names: Sequence[str]
    rows: Sequence[Sequence[str]]
    alike: bool
    """Whether most rows are as long as the first."""

    @property
    def lower(self) -> list[str]:
        """The names in small letters, as the usual ones are."""
        return [name.strip().lower() for name in self.names]

    @property
    def ends_so(self) -> bool:
        """Whether the file is called so."""
        path = self.path.lower()
        for ending in ENDINGS:
            path = path.removesuffix(ending)
        return path.endswith(f".{self.format}")

    @property
    def texts(self) -> list[int]:
        """The columns that have several words in most rows."""
        return [
            i for i in range(len(self.names)) if 2 * sum(" " in row[i].strip() for row in self.rows) > len(self.rows)
        ]

    @property
    def numbers(self) -> bool:
        """Whether a column has nothing but numbers below the first row, which has none."""
        columns = zip(*self.rows, strict=True)
        return len(self.rows) > 1 and any(all(field.strip().isdecimal() for field in column) for column in columns)

    @property
    def has_names(self) -> bool:
        """Whether the first row looks like names: none stands in its column again, or has several words like it."""
        if len(set(self.names)) < len(self.names) or not all(map(_NAME.fullmatch, self.names)):
            return False
        if any(" " in self.names[i].strip() for i in self.texts):
            return False
        return not any(name == row[i] for row in self.rows for i, name in enumerate(self.names))

    @property
    def usual(self) -> int | None:
        """The column of words or of texts that is called as usual, if its texts are not all numbers."""
        lower = self.lower
        found = next((lower.index(name) for name in (*WORDS, *TEXTS) if name in lower), None)
        if found is not None and self.rows and all(row[found].strip().isdecimal() for row in self.rows):
            return None
        return found


def _top(lines: Sequence[str], format: str, path: str) -> _Top:
    rows: list[list[str]] = []
    try:
        for row in read_rows(lines, CsvFormat(format, {}).separator(lines), path):
            if any(field.strip() for field in row.fields):
                rows.append(row.fields)
    except DataError:
        pass  # a field in quotes may go on behind the first lines; what else is wrong is said when the rows are read
    names, others = (rows[0], rows[1:]) if rows else ([], [])
    alike = [row for row in others if len(row) == len(names)]
    return _Top(format, path, names, alike, 2 * len(alike) > len(others) or not others)


def table_to_tag(lines: Sequence[str], path: str, known: ModelHints) -> tuple[str, str] | None:
    """The format of a table that has names of columns, or is called so, and why; None: it is no such table.

    Raises DataError where nothing says which column is to be read.
    """
    for format in ("csv", "tsv"):
        top = _top(lines[:_SENTENCE], format, path)
        if not top.ends_so and not (len(top.names) > 1 and all(map(_NAME.fullmatch, top.names))):
            continue  # without looking at all the lines of a text with commas
        top = _top(lines, format, path)
        if any(name in known.tags or _SPAN.fullmatch(name) for name in top.names):
            continue
        given = {name.lower() for name in known.targets} if known.format in ("csv", "tsv") else set()
        why = _why(top, given)
        if why:
            return _read_as(top, given, word=not known.labels), why
    return None


def _why(top: _Top, given: set[str]) -> str:
    """What says that it is a table; "" where nothing does. ``given``: the names of a model's own columns."""
    usual = top.has_names and top.usual is not None
    if top.format == "csv" and top.ends_so:
        return "the name of the file"
    if usual and top.ends_so:
        return "the name of the file, and a usual name of a column in the first line"
    if len(top.names) < 2 or not top.rows or not top.alike or not top.has_names:
        return ""
    if given & {*top.lower}:
        return "the name of the model's column in the first line"
    if usual and (top.format == "csv" or top.usual in top.texts):
        return "a usual name of a column in the first line"
    return "names of columns in the first line" if top.format == "csv" or top.texts or top.numbers else ""


def _read_as(top: _Top, given: set[str], *, word: bool) -> str:
    """The format with the column to read. Raises DataError: nothing says which it is."""
    if top.usual is not None:
        return top.format
    others = [i for i, name in enumerate(top.lower) if name not in given]
    if given and len(others) == 1 and _OPTION.fullmatch(top.names[others[0]]):
        role = "word" if word and others[0] not in top.texts else "text"
        return f"{top.format}:{role}={top.names[others[0]]}"
    raise _which(top)


def _which(top: _Top) -> DataError:
    if top.has_names:
        names = ", ".join(top.names)
        there, say = f"there is {names if len(names) <= 100 else names[:100] + '…'}", "NAME"
    else:
        there, say = f"it has {len(top.names)} without names", "NUMBER"
    which = f"which column of this {top.format} has the text? {there}; pass --text-column {say}"
    other = f"--format {top.format}:word={say} where a row is a word, --format text where it is no table"
    return DataError(f"{which}, {other}", path=top.path)


def table_without_names(lines: Sequence[str], path: str, *, labelled: bool) -> DataError | None:
    """What to say of texts between tabs, in rows that are no words of sentences: which column is which?"""
    top = _top(lines, "tsv", path)
    texts, blank = top.texts, sum(map(is_blank, lines))
    if len(top.names) < 2 or not top.rows or not top.alike or len(top.rows) < _SENTENCE * blank:
        return None
    if not labelled and texts:
        return _which(top)
    if len(texts) != 1:
        return None
    at = texts[-1]
    named = [str(at + 1), "N"] if not top.has_names else [top.names[at], "NAME"]
    if not top.has_names and len(top.names) == 2:
        named[1] = str(2 - at)
    options = f"{'' if top.has_names else 'header=no,'}text={named[0]},label={named[1]}"
    found = f"several words in column {at + 1} of {len(top.names)} separated by tabs"
    if (at, len(top.names)) == (0, 2):
        found = "several words, a tab and a label"
    message = (
        f"{found} in most lines: a text a line? pass --format tsv:{options}, or --format columns where a line is a word"
    )
    return DataError(message, path=path)


def with_text_column(lines: Sequence[str], path: str, column: str, format: str | None) -> tuple[str, CsvFormat]:
    """The table whose texts stand in ``column``, a name, or a number where there are no names; what it is, and itself.

    ``format`` is ``csv`` or ``tsv``, or None: the one that has the column. Raises ConfigError: there is no such column.
    """
    tops = [_top(lines, one, path) for one in ([format] if format is not None else ["tsv", "csv"])]
    tops.sort(key=lambda top: -len(top.names))
    for top in tops:
        if column.strip().lower() in top.lower:
            return top.format, CsvFormat(top.format, {"text": column.strip()})
    names = tops[0].names
    if column.isdecimal() and 1 <= int(column) <= len(names):
        return tops[0].format, CsvFormat(tops[0].format, {"text": str(int(column)), "header": "no"})
    there = f"there is {', '.join(names)[:100]}" if names else "there is nothing in it"
    raise ConfigError(f"--text-column: {path}: no column {shown(column)}; {there}")
