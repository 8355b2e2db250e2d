"""``conllup``: CoNLL-U Plus, https://universaldependencies.org/ext-format.html.

The first line names the columns: ``# global.columns = ID FORM UPOS PARSEME:MWE``. FORM must be among them; where ID is,
ranges and empty nodes are kept as they are, as in ``conllu``. Label columns are called by their names in small letters.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from elman.data.formats.comments import label_lines, with_labels
from elman.data.formats.conllu import ConlluLayout, read_with_layout
from elman.data.formats.holds import MANY, Holds, check_tags, check_words, is_gap
from elman.data.formats.lines import LINE_END
from elman.data.formats.text_io import BOM
from elman.data.sentence import Sentence
from elman.errors import ConfigError, DataError
from elman.utils.display import shown

HOLDS = Holds(columns=MANY, labels=MANY, comments=True)
MARK = "# global.columns ="


def parse_header(line: str) -> ConlluLayout | None:
    """What the first line of a file says of its columns; None where it says nothing. Raises DataError: no FORM."""
    line = line.removeprefix(BOM)
    if not line.startswith(MARK):
        return None
    names = [name.lower() for name in line[len(MARK) :].rstrip(LINE_END).split(" ") if name]
    if "form" not in names or len(set(names)) < len(names):
        found = "one twice" if len(set(names)) < len(names) else "none"
        raise DataError(f"expected the name of each column once, and a column FORM, found {found}: {' '.join(names)}")
    columns = {name: i for i, name in enumerate(names) if name not in ("id", "form")}
    return ConlluLayout(
        "conllup", len(names), names.index("id") if "id" in names else None, names.index("form"), columns
    )


def _shape(head: Sequence[str], path: str) -> ConlluLayout:
    try:
        shape = parse_header(head[0]) if head else None
    except DataError as error:
        raise DataError(str(error), path=path, line=1) from None
    if shape is None:
        raise DataError(f"expected {MARK} and the names of the columns", path=path, line=1)
    return shape


def read(lines: Iterable[str], head: Sequence[str], path: str) -> Iterator[Sentence]:
    """Sentences of the lines. Raises DataError: no names of columns, lines that do not have as many; see ``conllu``."""
    yield from read_with_layout(lines, path, _shape(head, path))


def target(name: str | None, head: Sequence[str], path: str, labelled: bool) -> str:
    """The column of that name in any case; by default ``upos``, or the last one. Raises ConfigError: no such column."""
    columns = _shape(head, path).columns
    if name is None:
        name = "upos" if "upos" in columns else next(reversed(list(columns)), "")
    if name.lower() not in columns:
        raise ConfigError(f"{path}: no column {shown(name)} to tag; there is {', '.join(columns) or 'none'}")
    return name.lower()


def writer(columns: Sequence[str], labels: Sequence[str]) -> _Writer:
    """A writer of a file; sentences of other formats get the columns ID, FORM and ``columns``.

    Raises ConfigError: a name with white space.
    """
    for name in columns:
        if not name or len(name.split()) != 1 or name.lower() in ("id", "form"):
            raise ConfigError(f"conllup: no column can be called {shown(name)} there")
    return _Writer(columns)


class _Writer:
    """Sentences of this format are written as they were read, the others afresh."""

    def __init__(self, columns: Sequence[str]) -> None:
        self._columns = tuple(columns)
        self._header = f"{MARK} ID FORM {' '.join(name.upper() for name in columns)}".rstrip() + "\n"
        self._read: ConlluLayout | None = None  # of the sentences that came from such a file

    def add(
        self, sentence: Sentence, tags: Mapping[str, Sequence[str]], confidences: Sequence[float] | None = None
    ) -> str:
        """The text of one more sentence. Raises DataError: a word or tag with a tab or a line end."""
        for column in tags.values():
            check_tags(sentence, column, "conllup", "\t\n")
        if sentence.format == "conllup":
            lines = self._with_header(sentence)
            if self._read is not None:
                self._header = ""
                return self._in_place(sentence, tags, lines, self._read)
        if is_gap(sentence):
            return ""
        check_words(sentence, "conllup", "\t\n")
        values = [tags.get(name, ("_",) * len(sentence)) for name in self._columns]
        numbers = map(str, range(1, len(sentence) + 1))
        rows = ["\t".join(fields) + "\n" for fields in zip(numbers, sentence.words, *values, strict=True)]
        header, self._header = self._header, ""
        return "".join([header, *label_lines(sentence, "conllup"), *rows, "\n"])

    def _with_header(self, sentence: Sentence) -> list[str]:
        """The lines of a sentence; the names of columns are noted, and said only once."""
        lines = list(sentence.lines)
        shape = parse_header(lines[0]) if lines and sentence.line == 1 else None
        if shape is None:
            return lines
        if self._read is not None:
            if shape != self._read:
                raise ConfigError(f"{sentence.path}: has other columns than the file before; write them one by one")
            lines[0] = ""
        self._read = shape
        return lines

    def _in_place(
        self, sentence: Sentence, tags: Mapping[str, Sequence[str]], lines: list[str], shape: ConlluLayout
    ) -> str:
        for name, column in tags.items():
            if sentence.words and name not in shape.columns:
                raise ConfigError(
                    f"{sentence.path}: no column {shown(name)}; there is {', '.join(shape.columns) or 'none'}"
                )
            for i, row in enumerate(sentence.rows):
                body = lines[row].rstrip(LINE_END)
                fields = body.split("\t")
                fields[shape.columns[name]] = column[i]
                lines[row] = "\t".join(fields) + lines[row][len(body) :]
        return "".join(with_labels(sentence, lines))

    def finish(self) -> str:
        """The names of the columns, where there was no sentence."""
        return self._header
