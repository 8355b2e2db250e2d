"""Warnings about tags that suggest the wrong column, one line each.

Too many distinct tags for the number of words, only whole numbers, or other tags than in the data to compare with.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice

from elman.data.sentence import Sentence
from elman.utils.display import shown

MAX_EXPECTED_TAGS = 20
"""A column may have this many distinct tags without a warning."""
MIN_NUMBERS = 3
"""From this many distinct whole numbers on they are hardly names of classes."""
MIN_WORDS = 10
"""With fewer words, unknown tags are no reason for a warning."""
_N_SAMPLE = 1_000  # sentences

_OTHER_TARGET = "--target names another"


def warnings(train: Sequence[Sentence], dev: Sequence[Sentence] | None, target: str) -> Iterator[str]:
    """Yield warnings about a column to train on, and about the same column of dev."""
    yield from tag_shape_warnings(train, target)
    yield from file_warnings(train, target)
    if dev is not None:
        counts = Counter(tag for sentence in dev for tag in sentence.columns[target])
        known = {tag for sentence in train for tag in sentence.columns[target]}
        yield from unknown_tag_warnings(counts, known, f"column {target} of dev", "the training data")


def tag_shape_warnings(train: Sequence[Sentence], target: str) -> Iterator[str]:
    """Yield warnings about the tags themselves."""
    counts = Counter(tag for sentence in train for tag in sentence.columns[target])
    if len(counts) >= MAX_EXPECTED_TAGS and 2 * len(counts) > counts.total():
        number = f"{len(counts):,} distinct tags of {counts.total():,} words"
        yield f"column {target}: {number}; is it a text with its label, or another column? set --format or --target"
    if len(counts) >= MIN_NUMBERS and train[0].format != "conllu" and all(map(_is_number, counts)):
        other = _likely_tag_column(train, target)
        hint = f"column {other} has tags: --target {other}" if other else _OTHER_TARGET
        yield f"column {target}: every tag is a whole number, as heads of a parse and numbers of words are; {hint}"


def file_warnings(train: Sequence[Sentence], target: str) -> Iterator[str]:
    """Yield a warning for each file most of whose words have tags that no earlier file has."""
    counts_by_file: dict[str, Counter[str]] = {}
    for sentence in train:
        counts_by_file.setdefault(sentence.path, Counter()).update(sentence.columns[target])
    known: set[str] = set()
    for path, counts in counts_by_file.items():
        if known:
            yield from unknown_tag_warnings(counts, known, path or "the sentences", "the files before")
        known |= counts.keys()


def unknown_tag_warnings(
    counts: Mapping[str, int], known: Collection[str], what: str, where: str, items: str = "words"
) -> Iterator[str]:
    """Yield a warning if most words (``items``) of ``what`` have tags that ``where`` lacks.

    ``counts`` is the number of words of each tag.
    """
    total = sum(counts.values())
    unknown = {tag: count for tag, count in counts.items() if tag not in known}
    n_unknown = sum(unknown.values())
    recurring = n_unknown == total or 2 * len(unknown) <= n_unknown  # unlike lemmas, most of which occur once
    if total >= MIN_WORDS and 2 * n_unknown > total and recurring:
        more = f" and {len(unknown) - 3:,} more" if len(unknown) > 3 else ""
        named = ", ".join(map(shown, islice(unknown, 3))) + more
        message = f"{n_unknown:,} of {total:,} {items} have tags that are not in {where}: {named}"
        yield f"{what}: {message}; is it the same column? {_OTHER_TARGET}"


def _likely_tag_column(train: Sequence[Sentence], target: str) -> str | None:
    """Return the last other column that looks like tags: few for its words, not all numbers; None without one."""
    sample = train[:_N_SAMPLE]
    for name in reversed(list(sample[0].columns)):
        if name != target and all(name in sentence.columns for sentence in sample):
            counts = Counter(tag for sentence in sample for tag in sentence.columns[name])
            if 1 < len(counts) <= counts.total() / 2 and not all(map(_is_number, counts)):
                return name
    return None


def _is_number(tag: str) -> bool:
    return tag.isascii() and tag.removeprefix("-").isdecimal()
