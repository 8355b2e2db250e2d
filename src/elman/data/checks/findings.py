"""Findings of the checks: each has a location and a severity; they come in groups, one or more per check."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from elman.data.sentence import Sentence, line_of
from elman.utils.display import distinct

SEVERITIES = ("error", "warning", "note")
"""From most to least severe: makes scores or tags wrong, probably wrong, good to know."""

CHECKS = {
    "encoding": "mixed encodings",
    "leak": "sentences in more than one split",
    "scheme": "illegal sequences of span tags",
    "tree": "heads that form no tree",
    "contradiction": "the same sentence with other tags",
    "shape": "columns and sentences that look like another format",
    "missing": "tags that train lacks",
    "outlier": "words whose tag differs from almost all others in a similar context",
    "characters": "invisible and odd characters",
    "normal-form": "mixed Unicode normal forms",
    "once": "tags seen once",
    "repeat": "repeated sentences",
    "non-projective": "trees with crossing arcs",
    "long-sentence": "the longest sentences",
    "long-word": "the longest words",
}
"""Every check with a description of its findings, the most important first."""


LABEL_PREFIX = "label:"
"""Prefix of the names of document labels among the columns of tags."""


class Location(NamedTuple):
    """A line of a file; ``line`` is None for sentences made in Python."""

    file: str
    line: int | None

    def __str__(self) -> str:
        return self.file if self.line is None else f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem at one location; ``others`` are further locations of it, ``details`` its parts for programs."""

    severity: str
    place: Location
    message: str
    others: tuple[Location, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FindingGroup:
    """The findings of one check about one thing, summarized in ``title``; never empty."""

    check: str
    title: str
    findings: Sequence[Finding]

    @property
    def severity(self) -> str:
        """The severity of the most severe finding."""
        return min((finding.severity for finding in self.findings), key=SEVERITIES.index)


@dataclass(frozen=True, slots=True)
class DataSplit:
    """Labelled sentences that belong together.

    ``role``       ``train``, ``dev`` or ``test``, or "" if unknown
    ``sentences``  with words; a document label is a column of one tag, named ``LABEL_PREFIX`` and its name
    """

    name: str
    role: str
    files: tuple[str, ...]
    sentences: Sequence[Sentence]


class Occurrence(NamedTuple):
    """A word of a sentence, given by its index."""

    sentence: Sentence
    word: int

    @property
    def place(self) -> Location:
        """The location of the word."""
        return Location(self.sentence.path, line_of(self.sentence, self.word))


def first_location(sentence: Sentence) -> Location:
    """Return the location of the first word of a sentence."""
    return Occurrence(sentence, 0).place


def occurrences(splits: Sequence[DataSplit], words: set[str]) -> list[Occurrence]:
    """Return all occurrences of some words, in order."""
    return [
        Occurrence(sentence, i)
        for split in splits
        for sentence in split.sentences
        if not words.isdisjoint(sentence.words)
        for i, word in enumerate(sentence.words)
        if word in words
    ]


def column_title(column: str) -> str:
    """Return ``column upos`` or ``label intent``; a label that is just called ``label`` is ``label``."""
    if not column.startswith(LABEL_PREFIX):
        return f"column {column}"
    return "label" if column == LABEL_PREFIX + "label" else f"label {column.removeprefix(LABEL_PREFIX)}"


def label_kind(column: str) -> str:
    """Return what a column holds: ``tag``, or ``label`` for a document label."""
    return "label" if column.startswith(LABEL_PREFIX) else "tag"


def excerpt(sentence: Sentence, length: int = 60) -> str:
    """Return the beginning of a sentence in quotes."""
    return quoted(" ".join(sentence.words[:length]), length)


def quoted(text: str, length: int = 40) -> str:
    """Return text in quotes on one line, shortened if long; invisible characters are written like ``\\u200b``."""
    return f"“{distinct(text if len(text) <= length else text[: length - 1] + '…')}”"


def count_severities(groups: Sequence[FindingGroup]) -> dict[str, int]:
    """Return the number of findings of each severity."""
    counts = Counter(finding.severity for group in groups for finding in group.findings)
    return {severity: counts[severity] for severity in SEVERITIES}
