"""Label columns: how often each tag stands where, tags seen once or missing in train, schemes of span tags."""

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
    counted,
    excerpt,
    first_location,
    label_kind,
    quoted,
)

TagCounts = Mapping[str, Mapping[str, int]]
"""name of split -> tag -> words"""


def distribution(splits: Sequence[DataSplit], column: str) -> dict[str, Counter[str]]:
    """How many words have each tag, in each split."""
    counts: dict[str, Counter[str]] = {}
    for split in splits:
        counts[split.name] = Counter()
        for sentence in split.sentences:
            counts[split.name].update(sentence.columns[column])
    return counts


def missing_tags(splits: Sequence[DataSplit], column: str, counts: TagCounts) -> Iterator[FindingGroup]:
    """Tags of the other splits that the first one lacks, at their first word: no model of it can give them."""
    reference = splits[0].name
    findings = []
    for split in splits[1:]:
        lacking = counts[split.name].keys() - counts[reference].keys()
        for tag, at in _first_words(split, column, lacking):
            n = counts[split.name][tag]
            message = f"the {label_kind(column)} {quoted(tag)} stands {_times(n)} in {split.name}, never in {reference}"
            details = {"column": column, "tag": tag, "split": split.name, "times": n}
            findings.append(Finding("warning", at.place, message, details=details))
    if findings:
        tags = {finding.details["tag"] for finding in findings}
        title = f"{counted(len(tags), label_kind(column))} that {reference} lacks"
        yield FindingGroup("missing", f"{title} ({column_title(column)})", findings)


def seen_once(splits: Sequence[DataSplit], column: str, counts: TagCounts) -> Iterator[FindingGroup]:
    """Tags that stand once in the first split, which is hardly enough to learn them."""
    reference = splits[0]
    rare = {tag for tag, count in counts[reference.name].items() if count == 1}
    if rare:
        findings = [
            Finding(
                "note",
                at.place,
                f"the {label_kind(column)} {quoted(tag)} stands once in {reference.name}, on {_bearer(at, column)}",
                details={"column": column, "tag": tag, "split": reference.name},
            )
            for tag, at in _first_words(reference, column, rare)
        ]
        yield FindingGroup(
            "once",
            f"{counted(len(rare), label_kind(column))} seen once in {reference.name} ({column_title(column)})",
            findings,
        )


_LOOKS = (tag_warning, untagged_warning)


def odd_columns(splits: Sequence[DataSplit], columns: Sequence[str]) -> Iterator[FindingGroup]:
    """What looks like another column or format: one tag everywhere, too many tags, numbers, sentences of one word,
    files with other tags than those before.

    And tags that are none, ``_``, or that mark no spans where the others do.
    """
    findings = [
        Finding(
            "warning", first_location(split.sentences[0]), f"{split.name}: {message}", details={"split": split.name}
        )
        for split in splits
        for message in (
            *(look(split.sentences, column) for look in _LOOKS for column in columns),
            *chain.from_iterable(odd_tags.tag_shape_warnings(split.sentences, column) for column in columns),
            *chain.from_iterable(odd_tags.file_warnings(split.sentences, column) for column in columns),
            length_warning(split.sentences) if columns else None,
        )
        if message is not None
    ]
    for split in splits:
        for found in filter(None, (find_strays(split.sentences, column) for column in columns)):
            message, sentence, word = found
            details = {"split": split.name}
            findings.append(
                Finding("warning", Occurrence(sentence, word).place, f"{split.name}: {message}", details=details)
            )
    if findings:
        yield FindingGroup("shape", "is it the right column, and the right format?", findings)


def detect_schemes(splits: Sequence[DataSplit], column: str, counts: TagCounts) -> dict[str, schemes.SchemeDetector]:
    """What says the scheme of each split."""
    detectors = {split.name: schemes.SchemeDetector() for split in splits}
    for split in splits:
        if schemes.mark_spans(counts[split.name]):
            for sentence in split.sentences:
                detectors[split.name].add(sentence.columns[column])
    return detectors


def scheme_violations(
    splits: Sequence[DataSplit], column: str, detectors: Mapping[str, schemes.SchemeDetector]
) -> Iterator[FindingGroup]:
    """Splits in another scheme than the first one, and every place where a split breaks the rules of its scheme."""
    reference = detectors[splits[0].name].found()
    for split in splits:
        detector = detectors[split.name]
        own = detector.found()
        if own.scheme == schemes.NO_SCHEME:
            continue
        scheme = own.scheme if own.scheme in reference.also else reference.scheme
        if scheme != own.scheme and (scheme == schemes.NO_SCHEME or detector.breaks(scheme) > own.breaks):
            scheme = own.scheme
            message = f"{split.name} is {own}, {splits[0].name} is {reference}; elman convert makes them one"
            details = {"column": column, "split": split.name, "scheme": own.scheme, "other_scheme": reference.scheme}
            finding = Finding("error", first_location(split.sentences[0]), message, details=details)
            yield FindingGroup("scheme", f"{split.name} is in another tag scheme ({column_title(column)})", [finding])
        tags = (sentence.columns[column] for sentence in split.sentences)
        findings = [_break(split, column, broken) for broken in schemes.find_violations(tags, scheme)]
        if findings:
            title = f"{counted(len(findings), 'place')} in {split.name} where tags break {scheme.upper()}"
            yield FindingGroup("scheme", f"{title} ({column_title(column)})", findings)


def _break(split: DataSplit, column: str, broken: schemes.SchemeViolation) -> Finding:
    at = Occurrence(split.sentences[broken.sentence], broken.word)
    details = {
        "column": column,
        "split": split.name,
        "scheme": broken.scheme,
        "before": broken.before,
        "after": broken.after,
    }
    return Finding("error", at.place, f"{broken.what}, on {quoted(at.sentence.words[at.word])}", details=details)


def _first_words(split: DataSplit, column: str, tags: set[str]) -> Iterator[tuple[str, Occurrence]]:
    """Each of these tags with the first word that has it."""
    rest = set(tags)
    for sentence in split.sentences if rest else ():
        if not rest.isdisjoint(sentence.columns[column]):
            for i, tag in enumerate(sentence.columns[column]):
                if tag in rest:
                    rest.discard(tag)
                    yield tag, Occurrence(sentence, i)


def _bearer(at: Occurrence, column: str) -> str:
    """The word that has a tag, or the sentence that has a label."""
    return excerpt(at.sentence) if label_kind(column) == "label" else quoted(at.sentence.words[at.word])


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number:,} times"
