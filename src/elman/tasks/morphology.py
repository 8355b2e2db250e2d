"""Morphological features, one label column per feature."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from elman.data.sentence import Sentence, error_at
from elman.errors import DataError
from elman.tasks.base import EMPTY, MAX_LABEL, Columns, Decoded, Predictions, column
from elman.utils.display import shown

CHUNK = 1 << 20
"""Words times feature combinations that are scored at a time."""


@dataclass(frozen=True)
class MorphologyEncoding:
    """Morphological features with one label column each; decoding gives only combinations seen in training.

    ``known``  the combinations of the training data, such as ``Case=Nom|Number=Sing``
    """

    known: tuple[str, ...]
    target: str = "feats"
    name: ClassVar[str] = "features"

    @classmethod
    def of(cls, sentences: Iterable[Sentence], target: str = "feats") -> MorphologyEncoding:
        """Collect the combinations of training sentences. Raises DataError if there are none, or one is malformed."""
        known: dict[str, None] = {}
        path = ""
        for sentence in sentences:
            path = path or sentence.path
            for i, value in enumerate(column(sentence, target)):
                if value not in known:
                    _features_of(value, sentence, i)
                    known[value] = None
        if set(known) <= {EMPTY}:
            message = f"no features: column {target} holds only {EMPTY}; choose another one with --target"
            raise DataError(message, path=path or None)
        return cls(tuple(sorted(known)), target)

    @property
    def targets(self) -> tuple[str, ...]:
        return (self.target,)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the features, in the order of the label columns."""
        return tuple(sorted({name for value in self.known for name in _features_of(value)}))

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(f"{self.target}.{name}" for name in self.names)

    @property
    def unannotated(self) -> tuple[str, ...]:
        return ()

    @cached_property
    def _by_parts(self) -> dict[tuple[str, ...], str]:
        return {self._parts(_features_of(value)): value for value in self.known}

    def _parts(self, items: Mapping[str, str]) -> tuple[str, ...]:
        return tuple(items.get(name, EMPTY) for name in self.names)

    def encode(self, sentence: Sentence) -> Columns:
        values = column(sentence, self.target)
        rows = [self._parts(_features_of(value, sentence, i)) for i, value in enumerate(values)]
        return dict(zip(self.columns, zip(*rows, strict=True), strict=True))

    @cached_property
    def labels(self) -> dict[str, frozenset[str]]:
        """The labels of each label column."""
        return dict(zip(self.columns, map(frozenset, zip(*self._by_parts, strict=True)), strict=True))

    def fits(self, column: str, label: str) -> bool:
        return label in self.labels[column]

    def decode(self, batch: Predictions) -> Decoded:
        by_sentence = zip(*(batch.labels[name] for name in self.columns), strict=True)
        decoded = [[self._by_parts.get(parts) for parts in zip(*labels, strict=True)] for labels in by_sentence]
        incomplete = [i for i, values in enumerate(decoded) if None in values]
        if incomplete:
            probabilities = [batch.probabilities(name, incomplete) for name in self.columns]
            chunk = max(1, CHUNK // len(self.known))
            for i, *p in zip(incomplete, *probabilities, strict=True):
                unseen = [word for word, value in enumerate(decoded[i]) if value is None]
                for words in (unseen[start : start + chunk] for start in range(0, len(unseen), chunk)):
                    best = self._best([np.log(np.maximum(feature[words], 1e-30)) for feature in p], batch.label_sets)
                    for word, value in zip(words, best, strict=True):
                        decoded[i][word] = value
        return {self.target: [[value or EMPTY for value in values] for values in decoded]}

    def _best(self, log_p: Sequence[Any], label_sets: Mapping[str, Sequence[str]]) -> list[str]:
        """Return the most probable known combination of each word."""
        total = 0.0
        for i, (name, scores) in enumerate(zip(self.columns, log_p, strict=True)):
            ids = {label: k for k, label in enumerate(label_sets[name])}
            total = total + scores[:, [ids[parts[i]] for parts in self._by_parts]]
        values = list(self._by_parts.values())
        return [values[i] for i in np.asarray(total).argmax(axis=1).tolist()]

    def to_record(self) -> dict[str, Any]:
        return {"name": self.name, "target": self.target, "known": list(self.known)}


def _features_of(value: str, sentence: Sentence | None = None, word: int = 0) -> dict[str, str]:
    """Parse ``Case=Nom|Number=Sing``. Raises DataError, with the line, if an item is not name=value."""
    if value == EMPTY:
        return {}
    if not is_features(value):
        expected = f"expected Name=Value|Name=Value, up to {MAX_LABEL:,} characters, or _"
        message = f"features: {expected}, found {shown(value)}"
        raise error_at(sentence, word, message) if sentence is not None else DataError(message)
    return dict(item.split("=", 1) for item in value.split("|"))


def is_features(value: str) -> bool:
    """Return whether a value is ``_`` or a well-formed list of name=value."""
    names = [item.partition("=")[0] for item in value.split("|")]
    whole = all("=" in item[1:] and not item.endswith("=") for item in value.split("|"))
    return value == EMPTY or (whole and len(set(names)) == len(names) and len(value) <= MAX_LABEL)
