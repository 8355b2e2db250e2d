"""Text files to Sentences and back: one file a format, a sniffer, and the registry below.

    read_sentences(path)  ->  Reading, lazily over Sentences  ->  write_sentence(sentence, tags, format=…)  ->  text

The ``lines`` of all sentences of a file, joined, are the file's text; written in its own format a sentence differs
from what was read in the tagged column alone.

How a format is added: a file here with the functions below, and a line in ``_INPUTS`` and/or ``_OUTPUTS``.

    HOLDS: Holds                            what it can hold (``shared.Holds``); of formats that are written
    read(lines, head, path)                 -> Sentences as they come: ``columns`` by name, ``labels`` of the whole
                                            sentence by name, ``format`` its name; DataError with path and line
    target(name, head, path, labelled)      -> the key in ``Sentence.columns`` of what the user calls ``name`` (None:
                                            the format's default); ConfigError where there is none
    write(sentence, tags, confidences)      -> the text of one sentence with ``tags`` (column -> one tag a word) and
                                            ``sentence.labels``; DataError for what cannot be held, with its line
    header(columns, labels)                 -> optional, in ``_HEADERS``: what stands once before all sentences
    configured(options)                     -> optional, in ``_OPTIONS``: the same object for ``NAME:key=value,…``

``lines`` are all lines with their ends, ``head`` the first of them. To write other labels than were read, write
``dataclasses.replace(sentence, labels=…)``: where ``sentence.format`` is the format's own, the lines are changed in
place. A format of bytes (Parquet) stands in ``_BINARY`` instead: ``MAGIC``, ``HOLDS``, ``target`` as above, and

    open_binary(path)                       -> (head, Sentences as they come); ``head`` is what ``target`` needs
    writer(columns, labels)                 -> an object with ``add(sentence, tags, confidences) -> bytes`` and
                                            ``finish() -> bytes``

Whole files are written by ``open_writer``, which serves both kinds and keeps memory flat.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import Protocol

from elman.errors import ConfigError
from elman.formats import columns, conllu, jsonl, tags, text, word_tag
from elman.formats.lines import BOM, Source, open_source
from elman.formats.shared import Holds, refuse
from elman.formats.sniffer import enough, sniff
from elman.sentence import Sentence

__all__ = [
    "COLUMN_FORMATS",
    "CONFIDENCE_FORMATS",
    "HOLDS",
    "Holds",
    "INPUT_FORMATS",
    "OUTPUT_FORMATS",
    "Reading",
    "Writer",
    "check_output",
    "column_names",
    "default_output",
    "open_writer",
    "read_sentences",
    "sniff",
    "untagged",
    "write_sentence",
]


class _Input(Protocol):
    """A format that is read: a module, or an object, with these functions."""

    def read(self, lines: Iterable[str], head: Sequence[str], path: str) -> Iterator[Sentence]: ...

    def target(self, name: str | None, head: Sequence[str], path: str, labelled: bool) -> str: ...


class _Output(Protocol):
    """A format that is written."""

    @property
    def HOLDS(self) -> Holds: ...

    def write(
        self, sentence: Sentence, tags: Mapping[str, Sequence[str]], confidences: Sequence[float] | None
    ) -> str: ...


class _Header(Protocol):
    """A format that begins with a line of names."""

    def header(self, columns: Sequence[str], labels: Sequence[str]) -> str: ...


class Writer(Protocol):
    """Sentences to the text or the bytes of a whole file; what ``add`` and ``finish`` return, joined, is the file."""

    def add(
        self, sentence: Sentence, tags: Mapping[str, Sequence[str]], confidences: Sequence[float] | None = None
    ) -> str | bytes: ...

    def finish(self) -> str | bytes: ...


class _Binary(Protocol):
    """A format that is no text, read and written by itself."""

    @property
    def HOLDS(self) -> Holds: ...

    @property
    def MAGIC(self) -> bytes: ...

    def open_binary(self, path: str) -> tuple[Sequence[str], Iterator[Sentence]]: ...

    def target(self, name: str | None, head: Sequence[str], path: str, labelled: bool) -> str: ...

    def writer(self, columns: Sequence[str], labels: Sequence[str]) -> Writer: ...


_INPUTS: dict[str, _Input] = {"word_tag": word_tag, "columns": columns, "conllu": conllu, "text": text}
_OUTPUTS: dict[str, _Output] = {
    "word_tag": word_tag,
    "tags": tags,
    "columns": columns,
    "conllu": conllu,
    "jsonl": jsonl,
}
_HEADERS: dict[str, _Header] = {}
_BINARY: dict[str, _Binary] = {}
_OPTIONS: dict[str, Callable[[Mapping[str, str]], _Input]] = {}
INPUT_FORMATS = (*_INPUTS, *_BINARY)
OUTPUT_FORMATS = (*_OUTPUTS, *_BINARY)
HOLDS: Mapping[str, Holds] = {
    **{name: module.HOLDS for name, module in _OUTPUTS.items()},
    **{name: module.HOLDS for name, module in _BINARY.items()},
}
"""What each format that is written can hold."""
CONFIDENCE_FORMATS = tuple(name for name, holds in HOLDS.items() if holds.confidences)
"""Output formats that can hold a confidence for each word."""
COLUMN_FORMATS = tuple(name for name, holds in HOLDS.items() if holds.columns > 1)
"""Output formats that can hold several tags for each word."""


class Reading:
    """A file being read: Sentences, once through, as they come.

    ``format``  the format it is read as
    ``why``     what that was judged by, for a message ``{path} read as {format}: {why}``
    ``path``    the file as messages call it
    """

    def __init__(self, source: Source, format: str, why: str, labelled: bool) -> None:
        self.path = source.name
        self.format = format
        self.why = why
        self._source = source
        self._labelled = labelled
        self._targets: tuple[str, ...] = ()

    def targets(self, names: Sequence[str] | None = None) -> tuple[str, ...]:
        """The keys of several columns of tags: ``target`` of each name. Raises ConfigError for a column named twice."""
        keys = tuple(map(self.target, names)) if names else (self.target(),)
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
        key = _INPUTS[self.format].target(name, self._source.head, self.path, self._labelled)
        self._targets = (key,) if self._labelled else ()
        return key

    def __iter__(self) -> Iterator[Sentence]:
        source = self._source
        sentences = _INPUTS[self.format].read(source.lines, source.head, self.path)
        if source.bom:
            first = next(sentences)
            sentences = chain([replace(first, lines=(BOM + first.lines[0], *first.lines[1:]))], sentences)
        for sentence in sentences:
            if sentence.words:
                for target in self._targets:
                    self._check(sentence, target)
            yield sentence

    def _check(self, sentence: Sentence, target: str) -> None:
        values = sentence.columns.get(target)
        if values is None:
            raise refuse(sentence, 0, f"no tag: expected one in column {target}, found words alone")
        if "" in values:
            raise refuse(sentence, values.index(""), f"no tag: column {target} is empty")


def read_sentences(path: str, *, format: str | None = None, encoding: str = "utf-8", labelled: bool = True) -> Reading:
    """Open a file (``-``: standard input) for reading, in the format given or else the one its first lines show.

    ``labelled`` says what for: True to train or to compare with, False to tag. Memory is bounded by the longest
    sentence. The first lines are read at once, the others while iterating.

    Raises DataError (then or while iterating): a file that cannot be read, text that is not in the encoding, a NUL,
    lines that are not in the format, no format to be seen. Raises ConfigError: no such format or encoding.
    """
    if format is not None and format not in _INPUTS:
        problem = "is written, not read" if format in _OUTPUTS else "does not exist"
        raise ConfigError(f"format: {format!r} {problem}; expected {' or '.join(INPUT_FORMATS)}")
    source = open_source(path, encoding, partial(enough, labelled=labelled, any_format=format != "columns"))
    why = "as asked for"
    if format is None:
        format, why = sniff(source.head, labelled=labelled, path=source.name)
    if format == "columns" and columns.layout(source.head).width:
        why = f"{why} ({columns.layout(source.head)})"
    return Reading(source, format, why, labelled)


def column_names(target: str | Sequence[str] | None) -> tuple[str, ...] | None:
    """Names of columns as a user writes them: ``"upos,xpos"``, or a list of names; None stays None.

    Raises ConfigError for a name that is empty.
    """
    if target is None:
        return None
    names = tuple(name.strip() for name in target.split(",")) if isinstance(target, str) else tuple(target)
    if not all(names) or not names:
        raise ConfigError(f"target: expected names of columns, with commas between them, got {target!r}")
    return names


def default_output(format: str) -> str:
    """The format that tagged text is written in by default: its own, and ``word_tag`` for plain text."""
    return "word_tag" if format == "text" else format


def untagged(format: str) -> str:
    """What stands in the place of a tag for a word without one: ``_``, which ``word_tag`` cannot hold; there ``?``."""
    return "?" if format == "word_tag" else "_"


def check_output(format: str, *, confidences: bool = False, columns: int = 1, labels: int = 0) -> None:
    """Raise ConfigError for a format that is not written, or cannot hold confidences, so many columns or labels."""
    if format not in HOLDS:
        raise ConfigError(f"format: {format!r} is not written; expected {' or '.join(OUTPUT_FORMATS)}")
    if confidences and format not in CONFIDENCE_FORMATS:
        raise ConfigError(f"{format} cannot hold confidences; {', '.join(CONFIDENCE_FORMATS)} can")
    if columns > 1 and format not in COLUMN_FORMATS:
        raise ConfigError(
            f"{format} holds one tag a word, got {columns} columns; {', '.join(COLUMN_FORMATS)} hold several"
        )
    if labels > HOLDS[format].labels:
        able = ", ".join(name for name, holds in HOLDS.items() if holds.labels >= labels)
        raise ConfigError(f"{format} cannot hold {labels} labels of a sentence; {able} can")


def write_sentence(
    sentence: Sentence,
    tags: Mapping[str, Sequence[str]],
    *,
    format: str,
    confidences: Sequence[float] | None = None,
) -> str:
    """The text of a sentence with tags, line ends included.

    ``tags`` maps columns to tags, one a word; a column the format does not know goes to its default one. In the
    sentence's own format only these columns change, and plain text becomes ``word_tag`` with its spaces and line
    ends kept; in another format the sentence is written afresh, without comments. ``confidences`` (0 to 1, one a
    word) belong to the first column.

    Raises DataError: a word or a tag that the format cannot hold. Raises ConfigError: see ``check_output``.
    """
    check_output(format, confidences=confidences is not None, columns=len(tags))
    module = _OUTPUTS[format]
    in_place = sentence.format == format or (sentence.format, format) == ("text", "word_tag")
    if in_place and sentence.line == 1 and sentence.lines[0].startswith(BOM):
        bare = replace(sentence, lines=(sentence.lines[0][1:], *sentence.lines[1:]))
        return BOM + module.write(bare, tags, confidences)
    return module.write(sentence, tags, confidences)


class _TextWriter:
    """A file of a text format: its header, if it has one, and the sentences."""

    def __init__(self, format: str, columns: Sequence[str], labels: Sequence[str]) -> None:
        self._format = format
        self._header = _HEADERS[format].header(columns, labels) if format in _HEADERS else ""

    def add(
        self, sentence: Sentence, tags: Mapping[str, Sequence[str]], confidences: Sequence[float] | None = None
    ) -> str:
        """The text of one more sentence; before the first one the header, unless the sentence brings its own."""
        text = write_sentence(sentence, tags, format=self._format, confidences=confidences)
        if sentence.format != self._format:
            text = self._header + text
        self._header = ""
        return text

    def finish(self) -> str:
        """What is left: the header of a file without sentences."""
        return self._header


def open_writer(format: str, columns: Sequence[str] = (), labels: Sequence[str] = ()) -> Writer:
    """A writer of a whole file. ``columns`` and ``labels``: the names of all that the sentences will have.

    Raises ConfigError: no such format, or one that cannot hold as many.
    """
    check_output(format, columns=len(columns), labels=len(labels))
    if format in _BINARY:
        return _BINARY[format].writer(columns, labels)
    return _TextWriter(format, columns, labels)
