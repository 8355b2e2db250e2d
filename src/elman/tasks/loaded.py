"""Encodings of model files, checked against the labels of their models: what training does not write is refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from elman.errors import ModelFileError
from elman.tasks import edit_scripts as lemmas
from elman.tasks.base import NOTHING, Encoding
from elman.tasks.composite import Features, Lemmas, Together, Trees, from_record, parts_of
from elman.tasks.dependency_labels import parts
from elman.tasks.relation_counts import MOST_TAGS
from elman.utils.display import shown

Sets = Mapping[str, Sequence[str]]
"""By label column, in their order: the labels of a model."""


def encoding_of(record: Any, sets: Sets) -> Encoding:
    """The encoding of a record, for a model of these labels; it does ``encode`` as in training.

    Raises ModelFileError: no such record, or labels that are not what training writes.
    """
    encoding = from_record(record)
    if tuple(sets) != encoding.columns:
        raise ModelFileError(f"task: expected the label columns {', '.join(encoding.columns)}, found {', '.join(sets)}")
    for name, labels in sets.items():
        for label in labels:
            if not encoding.fits(name, label):
                raise ModelFileError(
                    f"task: column {name}: expected labels as training writes them, found {shown(label)}"
                )
    each = parts_of(encoding)
    known: set[str] = set()  # columns that are decoded before
    for one in each:
        if isinstance(one, Features):
            _check_features(one, sets)
        if isinstance(one, Trees):
            _check_trees(one, sets, known)
        known.update(one.targets)
    again = [replace(one, scripts=_scripts(one, sets)) if isinstance(one, Lemmas) else one for one in each]
    return Together(tuple(again)) if isinstance(encoding, Together) else again[0]


def _scripts(encoding: Lemmas, sets: Sets) -> lemmas.Scripts:
    return lemmas.Scripts(frozenset(sets[encoding.target]))


def _check_features(encoding: Features, sets: Sets) -> None:
    """Raise ModelFileError where a combination has a value that the model does not know."""
    for name, labels in encoding.labels.items():
        missing = sorted(labels - set(sets[name]))
        if missing:
            raise ModelFileError(f"task: column {name}: expected the label {shown(missing[0])}, found none")


def _check_trees(encoding: Trees, sets: Sets, decoded: set[str]) -> None:
    """Raise ModelFileError: heads of tags that the model does not give, too many tags, counts of other labels."""
    tags = set(sets.get(encoding.tags, ())) if encoding.tags in decoded else {NOTHING}
    if len(tags) > MOST_TAGS:
        raise ModelFileError(f"task: heads: expected up to {MOST_TAGS:,} tags in {encoding.tags}, found {len(tags):,}")
    used = encoding.agreement.tags | {tag for number, tag in map(parts, sets["head"]) if number}
    relations = set().union(*encoding.agreement.counts.values())
    other = sorted(used - tags) or sorted(relations - set(sets["deprel"]))
    if other:
        message = "expected tags and relations that are labels of the model"
        raise ModelFileError(f"task: heads: {message}, found {shown(other[0])}")
