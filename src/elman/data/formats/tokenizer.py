"""Tokenize running text, for texts that come without tokens.

``simple``  a run of letters, digits, underscores and combining marks is a word, any other character except white space
            is a word of its own: ``don't`` is three. So fine that spans seldom cut a word.
``spaces``  what is between spaces, tabs and line ends, as in all other text formats
``characters``  as simple, but in scripts without spaces between words (Chinese, Japanese, Thai, Lao, Khmer, Burmese)
            each character, with its combining marks, is a word

The scripts without spaces are those of line breaking classes ID, CJ and SA. Source: Unicode Standard Annex 14.
"""

from __future__ import annotations

import re
import unicodedata

from elman.utils.display import JOINERS

_SIMPLE = re.compile(r"\w+|[^\w\s]")
_SPACES = re.compile(r"[^ \t\r\n]+")
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\ua9e0-\ua9ff\uaa60-\uaa7f\uf900-\ufaff\uff66-\uff9f\U0001b000-\U0001b16f\U00020000-\U0003ffff"
)
_LETTERS = rf"[^\W{_UNSPACED}]"
_CHARACTERS = re.compile(rf"{_LETTERS}+|\S")

TOKENIZERS = ("simple", "spaces", "characters")


def is_unspaced(text: str) -> bool:
    """Return whether a text has letters of a script that puts no spaces between words."""
    return not text.isascii() and re.search(f"[{_UNSPACED}]", text) is not None


def tokenize(text: str, method: str = "simple") -> list[tuple[int, int]]:
    """Return where the words of a text begin and end, in characters (code points) from 0."""
    pattern = {"simple": _SIMPLE, "spaces": _SPACES, "characters": _CHARACTERS}[method]
    offsets = [match.span() for match in pattern.finditer(text)]
    if method == "spaces" or text.isascii():
        return offsets
    joined: list[tuple[int, int]] = []
    for start, end in offsets:
        alone = method == "characters" and not _is_combining(text[start]) and is_unspaced(text[start])
        if not alone and joined and joined[-1][1] == start and _continues_word(text, joined[-1][0], start):
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
