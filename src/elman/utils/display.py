"""Escape text for display, so that it cannot affect the terminal, the page or the text around it.

Words, tags, column and file names, settings and option values are untrusted input. In a message, a report or a page,
an escape sequence among them could move the cursor or set the window title, and a bidirectional control could reverse
the text next to it. Data for programs (tagged text, converted files) are never changed.

Characters that ``str.isprintable`` rejects are replaced: controls (C0, DEL, C1), line and paragraph separators,
bidirectional and other format characters, lone surrogates, unassigned code points. They are written as Python
escapes: ``\\n``, ``\\x1b``, ``\\u202e``. Spaces of all widths are kept, and so are joiners next to a character that
they can join, as Persian, Indian scripts and emoji need them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

MOST = 1_000
"""Maximum length of a message in characters; the middle of a longer one is cut out."""

BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Characters whose category is printable but that are invisible."""
JOINERS = "\u200c\u200d"

_SPACES = frozenset("\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000")
_SUSPECT = re.compile(r"[^ -~]")

_SIGNS = {"\n": "↵", " ": "␣"}


def with_signs(symbols: Iterable[str]) -> list[str]:
    """Return symbols of text with signs in place of a line end and a space."""
    return [_SIGNS.get(symbol, symbol) for symbol in symbols]


def code_point(character: str) -> str:
    """Return the code point of a character in Unicode's notation: ``U+00E9``."""
    return f"U+{ord(character):04X}"


def escaped(character: str) -> str:
    """Return the Python escape of a character: ``\\x1b``."""
    return character.encode("unicode_escape").decode("ascii")


def visible(text: str, keep: str = "", escape: Callable[[str], str] = escaped) -> str:
    """Return text with control and invisible characters escaped, except those in ``keep``."""
    if text.isascii() and text.isprintable():
        return text
    return _replaced(text, _SPACES.union(keep), frozenset(), escape)


def distinct(text: str) -> str:
    """Return text with unusual spaces and blank characters escaped too, for values that a reader compares."""
    return _replaced(text, frozenset(), BLANK, escaped)


def shown(value: object, length: int = 40) -> str:
    """Return a value for a message, cut to ``length``: strings in quotes, other values by ``repr``."""
    if isinstance(value, str):
        text = value if len(value) <= length else value[:length] + "…"
        quote = '"' if "'" in text and '"' not in text else "'"
        return quote + distinct(text.replace("\\", "\\\\").replace(quote, f"\\{quote}")) + quote
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # an int of thousands of digits, deeply nested lists
        return f"a long value ({type(value).__name__})"
    except Exception:  # the message matters more than an object whose own repr fails
        return f"a value of type {type(value).__name__}"
    return distinct(text if len(text) <= length else text[:length] + "…")


def one_line(text: str, most: int = MOST) -> str:
    """Return a message with control characters escaped, on one line, of at most about ``most`` characters."""
    text = visible(text)
    return text if len(text) <= most else f"{text[: 2 * most // 3]} … {text[3 - most // 3 :]}"


def joins(text: str, i: int) -> bool:
    """Return whether the joiner at index ``i`` is next to a letter of a script without case, a mark or a symbol."""
    from unicodedata import category

    neighbors = text[max(0, i - 1) : i] + text[i + 1 : i + 2]
    return any(category(c) in ("Lo", "Mn", "Mc", "So", "Sk") for c in neighbors)


def _replaced(text: str, keep: frozenset[str], replace: frozenset[str], escape: Callable[[str], str]) -> str:
    def replace_character(match: re.Match[str]) -> str:
        c = match[0]
        if c in keep or (c.isprintable() and c not in replace) or (c in JOINERS and joins(text, match.start())):
            return c
        return escape(c)

    return _SUSPECT.sub(replace_character, text)
