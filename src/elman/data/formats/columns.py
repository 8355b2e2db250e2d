"""``columns``: one word a line with its labels beside it, a blank line after a sentence (CoNLL-2003 and its kin).

The first line with a word on it decides for the whole file: with a tab in it, the columns are separated by tabs
and words may hold spaces; else by runs of spaces and tabs. Columns are called by their number from 1.

The word is column 1; where column 1 counts the words of each sentence (1, 2, 3 …) and there are three columns or
more, it is column 2. A line that begins with ``# `` and has no tab is a comment; only in a file separated by spaces
it is a word if it has as many columns as the other lines, and stands inside a sentence or ends in a tag that others
have. ``-DOCSTART-`` lines are kept, and end a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from elman.data.formats.comments import label_lines, labels_of, with_labels
from elman.data.formats.holds import MANY, Holds, check_tags, check_words, is_gap
from elman.data.formats.lines import LINE_END, is_blank, whole_number
from elman.data.sentence import Sentence, error_at
from elman.errors import ConfigError, DataError
from elman.utils.display import shown

HOLDS = Holds(columns=MANY, labels=MANY, confidences=True, comments=True)

MARK = "-DOCSTART-"
_FIELD = re.compile(r"[^ \t]+")
_SPAN = re.compile(r"O|[BIESLU]-[^#]+")
_SPACES = re.compile(r"([ \t]+)")


@dataclass(frozen=True, slots=True)
class ColumnLayout:
    """How a file's lines are cut: by tabs or by spaces, into how many columns (0: no line seen), the word's index.

    ``tag`` is the number, from 1, of the column of tags where something speaks for one; else 0. ``last`` holds what
    stands in the last column of the first lines, where a ``#`` may be a word.
    """

    tabs: bool = True
    width: int = 0
    word: int = 0
    tag: int = 0
    last: frozenset[str] = frozenset()

    def split(self, body: str) -> list[str]:
        """The fields of a line without its end."""
        return body.split("\t") if self.tabs else _FIELD.findall(body)

    def is_comment(self, line: str, fields: Sequence[str], *, inside: bool) -> bool:
        """Whether a line that looks like a comment is one; ``inside``: of a sentence, whose words come before it.

        Between spaces it may be the word ``#``: inside of a sentence, or where a tag of other words is at its end.
        """
        if self.tabs or len(fields) != self.width or line[0] != "#":
            return True
        return not inside and fields[-1] not in self.last

    @property
    def cut(self) -> str:
        """How many columns there are and what separates them, in words."""
        many = f"{self.width} columns" if self.width != 1 else "1 column"
        return f"{many} separated by {'tabs' if self.tabs else 'spaces'}"

    def __str__(self) -> str:
        word = "; column 1 counts the words, column 2 holds them" if self.word == 1 else ""
        return self.cut + word + (f", column {self.tag} is the only one of span tags" if self.tag else "")


def is_aside(line: str) -> bool:
    """Whether a line is a comment or a document mark."""
    return (line.startswith("# ") and "\t" not in line) or line.startswith(MARK)


def find_layout(head: Sequence[str]) -> ColumnLayout:
    """The layout of a file, from its first lines."""
    for line in head:
        if not is_blank(line) and not is_aside(line):
            body = line.rstrip(LINE_END)
            tabs = "\t" in body
            width = len(ColumnLayout(tabs).split(body))
            shape = ColumnLayout(tabs, width)
            counted = width > 2 and _counted(head, tabs)
            marks = not tabs and width > 1 and any(line.startswith("# ") for line in head)
            last = frozenset(row[-1] for row in _table(head, shape) if len(row) == width) if marks else frozenset()
            return replace(shape, word=int(counted), tag=_span_column(head, shape) if counted else 0, last=last)
    return ColumnLayout()


def _table(head: Sequence[str], shape: ColumnLayout) -> list[list[str]]:
    """The fields of the first lines that have words."""
    return [shape.split(line.rstrip(LINE_END)) for line in head if not is_blank(line) and not is_aside(line)]


def _span_column(head: Sequence[str], shape: ColumnLayout) -> int:
    """The number of the column of span tags in a file whose column 1 counts the words; 0 where it is just the last.

    In the files of Universal NER columns follow that say who annotated, and what else was thought of.
    """
    spans = [all(map(_SPAN.fullmatch, column)) for column in zip(*_table(head, shape), strict=False)]
    return 0 if len(spans) < 4 or spans[-1] or True not in spans else spans.index(True) + 1


def _counted(head: Sequence[str], tabs: bool) -> bool:
    """Whether column 1 counts the words, in all sentences up to that of the file's second word.

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
    """Sentences of the lines, cut as the first lines, ``head``, say; labels by column number, ``"2"`` and so on.

    Raises DataError: another number of columns than the file's first line has, an empty word.
    """
    return _read(lines, find_layout(head), path)


