"""Words of running text, for texts that come without any.

``simple``  a run of letters, digits, underscores and the marks that combine with them is a word, any other character
            that is no white space is one by itself: ``don't`` is three. So fine that spans seldom cut one.
``spaces``  what stands between spaces, tabs and line ends, as in all other formats of text
"""

from __future__ import annotations

import re
import unicodedata

_SIMPLE = re.compile(r"\w+|[^\w\s]")
_SPACES = re.compile(r"[^ \t\r\n]+")
_JOINERS = "\u200c\u200d"  # hold letters apart or together within a word, and emoji together

TOKENIZERS = ("simple", "spaces")


def tokenize(text: str, how: str = "simple") -> list[tuple[int, int]]:
    """Where the words of a text begin and end, in characters (code points) from 0."""
    pattern = _SIMPLE if how == "simple" else _SPACES
    found = [match.span() for match in pattern.finditer(text)]
    if how != "simple" or text.isascii():
        return found
    joined: list[tuple[int, int]] = []
    for start, end in found:
        if joined and joined[-1][1] == start and _goes_on(text, joined[-1][0], start):
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def _goes_on(text: str, first: int, at: int) -> bool:
    """Whether the character belongs to the word before it, which began at ``first``."""
    here, before = text[at], text[at - 1]
    if _combines(here):
        return True
    # the letters behind a mark go on with the word; behind a joiner whatever comes
    return before in _JOINERS or (_combines(before) and _is_letter(text[first]) and _is_letter(here))


def _combines(character: str) -> bool:
    return (
        character in _JOINERS or unicodedata.category(character)[0] == "M" or "\U0001f3fb" <= character <= "\U0001f3ff"
    )


def _is_letter(character: str) -> bool:
    return character.isalnum() or character == "_"
