"""Features of a word by its prefixes, suffixes and shape, as names."""

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
