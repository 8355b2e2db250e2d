"""Lines of text formats: their ends, blank lines, numbers."""

from __future__ import annotations

from elman.data.sentence import Sentence

LINE_END = "\r\n"
"""Characters that end a line; ``line.rstrip(LINE_END)`` is its text."""


def is_blank(line: str) -> bool:
    """Return whether a line holds only separators; such a line ends a sentence."""
    return not line.strip(" \t\r\n")


def whole_number(text: str) -> int | None:
    """Return the number of a string of ASCII digits; None for other text, and for more than 15 digits."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 15 else None


def line_end_of(sentence: Sentence) -> str:
    """Return the line end of the line a sentence was read from, for formats of one sentence per line; else ``\\n``."""
    if sentence.format.startswith(("text", "word_tag")) and sentence.lines:
        line = sentence.lines[-1]
        return line[len(line.rstrip(LINE_END)) :]
    return "\n"
