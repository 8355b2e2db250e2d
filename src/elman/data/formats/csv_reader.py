"""``csv`` and ``tsv``: tables whose first line names the columns.

Either one word per row, ``word,tag``, where a sentence ends at an empty row or where the sentence column changes; or
one text per row, ``text,label``, where all other columns are labels. Columns are recognized by usual names (``WORDS``,
``TEXTS``, ``SENTENCES``) or given: ``csv:word=Token,sentence=Nr``, ``csv:text=Review,label=Stars``; with ``header=no``
columns are named by their numbers.

Fields of ``csv`` are separated by commas, or by semicolons if the first line has more of them, and may be quoted (RFC
4180) and contain line ends. Fields of ``tsv`` are separated by tabs, and quotes are ordinary characters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from elman.data.formats.csv_rows import CsvRow, is_list, read_rows, split_fields
from elman.data.formats.csv_writer import CsvWriter
from elman.data.formats.holds import MANY, Holds, text_target
from elman.data.formats.lines import LINE_END, is_blank
from elman.data.sentence import Sentence
from elman.data.spans import are_span_tags
from elman.errors import ConfigError, DataError
from elman.utils.display import shown
from elman.utils.limits import COLUMNS, SENTENCE, too_many_columns, too_many_lines
from elman.utils.suggest import did_you_mean

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
    """The column names, and the indices of words, texts (if there are no words), sentences and labels."""

    separator: str
    names: tuple[str, ...]
    header: bool
    word: int | None
    text: int
    sentence: int | None
    label: int | None

    def __str__(self) -> str:
        role = f"words in {self.names[self.word]}" if self.word is not None else f"texts in {self.names[self.text]}"
        separators = {",": "commas", ";": "semicolons", "\t": "tabs"}[self.separator]
        sentences = f", sentences by {self.names[self.sentence]}" if self.sentence is not None else ""
        return f"{len(self.names)} columns separated by {separators}; {role}{sentences}"


@dataclass(frozen=True, slots=True)
class CsvFormat:
    """``csv`` or ``tsv`` with options."""

    format: str
    options: Mapping[str, str]
    empty: bool = False
    """Whether a text may be empty; its sentence has the place of its row, and no words."""

    def keeping_empty(self) -> CsvFormat:
        """Return the same format, with texts that may be empty."""
        return replace(self, empty=True)

    @property
    def HOLDS(self) -> Holds:
        """Tags of words, or document labels."""
        return Holds(columns=MANY, labels=MANY)

    def layout(self, head: Sequence[str], path: str) -> TableLayout:
        """Return the layout of a file, from its first lines.

        Raises DataError if they do not tell it, ConfigError for a missing column.
        """
        first = next(read_rows(head[:200], self.separator(head), path), None)
        if first is None:
            raise DataError("is empty; expected a first line with the names of columns", path=path)
        if len(first.fields) > COLUMNS:
            raise too_many_columns(len(first.fields), path, 1)
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
            options = f"--format {self.format}:word=NAME, or {self.format}:text=NAME,label=NAME"
            raise DataError(f"which column has the words? {options}; it has {', '.join(names)}", path=path, line=1)
        if word is not None and sentence is None:
            sentence = _usual(names, SENTENCES)
        label = self._column("label", names, path)
        if label is None:
            label = _usual(names, LABELS)
        return TableLayout(
            self.separator(head), names, header, word, text or 0, sentence if word is not None else None, label
        )

    def separator(self, head: Sequence[str]) -> str:
        """Return the character that separates fields."""
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
        raise ConfigError(
            f"{path}: no column {shown(name)} ({role}=); it has {', '.join(names)}{did_you_mean(name, names)}"
        )

    def read(self, lines: Iterable[str], head: Sequence[str], path: str) -> Iterator[Sentence]:
        """Yield the sentences of rows.

        Raises DataError for a wrong number of fields, a broken quote, or an empty word or text.
        """
        layout = self.layout(head, path)
        rows = read_rows(lines, layout.separator, path)
        names = next(rows) if layout.header else None
        sentences: Callable[..., Iterator[Sentence]] = self._texts if layout.word is None else self._words
        yield from sentences(_checked(rows, layout, path), names, layout, path)

    def _texts(
        self, rows: Iterator[CsvRow], names: CsvRow | None, layout: TableLayout, path: str
    ) -> Iterator[Sentence]:
        label_columns = [i for i in range(len(layout.names)) if i != layout.text]
        if layout.label in label_columns:
            label_columns = [layout.label, *(i for i in label_columns if i != layout.label)]
        header_lines = names.lines if names is not None else ()
        for row in rows:
            lines, line = header_lines + row.lines, row.line - len(header_lines)
            header_lines = ()
            if not row.fields:
                yield Sentence((), path=path, line=line, lines=lines, format=self.format)
                continue
            words = tuple(_TEXT_WORD.findall(row.fields[layout.text]))
            if not words and not self.empty:
                message = f"the text (column {layout.names[layout.text]}) is empty"
                raise DataError(message, path=path, line=row.line)
            labels = {layout.names[i]: row.fields[i] for i in label_columns if row.fields[i]}
            if words:
                _check_fields(row, layout, (layout.text, *label_columns[:1]), len(words), path)
            rows_of_words = (len(lines) - len(row.lines),) * max(len(words), 1)
            yield Sentence(words, {}, path, line, lines, rows_of_words, self.format, labels)
        if header_lines:
            yield Sentence((), path=path, line=1, lines=header_lines, format=self.format)

    def _words(
        self, rows: Iterator[CsvRow], names: CsvRow | None, layout: TableLayout, path: str
    ) -> Iterator[Sentence]:
        assert layout.word is not None
        lines: list[str] = list(names.lines) if names is not None else []
        rows_of_words: list[int] = []
        fields: list[list[str]] = []
        line = 1
        current = ""
        for row in rows:
            if len(lines) > SENTENCE:
                raise too_many_lines(path, row.line)
            value = row.fields[layout.sentence] if row.fields and layout.sentence is not None else ""
            if fields and value and value != current:  # an empty field continues the sentence
                yield self._sentence(lines, rows_of_words, fields, (path, line), layout)
                lines, rows_of_words, fields = [], [], []
                line = row.line
            if row.fields:
                current = value or current
                if not row.fields[layout.word]:
                    message = f"the word (column {layout.names[layout.word]}) is empty"
                    raise DataError(message, path=path, line=row.line)
                _check_fields(row, layout, (layout.word,), row.fields[layout.word].count(" ") + 1, path)
                rows_of_words.append(len(lines))
                fields.append(row.fields)
            lines += row.lines
            if not row.fields:
                yield self._sentence(lines, rows_of_words, fields, (path, line), layout)
                lines, rows_of_words, fields = [], [], []
                line = row.line + len(row.lines)
        if lines:
            yield self._sentence(lines, rows_of_words, fields, (path, line), layout)

    def _sentence(
        self,
        lines: list[str],
        rows_of_words: list[int],
        rows: list[list[str]],
        where: tuple[str, int],
        layout: TableLayout,
    ) -> Sentence:
        path, line = where
        if not rows:
            return Sentence((), path=path, line=line, lines=tuple(lines), format=self.format)
        fields = list(zip(*rows, strict=True))
        columns = {name: fields[i] for i, name in enumerate(layout.names) if i not in (layout.word, layout.sentence)}
        assert layout.word is not None
        return Sentence(fields[layout.word], columns, path, line, tuple(lines), tuple(rows_of_words), self.format)

    def target(self, name: str | None, head: Sequence[str], path: str, labelled: bool) -> str:
        """Return the column of a name in any case; by default the last that is neither word nor sentence.

        A file to be tagged may lack it: the tags become a new last column. They replace a column by default only if its
        name is a usual one for tags, or if columns have no names. Raises ConfigError for a missing column, or a table
        of texts.
        """
        layout = self.layout(head, path)
        if layout.word is None:
            return text_target(f"{self.format} with a text a row", path, name, labelled)
        available = [column for i, column in enumerate(layout.names) if i not in (layout.word, layout.sentence)]
        if name is None:
            if not labelled and layout.header:
                available = [column for column in available if column.lower() in TAGS]
            if available or not labelled:
                return available[-1] if available else "tag"
            raise ConfigError(f"{path}: no column of tags; it has {', '.join(layout.names)}")
        matching = [column for column in available if column == name] or [
            column for column in available if column.lower() == name.lower()
        ]
        if matching or not labelled:
            return matching[0] if matching else name
        raise ConfigError(f"{path}: no column {shown(name)} of tags; it has {', '.join(available) or 'none'}")

    def writer(self, columns: Sequence[str], labels: Sequence[str]) -> CsvWriter:
        """Return a writer of a file: one word per row if there are columns, else one text per row.

        Raises ConfigError for both columns and labels.
        """
        return CsvWriter(self.format, columns, labels)


def configured(format: str) -> Callable[[Mapping[str, str]], CsvFormat]:
    """Return a function that makes the format from options. It raises ConfigError for unknown options."""

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
    """Return whether a file begins with usual column names: one of words or texts, and another one."""
    first = next((line for line in head if not is_blank(line)), "")
    table = CsvFormat(format, {})
    names = [name.strip().lower() for name in split_fields(first.rstrip(LINE_END), table.separator(head))]
    names = [name[1:-1] if len(name) > 1 and name[0] == name[-1] == '"' else name for name in names]
    if len(names) < 2 or len(set(names)) < len(names) or "" in names:
        return False
    content_names = [name for name in names if name in (*WORDS, *TEXTS)]
    other_names = [name for name in names if name in (*TAGS, *SENTENCES) and name not in content_names]
    return bool(content_names) and bool(other_names or len(content_names) > 1)


def _usual(names: Sequence[str], usual: Sequence[str]) -> int | None:
    lower = [name.strip().lower() for name in names]
    return next((lower.index(name) for name in usual if name in lower), None)


def _checked(rows: Iterator[CsvRow], layout: TableLayout, path: str) -> Iterator[CsvRow]:
    """Yield the rows; rows of empty fields get no fields. Raises DataError for another number of fields."""
    width = len(layout.names)
    for row in rows:
        if not any(row.fields):
            row = CsvRow([], row.lines, row.line)
        elif len(row.fields) != width:
            message = f"expected {width} columns, as in the first line, found {len(row.fields)}: {shown(row.lines[0])}"
            raise DataError(message, path=path, line=row.line)
        yield row


def _check_fields(row: CsvRow, layout: TableLayout, columns: Sequence[int], n_words: int, path: str) -> None:
    """Raise DataError for a list in a field (words, tags or spans), which would be read as one word or label.

    ``places`` are the columns of the words, or of the text and its label; ``n_words`` is the number of words between
    spaces. Objects and lists of numbers are allowed: they may be texts to classify, or words of logs.
    """
    list_column = next((i for i in columns if is_list(row.fields[i], of_texts=i == columns[0])), None)
    if list_column is None and n_words > 1:
        candidates = range(len(row.fields)) if layout.word is not None else columns
        list_column = next((i for i in candidates if i != columns[0] and are_span_tags(row.fields[i], n_words)), None)
    if list_column is not None:
        problem = f"column {layout.names[list_column]}: a list in one field, {shown(row.fields[list_column])}"
        expected = "a word a row" if layout.word is not None else "a text and its labels a row"
        hint = (
            "lists are read from JSON, as Label Studio exports it; in pandas make lists of the fields "
            "(ast.literal_eval, str.split), then to_json(FILE, orient='records', lines=True)"
        )
        raise DataError(f"{problem}; expected {expected}; {hint}", path=path, line=row.line)


CSV = CsvFormat("csv", {})
TSV = CsvFormat("tsv", {})
