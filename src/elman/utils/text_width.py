"""Display width and writing direction of text."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable


def cells(text: str) -> int:
    """Return the width of a text in terminal columns: 2 for wide characters, 0 for combining ones.

    Source: Unicode Standard Annex 11, East Asian Width.
    """
    if text.isascii():
        return len(text)
    return sum(_cells(c) for c in text)


def _cells(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def padded(text: str, width: int) -> str:
    """Return text padded with spaces on the right to ``width`` columns."""
    return text + " " * (width - cells(text))


def right_to_left(words: Iterable[str]) -> bool:
    """Return whether a sentence is written from right to left, by its first letter with a direction."""
    for word in words:
        for character in word:
            direction = unicodedata.bidirectional(character)
            if direction in ("L", "R", "AL"):
                return direction != "L"
    return False
