"""The examination: all checks over all splits, and what came out, for people and for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from elman.data import schemes
from elman.data.checks import characters, lengths as long, repeats, tags, variation
from elman.data.checks.findings import (
    CHECKS,
    LABEL_PREFIX,
    SEVERITIES,
    DataSplit,
    Finding,
    FindingGroup,
    Location,
    count_severities,
)

SCHEMA = 1
"""The version of ``Report.to_json``; it grows when a key changes its meaning or goes."""

_FEW = 20  # so many labels are labels, however few the sentences; more than half as many as sentences are names


@dataclass(frozen=True, slots=True)
class SplitStatistics:
    """What a split is made of; words count case-sensitively."""

    files: tuple[str, ...]
    sentences: int
    words: int
    distinct_words: int
    longest_sentence: int
    """In words."""
    unknown_words: int | None
    """Words that do not stand in the first split; None for the first one."""
    repeats: int
    """Sentences that repeat an earlier one of the split."""


@dataclass(frozen=True, slots=True)
class ColumnStatistics:
    """A label column: how many words have each tag, and the scheme in which tags mark spans, both by split."""

    tags: Mapping[str, Mapping[str, int]]
    schemes: Mapping[str, schemes.SchemeDetection]


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What the doctor found; the first split is what the others are held against."""

    splits: Mapping[str, SplitStatistics]
    columns: Mapping[str, ColumnStatistics]
    groups: tuple[FindingGroup, ...]
    """The gravest first, and of like severity in the order of ``CHECKS``, then the longest list first."""

    @property
    def counts(self) -> dict[str, int]:
        """How many findings there are of each severity."""
        return count_severities(self.groups)

    @property
    def nothing_found(self) -> dict[str, str]:
        """The checks that found nothing, with what they look for."""
        return {check: what for check, what in CHECKS.items() if check not in {group.check for group in self.groups}}

    def to_json(self) -> dict[str, Any]:
        """Plain values for ``json.dumps``, as ``elman check --json`` prints them; docs/check.md says what is what."""
        return {
            "schema": SCHEMA,
            "summary": self.counts,
            "splits": {name: _census_json(census) for name, census in self.splits.items()},
            "columns": {name: _column_json(column) for name, column in self.columns.items()},
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


def examine(splits: Sequence[DataSplit]) -> CheckReport:
    """Look at labelled sentences in every way there is (``findings.CHECKS``).

    ``splits`` has at least one, each with sentences that have words; the first is what the others are held against.
    All sentences have the same label columns; a label of whole sentences counts where all sentences have it.
    """
    columns = _columns(splits)
    of_words = [column for column in columns if not column.startswith(LABEL_PREFIX)]
    there = repeats.index_sentences(splits)
    vocabularies = {
        split.name: Counter(chain.from_iterable(sentence.words for sentence in split.sentences)) for split in splits
    }
    words = list(dict.fromkeys(chain.from_iterable(vocabularies.values())))
    forms = characters.unusual_words(words)
    counts = {column: tags.distribution(splits, column) for column in columns}
    detectors = {column: tags.detect_schemes(splits, column, counts[column]) for column in columns}
    groups = [
        *characters.encodings(splits, forms),
        *characters.odd_characters(splits, forms, columns),
        *characters.normal_forms(splits, forms),
        *repeats.leaks(splits, there),
        *repeats.contradictions(there, columns),
        *repeats.repeats(splits, there),
        *tags.odd_columns(splits, of_words),
        *long.longest(splits, words),
        *chain.from_iterable(_of_column(splits, name, counts[name], detectors[name]) for name in columns),
    ]
    order = {check: i for i, check in enumerate(CHECKS)}
    groups.sort(key=lambda group: (SEVERITIES.index(group.severity), order[group.check], -len(group.findings)))
    return CheckReport(
        splits=_censuses(splits, vocabularies, there),
        columns={
            name: ColumnStatistics(counts[name], {split: found.found() for split, found in detectors[name].items()})
            for name in columns
        },
        groups=tuple(groups),
    )


def _of_column(
    splits: Sequence[DataSplit], column: str, counts: tags.TagCounts, detectors: Mapping[str, schemes.SchemeDetector]
) -> Iterator[FindingGroup]:
    yield from tags.missing_tags(splits, column, counts)
    yield from tags.seen_once(splits, column, counts)
    if not column.startswith(LABEL_PREFIX):
        yield from tags.scheme_violations(splits, column, detectors)
        yield from variation.outliers(splits, column)


def _columns(splits: Sequence[DataSplit]) -> tuple[str, ...]:
    """The label columns, without labels that only some sentences have or that are as good as different for each."""
    sentences = [sentence for split in splits for sentence in split.sentences]
    found = []
    for name in sentences[0].columns:
        if name.startswith(LABEL_PREFIX):
            values = {sentence.columns[name] for sentence in sentences if name in sentence.columns}
            if len(values) > max(_FEW, len(sentences) / 2) or any(name not in s.columns for s in sentences):
                continue
        found.append(name)
    return tuple(found)


def _censuses(
    splits: Sequence[DataSplit], vocabularies: Mapping[str, Counter[str]], there: repeats.SentenceIndex
) -> dict[str, SplitStatistics]:
    found = {}
    known: Counter[str] | None = None
    for split in splits:
        words = vocabularies[split.name]
        distinct = sum(split.name in places for places in there.values())
        found[split.name] = SplitStatistics(
            files=split.files,
            sentences=len(split.sentences),
            words=words.total(),
            distinct_words=len(words),
            longest_sentence=max(len(sentence.words) for sentence in split.sentences),
            unknown_words=None if known is None else sum(n for word, n in words.items() if word not in known),
            repeats=len(split.sentences) - distinct,
        )
        known = words if known is None else known
    return found


def _census_json(census: SplitStatistics) -> dict[str, Any]:
    unknown = census.unknown_words
    return {
        "files": list(census.files),
        "sentences": census.sentences,
        "words": census.words,
        "distinct_words": census.distinct_words,
        "longest_sentence": census.longest_sentence,
        "unknown_words": unknown,
        "unknown_rate": None if unknown is None else unknown / census.words,
        "repeats": census.repeats,
    }


def _column_json(column: ColumnStatistics) -> dict[str, Any]:
    return {
        "tags": {split: dict(counts) for split, counts in column.tags.items()},
        "schemes": {
            split: {"scheme": found.scheme, "also": list(found.also), "breaks": found.breaks}
            for split, found in column.schemes.items()
        },
    }


def _finding_json(check: str, finding: Finding) -> dict[str, Any]:
    return {
        "check": check,
        "severity": finding.severity,
        **_place_json(finding.place),
        "message": finding.message,
        "others": [_place_json(place) for place in finding.others],
        "details": dict(finding.details),
    }


def _place_json(place: Location) -> dict[str, Any]:
    return {"file": place.file, "line": place.line}
