"""Read and write labelled text: one module per format, format detection, and the registry of formats.

    read_sentences(path)  ->  Reading, lazily over Sentences  ->  write_sentence(sentence, tags, format=…)  ->  text

The concatenated ``lines`` of all sentences of a file are the text of the file. Written in its own format, a sentence
differs from its source only in the tagged column.

To add a format, add a module here with the functions below, and a row in ``INPUTS`` and/or ``OUTPUTS`` of ``registry``.

    HOLDS: Holds                            what the format can hold (``holds.Holds``); for formats that are written
    read(lines, head, path)                 -> lazily, Sentences: ``columns`` by name, document ``labels`` by name,
                                            ``format`` its name; DataError with path and line
    target(name, head, path, labelled)      -> the key in ``Sentence.columns`` of the column that the user calls
                                            ``name`` (None: the default column); ConfigError if there is none
    write(sentence, tags, confidences)      -> the text of one sentence with ``tags`` (column -> one tag per word) and
                                            ``sentence.labels``; DataError with line for what it cannot hold
    configured(options)                     -> optional, in ``OPTIONS``: the same object for ``NAME:key=value,…``

``lines`` are all lines with their line ends, ``head`` the first of them. To write other labels than were read, write
``dataclasses.replace(sentence, labels=…)``: if ``sentence.format`` is the same format, the lines are edited in place.
If a file is more than its sentences (for example a header of names), there is instead of ``write``, in ``WRITERS``,

    writer(columns, labels)                 -> an object with ``add(sentence, tags, confidences)`` and ``finish()``,
                                            which return text (``Writer``)

A format of bytes (Parquet) is listed in ``BINARY`` and ``MAGIC``: ``HOLDS``, ``target``, ``writer`` as above (with
bytes instead of text), and

    open_binary(path)                       -> (head, lazily the Sentences); ``head`` is what ``target`` needs

``open_writer`` writes whole files of both kinds in constant memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol, cast

from elman.data.formats import registry
from elman.data.formats.holds import Confidences, Holds
from elman.data.formats.reader import Reading, read_sentences
from elman.data.formats.registry import HOLDS, INPUT_FORMATS, OUTPUT_FORMATS, Writer
from elman.data.formats.sniff import ModelHints, sniff
from elman.data.formats.text_io import BOM
from elman.data.sentence import Sentence
from elman.errors import ConfigError
from elman.utils.arguments import described
from elman.utils.display import shown

if TYPE_CHECKING:
    from elman.data.formats.arrow import TableReading

__all__ = [
    "ArrowStream",
    "HOLDS",
    "Holds",
    "INPUT_FORMATS",
    "ModelHints",
    "OUTPUT_FORMATS",
    "Reading",
    "Writer",
    "check_input",
    "check_output",
    "column_formats",
    "column_names",
    "confidence_formats",
    "default_output",
    "open_writer",
    "read_sentences",
    "read_table",
    "sniff",
    "placeholder_tag",
    "write_sentence",
]


class ArrowStream(Protocol):
    """A table with the Arrow PyCapsule interface: of pandas, Polars, PyArrow, DuckDB."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Return a capsule of its rows."""
        ...


def read_table(
    table: Any,
    text_column: str | None = None,
    *,
    labelled: bool = True,
    inputs: Sequence[str] = (),
    null: str | None = None,
) -> TableReading:
    """Return the sentences of a table in memory, see ``elman.data.formats.arrow``."""
    from elman.data.formats import arrow

    return arrow.read_table(table, text_column, labelled=labelled, inputs=inputs, null=null)


def confidence_formats() -> tuple[str, ...]:
    """Return the output formats that can hold a confidence for each word."""
    return tuple(name for name, holds in HOLDS.items() if holds.confidences)


def column_formats() -> tuple[str, ...]:
    """Return the output formats that can hold several tags for each word."""
    return tuple(name for name, holds in HOLDS.items() if holds.columns > 1)


def column_names(target: str | Sequence[str] | None, argument: str = "target") -> tuple[str, ...] | None:
    """Return column names from user input: ``"upos,xpos"`` or a list of names; None stays None.

    Raises ConfigError, which names the ``argument``, for an empty name.
    """
    if target is None:
        return None
    if isinstance(target, bytes | Mapping) or not isinstance(target, Iterable):
        raise ConfigError(f"{argument}: expected names of columns, got {described(target)}")
    names = tuple(name.strip() for name in target.split(",")) if isinstance(target, str) else tuple(target)
    for name in names:
        if not isinstance(name, str):
            raise ConfigError(f"{argument}: expected names of columns, got {described(name)} among them")
    if not all(names) or not names:
        raise ConfigError(f"{argument}: expected names of columns, with commas between them, got {shown(target)}")
    return names


