"""What is odd about the tags of a column, so that it may not be the right one: one line each.

Too many for the words, nothing but whole numbers, or others than the data they are held against have.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice

from elman.data.sentence import Sentence
from elman.utils.display import shown

MAX_EXPECTED_TAGS = 20
"""Distinct tags that every column may have."""
MIN_NUMBERS = 3
"""Distinct whole numbers from which on they are hardly names of two classes."""
MIN_WORDS = 10
"""Words of which it says little that their tags are others."""
_LOOKED_AT = 1_000  # sentences

_AGAIN = "--target names another"


def warnings(train: Sequence[Sentence], dev: Sequence[Sentence] | None, target: str) -> Iterator[str]:
    """What is odd about a column of words to learn, and of a set to choose the epoch by."""
    yield from tag_shape_warnings(train, target)
    yield from file_warnings(train, target)
    if dev is not None:
        counts = Counter(tag for sentence in dev for tag in sentence.columns[target])
        known = {tag for sentence in train for tag in sentence.columns[target]}
        yield from unknown_tag_warnings(counts, known, f"column {target} of dev", "the training data")


def tag_shape_warnings(train: Sequence[Sentence], target: str) -> Iterator[str]:
    """What is odd about the tags themselves."""
    counts = Counter(tag for sentence in train for tag in sentence.columns[target])
    if len(counts) >= MAX_EXPECTED_TAGS and 2 * len(counts) > counts.total():
        found = f"{len(counts):,} distinct tags of {counts.total():,} words"
        yield f"column {target}: {found}; is it a text with its label, or another column? --format, --target say it"
    if len(counts) >= MIN_NUMBERS and train[0].format != "conllu" and all(map(_is_number, counts)):
        better = _better(train, target)
        hint = f"column {better} has tags: --target {better}" if better else _AGAIN
        yield f"column {target}: every tag is a whole number, as heads of a parse and numbers of words are; {hint}"


def file_warnings(train: Sequence[Sentence], target: str) -> Iterator[str]:
    """Files most of whose words have tags that none of the files before has."""
    of_files: dict[str, Counter[str]] = {}
    for sentence in train:
        of_files.setdefault(sentence.path, Counter()).update(sentence.columns[target])
    known: set[str] = set()
    for path, counts in of_files.items():
        if known:
            yield from unknown_tag_warnings(counts, known, path or "the sentences", "the files before")
        known |= counts.keys()


def unknown_tag_warnings(
    counts: Mapping[str, int], known: Collection[str], what: str, where: str, items: str = "words"
) -> Iterator[str]:
    """A line where most words (``items``) of ``what`` have tags that are not in ``where``; ``counts``: by tag."""
    total = sum(counts.values())
    others = {tag: count for tag, count in counts.items() if tag not in known}
    n = sum(others.values())
    if (
        total >= MIN_WORDS and 2 * n > total and (n == total or 2 * len(others) <= n)
    ):  # else each may be a tag of its own, as lemmas are
        some = ", ".join(map(shown, islice(others, 3))) + (f" and {len(others) - 3:,} more" if len(others) > 3 else "")
        found = f"{n:,} of {total:,} {items} have tags that are not in {where}: {some}"
        yield f"{what}: {found}; is it the same column? {_AGAIN}"


def _better(train: Sequence[Sentence], target: str) -> str | None:
    """The last of the other columns that has tags: few for its words, and not all numbers."""
    some = train[:_LOOKED_AT]
    for name in reversed(list(some[0].columns)):
        if name != target and all(name in sentence.columns for sentence in some):
            counts = Counter(tag for sentence in some for tag in sentence.columns[name])
            if 1 < len(counts) <= counts.total() / 2 and not all(map(_is_number, counts)):
                return name
    return None


def _is_number(tag: str) -> bool:
    return tag.isascii() and tag.removeprefix("-").isdecimal()
