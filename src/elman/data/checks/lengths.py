"""The longest sentences and words: often two run together, a heading, a table or an address of the web."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from heapq import nlargest

from elman.data.checks.findings import (
    DataSplit,
    Finding,
    FindingGroup,
    counted,
    excerpt,
    first_location,
    occurrences,
    quoted,
)

MOST = 5
"""How many of each are named."""


def longest(splits: Sequence[DataSplit], words: Sequence[str]) -> Iterator[FindingGroup]:
    """The five longest sentences, by words, and the five longest words, by characters, over all splits.

    ``words`` are the distinct ones.
    """
    sentences = [sentence for split in splits for sentence in split.sentences]
    most = nlargest(MOST, sentences, key=lambda sentence: len(sentence.words))
    findings = [
        Finding(
            "note",
            first_location(sentence),
            f"{counted(len(sentence.words), 'word')}: {excerpt(sentence)}",
            details={"words": len(sentence.words)},
        )
        for sentence in most
    ]
    yield FindingGroup("long-sentence", f"the longest sentence has {counted(len(most[0].words), 'word')}", findings)
    longest = nlargest(MOST, words, key=len)
    first = {at.sentence.words[at.word]: at.place for at in reversed(occurrences(splits, set(longest)))}
    findings = [
        Finding(
            "note",
            first[word],
            f"{counted(len(word), 'character')}: {quoted(word)}",
            details={"word": word, "characters": len(word)},
        )
        for word in longest
    ]
    yield FindingGroup("long-word", f"the longest word has {counted(len(longest[0]), 'character')}", findings)
