"""Text as it is drawn: how wide it is, and from which side it is read."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable


def cells(text: str) -> int:
    """How many columns of a terminal a text takes: two for wide characters, none for those put onto others.

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
    """Text with spaces behind it up to a number of columns."""
    return text + " " * (width - cells(text))


def right_to_left(words: Iterable[str]) -> bool:
    """Whether a sentence is written from right to left: its first letter with a direction says so."""
    for word in words:
        for character in word:
            direction = unicodedata.bidirectional(character)
            if direction in ("L", "R", "AL"):
                return direction != "L"
    return False
