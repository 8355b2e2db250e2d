"""``History``: what a model has learned from corrections, and the sentences kept in its file to learn on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from elman.data.correction import Correction
from elman.utils.summary import Row, Summary, counted
from elman.utils.validation import demand, is_number, is_texts

KEY = "history"
"""The name of the entry in a model file; a file without history has none."""
_KEYS = ("corrections", "digests", "parent", "replay")
_PARENT = re.compile(r"[0-9a-f]{64}")
_DIGEST = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, repr=False)
class History(Summary):
    """The corrections that a model has learned.

    ``parent``       SHA-256 of the file of the model that learned the last ones; None before any
    ``digests``      of all corrections ever, in order: the digest of the words, and that of words and labels
    ``corrections``  the corrections that stand, each a test that later updates must pass; without those of which only
                     the digests are kept
    ``replay``       training sentences that are learned again with corrections, so that old text is not forgotten
    """

    parent: str | None = None
    digests: tuple[tuple[str, str], ...] = ()
    corrections: tuple[Correction, ...] = ()
    replay: tuple[Correction, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.parent is not None or self.digests or self.corrections or self.replay)

    @cached_property
    def words_digests(self) -> frozenset[str]:
        """The digests of the words of all corrections ever."""
        return frozenset(words for words, _ in self.digests)

    @cached_property
    def standing(self) -> Mapping[str, str]:
        """The digest of the last correction of each sentence, by the digest of its words."""
        return dict(self.digests)

    def _summary(self) -> str:
        replay = f", {counted(len(self.replay), 'replay sentence')}" if self.replay else ""
        return f"{counted(len(self.digests), 'correction')}, {len(self.corrections):,} with text{replay}"

    def _table(self) -> Iterator[Row]:
        yield "property", "value"
        yield from self.describe().items()

    def to_record(self) -> dict[str, Any]:
        """Return JSON values for the model file."""
        return {
            "parent": self.parent,
            "digests": [list(pair) for pair in self.digests],
            "corrections": [correction.to_json() for correction in self.corrections],
            "replay": [sentence.to_json() for sentence in self.replay],
        }

    def describe(self) -> dict[str, Any]:
        """Return the parent and the numbers of corrections, of those in the file, and of replayed sentences."""
        counts = {"corrections": len(self.digests), "kept": len(self.corrections), "replay": len(self.replay)}
        return {"parent": self.parent, **counts}

    @classmethod
    def from_record(cls, record: Any, word_targets: Sequence[str], text_targets: Sequence[str]) -> History:
        """Return the inverse of ``to_record``. Raises ModelFileError if the record is malformed."""
        demand(isinstance(record, dict) and sorted(record) == list(_KEYS), f"history: expected {', '.join(_KEYS)}")
        parent, digests = record["parent"], record["digests"]
        is_sha = parent is None or (isinstance(parent, str) and _PARENT.fullmatch(parent) is not None)
        demand(is_sha, "history: parent: expected the SHA-256 of a file, or null")
        are_pairs = isinstance(digests, list) and all(
            is_texts(pair) and len(pair) == 2 and all(map(_DIGEST.fullmatch, pair)) for pair in digests
        )
        demand(are_pairs, "history: digests: expected pairs of 32 hexadecimal digits")
        targets = set(word_targets), set(text_targets)
        corrections, replay = (_sentences(record[key], key, *targets) for key in ("corrections", "replay"))
        history = cls(parent, tuple((words, whole) for words, whole in digests), corrections, replay)
        known = {correction.words_digest for correction in corrections} <= history.words_digests
        demand(known, "history: expected the digest of each correction")
        return history


def _sentences(records: Any, key: str, word_targets: set[str], text_targets: set[str]) -> tuple[Correction, ...]:
    demand(isinstance(records, list), f"history: {key}: expected a list")
    for record in records:
        valid = isinstance(record, dict) and record.keys() - {"features"} == {"labels", "words"}
        valid = valid and is_texts(record["words"]) and bool(record["words"]) and isinstance(record["labels"], dict)
        valid = valid and bool(record["labels"]) and record["labels"].keys() <= word_targets | text_targets
        valid = valid and all(
            _are_tags(values, len(record["words"])) if name in word_targets else is_texts(values)
            for name, values in record["labels"].items()
        )
        valid = valid and ("features" not in record or _are_features(record["features"], len(record["words"])))
        demand(valid, f"history: {key}: expected sentences with words, and labels of the model's columns")
    return tuple(map(Correction.from_json, records))


def _are_features(value: Any, n_words: int) -> bool:
    """Return whether a value is, for each word, a list of names and a list of names with numbers."""
    return (
        isinstance(value, list)
        and len(value) == n_words
        and all(isinstance(pair, list) and len(pair) == 2 and is_texts(pair[0]) for pair in value)
        and all(isinstance(numbers, list) and all(map(_is_named_number, numbers)) for _, numbers in value)
    )


def _is_named_number(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and isinstance(value[0], str) and is_number(value[1])


def _are_tags(values: Any, n_words: int) -> bool:
    """Return whether a value is a list of tags, or null, one for each word, and not all null."""
    kinds = set(map(type, values)) if isinstance(values, list) else set()
    return str in kinds and kinds <= {str, type(None)} and len(values) == n_words
