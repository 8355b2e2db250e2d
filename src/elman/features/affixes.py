"""What the beginning, the end and the shape of a word say of it, as names of features."""

from __future__ import annotations

from collections.abc import Iterator

LONGEST = 20
"""Words from this length on count as of one length; characters beyond it add no n-grams."""


def affixes(word: str) -> Iterator[str]:
    """The lower-cased word, its prefixes of 1–4 and suffixes of 1–5 characters, its shape, flags and length.

    The whole word counts where it is met in two spellings, ``The`` and ``the``, or in a longer word, as Vietnamese
    has it: a word with spaces has the features of its parts too.
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
    """Capitals as X, other letters as x, digits as 0, the rest as it is, runs as one: ``Mc-42`` → ``Xx-0``."""
    found = ""
    for c in word[:64]:
        kind = "X" if c.isupper() else "x" if c.isalpha() else "0" if c.isdigit() else c
        if not found.endswith(kind):
            found += kind
    return found
