"""The kinds of targets: tags of words, or document labels."""

from __future__ import annotations

from collections.abc import Iterable

TAG, CLASSIFY, SEVERAL, ANY = "tag", "classify", "several", "any"
"""Kinds of targets: a tag for each word; or document labels: exactly one, one or more, or any number."""
NUMBER = "number"
"""The kind of target of a regression: a number for each step."""

TREE = "tree"
"""Name of the column of whole trees."""
UNKNOWN = "<unk>"
"""Replaces a symbol that a language model does not know, both as input and as prediction."""


def fit_word_tag(tags: Iterable[str]) -> bool:
    """Return whether all tags can be written as ``word_TAG``: not empty, no space, line end, NUL or underscore."""
    return all(tag and not any(character in tag for character in " _\n\r\0") for tag in tags)
