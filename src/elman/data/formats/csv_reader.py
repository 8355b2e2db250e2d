"""``csv`` and ``tsv``: tables whose first line names the columns.

Either a word a row, ``word,tag``, where a sentence ends at an empty row or where the column of sentences changes; or a
text a row, ``text,label``, all columns beside the text being labels. Which column is which is known by its usual name
(``WORDS``, ``TEXTS``, ``SENTENCES``) or said: ``csv:word=Token,sentence=Nr``, ``csv:text=Review,label=Stars``; with
``header=no`` the columns are called by their numbers.

Fields of ``csv`` are separated by commas, or by semicolons where the first line has more of them, and may be in
quotes (RFC 4180), with line ends in them. Those of ``tsv`` are separated by tabs, and a quote is a character like any.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from elman.data.formats.csv_rows import CsvRow, is_list, read_rows, split_fields
from elman.data.formats.csv_writer import CsvWriter
from elman.data.formats.holds import MANY, Holds, text_target
from elman.data.formats.lines import LINE_END, is_blank
from elman.data.sentence import Sentence
from elman.data.spans import are_span_tags
from elman.errors import ConfigError, DataError
from elman.utils.display import shown

WORDS = ("word", "token", "form", "words", "tokens")
TEXTS = ("text", "sentence", "title", "review", "question", "utterance", "tweet", "comment", "message", "document")
SENTENCES = ("sentence", "sentence #", "sentence_id", "sentence id", "sentence_idx", "sent_id", "sent", "sentence_nr")
LABELS = (
    "label",
    "class",
    "category",
    "intent",
    "sentiment",
    "target",
    "kind",
    "topic",
    "language",
    "stars",
    "rating",
    "type",
)
TAGS = (
    *("tag", "tags", "ner_tag", "ner", "pos", "pos_tag", "upos", "xpos", "bio", "slot", "entity"),
    *("ner_tags", "pos_tags", "labels", *LABELS),
)
OPTIONS = ("word", "text", "sentence", "label", "header")

_TEXT_WORD = re.compile(r"[^ \t\r\n]+")


@dataclass(frozen=True, slots=True)
class TableLayout:
    """What stands where: the names of the columns, the index of the words', of the texts' where there is none, …"""

    separator: str
    names: tuple[str, ...]
    header: bool
    word: int | None
    text: int
    sentence: int | None
    label: int | None

    def __str__(self) -> str:
        role = f"words in {self.names[self.word]}" if self.word is not None else f"texts in {self.names[self.text]}"
        by = {",": "commas", ";": "semicolons", "\t": "tabs"}[self.separator]
        ends = f", sentences by {self.names[self.sentence]}" if self.sentence is not None else ""
        return f"{len(self.names)} columns separated by {by}; {role}{ends}"


@dataclass(frozen=True, slots=True)
class CsvFormat:
    """A format of tables: ``csv`` or ``tsv``, with the options it was given."""

    format: str
    options: Mapping[str, str]

    @property
    def HOLDS(self) -> Holds:
        """Tags of words, or labels of texts."""
        return Holds(columns=MANY, labels=MANY)

    def layout(self, head: Sequence[str], path: str) -> TableLayout:
        """The layout of a file, from its first lines. Raises DataError: none seen; ConfigError: no such column."""
        first = next(read_rows(head[:200], self.separator(head), path), None)
        if first is None:
            raise DataError("is empty; expected a first line with the names of columns", path=path)
        header = self.options.get("header", "yes") == "yes"
        names = tuple(first.fields) if header else tuple(str(i) for i in range(1, len(first.fields) + 1))
        if len(set(names)) < len(names):
            raise DataError(f"expected a name for each column, found one twice: {', '.join(names)}", path=path, line=1)
        word = self._column("word", names, path)
        text = self._column("text", names, path)
        sentence = self._column("sentence", names, path)
        if word is None and text is None:
            word = _usual(names, WORDS)
        if word is None and text is None:
            text = _usual(names, TEXTS)
        if word is None and text is None:
            say = f"--format {self.format}:word=NAME, or {self.format}:text=NAME,label=NAME"
            raise DataError(f"which column has the words? {say}; there is {', '.join(names)}", path=path, line=1)
        if word is not None and sentence is None:
            sentence = _usual(names, SENTENCES)
        label = self._column("label", names, path)
        if label is None:
            label = _usual(names, LABELS)
        return TableLayout(
            self.separator(head), names, header, word, text or 0, sentence if word is not None else None, label
        )

    def separator(self, head: Sequence[str]) -> str:
        """What separates the fields."""
        if self.format == "tsv":
            return "\t"
        first = next((line for line in head if not is_blank(line)), "")
        return ";" if first.count(";") > first.count(",") else ","

    def _column(self, role: str, names: Sequence[str], path: str) -> int | None:
        name = self.options.get(role)
        if name is None:
            return None
        if name in names:
            return names.index(name)
        lower = [other.lower() for other in names]
        if lower.count(name.lower()) == 1:
            return lower.index(name.lower())
        raise ConfigError(f"{path}: no column {shown(name)} ({role}=); there is {', '.join(names)}")

    def read(self, lines: Iterable[str], head: Sequence[str], path: str) -> Iterator[Sentence]:
        """Sentences of the rows. Raises DataError: a row of another width, a broken quote, an empty word or text."""
        layout = self.layout(head, path)
        rows = read_rows(lines, layout.separator, path)
        names = next(rows) if layout.header else None
        made: Callable[..., Iterator[Sentence]] = self._texts if layout.word is None else self._words
        yield from made(_checked(rows, layout, path), names, layout, path)

    def _texts(
        self, rows: Iterator[CsvRow], names: CsvRow | None, layout: TableLayout, path: str
    ) -> Iterator[Sentence]:
        places = [i for i in range(len(layout.names)) if i != layout.text]
        if layout.label in places:
            places = [layout.label, *(i for i in places if i != layout.label)]
        before = names.lines if names is not None else ()
        for row in rows:
            lines, line = before + row.lines, row.line - len(before)
            before = ()
            if not row.fields:
                yield Sentence((), path=path, line=line, lines=lines, format=self.format)
                continue
            words = tuple(_TEXT_WORD.findall(row.fields[layout.text]))
            if not words:
                message = f"the text (column {layout.names[layout.text]}) is empty"
                raise DataError(message, path=path, line=row.line)
            labels = {layout.names[i]: row.fields[i] for i in places if row.fields[i]}
            _check_fields(row, layout, (layout.text, *places[:1]), len(words), path)
            at = (len(lines) - len(row.lines),) * len(words)
            yield Sentence(words, {}, path, line, lines, at, self.format, labels)
        if before:
            yield Sentence((), path=path, line=1, lines=before, format=self.format)

    def _words(
        self, rows: Iterator[CsvRow], names: CsvRow | None, layout: TableLayout, path: str
    ) -> Iterator[Sentence]:
        assert layout.word is not None
        kept: list[str] = list(names.lines) if names is not None else []
        at: list[int] = []
        table: list[list[str]] = []
        line = 1
        current = ""
        for row in rows:
            value = row.fields[layout.sentence] if row.fields and layout.sentence is not None else ""
            if table and value and value != current:  # an empty field: the sentence goes on
                yield self._sentence(kept, at, table, (path, line), layout)
                kept, at, table = [], [], []
                line = row.line
            if row.fields:
                current = value or current
                if not row.fields[layout.word]:
                    message = f"the word (column {layout.names[layout.word]}) is empty"
                    raise DataError(message, path=path, line=row.line)
                _check_fields(row, layout, (layout.word,), row.fields[layout.word].count(" ") + 1, path)
                at.append(len(kept))
                table.append(row.fields)
            kept += row.lines
            if not row.fields:
                yield self._sentence(kept, at, table, (path, line), layout)
                kept, at, table = [], [], []
                line = row.line + len(row.lines)
        if kept:
            yield self._sentence(kept, at, table, (path, line), layout)

    def _sentence(
        self, kept: list[str], at: list[int], table: list[list[str]], where: tuple[str, int], layout: TableLayout
    ) -> Sentence:
        path, line = where
        if not table:
            return Sentence((), path=path, line=line, lines=tuple(kept), format=self.format)
        fields = list(zip(*table, strict=True))
        columns = {name: fields[i] for i, name in enumerate(layout.names) if i not in (layout.word, layout.sentence)}
        assert layout.word is not None
        return Sentence(fields[layout.word], columns, path, line, tuple(kept), tuple(at), self.format)

    def target(self, name: str | None, head: Sequence[str], path: str, labelled: bool) -> str:
        """The column of that name, in any case; by default the last that is neither word nor sentence.

        A file that is to be tagged may lack it: the tags become a new last column.

        Raises ConfigError: no such column, or a table of texts.
        """
        layout = self.layout(head, path)
        if layout.word is None:
            return text_target(f"{self.format} with a text a row", path, name, labelled)
        there = [other for i, other in enumerate(layout.names) if i not in (layout.word, layout.sentence)]
        if name is None:
            if there or not labelled:
                return there[-1] if there else "tag"
            raise ConfigError(f"{path}: no column of tags; there is {', '.join(layout.names)}")
        found = [other for other in there if other == name] or [x for x in there if x.lower() == name.lower()]
        if found or not labelled:
            return found[0] if found else name
        raise ConfigError(f"{path}: no column {shown(name)} of tags; there is {', '.join(there) or 'none'}")

    def writer(self, columns: Sequence[str], labels: Sequence[str]) -> CsvWriter:
        """A writer of a file: a word a row where there are columns, else a text a row.

        Raises ConfigError: columns and labels both.
        """
        return CsvWriter(self.format, columns, labels)


def configured(format: str) -> Callable[[Mapping[str, str]], CsvFormat]:
    """A function that makes the format with options. It raises ConfigError for an option that does not exist."""

    def make(options: Mapping[str, str]) -> CsvFormat:
        for key, value in options.items():
            if key not in OPTIONS:
                raise ConfigError(f"format: {format} has no option {shown(key)}; expected {', '.join(OPTIONS)}")
            if key == "header" and value not in ("yes", "no"):
                raise ConfigError(f"format: expected header=yes or header=no, got {shown(value)}")
        if "word" in options and "text" in options:
            raise ConfigError(f"format: {format} has a word a row or a text a row; say word= or text=, not both")
        return CsvFormat(format, options)

    return make


def looks_like(head: Sequence[str], format: str) -> bool:
    """Whether a file begins with names of columns that are usual: one of words or texts, and another one."""
    first = next((line for line in head if not is_blank(line)), "")
    table = CsvFormat(format, {})
    names = [name.strip().lower() for name in split_fields(first.rstrip(LINE_END), table.separator(head))]
    names = [name[1:-1] if len(name) > 1 and name[0] == name[-1] == '"' else name for name in names]
    if len(names) < 2 or len(set(names)) < len(names) or "" in names:
        return False
    holds = [name for name in names if name in (*WORDS, *TEXTS)]
    others = [name for name in names if name in (*TAGS, *SENTENCES) and name not in holds]
    return bool(holds) and bool(others or len(holds) > 1)


def _usual(names: Sequence[str], usual: Sequence[str]) -> int | None:
    lower = [name.strip().lower() for name in names]
    return next((lower.index(name) for name in usual if name in lower), None)


def _checked(rows: Iterator[CsvRow], layout: TableLayout, path: str) -> Iterator[CsvRow]:
    """The rows, those of nothing but empty fields without fields. Raises DataError for another number of fields."""
    width = len(layout.names)
    for row in rows:
        if not any(row.fields):
            row = CsvRow([], row.lines, row.line)
        elif len(row.fields) != width:
            message = f"expected {width} columns, as in the first line, found {len(row.fields)}: {shown(row.lines[0])}"
            raise DataError(message, path=path, line=row.line)
        yield row


def _check_fields(row: CsvRow, layout: TableLayout, places: Sequence[int], n_words: int, path: str) -> None:
    """Raise DataError for a list in a field: of words, of tags, of spans. It would be taken for one word or label.

    ``places`` are those of the words or of the text and its label; ``n_words`` is how many there are between spaces.
    Objects and lists of numbers may well be texts that are to be classified, and are words of logs.
    """
    found = next((i for i in places if is_list(row.fields[i], of_texts=i == places[0])), None)
    if found is None and n_words > 1:
        where = range(len(row.fields)) if layout.word is not None else places
        found = next((i for i in where if i != places[0] and are_span_tags(row.fields[i], n_words)), None)
    if found is not None:
        what = f"column {layout.names[found]}: a list in one field, {shown(row.fields[found])}"
        one = "a word a row" if layout.word is not None else "a text and its labels a row"
        hint = (
            "lists are read from JSON, as Label Studio exports it; in pandas make lists of the fields "
            "(ast.literal_eval, str.split), then to_json(FILE, orient='records', lines=True)"
        )
        raise DataError(f"{what}; expected {one}; {hint}", path=path, line=row.line)


CSV = CsvFormat("csv", {})
TSV = CsvFormat("tsv", {})
