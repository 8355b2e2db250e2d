"""Sentences that occur more than once: within a split, across splits, with the same tags or others. Case matters."""

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
    excerpt,
    first_location,
    label_kind,
    quoted,
)
from elman.data.sentence import Sentence
from elman.utils.summary import counted

SentenceIndex = dict[tuple[str, ...], dict[str, list[Sentence]]]
"""words -> name of split -> sentences"""


def index_sentences(splits: Sequence[DataSplit]) -> SentenceIndex:
    """Index all sentences by their words."""
    sentence_index: SentenceIndex = {}
    for split in splits:
        for sentence in split.sentences:
            sentence_index.setdefault(sentence.words, {}).setdefault(split.name, []).append(sentence)
    return sentence_index


def leaks(splits: Sequence[DataSplit], sentence_index: SentenceIndex) -> Iterator[FindingGroup]:
    """For each pair of splits, the sentences of the later one that also occur in the earlier one.

    An error between train and another split, whose accuracy is too high because of it; a warning between others.
    """
    for i, first in enumerate(splits):
        for second in splits[i + 1 :]:
            findings = []
            severity = "error" if first.role == "train" and second.role else "warning"
            for sentence in second.sentences:
                copies = sentence_index[sentence.words].get(first.name)
                if copies:
                    message = f"{excerpt(sentence)} also occurs in {first.name}"
                    details = {"split": second.name, "other_split": first.name}
                    findings.append(
                        Finding(
                            severity, first_location(sentence), message, tuple(map(first_location, copies)), details
                        )
                    )
            if findings:
                n, total = len(findings), len(second.sentences)
                verb = "occurs" if n == 1 else "occur"
                title = (
                    f"{n:,} of {total:,} {second.name} sentences also {verb} in {first.name} ({100 * n / total:.1f} %)"
                )
                yield FindingGroup("leak", title, findings)


def repeats(splits: Sequence[DataSplit], sentence_index: SentenceIndex) -> Iterator[FindingGroup]:
    """For each split, the sentences that repeat an earlier one of it, the most frequent first."""
    for split in splits:
        groups = [copies for by_split in sentence_index.values() if len(copies := by_split.get(split.name, ())) > 1]
        if groups:
            groups.sort(key=len, reverse=True)
            n, total = sum(map(len, groups)) - len(groups), len(split.sentences)
            title = f"{n:,} of {total:,} {split.name} sentences repeat{'s' * (n == 1)} an earlier one"
            yield FindingGroup("repeat", title, [_repeat(copies, split.name) for copies in groups])


def _repeat(copies: Sequence[Sentence], split: str) -> Finding:
    original, *repeated = map(first_location, copies)
    message = f"{excerpt(copies[0])} occurs {len(copies):,} times in {split}"
    return Finding("note", original, message, tuple(repeated), {"split": split, "times": len(copies)})


def contradictions(sentence_index: SentenceIndex, columns: Sequence[str]) -> Iterator[FindingGroup]:
    """For each label column, the word sequences that occur with different tags, at the first word that differs."""
    groups = [
        copies
        for by_split in sentence_index.values()
        if len(copies := [s for sentences in by_split.values() for s in sentences]) > 1
    ]
    for column in columns:
        findings = [
            _contradiction(copies, column)
            for copies in groups
            if any(s.columns[column] != copies[0].columns[column] for s in copies)
        ]
        if findings:
            n = len(findings)
            what = "another label" if label_kind(column) == "label" else "other tags"
            title = f"{counted(n, 'sentence')} {'has' if n == 1 else 'have'} {what} elsewhere"
            yield FindingGroup("contradiction", f"{title} ({column_title(column)})", findings)


def _contradiction(copies: Sequence[Sentence], column: str) -> Finding:
    """Report the rarest variant of the tags, compared with the most frequent one."""
    variants = Counter(sentence.columns[column] for sentence in copies)
    common, rare = variants.most_common()[0][0], variants.most_common()[-1][0]
    word = next(i for i, (a, b) in enumerate(zip(common, rare, strict=True)) if a != b)
    occurrence = Occurrence(next(s for s in copies if s.columns[column] == rare), word)
    others = [s for s in copies if s.columns[column] != rare]
    others.sort(key=lambda s: s.columns[column] != common)
    word_text = None if label_kind(column) == "label" else occurrence.sentence.words[word]
    what = "the sentence" if word_text is None else quoted(word_text)
    message = f"{what} is {rare[word]} here, {common[word]} elsewhere: {excerpt(occurrence.sentence, 50)}"
    details: Mapping[str, Any] = {
        "column": column,
        "word": word_text,
        "tag": rare[word],
        "other_tag": common[word],
        "variants": len(variants),
    }
    return Finding("warning", occurrence.place, message, tuple(Occurrence(s, word).place for s in others), details)
