"""The kinds of targets: tags of words, or document labels."""

from __future__ import annotations

TAG, CLASSIFY, SEVERAL, ANY = "tag", "classify", "several", "any"
"""Kinds of targets: a tag for each word; or document labels: exactly one, one or more, or any number."""


UNKNOWN = "<unk>"
"""Replaces a symbol that a language model does not know, both as input and as prediction."""
