"""``conllup``: CoNLL-U Plus, https://universaldependencies.org/ext-format.html.

The first line names the columns: ``# global.columns = ID FORM UPOS PARSEME:MWE``. FORM is required; if there is an ID,
ranges and empty nodes are kept unchanged, as in ``conllu``. Label columns are named in lower case.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from elman.data.formats.comments import label_lines, with_labels
from elman.data.formats.conllu import ConlluLayout, read_with_layout
from elman.data.formats.holds import MANY, Confidences, Holds, check_tags, check_words, is_gap
from elman.data.formats.lines import LINE_END
from elman.data.formats.text_io import BOM
from elman.data.sentence import Sentence
from elman.errors import ConfigError, DataError
from elman.utils.display import shown
from elman.utils.limits import COLUMNS, too_many_columns

HOLDS = Holds(columns=MANY, labels=MANY, comments=True)
HEADER_MARK = "# global.columns ="


def parse_header(line: str) -> ConlluLayout | None:
    """Return the layout that the first line of a file declares, or None. Raises DataError if FORM is missing."""
    line = line.removeprefix(BOM)
    if not line.startswith(HEADER_MARK):
        return None
    names = [name.lower() for name in line[len(HEADER_MARK) :].rstrip(LINE_END).split(" ") if name]
    if len(names) > COLUMNS:
        raise too_many_columns(len(names))
    if "form" not in names or len(set(names)) < len(names):
        problem = "one twice" if len(set(names)) < len(names) else "none"
        raise DataError(f"expected the name of each column once, and a column FORM, found {problem}: {' '.join(names)}")
    columns = {name: i for i, name in enumerate(names) if name not in ("id", "form")}
    return ConlluLayout(
        "conllup", len(names), names.index("id") if "id" in names else None, names.index("form"), columns
    )


def _layout(head: Sequence[str], path: str) -> ConlluLayout:
    try:
        layout = parse_header(head[0]) if head else None
    except DataError as error:
        raise DataError(str(error), path=path, line=1) from None
    if layout is None:
        raise DataError(f"expected {HEADER_MARK} and the names of the columns", path=path, line=1)
    return layout


def read(lines: Iterable[str], head: Sequence[str], path: str) -> Iterator[Sentence]:
    """Yield the sentences of lines. Raises DataError for a missing header, or a wrong number of columns."""
    yield from read_with_layout(lines, path, _layout(head, path))


def target(name: str | None, head: Sequence[str], path: str, labelled: bool) -> str:
    """Return the column of a name in any case; by default ``upos``, or the last one. Raises ConfigError if missing."""
    columns = _layout(head, path).columns
    if name is None:
        name = "upos" if "upos" in columns else next(reversed(list(columns)), "")
    if name.lower() not in columns:
        raise ConfigError(f"{path}: no column {shown(name)} to tag; it has {', '.join(columns) or 'none'}")
    return name.lower()


def writer(columns: Sequence[str], labels: Sequence[str]) -> _Writer:
    """Return a writer of a file; sentences of other formats get the columns ID, FORM and ``columns``.

    Raises ConfigError for a name with white space.
    """
    for name in columns:
        if not name or len(name.split()) != 1 or name.lower() in ("id", "form"):
            raise ConfigError(f"conllup: no column can be called {shown(name)} there")
    return _Writer(columns)


class _Writer:
    """Copies sentences of this format with their tags replaced, and writes others from scratch."""

    STATE = ("_header", "_source_header")

    def __init__(self, columns: Sequence[str]) -> None:
        self._columns = tuple(columns)
        self._header = f"{HEADER_MARK} ID FORM {' '.join(name.upper() for name in columns)}".rstrip() + "\n"
        self._source_header = ""  # of sentences read from this format

    def add(self, sentence: Sentence, tags: Mapping[str, Sequence[str]], confidences: Confidences | None = None) -> str:
        """Return the text of one more sentence. Raises DataError for a word or tag with a tab or a line end."""
        for column in tags.values():
            check_tags(sentence, column, "conllup", "\t\n")
        if sentence.format == "conllup":
            lines = self._with_header(sentence)
            layout = parse_header(self._source_header)
            if layout is not None:
                self._header = ""
                return self._in_place(sentence, tags, lines, layout)
        if is_gap(sentence):
            return ""
        check_words(sentence, "conllup", "\t\n")
        values = [tags.get(name, ("_",) * len(sentence)) for name in self._columns]
        numbers = map(str, range(1, len(sentence) + 1))
        rows = ["\t".join(fields) + "\n" for fields in zip(numbers, sentence.words, *values, strict=True)]
        header, self._header = self._header, ""
        return "".join([header, *label_lines(sentence, "conllup"), *rows, "\n"])

    def _with_header(self, sentence: Sentence) -> list[str]:
        """Return the lines of a sentence; the header is recorded, and written only once."""
        lines = list(sentence.lines)
        layout = parse_header(lines[0]) if lines and sentence.line == 1 else None
        if layout is None:
            return lines
        if self._source_header:
            if layout != parse_header(self._source_header):
                raise ConfigError(f"{sentence.path}: has other columns than the file before; write them one by one")
            lines[0] = ""
        self._source_header = sentence.lines[0]
        return lines

    def _in_place(
        self, sentence: Sentence, tags: Mapping[str, Sequence[str]], lines: list[str], layout: ConlluLayout
    ) -> str:
        for name, column in tags.items():
            if sentence.words and name not in layout.columns:
                raise ConfigError(
                    f"{sentence.path}: no column {shown(name)}; it has {', '.join(layout.columns) or 'none'}"
                )
            for i, row in enumerate(sentence.rows):
                body = lines[row].rstrip(LINE_END)
                fields = body.split("\t")
                fields[layout.columns[name]] = column[i]
                lines[row] = "\t".join(fields) + lines[row][len(body) :]
        return "".join(with_labels(sentence, lines))

    def finish(self) -> str:
        """Return the header if there was no sentence."""
        return self._header
