"""The longest sentences and words: often two that were joined, a heading, a table, or a web address."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from heapq import nlargest

from elman.data.checks.findings import (
    DataSplit,
    Finding,
    FindingGroup,
    excerpt,
    first_location,
    occurrences,
    quoted,
)
from elman.utils.summary import counted

N_LONGEST = 5
"""How many sentences and words are reported."""


def longest(splits: Sequence[DataSplit], words: Sequence[str]) -> Iterator[FindingGroup]:
    """The five longest sentences by words and the five longest words by characters, over all splits.

    ``words`` are the distinct words.
    """
    sentences = [sentence for split in splits for sentence in split.sentences]
    longest_sentences = nlargest(N_LONGEST, sentences, key=lambda sentence: len(sentence.words))
    findings = [
        Finding(
            "note",
            first_location(sentence),
            f"{counted(len(sentence.words), 'word')}: {excerpt(sentence)}",
            details={"words": len(sentence.words)},
        )
        for sentence in longest_sentences
    ]
    length = counted(len(longest_sentences[0].words), "word")
    yield FindingGroup("long-sentence", f"the longest sentence has {length}", findings)
    longest_words = nlargest(N_LONGEST, words, key=len)
    locations = {at.sentence.words[at.word]: at.place for at in reversed(occurrences(splits, set(longest_words)))}
    findings = [
        Finding(
            "note",
            locations[word],
            f"{counted(len(word), 'character')}: {quoted(word)}",
            details={"word": word, "characters": len(word)},
        )
        for word in longest_words
    ]
    yield FindingGroup("long-word", f"the longest word has {counted(len(longest_words[0]), 'character')}", findings)
