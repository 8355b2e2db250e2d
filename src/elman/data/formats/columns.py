"""``columns``: one word per line with its labels, a blank line after each sentence (CoNLL-2003 and similar).

The first line with a word decides for the whole file: if it contains a tab, columns are separated by tabs and words may
contain spaces; else they are separated by runs of spaces and tabs. Columns are named by their number, from 1.

The word is column 1; if column 1 counts the words of each sentence (1, 2, 3 …) and there are at least three columns, it
is column 2. A line that begins with ``# `` and has no tab is a comment. Only in a file separated by spaces it is a
word, if it has as many columns as the other lines, and is inside a sentence or ends in a tag that occurs elsewhere.
``-DOCSTART-`` lines are kept and end a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from elman.data.formats.comments import label_lines, labels_of, with_labels
from elman.data.formats.holds import MANY, Confidences, Holds, check_tags, check_words, confidences_by_column, is_gap
from elman.data.formats.lines import LINE_END, is_blank, whole_number
from elman.data.sentence import Sentence, error_at
from elman.errors import ConfigError, DataError
from elman.utils.display import shown
from elman.utils.limits import COLUMNS, SENTENCE, too_many_columns, too_many_lines

HOLDS = Holds(columns=MANY, labels=MANY, confidences=True, comments=True)

DOCUMENT_MARK = "-DOCSTART-"
_FIELD = re.compile(r"[^ \t]+")
_SPAN = re.compile(r"O|[BIESLU]-[^#]+")
_SPACES = re.compile(r"([ \t]+)")


@dataclass(frozen=True, slots=True)
class ColumnLayout:
    """How lines are split: by tabs or spaces, into how many columns (0: no line seen), and the index of the word.

    ``tag`` is the number, from 1, of the tag column if there is evidence for one; else 0. ``last`` holds the last
    fields of the first lines of a file in which a ``#`` may be a word.
    """

    tabs: bool = True
    width: int = 0
    word: int = 0
    tag: int = 0
    last: frozenset[str] = frozenset()

    def split(self, body: str) -> list[str]:
        """Return the fields of a line without its line end."""
        return body.split("\t") if self.tabs else _FIELD.findall(body)

    def is_comment(self, line: str, fields: Sequence[str], *, inside: bool) -> bool:
        """Return whether a line that looks like a comment is one; ``inside``: it follows words of a sentence.

        In a file separated by spaces it may be the word ``#``: inside a sentence, or with a tag of other words at its
        end.
        """
        if self.tabs or len(fields) != self.width or line[0] != "#":
            return True
        return not inside and fields[-1] not in self.last

    @property
    def cut(self) -> str:
        """The number of columns and their separator, in words."""
        count = f"{self.width} columns" if self.width != 1 else "1 column"
        return f"{count} separated by {'tabs' if self.tabs else 'spaces'}"

    def __str__(self) -> str:
        word = "; column 1 counts the words, column 2 holds them" if self.word == 1 else ""
        return self.cut + word + (f", column {self.tag} is the only one of span tags" if self.tag else "")


def is_aside(line: str) -> bool:
    """Return whether a line is a comment or a document mark."""
    return (line.startswith("# ") and "\t" not in line) or line.startswith(DOCUMENT_MARK)


def find_layout(head: Sequence[str]) -> ColumnLayout:
    """Return the layout of a file, from its first lines."""
    for line in head:
        if not is_blank(line) and not is_aside(line):
            body = line.rstrip(LINE_END)
            tabs = "\t" in body
            width = len(ColumnLayout(tabs).split(body))
            layout = ColumnLayout(tabs, width)
            has_numbers = width > 2 and _counts_words(head, tabs)
            has_comments = not tabs and width > 1 and any(line.startswith("# ") for line in head)
            rows = _table(head, layout) if has_comments else []
            last = frozenset(row[-1] for row in rows if len(row) == width)
            tag = _span_column(head, layout) if has_numbers else 0
            return replace(layout, word=int(has_numbers), tag=tag, last=last)
    return ColumnLayout()


def _table(head: Sequence[str], layout: ColumnLayout) -> list[list[str]]:
    """Return the fields of the first lines that have words."""
    return [layout.split(line.rstrip(LINE_END)) for line in head if not is_blank(line) and not is_aside(line)]


def _span_column(head: Sequence[str], layout: ColumnLayout) -> int:
    """Return the number of the span tag column in a file whose column 1 counts the words; 0 if it is just the last.

    In the files of Universal NER further columns follow, with the annotator and alternatives.
    """
    is_span_column = [all(map(_SPAN.fullmatch, column)) for column in zip(*_table(head, layout), strict=False)]
    is_just_last = len(is_span_column) < 4 or is_span_column[-1] or True not in is_span_column
    return 0 if is_just_last else is_span_column.index(True) + 1


def _counts_words(head: Sequence[str], tabs: bool) -> bool:
    """Return whether column 1 counts the words, in all sentences up to that of the file's second word.

    It looks no further, so that a pipe and a file are read alike.
    """
    split = ColumnLayout(tabs).split
    seen, expected = 0, 1
    for line in head:
        if is_blank(line):
            if seen > 1:
                break
            expected = 1
        elif not is_aside(line):
            if split(line.rstrip(LINE_END))[0] != str(expected):
                return False
            seen, expected = seen + 1, expected + 1
    return seen > 1


def read(lines: Iterable[str], head: Sequence[str], path: str) -> Iterator[Sentence]:
    """Yield the sentences of lines, split as ``head``, the first lines, shows; labels are named by column number.

    Raises DataError for another number of columns than in the first line, or an empty word.
    """
    return _read(lines, find_layout(head), path)


def _read(lines: Iterable[str], layout: ColumnLayout, path: str) -> Iterator[Sentence]:
    split, width = layout.split, layout.width
    kept: list[str] = []
    rows: list[int] = []
    table: list[list[str]] = []
    number = 0
    for number, line in enumerate(lines, 1):
        if len(kept) > SENTENCE:
            raise too_many_lines(path, number)
        if is_blank(line):
            kept.append(line)
            yield _sentence(kept, rows, table, layout, path, number)
            kept, rows, table = [], [], []
            continue
        fields = split(line.rstrip(LINE_END))
        if line[0] in "#-" and is_aside(line):
            if line[0] == "-" and table:
                yield _sentence(kept, rows, table, layout, path, number - 1)
                kept, rows, table = [], [], []
            if layout.is_comment(line, fields, inside=bool(table)):
                kept.append(line)
                continue
        if width > COLUMNS:
            raise too_many_columns(width, path, number)
        if len(fields) != width:
            message = f"expected {layout.cut}, as in the lines before, found {len(fields)}; fix it or pass --format"
            raise DataError(message, path=path, line=number)
        if not fields[layout.word]:
            expected = "; expected a word before the first tab" if line[0] == "\t" else ""
            raise DataError(f"the word (column {layout.word + 1}) is empty{expected}", path=path, line=number)
        rows.append(len(kept))
        kept.append(line)
        table.append(fields)
    if kept:
        yield _sentence(kept, rows, table, layout, path, number)


def _sentence(
    kept: list[str], rows: list[int], table: list[list[str]], layout: ColumnLayout, path: str, last: int
) -> Sentence:
    first = last - len(kept) + 1
    if not table:
        return Sentence((), path=path, line=first, lines=tuple(kept), format="columns")
    fields = list(zip(*table, strict=True))
    columns = {str(i): column for i, column in enumerate(fields, 1) if i != layout.word + 1}
    words_alone = len(table) == len(kept) - is_blank(kept[-1])
    labels = {} if words_alone else _labels(kept, rows)
    return Sentence(fields[layout.word], columns, path, first, tuple(kept), tuple(rows), "columns", labels)


def _labels(kept: list[str], rows: list[int]) -> dict[str, str]:
    words = set(rows)
    return labels_of([line for i, line in enumerate(kept) if i not in words])


def target(name: str | None, head: Sequence[str], path: str, labelled: bool) -> str:
    """Return the column of a number, from 1, or negative from the end; by default the last, or 2 if there is only one.

    If column 1 counts the words, the default is the only column of span tags, if there is one. A file to be tagged may
    lack the column: the tags become a new last column.

    Raises ConfigError for a name that is not a number, a missing column, or the column of the words.
    """
    return _target(name, find_layout(head), path, labelled)


def _target(name: str | None, layout: ColumnLayout, path: str, labelled: bool) -> str:
    if name is None:
        return str(layout.tag or max(layout.width, 2))
    try:
        number = int(name)
    except ValueError:
        hint = f"columns go by number, -1 is the last, or get names: --format columns:word=1,{shown(name)[1:-1]}=2"
        hint += "" if labelled else "; --format text reads the file as plain text"
        raise ConfigError(f"{path}: no column {shown(name)}; {hint}") from None
    if not layout.width:
        return name
    column = number if number > 0 else layout.width + 1 + number
    if column == 1 == layout.width and not labelled:
        return "2"
    if column == layout.word + 1:
        raise ConfigError(f"{path}: column {name} holds the words; the tags are in another one")
    if not 1 <= column <= layout.width and (labelled or not _appends(column, layout.width)):
        raise ConfigError(f"{path}: no column {name[:40]}; there are {layout}")
    return str(column)


def _appends(number: int, width: int) -> bool:
    """Return whether tags of that column become a new last column."""
    return number == width + 1 or (width == 1 and number > 1)


def configured(options: Mapping[str, str]) -> NamedColumns:
    """Return the format with column names, ``word=2,ner=3``. Raises ConfigError for an invalid column number."""
    for name, number in options.items():
        if not whole_number(number):
            raise ConfigError(f"format: expected the number of a column, from 1, got {name}={number[:40]}")
    numbers = {name: int(number) for name, number in options.items()}
    if len(set(numbers.values())) < len(numbers):
        raise ConfigError("format: columns: expected another column for each name, got one twice")
    return NamedColumns(numbers)


@dataclass(frozen=True, slots=True)
class NamedColumns:
    """The format with column names; ``word`` is the column of the words."""

    numbers: Mapping[str, int]

    def layout(self, head: Sequence[str], path: str) -> ColumnLayout:
        """Return the layout with the given column of words. Raises ConfigError if a column is missing."""
        layout = find_layout(head)
        if "word" in self.numbers:
            layout = replace(layout, word=self.numbers["word"] - 1, tag=0)
        last = max(self.numbers.values(), default=0)
        if layout.width and last > layout.width:
            raise ConfigError(f"{path}: no column {last}; there are {layout.cut}")
        return layout

    def read(self, lines: Iterable[str], head: Sequence[str], path: str) -> Iterator[Sentence]:
        """Yield the sentences of lines, see ``columns.read``."""
        return _read(lines, self.layout(head, path), path)

    def target(self, name: str | None, head: Sequence[str], path: str, labelled: bool) -> str:
        """Return a column by number or name, see ``columns.target``; the only name besides ``word`` is the default."""
        named = [column for column in self.numbers if column != "word"]
        if name is None and len(named) == 1:
            name = named[0]
        number = str(self.numbers[name]) if name is not None and name in self.numbers else name
        return _target(number, self.layout(head, path), path, labelled)


def write(sentence: Sentence, tags: Mapping[str, Sequence[str]], confidences: Confidences | None) -> str:
    """Return the sentence with ``tags`` in their columns, or in new last columns; the rest is copied.

    A column of another format (``upos``) goes to the last column, or to column 2 of a file with only one. Confidences
    get a column of their own after their tag. A sentence of another format is written as word TAB tag.

    Raises DataError for a word or tag that contains the separator or a line end, or if there are too few columns.
    """
    if sentence.format != "columns":
        return _from_another(sentence, tags, confidences)
    if not sentence.words:
        return "".join(sentence.lines)
    lines = list(sentence.lines)
    width = len(sentence.columns) + 1
    columns = _columns_to_write(sentence, tags, confidences, width)
    for i, row in enumerate(sentence.rows):
        body = lines[row].rstrip(LINE_END)
        parts, field_indices, joint, separator = _split_line(body, width)
        for number, column in columns:
            if number > width:
                parts[field_indices[-1]] += separator + column[i]
            else:
                parts[field_indices[number - 1]] = column[i]
        lines[row] = joint.join(parts) + lines[row][len(body) :]
    return "".join(with_labels(sentence, lines))


def _split_line(body: str, width: int) -> tuple[list[str], Sequence[int], str, str]:
    """Return the parts of a line, the indices of its fields, what joins the parts, and the separator of a new field."""
    if width > 1 and body.count("\t") == width - 1:
        return body.split("\t"), range(width), "\t", "\t"
    parts = _SPACES.split(body)
    field_indices = [spot for spot in range(0, len(parts), 2) if parts[spot]]
    return parts, field_indices, "", "\t" if width == 1 else " "


def _columns_to_write(
    sentence: Sentence, tags: Mapping[str, Sequence[str]], confidences: Confidences | None, width: int
) -> list[tuple[int, Sequence[str]]]:
    """Return (column number, values) of the columns to write, in order and checked, each confidence after its tag."""
    separator = _split_line(sentence.lines[sentence.rows[0]].rstrip(LINE_END), width)[3]
    columns: list[tuple[int, Sequence[str]]] = []
    of_column = confidences_by_column(confidences, tags)
    for name, column in tags.items():
        check_tags(sentence, column, "columns", "\t\n" if separator == "\t" else " \t\n")
        if name in of_column:
            column = [f"{tag}{separator}{value:.4f}" for tag, value in zip(column, of_column[name], strict=True)]
        columns.append((whole_number(name) or max(width, 2), column))
    columns.sort(key=lambda item: item[0])
    last_column = width
    for number, _ in columns:
        if number <= width and str(number) not in sentence.columns:
            message = f"column {number} is not one of labels; the tags go to another one, see --target"
            raise error_at(sentence, 0, message)
        if number > width:
            if not _appends(number, last_column) and width > 1:
                message = f"expected {number} columns, or {number - 1} and a new last one, found {width}"
                raise error_at(sentence, 0, message)
            last_column += 1
    return columns


def _from_another(sentence: Sentence, tags: Mapping[str, Sequence[str]], confidences: Confidences | None) -> str:
    if is_gap(sentence):
        return ""
    check_words(sentence, "columns", "\t\n" if tags else " \t\n")  # without tags a space would be a separator
    for i, word in enumerate(sentence.words):
        if word.startswith(DOCUMENT_MARK):
            message = f"the word {shown(word)} would be a mark of documents in columns; try --as jsonl"
            raise error_at(sentence, i, message)
    fields: list[Sequence[str]] = [sentence.words]
    of_column = confidences_by_column(confidences, tags)
    for name, column in tags.items():
        check_tags(sentence, column, "columns", "\t\n")
        fields.append(column)
        if name in of_column:
            fields.append([f"{value:.4f}" for value in of_column[name]])
    rows = ["\t".join(row) + "\n" for row in zip(*fields, strict=True)]
    return "".join([*label_lines(sentence, "columns"), *rows, "\n"])
