"""Features of a word by its prefixes, suffixes and shape, and its n-grams of characters, as names."""

from __future__ import annotations

from collections.abc import Iterator

LONGEST = 20
"""Longer words count as this long; characters beyond it add no n-grams."""


def affixes(word: str) -> Iterator[str]:
    """Yield the lower-cased word, its prefixes of 1–4 and suffixes of 1–5 characters, its shape, flags and length.

    The whole word helps if it occurs in two spellings, ``The`` and ``the``, or within a longer word, as in Vietnamese:
    a word with spaces has the features of its parts too.
    """
    low = word.lower()
    yield "w:" + low
    if " " in low:
        yield from ("w:" + part for part in low.split(" "))
    for n in range(1, min(4, len(low)) + 1):
        yield "p:" + low[:n]
    for n in range(1, min(5, len(low)) + 1):
        yield "s:" + low[-n:]
    yield "x:" + shape(word)
    if any(c.isupper() for c in word):
        yield "f:capitals" if word.isupper() else "f:capital" if word[0].isupper() else "f:capital inside"
    if any(c.isdigit() for c in word):
        yield "f:digit"
    if "-" in word:
        yield "f:hyphen"
    yield f"l:{min(len(word), LONGEST)}"


def shape(word: str) -> str:
    """Return capitals as X, other letters as x, digits as 0, others unchanged, no repeats: ``Mc-42`` → ``Xx-0``."""
    kinds = ""
    for c in word[:64]:
        kind = "X" if c.isupper() else "x" if c.isalpha() else "0" if c.isdigit() else c
        if not kinds.endswith(kind):
            kinds += kind
    return kinds


def ngrams(word: str) -> Iterator[str]:
    """Yield n-grams of 1–3 characters with marks at both ends: for scripts without affixes, spaces or case."""
    marked = "\x02" + word[:LONGEST] + "\x03"
    for n in (1, 2, 3):
        for i in range(len(marked) - n + 1):
            if n > 1 or 0 < i < len(marked) - 1:
                yield "g:" + marked[i : i + n]


def both(word: str) -> Iterator[str]:
    """Yield ``affixes`` and ``ngrams``."""
    yield from affixes(word)
    yield from ngrams(word)


def none(word: str) -> Iterator[str]:
    """Yield nothing."""
    return iter(())


EXTRACT = {"none": none, "affixes": affixes, "ngrams": ngrams, "both": both}
"""The features of each value of the setting ``features`` for words."""