def _read(lines: Iterable[str], shape: ColumnLayout, path: str) -> Iterator[Sentence]:
    split, width = shape.split, shape.width
    kept: list[str] = []
    rows: list[int] = []
    table: list[list[str]] = []
    number = 0
    for number, line in enumerate(lines, 1):
        if is_blank(line):
            kept.append(line)
            yield _sentence(kept, rows, table, shape, path, number)
            kept, rows, table = [], [], []
            continue
        fields = split(line.rstrip(LINE_END))
        if line[0] in "#-" and is_aside(line):
            if line[0] == "-" and table:
                yield _sentence(kept, rows, table, shape, path, number - 1)
                kept, rows, table = [], [], []
            if shape.is_comment(line, fields, inside=bool(table)):
                kept.append(line)
                continue
        if len(fields) != width:
            message = f"expected {shape.cut}, as in the lines before, found {len(fields)}; mend it or pass --format"
            raise DataError(message, path=path, line=number)
        if not fields[shape.word]:
            raise DataError(f"the word (column {shape.word + 1}) is empty", path=path, line=number)
        rows.append(len(kept))
        kept.append(line)
        table.append(fields)
    if kept:
        yield _sentence(kept, rows, table, shape, path, number)


def _sentence(
    kept: list[str], rows: list[int], table: list[list[str]], shape: ColumnLayout, path: str, last: int
) -> Sentence:
    first = last - len(kept) + 1
    if not table:
        return Sentence((), path=path, line=first, lines=tuple(kept), format="columns")
    fields = list(zip(*table, strict=True))
    columns = {str(i): column for i, column in enumerate(fields, 1) if i != shape.word + 1}
    words_alone = len(table) == len(kept) - is_blank(kept[-1])
    labels = {} if words_alone else _labels(kept, rows)
    return Sentence(fields[shape.word], columns, path, first, tuple(kept), tuple(rows), "columns", labels)


def _labels(kept: list[str], rows: list[int]) -> dict[str, str]:
    words = set(rows)
    return labels_of([line for i, line in enumerate(kept) if i not in words])


def target(name: str | None, head: Sequence[str], path: str, labelled: bool) -> str:
    """The column of that number, from 1 or negative from the end; by default the last, or 2 where there is only one.

    In a file whose column 1 counts the words it is the only one of span tags, if there is such. A file that is to be
    tagged may lack the column: the tags become a new last one.

    Raises ConfigError: not a number, no such column, the column of the words.
    """
    return _target(name, find_layout(head), path, labelled)


def _target(name: str | None, shape: ColumnLayout, path: str, labelled: bool) -> str:
    if name is None:
        return str(shape.tag or max(shape.width, 2))
    try:
        number = int(name)
    except ValueError:
        hint = f"columns go by number, -1 is the last, or get names: --format columns:word=1,{shown(name)[1:-1]}=2"
        raise ConfigError(f"{path}: no column {shown(name)}; {hint}") from None
    if not shape.width:
        return name
    at = number if number > 0 else shape.width + 1 + number
    if at == 1 == shape.width and not labelled:
        return "2"
    if at == shape.word + 1:
        raise ConfigError(f"{path}: column {name} holds the words; the tags stand in another one")
    if not 1 <= at <= shape.width and (labelled or not _appends(at, shape.width)):
        raise ConfigError(f"{path}: no column {name[:40]}; there are {shape}")
    return str(at)


def _appends(number: int, width: int) -> bool:
    """Whether tags of that column become a new last column."""
    return number == width + 1 or (width == 1 and number > 1)


def configured(options: Mapping[str, str]) -> NamedColumns:
    """The format with names for columns, ``word=2,ner=3``. Raises ConfigError: not the number of a column."""
    for name, number in options.items():
        if not whole_number(number):
            raise ConfigError(f"format: expected the number of a column, from 1, got {name}={number[:40]}")
    places = {name: int(number) for name, number in options.items()}
    if len(set(places.values())) < len(places):
        raise ConfigError("format: columns: expected another column for each name, got one twice")
    return NamedColumns(places)