def default_output(format: str) -> str:
    """Return the default format for tagged text: the input format if it holds word tags.

    Otherwise ``word_tag`` for plain text, and ``columns`` for texts with labels, which are kept.
    """
    if format in HOLDS and HOLDS[format].columns:
        return format
    return "word_tag" if format == "text" else "columns"


def check_input(format: str) -> None:
    """Raise ConfigError for a format that cannot be read or does not have the options after its name."""
    registry.with_options(format)


def placeholder_tag(format: str) -> str:
    """Return the placeholder for a missing tag: ``_``, or ``?`` in ``word_tag``, which cannot hold ``_``."""
    return "?" if format == "word_tag" else "_"


def check_output(format: str, *, confidences: bool = False, columns: int = 1, labels: int = 0) -> None:
    """Raise ConfigError for a format that cannot be written, or cannot hold confidences, the columns or the labels."""
    if format not in HOLDS:
        raise ConfigError(f"format: {shown(format)} is not written; {registry.hint(format, OUTPUT_FORMATS)}")
    if confidences and not HOLDS[format].confidences:
        raise ConfigError(f"{format} cannot hold confidences; {', '.join(confidence_formats())} can")
    if columns > HOLDS[format].columns:
        limit = "one tag a word" if HOLDS[format].columns else "no tags of words"
        count = f"{columns} columns" if columns > 1 else "1 column"
        alternatives = [name for name, holds in HOLDS.items() if holds.columns >= columns]
        hold = "hold several" if columns > 1 else "hold them"
        raise ConfigError(f"{format} holds {limit}, got {count}; {', '.join(alternatives)} {hold}")
    if labels > HOLDS[format].labels:
        limit = "one label" if HOLDS[format].labels else "no labels"
        alternatives = [name for name, holds in HOLDS.items() if holds.labels >= labels]
        raise ConfigError(f"{format} holds {limit} of a sentence, got {labels}; {', '.join(alternatives)} can")


def write_sentence(
    sentence: Sentence,
    tags: Mapping[str, Sequence[str]],
    *,
    format: str,
    confidences: Confidences | None = None,
) -> str:
    """Return the text of a sentence with tags, including line ends.

    ``tags`` maps columns to tags, one per word; a column that the format does not have goes to its default column. In
    the sentence's own format only these columns change, and plain text becomes ``word_tag`` with its spaces and line
    ends; in another format the sentence is written from scratch, without comments. ``confidences`` (0 to 1, one per
    word) belong to the first column, or are a mapping of columns to confidences.

    Raises DataError for a word or tag that the format cannot hold, and the ConfigErrors of ``check_output``.
    """
    check_output(format, confidences=confidences is not None, columns=len(tags))
    if format in registry.WRITERS:
        text = open_writer(format, tuple(tags), tuple(sentence.labels)).add(sentence, tags, confidences)
        if isinstance(text, bytes):
            raise ConfigError(f"{format} is no text; open_writer writes whole files of it")
        return text
    module = registry.OUTPUTS.get(format) or cast(registry.Output, registry.output(format))
    in_place = sentence.format == format or (sentence.format == "text" and format.startswith("word_tag"))
    if in_place and sentence.line == 1 and sentence.lines[0].startswith(BOM):
        without_bom = replace(sentence, lines=(sentence.lines[0][1:], *sentence.lines[1:]))
        return BOM + module.write(without_bom, tags, confidences)
    return module.write(sentence, tags, confidences)


class _TextWriter:
    """Writes a format whose files consist of their sentences only."""

    STATE = ()

    def __init__(self, format: str) -> None:
        self._format = format

    def add(self, sentence: Sentence, tags: Mapping[str, Sequence[str]], confidences: Confidences | None = None) -> str:
        return write_sentence(sentence, tags, format=self._format, confidences=confidences)

    def finish(self) -> str:
        return ""


def open_writer(format: str, columns: Sequence[str] = (), labels: Sequence[str] = ()) -> Writer:
    """Return a writer of a whole file. ``columns`` and ``labels`` are the names of everything that sentences will have.

    Raises ConfigError for an unknown format, or one that cannot hold that many.
    """
    check_output(format, columns=len(columns), labels=len(labels))
    if format in registry.WRITERS:
        return registry.WRITERS[format].writer(columns, labels)
    return _TextWriter(format)
