"""Check how a training text was cut into words, as a model file says it, before anything is made of it."""

from __future__ import annotations

from typing import Any

from elman.errors import ModelFileError
from elman.utils.display import shown

WHOLE_OR_CUT = {
    "apostrophes": ("o'clock", "o ' clock"),
    "hyphens": ("well-known", "well - known"),
    "slashes": ("and/or", "and / or"),
    "periods": ("read.me", "read . me"),
    "ampersands": ("R&D", "R & D"),
    "numbers": ("1,000.5", "1 , 000 . 5"),
    "units": ("10pm", "10 pm"),
    "currency": ("$5", "$ 5"),
    "percent": ("5%", "5 %"),
    "tags": ("#tag", "# tag"),
    "ellipses": ("...", ". . ."),
    "runs": ("!!", "! !"),
    "dashes": ("--", "- -"),
    "initials": ("J.", "J ."),
    "urls": ("me@example.org", "me @ example.org"),
    "smileys": (":-)", ": - )"),
}
"""The choices under which most words of the training text come out right, by an example of yes and one of no."""
FACTS = {
    "sentences": "a line is cut into sentences",
    "multiword": "contractions are multiword tokens",
    "escapes": "brackets are written -LRB- and -RRB-",
    "quotes": "quotation marks are written `` and ''",
    "phrases": "known words may hold spaces",
    "unspaced": "text without spaces is cut into the longest known words",
}
"""The choices that are seen in the training text, and what yes means."""
CHOICES = ("punctuation", *WHOLE_OR_CUT, *FACTS)
"""All choices; of ``punctuation`` no means that only spaces separate words."""
LISTS = ("suffixes", "prefixes", "whole")
"""The lists of words; ``splits`` has the words of others."""
MOST = 4_000
"""Largest number of words in a list, of bytes in one of them as many."""


def check(record: Any) -> None:
    """Raise ModelFileError unless this is what ``TokenRules.to_record`` returns."""
    if not isinstance(record, dict) or record.keys() != {*CHOICES, *LISTS, "splits"}:
        raise ModelFileError("tokenization: expected choices and lists of words, as training writes them")
    for name in CHOICES:
        if not isinstance(record[name], bool):
            raise ModelFileError(f"tokenization: {name}: expected true or false, found {shown(str(record[name]))}")
    splits = record["splits"]
    valid = isinstance(splits, dict) and len(splits) <= MOST and all(_are_words(record[name]) for name in LISTS)
    if not valid or not all(_is_word(form) and _are_words(words) and words for form, words in splits.items()):
        raise ModelFileError("tokenization: expected lists of words, as training writes them")


def _are_words(value: Any) -> bool:
    return isinstance(value, list) and len(value) <= MOST and all(map(_is_word, value))


def _is_word(value: Any) -> bool:
    """Return whether a value is a word that every format can hold."""
    return isinstance(value, str) and 0 < len(value) <= MOST and not any(mark in value for mark in " \t\r\n\0")
