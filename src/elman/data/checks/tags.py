"""Label columns: tag frequencies per split, tags that occur once or not in train, and schemes of span tags."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from elman.data import schemes
from elman.data.checks import odd_tags
from elman.data.checks.columns import find_strays, length_warning, tag_warning, untagged_warning
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
from elman.utils.summary import counted

TagCounts = Mapping[str, Mapping[str, int]]
"""name of split -> tag -> number of words"""


def distribution(splits: Sequence[DataSplit], column: str) -> dict[str, Counter[str]]:
    """Return the number of words of each tag in each split."""
    counts: dict[str, Counter[str]] = {}
    for split in splits:
        counts[split.name] = Counter()
        for sentence in split.sentences:
            counts[split.name].update(sentence.columns[column])
    return counts


def missing_tags(splits: Sequence[DataSplit], column: str, counts: TagCounts) -> Iterator[FindingGroup]:
    """Tags of other splits that the first one lacks, at their first word: no model trained on it can predict them."""
    reference = splits[0].name
    findings = []
    for split in splits[1:]:
        unseen = counts[split.name].keys() - counts[reference].keys()
        for tag, occurrence in _first_words(split, column, unseen):
            count = counts[split.name][tag]
            message = (
                f"the {label_kind(column)} {quoted(tag)} occurs {_times(count)} in {split.name}, never in {reference}"
            )
            details = {"column": column, "tag": tag, "split": split.name, "times": count}
            findings.append(Finding("warning", occurrence.place, message, details=details))
    if findings:
        tags = {finding.details["tag"] for finding in findings}
        title = f"{counted(len(tags), label_kind(column))} that {reference} lacks"
        yield FindingGroup("missing", f"{title} ({column_title(column)})", findings)


def seen_once(splits: Sequence[DataSplit], column: str, counts: TagCounts) -> Iterator[FindingGroup]:
    """Tags that occur once in the first split, which is hardly enough to learn them."""
    reference, kind = splits[0], label_kind(column)
    rare = {tag for tag, count in counts[reference.name].items() if count == 1}
    if rare:
        findings = [
            Finding(
                "note",
                occurrence.place,
                f"the {kind} {quoted(tag)} occurs once in {reference.name}, on {_owner(occurrence, column)}",
                details={"column": column, "tag": tag, "split": reference.name},
            )
            for tag, occurrence in _first_words(reference, column, rare)
        ]
        yield FindingGroup(
            "once",
            f"{counted(len(rare), label_kind(column))} seen once in {reference.name} ({column_title(column)})",
            findings,
        )


_COLUMN_WARNINGS = (tag_warning, untagged_warning)


def odd_columns(splits: Sequence[DataSplit], columns: Sequence[str]) -> Iterator[FindingGroup]:
    """Signs of a wrong column or format.

    One tag everywhere, too many tags, numbers, sentences of one word, files with other tags than those before, the
    missing tag ``_``, or tags that mark no spans among span tags.
    """
    findings = [
        Finding(
            "warning", first_location(split.sentences[0]), f"{split.name}: {message}", details={"split": split.name}
        )
        for split in splits
        for message in (
            *(warn(split.sentences, column) for warn in _COLUMN_WARNINGS for column in columns),
            *chain.from_iterable(odd_tags.tag_shape_warnings(split.sentences, column) for column in columns),
            *chain.from_iterable(odd_tags.file_warnings(split.sentences, column) for column in columns),
            length_warning(split.sentences) if columns else None,
        )
        if message is not None
    ]
    for split in splits:
        for strays in filter(None, (find_strays(split.sentences, column) for column in columns)):
            message, sentence, word = strays
            details = {"split": split.name}
            findings.append(
                Finding("warning", Occurrence(sentence, word).place, f"{split.name}: {message}", details=details)
            )
    if findings:
        yield FindingGroup("shape", "is it the right column, and the right format?", findings)


def detect_schemes(splits: Sequence[DataSplit], column: str, counts: TagCounts) -> dict[str, schemes.SchemeDetector]:
    """Return the scheme detector of each split."""
    detectors = {split.name: schemes.SchemeDetector() for split in splits}
    for split in splits:
        if schemes.mark_spans(counts[split.name]):
            for sentence in split.sentences:
                detectors[split.name].add(sentence.columns[column])
    return detectors


def scheme_violations(
    splits: Sequence[DataSplit], column: str, detectors: Mapping[str, schemes.SchemeDetector]
) -> Iterator[FindingGroup]:
    """Splits in another scheme than the first one, and every position where a split breaks the rules of its scheme."""
    reference = detectors[splits[0].name].found()
    for split in splits:
        detector = detectors[split.name]
        detected = detector.found()
        if detected.scheme == schemes.NO_SCHEME:
            continue
        scheme = detected.scheme if detected.scheme in reference.also else reference.scheme
        if scheme != detected.scheme and (scheme == schemes.NO_SCHEME or detector.breaks(scheme) > detected.breaks):
            scheme = detected.scheme
            message = f"{split.name} is {detected}, {splits[0].name} is {reference}; elman convert makes them one"
            details = {
                "column": column,
                "split": split.name,
                "scheme": detected.scheme,
                "other_scheme": reference.scheme,
            }
            finding = Finding("error", first_location(split.sentences[0]), message, details=details)
            yield FindingGroup("scheme", f"{split.name} is in another tag scheme ({column_title(column)})", [finding])
        tags = [sentence.columns[column] for sentence in split.sentences]
        findings = [_violation_finding(split, column, violation) for violation in schemes.find_violations(tags, scheme)]
        if findings:
            title = f"{counted(len(findings), 'place')} in {split.name} where tags break {scheme.upper()}"
            in_training = _in_training(tags, scheme) if split is splits[0] else ""
            yield FindingGroup("scheme", f"{title} ({column_title(column)}){in_training}", findings)


def _in_training(tags: Sequence[Sequence[str]], scheme: str) -> str:
    """Return what ``elman train`` does about violations, for the title of the findings."""
    if scheme not in schemes.WITH_CONSTRAINTS:
        return ""
    broken, few = schemes.broken_sentences(tags, scheme)
    if not broken:
        return ""
    return ", mended in training" if few else ", so training uses no constraints"


def _violation_finding(split: DataSplit, column: str, violation: schemes.SchemeViolation) -> Finding:
    occurrence = Occurrence(split.sentences[violation.sentence], violation.word)
    details = {
        "column": column,
        "split": split.name,
        "scheme": violation.scheme,
        "before": violation.before,
        "after": violation.after,
    }
    return Finding(
        "error",
        occurrence.place,
        f"{violation.what}, on {quoted(occurrence.sentence.words[occurrence.word])}",
        details=details,
    )


def _first_words(split: DataSplit, column: str, tags: set[str]) -> Iterator[tuple[str, Occurrence]]:
    """Yield each tag with its first occurrence."""
    pending = set(tags)
    for sentence in split.sentences if pending else ():
        if not pending.isdisjoint(sentence.columns[column]):
            for i, tag in enumerate(sentence.columns[column]):
                if tag in pending:
                    pending.discard(tag)
                    yield tag, Occurrence(sentence, i)


def _owner(occurrence: Occurrence, column: str) -> str:
    """Return the word that has a tag, or the sentence that has a label, in quotes."""
    return (
        excerpt(occurrence.sentence)
        if label_kind(column) == "label"
        else quoted(occurrence.sentence.words[occurrence.word])
    )


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number:,} times"