@dataclass(frozen=True, slots=True)
class NamedColumns:
    """The format with names for columns; ``word`` is where the words are."""

    numbers: Mapping[str, int]

    def layout(self, head: Sequence[str], path: str) -> ColumnLayout:
        """The layout with the words where they are said to be. Raises ConfigError: no such column."""
        shape = find_layout(head)
        if "word" in self.numbers:
            shape = replace(shape, word=self.numbers["word"] - 1, tag=0)
        last = max(self.numbers.values(), default=0)
        if shape.width and last > shape.width:
            raise ConfigError(f"{path}: no column {last}; there are {shape.cut}")
        return shape

    def read(self, lines: Iterable[str], head: Sequence[str], path: str) -> Iterator[Sentence]:
        """As ``read``."""
        return _read(lines, self.layout(head, path), path)

    def target(self, name: str | None, head: Sequence[str], path: str, labelled: bool) -> str:
        """As ``target``, by number or name; where only one is named beside the words, that one by default."""
        others = [other for other in self.numbers if other != "word"]
        if name is None and len(others) == 1:
            name = others[0]
        number = str(self.numbers[name]) if name is not None and name in self.numbers else name
        return _target(number, self.layout(head, path), path, labelled)


def write(sentence: Sentence, tags: Mapping[str, Sequence[str]], confidences: Sequence[float] | None) -> str:
    """The sentence with ``tags`` in their columns, or in a new last one where there is none yet; all else as read.

    A column of another format (``upos``) goes to the last one, or to column 2 of a file that has only one. Confidences
    stand in a column of their own behind the (first) tag. A sentence of another format becomes lines of word TAB tag.

    Raises DataError: a word or tag that holds the separator or a line end; too few columns.
    """
    if sentence.format != "columns":
        return _from_another(sentence, tags, confidences)
    if not sentence.words:
        return "".join(sentence.lines)
    lines = list(sentence.lines)
    width = len(sentence.columns) + 1
    places = _places(sentence, tags, confidences, width)
    for i, row in enumerate(sentence.rows):
        body = lines[row].rstrip(LINE_END)
        pieces, spots, glue, space = _cut(body, width)
        for at, column in places:
            if at > width:
                pieces[spots[-1]] += space + column[i]
            else:
                pieces[spots[at - 1]] = column[i]
        lines[row] = glue.join(pieces) + lines[row][len(body) :]
    return "".join(with_labels(sentence, lines))


def _cut(body: str, width: int) -> tuple[list[str], Sequence[int], str, str]:
    """The pieces of a line, which of them are fields, what joins the pieces, and what a new field is set off by."""
    if width > 1 and body.count("\t") == width - 1:
        return body.split("\t"), range(width), "\t", "\t"
    pieces = _SPACES.split(body)
    spots = [spot for spot in range(0, len(pieces), 2) if pieces[spot]]
    return pieces, spots, "", "\t" if width == 1 else " "


def _places(
    sentence: Sentence, tags: Mapping[str, Sequence[str]], confidences: Sequence[float] | None, width: int
) -> list[tuple[int, Sequence[str]]]:
    """What to write, by number of column, in order; checked. A confidence goes with its tag, as a field more."""
    space = _cut(sentence.lines[sentence.rows[0]].rstrip(LINE_END), width)[3]
    places: list[tuple[int, Sequence[str]]] = []
    for name, column in tags.items():
        check_tags(sentence, column, "columns", "\t\n" if space == "\t" else " \t\n")
        if confidences is not None and not places:
            column = [f"{tag}{space}{value:.4f}" for tag, value in zip(column, confidences, strict=True)]
        places.append((whole_number(name) or max(width, 2), column))
    places.sort(key=lambda place: place[0])
    ends = width
    for at, _ in places:
        if at <= width and str(at) not in sentence.columns:
            raise error_at(sentence, 0, f"column {at} is not one of labels; the tags go to another one, see --target")
        if at > width:
            if not _appends(at, ends) and width > 1:
                raise error_at(sentence, 0, f"expected {at} columns, or {at - 1} and a new last one, found {width}")
            ends += 1
    return places


def _from_another(sentence: Sentence, tags: Mapping[str, Sequence[str]], confidences: Sequence[float] | None) -> str:
    if is_gap(sentence):
        return ""
    check_words(sentence, "columns", "\t\n" if tags else " \t\n")  # alone on a line a space would separate
    for i, word in enumerate(sentence.words):
        if word.startswith(MARK):
            raise error_at(
                sentence, i, f"the word {shown(word)} would be a mark of documents in columns; try --as jsonl"
            )
    parts: list[Sequence[str]] = [sentence.words]
    for column in tags.values():
        check_tags(sentence, column, "columns", "\t\n")
        parts.append(column)
        if confidences is not None and len(parts) == 2:
            parts.append([f"{value:.4f}" for value in confidences])
    rows = ["\t".join(fields) + "\n" for fields in zip(*parts, strict=True)]
    return "".join([*label_lines(sentence, "columns"), *rows, "\n"])
