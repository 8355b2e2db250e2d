"""Tokenize running text, for texts that come without tokens.

``simple``  a run of letters, digits, underscores and combining marks is a word, any other character except white space
            is a word of its own: ``don't`` is three. So fine that spans seldom cut a word.
``spaces``  what is between spaces, tabs and line ends, as in all other text formats
"""

from __future__ import annotations

import re
import unicodedata

from elman.utils.display import JOINERS

_SIMPLE = re.compile(r"\w+|[^\w\s]")
_SPACES = re.compile(r"[^ \t\r\n]+")

TOKENIZERS = ("simple", "spaces")


def tokenize(text: str, method: str = "simple") -> list[tuple[int, int]]:
    """Return where the words of a text begin and end, in characters (code points) from 0."""
    pattern = _SIMPLE if method == "simple" else _SPACES
    offsets = [match.span() for match in pattern.finditer(text)]
    if method != "simple" or text.isascii():
        return offsets
    joined: list[tuple[int, int]] = []
    for start, end in offsets:
        if joined and joined[-1][1] == start and _continues_word(text, joined[-1][0], start):
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def _continues_word(text: str, first: int, at: int) -> bool:
    """Return whether the character at ``at`` belongs to the word before it, which began at ``first``."""
    character, before = text[at], text[at - 1]
    if _is_combining(character):
        return True
    # letters after a mark continue the word; after a joiner any character does
    return before in JOINERS or (_is_combining(before) and _is_letter(text[first]) and _is_letter(character))


def _is_combining(character: str) -> bool:
    return (
        character in JOINERS or unicodedata.category(character)[0] == "M" or "\U0001f3fb" <= character <= "\U0001f3ff"
    )


def _is_letter(character: str) -> bool:
    return character.isalnum() or character == "_"
