"""A file of any format as Sentences, read as they come."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain, islice
from typing import TYPE_CHECKING, NamedTuple, cast

from elman.data.formats import registry
from elman.data.formats.lines import LINE_END
from elman.data.formats.registry import LazyModule
from elman.data.formats.sniff import ModelHints, is_enough, sniff, sniff_first_line
from elman.data.formats.text_io import BOM, TextSource, open_source
from elman.data.sentence import Sentence, error_at
from elman.errors import ConfigError, DataError
from elman.utils.compression import first_bytes

if TYPE_CHECKING:
    from elman.data.formats import columns, csv_reader as tables, label_text
else:
    columns, label_text, tables = LazyModule("columns"), LazyModule("label_text"), LazyModule("csv_reader")

_PEEK = 1000  # sentences
_ASKED = "as asked for"
_TABLES = ("csv", "tsv")
_LINES = ("text", "word_tag", "columns", "conllu", "conllup", "label_text", "fasttext")
"""Formats in which a line is a sentence or a word, whatever is in it."""


class Reading:
    """A file being read: Sentences, once through, as they come.

    ``format``  the format it is read as
    ``why``     what that was judged by, for a message ``{path} read as {format}: {why}``
    ``path``    the file as messages call it
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
        self._others: Sequence[Callable[[], Reading]] = ()  # files to go on with

    def followed_by(self, others: Sequence[Callable[[], Reading]]) -> Reading:
        """Itself, going on with other files: their columns of tags are called as they are in this one."""
        self._others = others
        if others:
            self.path = f"{self.path} and {len(others)} more"
        return self

    def targets(self, names: Sequence[str] | None = None) -> tuple[str, ...]:
        """The keys of several columns of tags: ``target`` of each name. Raises ConfigError for a column named twice."""
        keys = tuple(map(self.target, names)) if names else (self.target(),)
        self._names = names
        for key in keys:
            if keys.count(key) > 1:
                raise ConfigError(f"{self.path}: column {key} is named twice; name each column once")
        self._targets = keys if self._labelled else ()
        return keys

    def target(self, name: str | None = None) -> str:
        """The key in ``Sentence.columns`` of the column that holds the tags.

        ``name`` is what the user calls it; None is the format's own default: word_tag's only column, the last of
        ``columns``, ``upos`` of ``conllu``. In labelled reading, a word with nothing in that column is refused from
        here on.

        Raises ConfigError: no such column (the message lists what there is).
        """
        key = self._module.target(name, self._source.head, self.path, self._labelled)
        self._names = None if name is None else (name,)
        self._targets = (key,) if self._labelled else ()
        return key

    def others(self) -> Sequence[str]:
        """Columns of tags that are there beside those meant without saying, as far as the first lines show."""
        return LazyModule("conllu").extra_span_columns(self._source.head) if self.format == "conllu" else ()

    def labels(self) -> tuple[str, ...]:
        """The names of the labels of whole sentences that the first sentences have, the usual one first.

        These sentences still come when the reading is gone through. Raises DataError where they cannot be read.
        """
        first = list(islice(self._sentences, _PEEK))
        self._sentences = chain(first, self._sentences)
        return tuple(dict.fromkeys(name for sentence in first for name in sentence.labels))

    def raw_text(self) -> Iterator[str]:
        """The lines of a plain text as they are, without a byte order mark, in place of sentences."""
        return self._source.lines

    @property
    def has_texts(self) -> bool:
        """Whether it is a table with a text a row, which has no place for tags of words."""
        if self.format not in ("csv", "tsv"):
            return False
        table = cast("tables.CsvFormat", self._module)
        return table.layout(self._source.head, self.path).word is None

    @property
    def spaced(self) -> bool:
        """Whether spaces separate its columns, or a label from its text."""
        if self.format == "label_text":
            return label_text.separator(self._source.head) == " "
        shape = columns.find_layout(self._source.head) if self.format == "columns" else None
        return shape is not None and shape.width > 1 and not shape.tabs

    def plain_text(self) -> Iterator[str]:
        """Plain text as it is, whole lines at a time, in place of sentences; of another format, or after a BOM, none.

        Lines that are given here come in no sentence.
        """
        alone = self.format == "text" and not self._source.bom and not self._others
        return self._source.texts if alone else iter(())

    def __iter__(self) -> Iterator[Sentence]:
        sentences = self._sentences
        first = next(sentences, None) if self._source.bom else None
        if first is not None:
            sentences = chain([replace(first, lines=(BOM + first.lines[0], *first.lines[1:]))], sentences)
        for sentence in sentences:
            if sentence.words:
                for target in self._targets:
                    self._check(sentence, target)
            yield sentence
        for open_other in self._others:
            yield from self._of_other(open_other())

    def _of_other(self, other: Reading) -> Iterator[Sentence]:
        own = other.targets(self._names) if self._targets else ()
        for sentence in other:
            if own != self._targets and sentence.words:
                columns = {key: sentence.columns[name] for key, name in zip(self._targets, own, strict=True)}
                sentence = replace(sentence, columns=columns)
            yield sentence

    def _check(self, sentence: Sentence, target: str) -> None:
        values = sentence.columns.get(target)
        if values is None:
            raise error_at(sentence, 0, f"no tag: expected one in column {target}, found words alone")
        if "" in values:
            raise error_at(sentence, values.index(""), f"no tag: column {target} is empty")


