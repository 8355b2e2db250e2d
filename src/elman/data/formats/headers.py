"""Tables with unusual column names: whether a text is a table, and which of its columns to read.

A table is recognized by its column names, by the extension of the file, or by texts of several words between tabs. The
column of the words or texts is recognized by its usual name (``csv_reader.WORDS``, ``csv_reader.TEXTS``), or because
the other columns are those that a model predicts. Otherwise the user has to name it: IDs could be tagged as well as
texts.
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
from elman.utils.suggest import did_you_mean

_NAME = re.compile(r"[^\W\d_][\w .#/-]{0,40}")
_SPAN = re.compile(r"O|[BIESLUM]-.+")
_OPTION = re.compile(r"[^,=]+")  # possible values in --format csv:text=…
_MAX_SENTENCE = 30
"""With more rows than these per blank line, rows are not read as words of sentences."""


class _TableHead(NamedTuple):
    """The first rows of a file, split as ``csv`` or ``tsv``: the first one, and further ones of the same length."""

    format: str
    path: str
    names: Sequence[str]
    rows: Sequence[Sequence[str]]
    alike: bool
    """Whether most rows are as long as the first."""

    @property
    def lower(self) -> list[str]:
        """The names in lower case, like the usual ones."""
        return [name.strip().lower() for name in self.names]

    @property
    def has_extension(self) -> bool:
        """Whether the file has the extension of the format."""
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
        """Whether some column has only numbers below the first row."""
        columns = zip(*self.rows, strict=True)
        return len(self.rows) > 1 and any(all(field.strip().isdecimal() for field in column) for column in columns)

    @property
    def has_names(self) -> bool:
        """Whether the first row looks like names: none recurs in its column, or has several words like the texts."""
        if len(set(self.names)) < len(self.names) or not all(map(_NAME.fullmatch, self.names)):
            return False
        if any(" " in self.names[i].strip() for i in self.texts):
            return False
        return not any(name == row[i] for row in self.rows for i, name in enumerate(self.names))

    @property
    def usual(self) -> int | None:
        """The column of words or texts with a usual name, unless it holds only numbers."""
        lower = self.lower
        column = next((lower.index(name) for name in (*WORDS, *TEXTS) if name in lower), None)
        if column is not None and self.rows and all(row[column].strip().isdecimal() for row in self.rows):
            return None
        return column


def _table_head(lines: Sequence[str], format: str, path: str) -> _TableHead:
    rows: list[list[str]] = []
    try:
        for row in read_rows(lines, CsvFormat(format, {}).separator(lines), path):
            if any(field.strip() for field in row.fields):
                rows.append(row.fields)
    except DataError:
        pass  # a quoted field may continue after the first lines; other errors are raised when the rows are read
    names, later_rows = (rows[0], rows[1:]) if rows else ([], [])
    same_length = [row for row in later_rows if len(row) == len(names)]
    return _TableHead(format, path, names, same_length, 2 * len(same_length) > len(later_rows) or not later_rows)


def table_to_tag(lines: Sequence[str], path: str, known: ModelHints) -> tuple[str, str] | None:
    """Return the format of a table and the evidence for it; None if the text is not a table.

    A table has column names, or the extension of a table. Raises DataError if the column to read is unclear.
    """
    for format in ("csv", "tsv"):
        head = _table_head(lines[:_MAX_SENTENCE], format, path)
        if not head.has_extension and not (len(head.names) > 1 and all(map(_NAME.fullmatch, head.names))):
            continue  # saves splitting all lines of a text with commas
        head = _table_head(lines, format, path)
        if any(name in known.tags or _SPAN.fullmatch(name) for name in head.names):
            continue
        model_columns = {name.lower() for name in known.targets} if known.format in ("csv", "tsv") else set()
        evidence = _evidence(head, model_columns)
        if evidence:
            return _format_with_column(head, model_columns, word=not known.labels), evidence
    return None


def _evidence(head: _TableHead, model_columns: set[str]) -> str:
    """Return the evidence for a table; "" if there is none. ``model_columns``: the column names of a model."""
    has_usual_name = head.has_names and head.usual is not None
    if head.format == "csv" and head.has_extension:
        return "the name of the file"
    if has_usual_name and head.has_extension:
        return "the name of the file, and a usual name of a column in the first line"
    if len(head.names) < 2 or not head.rows or not head.alike or not head.has_names:
        return ""
    if model_columns & {*head.lower}:
        return "the name of the model's column in the first line"
    if has_usual_name and (head.format == "csv" or head.usual in head.texts):
        return "a usual name of a column in the first line"
    return "names of columns in the first line" if head.format == "csv" or head.texts or head.numbers else ""


def _format_with_column(head: _TableHead, model_columns: set[str], *, word: bool) -> str:
    """Return the format with the column to read. Raises DataError if it is unclear."""
    if head.usual is not None:
        return head.format
    other_columns = [i for i, name in enumerate(head.lower) if name not in model_columns]
    if model_columns and len(other_columns) == 1 and _OPTION.fullmatch(head.names[other_columns[0]]):
        role = "word" if word and other_columns[0] not in head.texts else "text"
        return f"{head.format}:{role}={head.names[other_columns[0]]}"
    raise _ask_for_column(head)


def _ask_for_column(head: _TableHead) -> DataError:
    if head.has_names:
        names = ", ".join(head.names)
        available, placeholder = f"it has {names if len(names) <= 100 else names[:100] + '…'}", "NAME"
    else:
        available, placeholder = f"it has {len(head.names)} without names", "NUMBER"
    question = f"which column of this {head.format} has the text? {available}; pass --text-column {placeholder}"
    as_words = f"--format {head.format}:word={placeholder} where a row is a word"
    alternatives = f"{as_words}, --format text where it is not a table"
    return DataError(f"{question}, {alternatives}", path=head.path)


def table_without_names(lines: Sequence[str], path: str, *, labelled: bool) -> DataError | None:
    """Return the error for a table of texts whose columns are unclear, else None.

    Its rows have texts between tabs, and are too many per blank line to be words of sentences.
    """
    head = _table_head(lines, "tsv", path)
    texts, blank = head.texts, sum(map(is_blank, lines))
    if len(head.names) < 2 or not head.rows or not head.alike or len(head.rows) < _MAX_SENTENCE * blank:
        return None
    if not labelled and texts:
        return _ask_for_column(head)
    if len(texts) != 1:
        return None
    text_column = texts[-1]
    columns = [str(text_column + 1), "N"] if not head.has_names else [head.names[text_column], "NAME"]
    if not head.has_names and len(head.names) == 2:
        columns[1] = str(2 - text_column)
    options = f"{'' if head.has_names else 'header=no,'}text={columns[0]},label={columns[1]}"
    observation = f"several words in column {text_column + 1} of {len(head.names)} separated by tabs"
    if (text_column, len(head.names)) == (0, 2):
        observation = "several words, a tab and a label"
    advice = f"pass --format tsv:{options}, or --format columns where a line is a word"
    return DataError(f"{observation} in most lines: a text a line? {advice}", path=path)


def with_text_column(lines: Sequence[str], path: str, column: str, format: str | None) -> tuple[str, CsvFormat]:
    """Return the table format whose texts are in ``column``, a name, or a number if there are no names.

    ``format`` is ``csv`` or ``tsv``, or None for the one that has the column. Raises ConfigError for a missing column.
    """
    heads = [_table_head(lines, name, path) for name in ([format] if format is not None else ["tsv", "csv"])]
    heads.sort(key=lambda head: -len(head.names))
    for head in heads:
        if column.strip().lower() in head.lower:
            return head.format, CsvFormat(head.format, {"text": column.strip()})
    names = heads[0].names
    if column.isdecimal() and 1 <= int(column) <= len(names):
        return heads[0].format, CsvFormat(heads[0].format, {"text": str(int(column)), "header": "no"})
    available = f"it has {', '.join(names)[:100]}" if names else "the file is empty"
    raise ConfigError(f"--text-column: {path}: no column {shown(column)}; {available}{did_you_mean(column, names)}")
