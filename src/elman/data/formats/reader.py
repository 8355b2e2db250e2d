"""Read a file of any format lazily as Sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain, islice
from typing import TYPE_CHECKING, NamedTuple, cast

from elman.data.formats import registry
from elman.data.formats.lines import LINE_END
from elman.data.formats.registry import LazyModule
from elman.data.formats.sniff import ModelHints, is_enough, sniff, sniff_first_line
from elman.data.formats.text_io import BOM, Span, TextSource, after_lines, open_source
from elman.data.sentence import Sentence, error_at
from elman.errors import ConfigError, DataError
from elman.utils.compression import first_bytes
from elman.utils.limits import LINE_OF_TEXT

if TYPE_CHECKING:
    from elman.data.formats import columns, csv_reader, label_text
    from elman.data.formats.arrow_blocks import RowBlocks
else:
    columns, label_text, csv_reader = LazyModule("columns"), LazyModule("label_text"), LazyModule("csv_reader")

_N_PEEKED = 1000
"""Sentences that are read ahead, for example to find the names of document labels."""
_ASKED = "as asked for"
_TABLES = ("csv", "tsv")
_RECORDS = ("jsonl", "json")
_LINE_FORMATS = ("text", "word_tag", "columns", "conllu", "conllup", "label_text", "fasttext")
"""Formats in which every line is a sentence or a word."""
_SKIPPED_BY_LINES = (*_LINE_FORMATS, "jsonl")
"""Formats whose sentences can be read from any of them on."""


class Reading:
    """A file being read: an iterable of Sentences that can be consumed once.

    ``format``  the format it is read as
    ``why``     the evidence for it, for a message ``{path} read as {format}: {why}``
    ``path``    the name of the file in messages
    """

    def __init__(
        self,
        source: TextSource,
        module: registry.Input | registry.Binary,
        sentences: Iterator[Sentence],
        format: tuple[str, str],
        labelled: bool,
    ) -> None:
        self.path = source.name
        self.format, self.why = format
        self._source = source
        self._module = module
        self._sentences = sentences
        self._labelled = labelled
        self._names: Sequence[str] | None = None
        self._targets: tuple[str, ...] = ()
        self._others: Sequence[Callable[[], Reading]] = ()  # further files
        self._peeked = False
        self._put_back = False

    @property
    def head(self) -> Sequence[str]:
        """The first lines of the file, by which its format was recognized."""
        return self._source.head

    def followed_by(self, others: Sequence[Callable[[], Reading]]) -> Reading:
        """Return this reading, continued with other files whose tag columns are renamed to those of this one."""
        self._others = others
        if others:
            self.path = f"{self.path} and {len(others)} more"
        return self

    def targets(self, names: Sequence[str] | None = None) -> tuple[str, ...]:
        """Return the keys of several tag columns, see ``target``. Raises ConfigError for a repeated column."""
        keys = tuple(map(self.target, names)) if names else (self.target(),)
        self._names = names
        for key in keys:
            if keys.count(key) > 1:
                raise ConfigError(f"{self.path}: column {key} is named twice; name each column once")
        self._targets = keys if self._labelled else ()
        return keys

    def target(self, name: str | None = None) -> str:
        """Return the key in ``Sentence.columns`` of the column that holds the tags.

        ``name`` is the user's name for it; None is the format's default: the only column of word_tag, the last of
        ``columns``, ``upos`` of ``conllu``. From now on, labelled reading refuses a word without a tag in that column.

        Raises ConfigError for a missing column (the message lists the existing ones).
        """
        key = self._module.target(name, self._source.head, self.path, self._labelled)
        self._names = None if name is None else (name,)
        self._targets = (key,) if self._labelled else ()
        return key

    def extra_span_columns(self) -> Sequence[str]:
        """Return further columns of span tags besides the default ones, as far as the first lines show."""
        return LazyModule("conllu").extra_span_columns(self._source.head) if self.format == "conllu" else ()

    def label_names(self) -> tuple[str, ...]:
        """Return the names of the document labels of the first sentences, the usual one first.

        These sentences are still yielded by iteration. Raises DataError if they cannot be read.
        """
        return tuple(dict.fromkeys(name for sentence in self.first() for name in sentence.labels))

    def default_labels(self) -> tuple[str, ...]:
        """Return the name of the usual document label, or nothing if there are none."""
        return self.label_names()[:1]

    def first(self) -> list[Sentence]:
        """Return the first sentences, which are still yielded by iteration. Raises DataError as that does."""
        first = list(islice(self._sentences, _N_PEEKED))
        self._peeked = True
        self._sentences = chain(first, self._sentences)
        return first

    def raw_text(self) -> Iterator[str]:
        """Return the lines of a plain text unchanged, without byte order mark, instead of sentences."""
        return self._source.lines

    @property
    def has_texts(self) -> bool:
        """Whether it is a table with one text per row, which cannot hold word tags."""
        if self.format not in ("csv", "tsv"):
            return False
        table = cast("csv_reader.CsvFormat", self._module)
        return table.layout(self._source.head, self.path).word is None

    @property
    def table_columns(self) -> tuple[str, ...]:
        """The names of all columns of a table with one text per row; empty for anything else."""
        if not self.has_texts:
            return ()
        return cast("csv_reader.CsvFormat", self._module).layout(self._source.head, self.path).names

    @property
    def table_separator(self) -> str:
        """What separates the columns of a table."""
        return cast("csv_reader.CsvFormat", self._module).separator(self._source.head)

    @property
    def spaced(self) -> bool:
        """Whether its columns, or labels and texts, are separated by spaces."""
        if self.format == "label_text":
            return label_text.separator(self._source.head) == " "
        layout = columns.find_layout(self._source.head) if self.format == "columns" else None
        return layout is not None and layout.width > 1 and not layout.tabs

    def pieces(self, lines: int) -> Iterator[str] | None:
        """Return the file behind its first lines in pieces of whole lines, instead of sentences.

        None for several files, binary formats, records with options, after a byte order mark, and if sentences have
        been read ahead. Lines returned here are part of no sentence.
        """
        has_options = self.format == "jsonl" and self._module is not registry.INPUTS["jsonl"]
        if has_options or self._source.bom or self._others or self._peeked or self.format not in _SKIPPED_BY_LINES:
            return None
        return after_lines(self._source.texts, lines)

    def row_blocks(self) -> RowBlocks | None:
        """Return the rows of Parquet as blocks, instead of sentences; None for anything else, and as for ``pieces``.

        Rows that are not taken from them are still read as sentences, by ``after``.
        """
        if self.format != "parquet" or self._others or self._peeked:
            return None
        from elman.data.formats.arrow_blocks import row_blocks
        from elman.data.formats.parquet import Rows

        blocks = row_blocks(self._sentences) if isinstance(self._sentences, Rows) else None
        self._put_back = blocks is not None
        return blocks

    def put_back(self, texts: Iterable[str], lines: int) -> None:
        """Continue with these texts, the rest of the file behind its first lines: ``after`` reads them as sentences."""
        self._source.texts = iter(texts)
        self._go_on(self._source.lines, lines)
        self._put_back = True

    def _go_on(self, rest: Iterator[str], lines: int) -> None:
        """Read the rest of the file behind its first lines as sentences."""
        sentences = cast(registry.Input, self._module).read(rest, self.head, self.path)
        self._sentences = _moved(sentences, lines)

    @property
    def tab_table(self) -> tuple[int, int] | None:
        """The number of columns separated by tabs, and the index of the words; None for anything else."""
        if self.format != "columns":
            return None
        module = self._module
        named = module is not registry.INPUTS["columns"]
        layout = module.layout(self.head, self.path) if named else columns.find_layout(self.head)  # type: ignore[union-attr]
        return (layout.width, layout.word) if layout.tabs and layout.width > 1 else None

    def __iter__(self) -> Iterator[Sentence]:
        sentences = self._sentences
        first = next(sentences, None) if self._source.bom else None
        if first is not None:
            sentences = chain([replace(first, lines=(BOM + first.lines[0], *first.lines[1:]))], sentences)
        for sentence in sentences:
            if sentence.words:
                for target in self._targets:
                    check_tags(sentence, target)
            yield sentence
        for open_other in self._others:
            yield from self._of_other(open_other())

    def after(self, sentences: int, lines: int) -> Iterator[Sentence]:
        """Return an iterator over the sentences behind the first ones, given the number of these and of their lines.

        Of formats of lines these are not read as sentences, which takes longer than finding the lines.
        """
        if self._put_back:  # what was before has been taken as pieces
            return iter(self)
        if not lines or self._peeked or self._others or self.format not in _SKIPPED_BY_LINES:
            return islice(self, sentences, None)
        self._go_on(self._source.lines_after(lines), lines)
        self._source.bom = False
        return iter(self)

    def _of_other(self, other: Reading) -> Iterator[Sentence]:
        other_targets = other.targets(self._names) if self._targets else ()
        for sentence in other:
            if other_targets != self._targets and sentence.words:
                columns = {key: sentence.columns[name] for key, name in zip(self._targets, other_targets, strict=True)}
                sentence = replace(sentence, columns=columns)
            yield sentence


def check_tags(sentence: Sentence, target: str) -> None:
    """Raise DataError, with the line, if a word of a sentence has no tag in the column ``target``."""
    tags = sentence.columns.get(target)
    if tags is None:
        raise error_at(sentence, 0, f"no tag: expected one in column {target}, found words alone")
    if "" in tags:
        raise error_at(sentence, tags.index(""), f"no tag: column {target} is empty")


def _moved(sentences: Iterator[Sentence], lines: int) -> Iterator[Sentence]:
    """Yield the sentences of a file whose first lines were skipped; errors still name the right line."""
    try:
        for sentence in sentences:
            yield replace(sentence, line=sentence.line + lines)
    except DataError as error:
        raise DataError(error.message, path=error.path, line=error.line and error.line + lines) from None


def read_sentences(
    path: str | Sequence[str],
    *,
    format: str | None = None,
    encoding: str = "utf-8",
    labelled: bool = True,
    known: ModelHints | None = None,
    text_column: str | None = None,
    keep_empty: bool = False,
    null: str | None = None,
    on_read: Callable[[Reading], object] | None = None,
    span: Span | None = None,
) -> Reading:
    """Open a file (``-``: standard input), in the given format or else the one its first lines show.

    ``format`` is a name with or without options: ``csv:text=review,label=stars``. ``labelled``: True for training and
    evaluation, False for tagging; then ``known`` holds the format, tags and labels of the model, which help to tell
    text with tags from text without. ``text_column`` is the column of a table that has the texts, ``keep_empty`` yields
    its rows without a text as sentences without words, ``null`` is what null among the tags of JSON and Parquet is read
    as (None: refused). Memory is bounded by the longest sentence. The first lines are read at once, the others lazily;
    the file is opened once, so it may be a pipe. Compressed files are recognized and decompressed. Several paths are
    read like one file; ``on_read`` is called with each Reading when it is opened. ``span`` is the part to read of a
    file that is not compressed, in bytes or row groups of Parquet, from the begin of a sentence to the end of one; its
    format is that of the whole file, and lines count from its begin.

    Raises DataError (at once or while iterating) for a file that cannot be read, text in another encoding, a NUL, lines
    that are not in the format, or no recognizable format; ConfigError for an unknown format, option or encoding.
    """
    paths = [path] if isinstance(path, str) else path

    def open_path(path_to_open: str) -> Reading:
        reading = _read(
            path_to_open, _ReadRequest(format, encoding, labelled, known, text_column, keep_empty, null, span)
        )
        if on_read is not None:
            on_read(reading)
        return reading

    return open_path(paths[0]).followed_by([partial(open_path, other) for other in paths[1:]])


class _ReadRequest(NamedTuple):
    format: str | None
    encoding: str
    labelled: bool
    known: ModelHints | None
    text_column: str | None
    keep_empty: bool
    null: str | None
    span: Span | None


def _read(path: str, request: _ReadRequest) -> Reading:
    name, module = registry.with_options(request.format) if request.format is not None else (None, None)
    magic_format = next((key for magic, key in registry.MAGIC.items() if first_bytes(path).startswith(magic)), None)
    if name in registry.BINARY or (name is None and magic_format is not None):
        name, why = (name, _ASKED) if name is not None else (str(magic_format), "its first bytes")
        if request.text_column is not None:
            if module is not None and request.format != name:
                raise _no_table_error(str(request.format), path)
            module = registry.OPTIONS[name]({"text": request.text_column})
        binary = cast(registry.Binary, module or registry.BINARY[name])
        if request.null is not None:
            binary = cast(registry.Binary, binary.reading_null(request.null))  # type: ignore[attr-defined]
        if request.span is not None:
            binary = cast(registry.Binary, binary.reading_groups(request.span))  # type: ignore[attr-defined]
        head, sentences = binary.open_binary(path)
        source = TextSource("standard input" if path == "-" else path, list(head), iter(()), False)
        return Reading(source, binary, sentences, (name, why), request.labelled)
    enough = partial(is_enough, labelled=request.labelled, any_format=name != "columns")
    source = open_source(path, request.encoding, enough, request.span)
    name, module, why = _format(source, name, module, request)
    if name not in _RECORDS:
        source.limit_lines(LINE_OF_TEXT)
    if name.partition(":")[0] in _LINE_FORMATS and request.format != "text":
        _check_line_ends(source)
    if name in _TABLES and request.keep_empty:
        module = cast(registry.Input, module.keeping_empty())  # type: ignore[attr-defined]
    if name in _RECORDS and request.null is not None:
        module = cast(registry.Input, module.reading_null(request.null))  # type: ignore[attr-defined]
    if name in _TABLES or (name == "columns" and module is not registry.INPUTS["columns"]):
        why = f"{why} ({module.layout(source.head, source.name)})"  # type: ignore[attr-defined]
    elif name == "columns" and (layout := columns.find_layout(source.head)).width:
        why = f"{why} ({layout})"
    sentences = module.read(source.lines, source.head, source.name)
    return Reading(source, module, sentences, (name, why), request.labelled)


def _format(
    source: TextSource, name: str | None, module: registry.Input | registry.Binary | None, request: _ReadRequest
) -> tuple[str, registry.Input, str]:
    """Return the name of the format of a text, the format, and why: the requested one, or the detected one."""
    why = _ASKED
    if request.text_column is not None:
        table_format = request.format or (sniff_first_line(source.head) or ("csv",))[0]
        if table_format in _RECORDS:
            module = cast(registry.Input, registry.OPTIONS[table_format]({"text": request.text_column}))
            return table_format, module, f"texts in {request.text_column}"
        if table_format not in _TABLES:
            raise _no_table_error(table_format, source.name)
        name, module = LazyModule("headers").with_text_column(source.head, source.name, request.text_column, name)
    elif name is None:
        try:
            detected, why = sniff(source.head, labelled=request.labelled, path=source.name, known=request.known)
        except DataError:
            _check_line_ends(source)
            raise
        name, module = registry.with_options(detected)
    return str(name), cast(registry.Input, module), why


def _no_table_error(format: str, path: str) -> ConfigError:
    return ConfigError(f"--text-column: names a column of csv, tsv, jsonl, json or parquet; {path} is {format}")


def _check_line_ends(source: TextSource) -> None:
    """Raise DataError if lines end in carriage returns only, so that many lines would be read as one.

    That is so if lines have more returns inside than there are line feeds; fewer are part of words.
    """
    n_returns = sum(line.rstrip(LINE_END).count("\r") for line in source.head)
    if n_returns > sum(line.endswith("\n") for line in source.head):
        message = "lines end in carriage returns alone; expected line feeds: tr '\\r' '\\n' makes some of them"
        raise DataError(message, path=source.name)
