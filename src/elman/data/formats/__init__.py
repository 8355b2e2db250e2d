"""Text files to Sentences and back: one file a format, a sniffer, and the registry below.

    read_sentences(path)  ->  Reading, lazily over Sentences  ->  write_sentence(sentence, tags, format=…)  ->  text

The ``lines`` of all sentences of a file, joined, are the file's text; written in its own format a sentence differs
from what was read in the tagged column alone.

How a format is added: a file here with the functions below, and a line in ``INPUTS`` and/or ``OUTPUTS`` of
``registry``.

    HOLDS: Holds                            what it can hold (``shared.Holds``); of formats that are written
    read(lines, head, path)                 -> Sentences as they come: ``columns`` by name, ``labels`` of the whole
                                            sentence by name, ``format`` its name; DataError with path and line
    target(name, head, path, labelled)      -> the key in ``Sentence.columns`` of what the user calls ``name`` (None:
                                            the format's default); ConfigError where there is none
    write(sentence, tags, confidences)      -> the text of one sentence with ``tags`` (column -> one tag a word) and
                                            ``sentence.labels``; DataError for what cannot be held, with its line
    configured(options)                     -> optional, in ``OPTIONS``: the same object for ``NAME:key=value,…``

``lines`` are all lines with their ends, ``head`` the first of them. To write other labels than were read, write
``dataclasses.replace(sentence, labels=…)``: where ``sentence.format`` is the format's own, the lines are changed in
place. Where a file is more than its sentences joined (a header of names), there is instead of ``write``, in
``WRITERS``,

    writer(columns, labels)                 -> an object with ``add(sentence, tags, confidences)`` and ``finish()``,
                                            which return text (``Writer``)

A format of bytes (Parquet) stands in ``BINARY`` and ``MAGIC``: ``HOLDS``, ``target``, ``writer`` as above (bytes in
place of text), and

    open_binary(path)                       -> (head, Sentences as they come); ``head`` is what ``target`` needs

Whole files are written by ``open_writer``, which serves both kinds and keeps memory flat.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import cast

from elman.data.formats import registry
from elman.data.formats.holds import Holds
from elman.data.formats.reader import Reading, read_sentences
from elman.data.formats.registry import HOLDS, INPUT_FORMATS, OUTPUT_FORMATS, Writer
from elman.data.formats.sniff import ModelHints, sniff
from elman.data.formats.text_io import BOM
from elman.data.sentence import Sentence
from elman.errors import ConfigError
from elman.utils.display import shown

__all__ = [
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
    "sniff",
    "placeholder_tag",
    "write_sentence",
]


def confidence_formats() -> tuple[str, ...]:
    """Output formats that can hold a confidence for each word."""
    return tuple(name for name, holds in HOLDS.items() if holds.confidences)


def column_formats() -> tuple[str, ...]:
    """Output formats that can hold several tags for each word."""
    return tuple(name for name, holds in HOLDS.items() if holds.columns > 1)


def column_names(target: str | Sequence[str] | None) -> tuple[str, ...] | None:
    """Names of columns as a user writes them: ``"upos,xpos"``, or a list of names; None stays None.

    Raises ConfigError for a name that is empty.
    """
    if target is None:
        return None
    names = tuple(name.strip() for name in target.split(",")) if isinstance(target, str) else tuple(target)
    if not all(names) or not names:
        raise ConfigError(f"target: expected names of columns, with commas between them, got {shown(target)}")
    return names


def default_output(format: str) -> str:
    """The format that tagged text is written in by default: its own, where that holds tags of words.

    Else ``word_tag`` for plain text, and ``columns`` for texts with labels, which stay.
    """
    if format in HOLDS and HOLDS[format].columns:
        return format
    return "word_tag" if format == "text" else "columns"


def check_input(format: str) -> None:
    """Raise ConfigError for a format that is not read, or that does not have the options behind its name."""
    registry.with_options(format)


def placeholder_tag(format: str) -> str:
    """What stands in the place of a tag for a word without one: ``_``, which ``word_tag`` cannot hold; there ``?``."""
    return "?" if format == "word_tag" else "_"


def check_output(format: str, *, confidences: bool = False, columns: int = 1, labels: int = 0) -> None:
    """Raise ConfigError for a format that is not written, or cannot hold confidences, so many columns or labels."""
    if format not in HOLDS:
        raise ConfigError(f"format: {shown(format)} is not written; {registry.hint(format, OUTPUT_FORMATS)}")
    if confidences and format not in confidence_formats():
        raise ConfigError(f"{format} cannot hold confidences; {', '.join(confidence_formats())} can")
    if columns > HOLDS[format].columns:
        many = "one tag a word" if HOLDS[format].columns else "no tags of words"
        count = f"{columns} columns" if columns > 1 else "1 column"
        able = [name for name, holds in HOLDS.items() if holds.columns >= columns]
        hold = "hold several" if columns > 1 else "hold them"
        raise ConfigError(f"{format} holds {many}, got {count}; {', '.join(able)} {hold}")
    if labels > HOLDS[format].labels:
        many = "one label" if HOLDS[format].labels else "no labels"
        able = [name for name, holds in HOLDS.items() if holds.labels >= labels]
        raise ConfigError(f"{format} holds {many} of a sentence, got {labels}; {', '.join(able)} can")


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
    if format in registry.WRITERS:
        text = open_writer(format, tuple(tags), tuple(sentence.labels)).add(sentence, tags, confidences)
        if isinstance(text, bytes):
            raise ConfigError(f"{format} is no text; open_writer writes whole files of it")
        return text
    module = registry.OUTPUTS.get(format) or cast(registry.Output, registry.output(format))
    in_place = sentence.format == format or (sentence.format == "text" and format.startswith("word_tag"))
    if in_place and sentence.line == 1 and sentence.lines[0].startswith(BOM):
        bare = replace(sentence, lines=(sentence.lines[0][1:], *sentence.lines[1:]))
        return BOM + module.write(bare, tags, confidences)
    return module.write(sentence, tags, confidences)


class _TextWriter:
    """A writer of a format whose files are nothing but their sentences."""

    def __init__(self, format: str) -> None:
        self._format = format

    def add(
        self, sentence: Sentence, tags: Mapping[str, Sequence[str]], confidences: Sequence[float] | None = None
    ) -> str:
        return write_sentence(sentence, tags, format=self._format, confidences=confidences)

    def finish(self) -> str:
        return ""


def open_writer(format: str, columns: Sequence[str] = (), labels: Sequence[str] = ()) -> Writer:
    """A writer of a whole file. ``columns`` and ``labels``: the names of all that the sentences will have.

    Raises ConfigError: no such format, or one that cannot hold as many.
    """
    check_output(format, columns=len(columns), labels=len(labels))
    if format in registry.WRITERS:
        return registry.WRITERS[format].writer(columns, labels)
    return _TextWriter(format)
