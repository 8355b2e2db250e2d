"""Display width and writing direction of text."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

_NO_WIDTH = frozenset(("Cc", "Cf", "Mc", "Me", "Mn"))
_EMOJI, _JOINED = "\ufe0f", "\u200d"
"""The variation selector that shows a character as an emoji, and what joins emoji into one."""


def cells(text: str) -> int:
    """Return the width of a text in terminal columns: 2 for wide characters, 0 for control characters and marks.

    By the properties of characters (Unicode Standard Annex 11); emoji that are joined, or have a skin tone, are one.
    """
    if text.isascii():
        return len(text)
    width = last = 0  # last: the columns of the last character that had some
    before = ""
    for character in text:
        if character == _EMOJI:
            width, last = width + (last == 1), 2
        elif not (
            _has_no_width(character) or before == _JOINED or (last == 2 and "\U0001f3fb" <= character <= "\U0001f3ff")
        ):
            last = 2 if unicodedata.east_asian_width(character) in "WF" else 1
            width += last
        before = character
    return width


def _has_no_width(character: str) -> bool:
    """Return whether a character takes no column: marks, controls but the soft hyphen, later letters of Hangul."""
    if "\u1160" <= character <= "\u11ff" or "\ud7b0" <= character <= "\ud7ff":
        return True
    return unicodedata.category(character) in _NO_WIDTH and character != "\xad"


def padded(text: str, width: int) -> str:
    """Return text padded with spaces on the right to ``width`` columns."""
    return text + " " * (width - cells(text))


def beginning(text: str, width: int) -> str:
    """Return as much of the beginning of a text as ``width`` columns hold; a letter keeps its combining marks."""
    if cells(text) <= width:
        return text
    end = taken = 0
    while end < len(text) and (taken := taken + cells(text[end])) <= width:
        end += 1
    return text[:end]


def ending(text: str, width: int) -> str:
    """Return as much of the end of a text as ``width`` columns hold; it does not begin with a combining mark."""
    if cells(text) <= width:
        return text
    start, taken = len(text), 0
    while start and (taken := taken + cells(text[start - 1])) <= width:
        start -= 1
    while start < len(text) and not cells(text[start]):
        start += 1
    return text[start:]


def cut(text: str, width: int) -> str:
    """Return text of at most ``width`` columns, its middle cut out if it has more."""
    if cells(text) <= width:
        return text
    last = (width - 1) // 2
    return beginning(text, width - 1 - last) + "…" + ending(text, last)


def shortened(texts: Iterable[str], most: int) -> dict[str, str]:
    """Return each text cut to ``most`` columns, or to as many more as keep different texts different."""
    whole = dict.fromkeys(texts)
    short = {text: cut(text, most) for text in whole}
    while len(set(short.values())) < len(whole):
        most += 1 + most // 8
        short = {text: cut(text, most) for text in whole}
    return short


def right_to_left(words: Iterable[str]) -> bool:
    """Return whether a sentence is written from right to left, by its first letter with a direction."""
    for word in words:
        for character in word:
            direction = unicodedata.bidirectional(character)
            if direction in ("L", "R", "AL"):
                return direction != "L"
    return False
