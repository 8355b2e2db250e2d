"""``Correction``: a sentence with the labels that a person gave to its words, or to all of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
from typing import Any

Labels = Mapping[str, tuple[str | None, ...]]
"""By target: a label for each word, None where nobody looked; of a document label its parts."""
_DIGEST_BYTES = 16


@dataclass(frozen=True)
class Correction:
    """A sentence and its correct labels.

    ``words``         the words, as a model reads them
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
        return _digest(list(self.words))

    @cached_property
    def digest(self) -> str:
        """The digest of words and labels, 32 hexadecimal digits."""
        return _digest([list(self.words), {name: list(self.labels[name]) for name in sorted(self.labels)}])

    def to_json(self) -> dict[str, Any]:
        """Return words and labels as JSON values, without path and line."""
        return {"words": list(self.words), "labels": {name: list(values) for name, values in self.labels.items()}}

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Correction:
        """Return the inverse of ``to_json``."""
        return cls(tuple(record["words"]), {name: tuple(values) for name, values in record["labels"].items()})


def words_digest(words: tuple[str, ...]) -> str:
    """Return ``Correction.words_digest`` of words."""
    return _digest(list(words))


def _digest(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return blake2b(text.encode(), digest_size=_DIGEST_BYTES).hexdigest()
