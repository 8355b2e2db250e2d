"""What the doctor says: findings with a place and a severity, in groups, one a check."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from elman.data.sentence import Sentence, line_of
from elman.utils.display import distinct

SEVERITIES = ("error", "warning", "note")
"""The gravest first: what makes figures or tags wrong, what probably is wrong, what is good to know."""

CHECKS = {
    "encoding": "mixed encodings",
    "leak": "sentences in more than one split",
    "scheme": "illegal sequences of span tags",
    "contradiction": "the same sentence with other tags",
    "shape": "columns and sentences that look like another format",
    "missing": "tags that train lacks",
    "outlier": "words whose tag differs from almost all others in a like context",
    "characters": "invisible and odd characters",
    "normal-form": "mixed Unicode normal forms",
    "once": "tags seen once",
    "repeat": "repeated sentences",
    "long-sentence": "the longest sentences",
    "long-word": "the longest words",
}
"""Every check, the most important first."""


LABEL_PREFIX = "label:"
"""What the name of a label of whole sentences begins with, among the columns of tags."""


class Location(NamedTuple):
    """A line of a file; ``line`` is None for sentences made in Python."""

    file: str
    line: int | None

    def __str__(self) -> str:
        return self.file if self.line is None else f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing at one place; ``others`` are further places it is about, ``details`` its parts for programs."""

    severity: str
    place: Location
    message: str
    others: tuple[Location, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FindingGroup:
    """The findings of one check about one thing, with all of it in one line, ``title``; never empty."""

    check: str
    title: str
    findings: Sequence[Finding]

    @property
    def severity(self) -> str:
        """That of the gravest finding."""
        return min((finding.severity for finding in self.findings), key=SEVERITIES.index)


@dataclass(frozen=True, slots=True)
class DataSplit:
    """Labelled sentences that belong together.

    ``role``       ``train``, ``dev`` or ``test``, or "" where nobody said
    ``sentences``  with words; a label of the whole sentence is a column of one tag, ``LABEL_PREFIX`` before its name
    """

    name: str
    role: str
    files: tuple[str, ...]
    sentences: Sequence[Sentence]


class Occurrence(NamedTuple):
    """A word of a sentence, from 0."""

    sentence: Sentence
    word: int

    @property
    def place(self) -> Location:
        """Its line."""
        return Location(self.sentence.path, line_of(self.sentence, self.word))


def first_location(sentence: Sentence) -> Location:
    """The line of a sentence's first word."""
    return Occurrence(sentence, 0).place


def occurrences(splits: Sequence[DataSplit], words: set[str]) -> list[Occurrence]:
    """Wherever these words stand, in order."""
    return [
        Occurrence(sentence, i)
        for split in splits
        for sentence in split.sentences
        if not words.isdisjoint(sentence.words)
        for i, word in enumerate(sentence.words)
        if word in words
    ]


def column_title(column: str) -> str:
    """``column upos``, or ``label intent``; what is called no more than ``label`` is that."""
    if not column.startswith(LABEL_PREFIX):
        return f"column {column}"
    return "label" if column == LABEL_PREFIX + "label" else f"label {column.removeprefix(LABEL_PREFIX)}"


def label_kind(column: str) -> str:
    """What stands in a column: ``tag``, or ``label`` (of the whole sentence)."""
    return "label" if column.startswith(LABEL_PREFIX) else "tag"


def counted(number: int, one: str, many: str = "") -> str:
    """``1 word``, ``2 words``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def excerpt(sentence: Sentence, length: int = 60) -> str:
    """The beginning of a sentence, quoted."""
    return quoted(" ".join(sentence.words[:length]), length)


def quoted(text: str, length: int = 40) -> str:
    """Text in quotes on one line, not too long; what cannot be seen is written as ``\\u200b``."""
    return f"“{distinct(text if len(text) <= length else text[: length - 1] + '…')}”"


def count_severities(groups: Sequence[FindingGroup]) -> dict[str, int]:
    """How many findings there are of each severity."""
    counts = Counter(finding.severity for group in groups for finding in group.findings)
    return {severity: counts[severity] for severity in SEVERITIES}
