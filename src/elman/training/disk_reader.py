"""Read labelled text that is too large for memory: files of columns or word_tag, for training with ``chunk=n``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from typing import Any

from elman.data.corpus import Data, ReadOptions, as_items
from elman.data.formats import columns
from elman.data.formats.lines import LINE_END, is_blank
from elman.data.formats.registry import with_options
from elman.data.formats.sniff import sniff
from elman.data.formats.text_io import BOM, line_blocks, text_blocks
from elman.errors import ConfigError, DataError
from elman.training.disk_corpus import DiskCorpus, DiskSplit, TaggedTextWriter
from elman.utils.display import shown

LARGE = 32_000_000
"""Files of this many bytes or more are not held in memory."""


@dataclass(frozen=True)
class DiskText:
    """A corpus on disk, the key of its label column, its format and a note about it."""

    corpus: DiskCorpus
    target: str
    format: str
    note: str


def large(data: Data, how: ReadOptions) -> str | None:
    """Return the path of a file to read from disk; None: it fits into memory, or is in another format."""
    items = as_items(data)
    if not (isinstance(items, list) and len(items) == 1 and isinstance(items[0], str | os.PathLike)):
        return None
    path = os.fspath(items[0])
    if not os.path.isfile(path) or os.path.getsize(path) < LARGE:
        return None
    return path if format_of(path, how)[0] in ("columns", "word_tag") else None


def read(path: str, how: ReadOptions, most: int, percent: float = 0.0) -> DiskText:
    """Read a file into a corpus; the ``most`` most frequent words are known, 0: all. The last ``percent`` are held out.

    Raises DataError with the line for text that is not in the format, ConfigError if there is no such column.
    """
    format, head = format_of(path, how)
    recorder = TaggedTextWriter()
    names = how.targets
    if names is not None and len(names) > 1:
        raise ConfigError(f"target: a text that is read from disk has one column of tags, got {', '.join(names)}")
    name = names[0] if names else None
    if format == "columns":
        module: Any = with_options(how.format or format)[1]
        layout = module.layout(head, path) if how.format and ":" in how.format else columns.find_layout(head)
        target = module.target(name, head, path, True)
        for words, tags, ends in _columns(path, how.encoding, layout, int(target) - 1):
            recorder.add(words, tags)
            if ends:
                recorder.end()
    else:
        target = with_options(format)[1].target(name, head, path, True)
        for words, tags, ends in _pairs(path, how.encoding):
            recorder.add(words, tags)
            if ends:
                recorder.end()
    corpus = recorder.corpus(most, percent)
    return DiskText(corpus, target, format, f"{path} read as {format} from disk: {size_of(corpus)}")


def size_of(text: DiskSplit) -> str:
    n = len(text)
    return f"{'one sentence' if n == 1 else f'{n:,} sentences'}, {int(text.lengths.sum()):,} words"


def format_of(path: str, how: ReadOptions) -> tuple[str, list[str]]:
    """Return the format of a file, and its first lines, of which the last is complete."""
    first = next(text_blocks(path, how.encoding)).removeprefix(BOM)
    head = list(StringIO(first[: 1 << 16], newline="\n"))[:-1] or [first[: first[: 1 << 16].rfind(" ") + 1]]
    if how.format is not None:
        return with_options(how.format)[0], head
    return sniff(head, labelled=True, path=path)[0], head


_Pieces = Iterator[tuple[list[str], list[str], bool]]
"""Words, tags, and whether the sentence ends after them."""


def _columns(path: str, encoding: str, layout: columns.ColumnLayout, tag: int) -> _Pieces:
    number, word, width, inside = 0, layout.word, layout.width, False
    for lines in line_blocks(path, encoding):
        words: list[str] = []
        tags: list[str] = []
        for line in lines:
            number += 1
            line = line.removeprefix(BOM) if number == 1 else line
            if is_blank(line):
                yield words, tags, True
                words, tags, inside = [], [], False
                continue
            fields = layout.split(line.rstrip(LINE_END))
            if line[0] in "#-" and columns.is_aside(line) and layout.is_comment(line, fields, inside=inside):
                continue
            inside = True
            if len(fields) != width:
                raise DataError(f"expected {layout.cut}, found {len(fields)}", path=path, line=number)
            if not fields[word] or not fields[tag]:
                raise DataError("a word or a tag is empty", path=path, line=number)
            words.append(fields[word])
            tags.append(fields[tag])
        yield words, tags, False


def _pairs(path: str, encoding: str) -> _Pieces:
    line, rest = 1, ""
    for block in text_blocks(path, encoding):
        text = rest + block.removeprefix(BOM)
        cut = max(text.rfind(" "), text.rfind("\n")) + 1 if block else len(text)
        text, rest = text[:cut], text[cut:]
        for i, part in enumerate(text.split("\n")):
            if i:
                line += 1
                yield [], [], True
            words: list[str] = []
            tags: list[str] = []
            for token in part.rstrip("\r").split(" "):
                word, _, tag = token.rpartition("_")
                if token and not (word and tag):
                    raise DataError(f"expected word_TAG, found {shown(token)}", path=path, line=line)
                if token:
                    words.append(word)
                    tags.append(tag)
            if words:
                yield words, tags, False
