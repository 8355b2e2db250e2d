"""The Sentence: words, their label columns, document labels, and the raw lines it was read from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from elman.errors import DataError
from elman.utils.arguments import described
from elman.utils.display import shown
from elman.utils.summary import LONGEST, Row, Summary, counted

LABEL_SEPARATOR = "|"
"""Joins several document labels of one name, in every format that can hold them (fastText, lists in JSON): ``a|b``."""

NO_TAG = "_"
"""Placeholder for a missing tag in many formats."""

CONFIDENCE = "confidence"
"""Name of the document label that holds the probability of another label."""

BYTES_PER_WORD = 64
"""Approximate memory of a word in bytes."""


@dataclass(frozen=True, slots=True, repr=False)
class Sentence(Summary):
    """One sentence.

    ``words``    the words as in the text, never changed; may be empty (a blank line, a trailing comment)
    ``columns``  label columns by name, each as long as ``words``
    ``path``     the file it came from, as the user named it; "" when made in Python
    ``line``     the number of its first line in the file, from 1; 0 when made in Python
    ``lines``    the raw lines as read, with line ends, comments and blank lines; concatenated over all sentences of a
                 file they are the file
    ``rows``     for each word the index in ``lines`` of its line
    ``format``   the name of the format of ``lines``; "" when made in Python
    ``labels``   document labels by name, for example the class of a text or the intent of a request: ``label`` if the
                 file has no name for it; several labels of one name are joined with ``|``
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
        """Memory use in words."""
        return len(self.words) + 1

    def _summary(self) -> str:
        parts = [counted(len(self.words), "word"), shown(" ".join(self.words[:LONGEST]), LONGEST)]
        if self.columns:
            parts.append(f"columns {', '.join(self.columns)}")
        parts += [f"{name} {shown(label)}" for name, label in self.labels.items()]
        if self.path:
            parts.append(f"{self.path}:{self.line}")
        return ", ".join(parts)

    def _table(self) -> Iterator[Row]:
        yield "word", *self.columns
        for i, word in enumerate(self.words):
            yield word, *(tags[i] if i < len(tags) else "" for tags in self.columns.values())


@dataclass(frozen=True, slots=True, repr=False)
class RecordSentence(Sentence):
    """A sentence read from a JSON object or a table row, with all values of that record.

    ``record``  the record's values by key; for a sentence written from scratch (no ``format``), its extra fields
    ``batch``   the Arrow RecordBatch that the row is part of, or None
    ``at``      the index of the row in ``batch``
    """

    record: Mapping[str, Any] = field(default_factory=dict, compare=False)
    batch: Any = field(default=None, compare=False)
    at: int = field(default=0, compare=False)

    @property
    def weight(self) -> int:
        row_words = self.batch.nbytes // (BYTES_PER_WORD * len(self.batch)) if self.batch is not None else 0
        return len(self.words) + 1 + row_words


def check_words(words: Sequence[str]) -> None:
    """Raise DataError if these are not all texts, or one holds half a surrogate pair."""
    try:
        text = "".join(words)
    except TypeError:
        found = next(word for word in words if not isinstance(word, str))
        several = " in it; predict() and pipe() take several sentences" if isinstance(found, list | tuple) else ""
        raise DataError(f"expected a list of words, got one with {described(found)}{several}") from None
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            found = next(word for word in words if not _is_unicode(word))
            raise DataError(f"a word is not valid Unicode (half a surrogate pair): {shown(found)}") from None


def _is_unicode(word: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in word)


def line_of(sentence: Sentence, word: int) -> int | None:
    """Return the line number of a word, from 1; None for a sentence made in Python."""
    if not sentence.line:
        return None
    return sentence.line + (sentence.rows[word] if sentence.rows else 0)


def error_at(sentence: Sentence, word: int, message: str) -> DataError:
    """Return the DataError for one word of a sentence, with path and line."""
    return DataError(message, path=sentence.path or None, line=line_of(sentence, word))


def check_tag_list(tags: Sequence[str]) -> None:
    """Raise DataError unless tags are a list of strings: the letters of a string would be counted as tags."""
    if isinstance(tags, str | bytes) or (len(tags) and not isinstance(tags[0], str)):
        expected = "expected a list of sentences, each a list of tags that are texts"
        raise DataError(f"{expected}, found {shown(tags)} in place of the tags of a sentence")