def read_sentences(
    path: str | Sequence[str],
    *,
    format: str | None = None,
    encoding: str = "utf-8",
    labelled: bool = True,
    known: ModelHints | None = None,
    text_column: str | None = None,
    on_read: Callable[[Reading], object] | None = None,
) -> Reading:
    """Open a file (``-``: standard input) for reading, in the format given or else the one its first lines show.

    ``format`` is a name, or a name with options: ``csv:text=review,label=stars``. ``labelled`` says what for: True to
    train or to compare with, False to tag; ``known`` is what the model says of its format, tags and labels then, by
    which text with some is told from text without. ``text_column``: the column of a table that has the texts. Memory is
    bounded by the longest sentence. The first lines are read at once, the others while iterating; nothing is opened
    twice, so that it may be a pipe. What is compressed is recognised and decompressed. Several paths are read as one
    file; ``on_read`` is called with each Reading when it is opened.

    Raises DataError (then or while iterating): a file that cannot be read, text that is not in the encoding, a NUL,
    lines that are not in the format, no format to be seen. Raises ConfigError: no such format, options or encoding.
    """
    paths = [path] if isinstance(path, str) else path

    def opened(one: str) -> Reading:
        reading = _read(one, _How(format, encoding, labelled, known, text_column))
        if on_read is not None:
            on_read(reading)
        return reading

    return opened(paths[0]).followed_by([partial(opened, other) for other in paths[1:]])


class _How(NamedTuple):
    format: str | None
    encoding: str
    labelled: bool
    known: ModelHints | None
    text_column: str | None


def _read(path: str, how: _How) -> Reading:
    name, module = registry.with_options(how.format) if how.format is not None else (None, None)
    found = next((key for magic, key in registry.MAGIC.items() if first_bytes(path).startswith(magic)), None)
    if name in registry.BINARY or (name is None and found is not None):
        name, why = (name, _ASKED) if name is not None else (str(found), "its first bytes")
        if how.text_column is not None:
            raise _no_tables(name, path)
        binary = cast(registry.Binary, module or registry.BINARY[name])
        head, sentences = binary.open_binary(path)
        source = TextSource("standard input" if path == "-" else path, list(head), iter(()), False)
        return Reading(source, binary, sentences, (name, why), how.labelled)
    source = open_source(path, how.encoding, partial(is_enough, labelled=how.labelled, any_format=name != "columns"))
    name, module, why = _format(source, name, module, how)
    if name.partition(":")[0] in _LINES and how.format != "text":
        _check_line_ends(source)
    if name in _TABLES or (name == "columns" and module is not registry.INPUTS["columns"]):
        why = f"{why} ({module.layout(source.head, source.name)})"  # type: ignore[attr-defined]
    elif name == "columns" and (layout := columns.find_layout(source.head)).width:
        why = f"{why} ({layout})"
    sentences = module.read(source.lines, source.head, source.name)
    return Reading(source, module, sentences, (name, why), how.labelled)


def _format(
    source: TextSource, name: str | None, module: registry.Input | registry.Binary | None, how: _How
) -> tuple[str, registry.Input, str]:
    """The name of the format of a text, the format, and why: the one asked for, or the one its lines show."""
    why = _ASKED
    if how.text_column is not None:
        begins = how.format or (sniff_first_line(source.head) or ("csv",))[0]
        if begins not in _TABLES:
            raise _no_tables(begins, source.name)
        name, module = LazyModule("headers").with_text_column(source.head, source.name, how.text_column, name)
    elif name is None:
        try:
            found, why = sniff(source.head, labelled=how.labelled, path=source.name, known=how.known)
        except DataError:
            _check_line_ends(source)
            raise
        name, module = registry.with_options(found)
    return str(name), cast(registry.Input, module), why


def _no_tables(format: str, path: str) -> ConfigError:
    return ConfigError(f"--text-column: names a column of csv or tsv; {path} is {format}")


def _check_line_ends(source: TextSource) -> None:
    """Raise DataError for lines that end in carriage returns alone, so that many would be taken for one."""
    within = sum(line.rstrip(LINE_END).count("\r") for line in source.head)
    if within and within >= sum(line.endswith("\n") for line in source.head):
        message = "lines end in carriage returns alone; expected line feeds: tr '\\r' '\\n' makes some of them"
        raise DataError(message, path=source.name)
