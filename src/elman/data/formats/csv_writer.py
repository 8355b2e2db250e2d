"""Write CSV and TSV: rows that were read are edited in place, others are written from scratch under one header."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from elman.data.formats.csv_rows import quote_field, read_rows, split_fields
from elman.data.formats.holds import Confidences, check_tags, check_words, is_gap
from elman.data.formats.lines import LINE_END
from elman.data.formats.text_io import BOM
from elman.data.sentence import Sentence, error_at
from elman.errors import ConfigError
from elman.utils.display import shown


class CsvWriter:
    """Writes a table, one word per row or one text per row."""

    STATE = ("_is_new", "_separator", "_names", "_new")

    def __init__(self, format: str, columns: Sequence[str], labels: Sequence[str]) -> None:
        if columns and labels:
            others = "columns, conllu and jsonl hold both"
            raise ConfigError(f"{format} holds tags of words or document labels, not both; {others}")
        self._format = format
        self._forbidden = "\t\n\r\0" if format == "tsv" else "\0"
        self._separator = "\t" if format == "tsv" else ","
        self._columns = tuple(columns)
        self._labels = tuple(labels)
        self._is_new = True  # no line of the file is written
        self._names: list[str] | None = None  # columns of the file that sentences of this format were read from
        self._new: list[str] = []  # columns that the file lacks

    def add(self, sentence: Sentence, tags: Mapping[str, Sequence[str]], confidences: Confidences | None = None) -> str:
        """Return the text of one more sentence. Raises DataError for content that the format cannot hold."""
        if sentence.format == self._format:
            lines = self._with_header(sentence)
            if self._names is not None:
                self._is_new = False
                return "".join(self._in_place(sentence, tags, lines))
        if is_gap(sentence):
            return ""
        return self.finish() + (self._words(sentence, tags) if self._columns else self._text(sentence))

    def finish(self) -> str:
        """Return the header if there was no sentence. Raises ConfigError if two columns have the same name."""
        if not self._is_new:
            return ""
        self._is_new = False
        names = ["word", *self._columns] if self._columns else ["text", *self._labels]
        if len(set(names)) < len(names) or (self._format == "tsv" and any(mark in "".join(names) for mark in "\t\r\n")):
            raise ConfigError(f"{self._format}: no header can be made of the names {', '.join(names)}")
        return self._line(names)

    def _line(self, fields: Sequence[str]) -> str:
        return self._separator.join(quote_field(field, self._separator) for field in fields) + "\n"

    def _words(self, sentence: Sentence, tags: Mapping[str, Sequence[str]]) -> str:
        forbidden = self._forbidden
        check_words(sentence, self._format, forbidden)
        values = [tags.get(name, ("",) * len(sentence)) for name in self._columns]
        for column in values:
            check_tags(sentence, column, self._format, forbidden)
        return "".join(map(self._line, zip(sentence.words, *values, strict=True))) + "\n"

    def _text(self, sentence: Sentence) -> str:
        check_words(sentence, f"{self._format} with a text a row", " \t\n\r")
        values = [sentence.labels.get(name, "") for name in self._labels]
        self._check(sentence, values)
        return self._line([" ".join(sentence.words), *values])

    def _check(self, sentence: Sentence, values: Sequence[str]) -> None:
        for value in values:
            if any(character in value for character in self._forbidden):
                characters = "a NUL" if self._format == "csv" else "a tab, a line end or a NUL"
                raise error_at(
                    sentence, 0, f"{shown(value)} holds {characters}, which {self._format} cannot; try --as jsonl"
                )

    def _with_header(self, sentence: Sentence) -> list[str]:
        """Return the lines of a sentence; at the beginning of a file the header is recorded, extended, written once."""
        lines = list(sentence.lines)
        if sentence.line != 1 or not lines:
            return lines
        is_header = not sentence.rows or sentence.rows[0] > 0
        first = lines[0].removeprefix(BOM)
        separator = self._separator
        if self._format == "csv" and first.count(";") > first.count(","):
            separator = ";"
        row = next(read_rows(lines if first is lines[0] else [first, *lines[1:]], separator, sentence.path))
        names = list(row.fields) if is_header else [str(i) for i in range(1, len(row.fields) + 1)]
        if self._names is not None and (names != self._names or separator != self._separator):
            message = f"{sentence.path}: its columns are {', '.join(names)}, after a file with {', '.join(self._names)}"
            raise ConfigError(f"{message}; write them one by one, or choose another format with --as")
        is_repeated = self._names is not None
        self._names, self._separator = names, separator
        self._new = [name for name in (*self._columns, *self._labels) if name not in names]
        if is_header and is_repeated:
            lines[: len(row.lines)] = [""] * len(row.lines)
        elif is_header and self._new:
            self._replace(lines, 0, len(row.lines), dict(enumerate(self._new, len(names))))
        return lines

    def _in_place(self, sentence: Sentence, tags: Mapping[str, Sequence[str]], lines: list[str]) -> list[str]:
        assert self._names is not None
        width = len(self._names)
        column_index = {name: i for i, name in enumerate((*self._names, *self._new))}
        if (
            tags
            and sentence.rows
            and sentence.rows[-1] == sentence.rows[0]
            and not sentence.columns
            and len(sentence) > 1
        ):
            problem = f"{self._format} with a text a row cannot hold tags of words"
            raise error_at(sentence, 0, f"{problem}; try --as columns, or of spans --as fields")
        for column in tags.values():
            check_tags(sentence, column, self._format, self._forbidden)
        last_line = -1
        for i, line in enumerate(sentence.rows):
            if line == last_line:
                continue  # all words of a text are in one row
            last_line = line
            row = next(read_rows(lines[line:], self._separator, sentence.path))
            values = {column_index[name]: column[i] for name, column in tags.items()}
            labels = {column_index[name]: value for name, value in sentence.labels.items() if name in column_index}
            self._check(sentence, list(labels.values()))
            values.update({j: value for j, value in labels.items() if j >= width or row.fields[j] != value})
            self._replace(lines, line, len(row.lines), {**{j: "" for j in range(width, len(column_index))}, **values})
        return lines

    def _replace(self, lines: list[str], at: int, n_lines: int, values: Mapping[int, str]) -> None:
        """Set fields of the row at ``lines[at : at + n_lines]``; the rest is unchanged."""
        if not values:
            return
        text = "".join(lines[at : at + n_lines])
        body = text.rstrip(LINE_END)
        fields = split_fields(body, self._separator)
        fields += [""] * (max(values) + 1 - len(fields))
        for i, value in values.items():
            fields[i] = quote_field(value, self._separator)
        lines[at : at + n_lines] = [self._separator.join(fields) + text[len(body) :]] + [""] * (n_lines - 1)
