"""``Correction``: a sentence with the labels that a person gave to its words, or to all of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
from typing import Any

from elman.data.tokens import Token

Labels = Mapping[str, tuple[str | None, ...]]
"""By target: a label for each word, None where nobody looked; of a document label its parts."""
_DIGEST_BYTES = 16


@dataclass(frozen=True)
class Correction:
    """A sentence and its correct labels.

    ``words``         the words, as a model reads them: with their features (``Token``) if it reads such
    ``labels``        by target: a label for each word, None where nobody looked. Of a document label the tuple of its
                      parts, sorted: one, several, or none; a target that nobody looked at is missing
    ``path``, ``line``  where it was read; "" and 0 for a sentence made in Python
    """

    words: tuple[str, ...]
    labels: Labels
    path: str = field(default="", compare=False)
    line: int = field(default=0, compare=False)

    @cached_property
    def words_digest(self) -> str:
        """The digest of the words, 32 hexadecimal digits."""
        return words_digest(self.words)

    @cached_property
    def digest(self) -> str:
        """The digest of words and labels, 32 hexadecimal digits."""
        return _digest([_plain(self.words), {name: list(self.labels[name]) for name in sorted(self.labels)}])

    def to_json(self) -> dict[str, Any]:
        """Return words and labels as JSON values, without path and line; ``features`` if words have them."""
        return dict(self._record)

    @cached_property
    def _record(self) -> dict[str, Any]:
        record: dict[str, Any] = {"words": list(map(str, self.words))}
        record["labels"] = {name: list(values) for name, values in self.labels.items()}
        if Token in map(type, self.words):
            record["features"] = [_features(word) for word in self.words]
        return record

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Correction:
        """Return the inverse of ``to_json``."""
        words = tuple(record["words"])
        if "features" in record:
            pairs = zip(words, record["features"], strict=True)
            words = tuple(Token(word, names, [(name, x) for name, x in numbers]) for word, (names, numbers) in pairs)
        return cls(words, {name: tuple(values) for name, values in record["labels"].items()})


def words_digest(words: Sequence[str]) -> str:
    """Return ``Correction.words_digest`` of words."""
    return _digest(_plain(words))


def _plain(words: Sequence[str]) -> list[Any]:
    """Return words as JSON values; one with features as a list of it and these."""
    return [[word, *_features(word)] if isinstance(word, Token) else word for word in words]


def _features(word: str) -> list[list[Any]]:
    """Return the names of a word's features, and the names and values of those that are numbers."""
    if not isinstance(word, Token):
        return [[], []]
    return [list(word.features), [list(pair) for pair in word.numbers]]


def _digest(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return blake2b(text.encode(), digest_size=_DIGEST_BYTES).hexdigest()
