"""Run all checks on all splits and report the result for people and programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from elman.data import schemes
from elman.data.checks import characters, lengths, repeats, tags, trees, variation
from elman.data.checks.findings import (
    CHECKS,
    LABEL_PREFIX,
    SEVERITIES,
    DataSplit,
    Finding,
    FindingGroup,
    count_severities,
)
from elman.utils.json_values import JsonRecord, as_json
from elman.utils.summary import Row, Summary, counted

SCHEMA = 1
"""Version of ``CheckReport.to_json``; incremented when a key changes its meaning or is removed."""

LEMMA = "lemma"
_OPEN = (LEMMA, trees.HEAD)
"""Columns of values that are no tags: among others they are not counted, and may be new."""
_MAX_LABELS = 20
"""Columns of document labels with more distinct values, and more than half the number of sentences, are identifiers."""


@dataclass(frozen=True, slots=True)
class SplitStatistics(JsonRecord):
    """Sizes of a split; words are case-sensitive."""

    files: tuple[str, ...]
    sentences: int
    words: int
    distinct_words: int
    longest_sentence: int
    """In words."""
    unknown_words: int | None
    """Words that do not occur in the first split; None for the first split."""
    repeats: int
    """Sentences that repeat an earlier one of the split."""

    JSON = "files sentences words distinct_words longest_sentence unknown_words unknown_rate repeats"

    @property
    def unknown_rate(self) -> float | None:
        """Share of unknown words; None for the first split."""
        return None if self.unknown_words is None else self.unknown_words / self.words


@dataclass(frozen=True, slots=True)
class ColumnStatistics:
    """A label column: the number of words of each tag, and the scheme of span tags, both by split."""

    tags: Mapping[str, Mapping[str, int]]
    schemes: Mapping[str, schemes.SchemeDetection]


@dataclass(frozen=True, slots=True, repr=False)
class CheckReport(Summary):
    """The result of the checks; the first split is the reference for the others."""

    splits: Mapping[str, SplitStatistics]
    columns: Mapping[str, ColumnStatistics]
    groups: tuple[FindingGroup, ...]
    """The most severe first, then in the order of ``CHECKS``, then the longest first."""
    has_heads: bool = False
    """Whether trees were checked: there is a column of heads."""

    @property
    def counts(self) -> dict[str, int]:
        """The number of findings of each severity."""
        return count_severities(self.groups)

    @property
    def nothing_found(self) -> dict[str, str]:
        """The checks without findings, with a description of what they check."""
        others = {group.check for group in self.groups} | (set() if self.has_heads else set(trees.CHECKS))
        return {check: what for check, what in CHECKS.items() if check not in others}

    def to_json(self) -> dict[str, Any]:
        """Return the output of ``elman check --json``, described in docs/reference/check.md."""
        return {
            "schema": SCHEMA,
            "summary": self.counts,
            "splits": as_json(self.splits),
            "columns": as_json(self.columns),
            "checks": [
                {
                    "check": group.check,
                    "severity": group.severity,
                    "title": group.title,
                    "findings": len(group.findings),
                }
                for group in self.groups
            ],
            "nothing_found": list(self.nothing_found),
            "findings": [_finding_json(group.check, finding) for group in self.groups for finding in group.findings],
        }

    def _summary(self) -> str:
        found = ", ".join(counted(n, name) for name, n in self.counts.items())
        return f"{found} in {', '.join(f'{name} ({each.sentences:,} sentences)' for name, each in self.splits.items())}"

    def _table(self) -> Iterator[Row]:
        yield "severity", "findings", "what", "first"
        for group in self.groups:
            yield group.severity, len(group.findings), group.title, str(group.findings[0].place)


def examine(splits: Sequence[DataSplit]) -> CheckReport:
    """Run all checks (``findings.CHECKS``) on labelled sentences.

    ``splits`` is not empty, and all its sentences have words; the first split is the reference for the others. All
    sentences have the same label columns; a document label counts if all sentences have it.
    """
    columns = _columns(splits)
    word_columns = [column for column in columns if not column.startswith(LABEL_PREFIX)]
    closed = [column for column in columns if column not in _OPEN or len(word_columns) == 1]
    sentence_index = repeats.index_sentences(splits)
    vocabularies = {
        split.name: Counter(chain.from_iterable(sentence.words for sentence in split.sentences)) for split in splits
    }
    words = list(dict.fromkeys(chain.from_iterable(vocabularies.values())))
    unusual = characters.unusual_words(words)
    counts = {column: tags.distribution(splits, column) for column in closed}
    detectors = {column: tags.detect_schemes(splits, column, counts[column]) for column in closed}
    groups = [
        *characters.encodings(splits, unusual),
        *characters.odd_characters(splits, unusual, columns),
        *characters.normal_forms(splits, unusual),
        *repeats.leaks(splits, sentence_index),
        *repeats.contradictions(sentence_index, columns),
        *repeats.repeats(splits, sentence_index),
        *tags.odd_columns(splits, [column for column in word_columns if column in closed]),
        *lengths.longest(splits, words),
        *chain.from_iterable(_check_column(splits, name, counts[name], detectors[name]) for name in closed),
        *(variation.outliers(splits, LEMMA) if LEMMA in columns and LEMMA not in closed else ()),
        *(trees.trees(splits) if trees.HEAD in columns else ()),
    ]
    order = {check: i for i, check in enumerate(CHECKS)}
    groups.sort(key=lambda group: (SEVERITIES.index(group.severity), order[group.check], -len(group.findings)))
    return CheckReport(
        splits=_split_statistics(splits, vocabularies, sentence_index),
        columns={
            name: ColumnStatistics(
                counts[name], {split: detector.found() for split, detector in detectors[name].items()}
            )
            for name in closed
        },
        groups=tuple(groups),
        has_heads=trees.HEAD in columns,
    )


def _check_column(
    splits: Sequence[DataSplit], column: str, counts: tags.TagCounts, detectors: Mapping[str, schemes.SchemeDetector]
) -> Iterator[FindingGroup]:
    yield from tags.missing_tags(splits, column, counts)
    yield from tags.seen_once(splits, column, counts)
    if not column.startswith(LABEL_PREFIX):
        yield from tags.scheme_violations(splits, column, detectors)
        yield from variation.outliers(splits, column)


def _columns(splits: Sequence[DataSplit]) -> tuple[str, ...]:
    """Return the label columns without document labels that some sentences lack or that are identifiers."""
    sentences = [sentence for split in splits for sentence in split.sentences]
    names = []
    for name in sentences[0].columns:
        if name.startswith(LABEL_PREFIX):
            values = {sentence.columns[name] for sentence in sentences if name in sentence.columns}
            if len(values) > max(_MAX_LABELS, len(sentences) / 2) or any(name not in s.columns for s in sentences):
                continue
        names.append(name)
    return tuple(names)


def _split_statistics(
    splits: Sequence[DataSplit], vocabularies: Mapping[str, Counter[str]], sentence_index: repeats.SentenceIndex
) -> dict[str, SplitStatistics]:
    statistics = {}
    known: Counter[str] | None = None
    for split in splits:
        words = vocabularies[split.name]
        distinct = sum(split.name in by_split for by_split in sentence_index.values())
        statistics[split.name] = SplitStatistics(
            files=split.files,
            sentences=len(split.sentences),
            words=words.total(),
            distinct_words=len(words),
            longest_sentence=max(len(sentence.words) for sentence in split.sentences),
            unknown_words=None if known is None else sum(n for word, n in words.items() if word not in known),
            repeats=len(split.sentences) - distinct,
        )
        known = words if known is None else known
    return statistics


def _finding_json(check: str, finding: Finding) -> dict[str, Any]:
    return {
        "check": check,
        "severity": finding.severity,
        **finding.place._asdict(),
        "message": finding.message,
        "others": [location._asdict() for location in finding.others],
        "details": dict(finding.details),
    }
