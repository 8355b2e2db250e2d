"""A sentence: words, their label columns, its own labels, and the very lines it was read from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from elman.errors import DataError

LABEL_SEPARATOR = "|"
"""What joins several labels of one name, in every format that can hold several (fastText, lists of JSON): ``a|b``."""

NO_TAG = "_"
"""What stands in the place of a tag in many formats, where there is none."""

CONFIDENCE = "confidence"
"""The label under which the probability of another label is written."""

BYTES_PER_WORD = 64
"""Bytes that a word takes, about."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence.

    ``words``    the words as they stand in the text, never changed; may be empty (a blank line, a trailing comment)
    ``columns``  label columns by name, each as long as ``words``
    ``path``     the file it came from, as the user named it; "" when made in Python
    ``line``     the number of its first line there, from 1; 0 when made in Python
    ``lines``    the raw lines as read, terminators, comments and blank lines included; joined over a file's
                 sentences they are the file again
    ``rows``     for each word the index in ``lines`` of the line it stands on
    ``format``   the name of the format ``lines`` are in; "" when made in Python
    ``labels``   labels of the sentence as a whole by name, the class of a text or the intent of a request: ``label``
                 where the file has no name for it; several of one name are joined with ``|``
    """

    words: tuple[str, ...]
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    path: str = ""
    line: int = 0
    lines: tuple[str, ...] = ()
    rows: tuple[int, ...] = ()
    format: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.words)

    @property
    def weight(self) -> int:
        """How much of the memory it takes, in words."""
        return len(self.words) + 1


@dataclass(frozen=True, slots=True)
class RecordSentence(Sentence):
    """A sentence that is a row of a table, with all that stands there.

    ``record``  the row's values by column; of one that is written afresh (no ``format``) those that are not its own
    ``batch``   the rows it was read with, an Arrow RecordBatch, in which it is number ``at``
    """

    record: Mapping[str, Any] = field(default_factory=dict, compare=False)
    batch: Any = field(default=None, compare=False)
    at: int = field(default=0, compare=False)

    @property
    def weight(self) -> int:
        own = self.batch.nbytes // (BYTES_PER_WORD * len(self.batch)) if self.batch is not None else 0
        return len(self.words) + 1 + own


def line_of(sentence: Sentence, word: int) -> int | None:
    """The line number of a word, from 1; None for a sentence made in Python."""
    if not sentence.line:
        return None
    return sentence.line + (sentence.rows[word] if sentence.rows else 0)


def error_at(sentence: Sentence, word: int, message: str) -> DataError:
    """The error of one word of a sentence, with its path and line."""
    return DataError(message, path=sentence.path or None, line=line_of(sentence, word))
