"""Text as it is shown to a person: nothing in it acts on the terminal, on the page, or on the text around it.

Words, tags, names of columns and of files, settings and the values of options may come from a stranger. In a message,
a report or a page an escape sequence of theirs could move the cursor or name the window, and a bidirectional control
could turn round what stands beside it. Data for programs (tagged text, converted files) are never changed.

What is replaced is whatever ``str.isprintable`` does not call printable: control characters (C0, DEL, C1), ends of
lines and paragraphs, bidirectional and other format characters, halves of surrogate pairs, what is not assigned. It is
written as Python writes it: ``\\n``, ``\\x1b``, ``\\u202e``. Spaces of all widths stay, and so do joiners that have
something to join, which Persian, Indian scripts and emoji need.
"""

from __future__ import annotations

import re
from collections.abc import Callable

MOST = 1_000
"""Characters of a message; of a longer one the middle is left out."""

BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Printable by their category, yet nothing is to be seen."""
JOINERS = "\u200c\u200d"

_SPACES = frozenset("\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000")
_TO_LOOK_AT = re.compile(r"[^ -~]")


def code_point(character: str) -> str:
    """Return the code point of a character in Unicode's notation: ``U+00E9``."""
    return f"U+{ord(character):04X}"


def escaped(character: str) -> str:
    """A character as Python writes it: ``\\x1b``."""
    return character.encode("unicode_escape").decode("ascii")


def visible(text: str, keep: str = "", escape: Callable[[str], str] = escaped) -> str:
    """Text in which everything that acts, or cannot be seen, is escaped, but for the characters to ``keep``."""
    if text.isascii() and text.isprintable():
        return text
    return _replaced(text, _SPACES.union(keep), frozenset(), escape)


def distinct(text: str) -> str:
    """The same of a text that may be compared with another: spaces that are not the usual one are escaped, too."""
    return _replaced(text, frozenset(), BLANK, escaped)


def shown(value: object, length: int = 40) -> str:
    """A value as it stands in a message: a text in quotes, anything else as Python writes it; not too long."""
    if isinstance(value, str):
        text = value if len(value) <= length else value[:length] + "…"
        quote = '"' if "'" in text and '"' not in text else "'"
        return quote + distinct(text.replace("\\", "\\\\").replace(quote, f"\\{quote}")) + quote
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # a number of thousands of digits, lists within lists
        return f"a long value ({type(value).__name__})"
    return distinct(text if len(text) <= length else text[:length] + "…")


def one_line(text: str, most: int = MOST) -> str:
    """A message: visible, on one line, of a bounded length."""
    text = visible(text)
    return text if len(text) <= most else f"{text[: 2 * most // 3]} … {text[3 - most // 3 :]}"


def joins(text: str, i: int) -> bool:
    """Whether a (non-)joiner at a place has work to do: beside a letter of a script without case, a mark, a symbol."""
    from unicodedata import category

    beside = text[max(0, i - 1) : i] + text[i + 1 : i + 2]
    return any(category(c) in ("Lo", "Mn", "Mc", "So", "Sk") for c in beside)


def _replaced(text: str, keep: frozenset[str], replace: frozenset[str], escape: Callable[[str], str]) -> str:
    def one(match: re.Match[str]) -> str:
        c = match[0]
        if c in keep or (c.isprintable() and c not in replace) or (c in JOINERS and joins(text, match.start())):
            return c
        return escape(c)

    return _TO_LOOK_AT.sub(one, text)
