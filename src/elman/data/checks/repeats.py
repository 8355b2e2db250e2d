"""Sentences that stand more than once: in one split, in several, with the same tags or with others. Case counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from elman.data.checks.findings import (
    DataSplit,
    Finding,
    FindingGroup,
    Occurrence,
    column_title,
    counted,
    excerpt,
    first_location,
    label_kind,
    quoted,
)
from elman.data.sentence import Sentence

SentenceIndex = dict[tuple[str, ...], dict[str, list[Sentence]]]
"""words -> name of split -> the sentences there"""


def index_sentences(splits: Sequence[DataSplit]) -> SentenceIndex:
    """All sentences by their words; the reading the functions below share."""
    found: SentenceIndex = {}
    for split in splits:
        for sentence in split.sentences:
            found.setdefault(sentence.words, {}).setdefault(split.name, []).append(sentence)
    return found


def leaks(splits: Sequence[DataSplit], there: SentenceIndex) -> Iterator[FindingGroup]:
    """For each pair of splits the sentences of the later one that stand in the earlier one too.

    An error between train and another split, whose accuracy is too high by it; a warning between others.
    """
    for i, first in enumerate(splits):
        for second in splits[i + 1 :]:
            findings = []
            severity = "error" if first.role == "train" and second.role else "warning"
            for sentence in second.sentences:
                others = there[sentence.words].get(first.name)
                if others:
                    message = f"{excerpt(sentence)} stands in {first.name} too"
                    details = {"split": second.name, "other_split": first.name}
                    findings.append(
                        Finding(
                            severity, first_location(sentence), message, tuple(map(first_location, others)), details
                        )
                    )
            if findings:
                n, total = len(findings), len(second.sentences)
                verb = "stands" if n == 1 else "stand"
                title = (
                    f"{n:,} of {total:,} {second.name} sentences {verb} in {first.name} too ({100 * n / total:.1f} %)"
                )
                yield FindingGroup("leak", title, findings)


def repeats(splits: Sequence[DataSplit], there: SentenceIndex) -> Iterator[FindingGroup]:
    """For each split the sentences that repeat an earlier one of it, the most frequent first."""
    for split in splits:
        runs = [run for places in there.values() if len(run := places.get(split.name, ())) > 1]
        if runs:
            runs.sort(key=len, reverse=True)
            n, total = sum(map(len, runs)) - len(runs), len(split.sentences)
            title = f"{n:,} of {total:,} {split.name} sentences repeat{'s' * (n == 1)} an earlier one"
            yield FindingGroup("repeat", title, [_repeat(run, split.name) for run in runs])


def _repeat(run: Sequence[Sentence], split: str) -> Finding:
    first, *others = map(first_location, run)
    message = f"{excerpt(run[0])} stands {len(run):,} times in {split}"
    return Finding("note", first, message, tuple(others), {"split": split, "times": len(run)})


def contradictions(there: SentenceIndex, columns: Sequence[str]) -> Iterator[FindingGroup]:
    """For each label column the word sequences that stand with different tags, at the first word that differs."""
    several = [run for places in there.values() if len(run := [s for some in places.values() for s in some]) > 1]
    for column in columns:
        findings = [
            _contradiction(run, column)
            for run in several
            if any(s.columns[column] != run[0].columns[column] for s in run)
        ]
        if findings:
            n = len(findings)
            what = "another label" if label_kind(column) == "label" else "other tags"
            title = f"{counted(n, 'sentence')} {'stands' if n == 1 else 'stand'} with {what} elsewhere"
            yield FindingGroup("contradiction", f"{title} ({column_title(column)})", findings)


def _contradiction(run: Sequence[Sentence], column: str) -> Finding:
    """Of the variants the rarest is named, and the commonest beside it."""
    variants = Counter(sentence.columns[column] for sentence in run)
    common, rare = variants.most_common()[0][0], variants.most_common()[-1][0]
    word = next(i for i, (a, b) in enumerate(zip(common, rare, strict=True)) if a != b)
    here = Occurrence(next(s for s in run if s.columns[column] == rare), word)
    unlike = [s for s in run if s.columns[column] != rare]
    unlike.sort(key=lambda s: s.columns[column] != common)
    form = None if label_kind(column) == "label" else here.sentence.words[word]
    what = "the sentence" if form is None else quoted(form)
    message = f"{what} is {rare[word]} here, {common[word]} elsewhere: {excerpt(here.sentence, 50)}"
    details: Mapping[str, Any] = {
        "column": column,
        "word": form,
        "tag": rare[word],
        "other_tag": common[word],
        "variants": len(variants),
    }
    return Finding("warning", here.place, message, tuple(Occurrence(s, word).place for s in unlike), details)
