"""Load the encoding of a model file and check it against the labels of the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from elman.errors import ModelFileError
from elman.tasks.base import EMPTY, Encoding
from elman.tasks.composite import CompositeEncoding, from_record, parts_of
from elman.tasks.dependency import DependencyEncoding
from elman.tasks.dependency_labels import parse_label
from elman.tasks.edit_scripts import Scripts
from elman.tasks.graph import RELATION, GraphEncoding
from elman.tasks.lemma import LemmaEncoding
from elman.tasks.morphology import MorphologyEncoding
from elman.tasks.relation_counts import MAX_TAGS
from elman.utils.display import shown

LabelSets = Mapping[str, Sequence[str]]
"""The labels of a model by label column, in order."""


def encoding_of(record: Any, sets: LabelSets) -> Encoding:
    """Return the encoding of a record for a model with these labels; it encodes as in training.

    Raises ModelFileError if the record is malformed, or the labels are not as training writes them.
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
    parts: list[Encoding] = []
    decoded: set[str] = set()  # columns of earlier parts
    for part in parts_of(encoding):
        if isinstance(part, MorphologyEncoding):
            _check_features(part, sets)
        if isinstance(part, DependencyEncoding):
            _check_trees(part, sets, decoded)
        if isinstance(part, GraphEncoding) and part.root not in (None, *sets[RELATION]):
            raise ModelFileError(f"task: graph: expected a relation of the model for roots, found {shown(part.root)}")
        if isinstance(part, LemmaEncoding):
            part = replace(part, scripts=Scripts(frozenset(sets[part.target])))
        parts.append(part)
        decoded.update(part.targets)
    return CompositeEncoding(tuple(parts)) if isinstance(encoding, CompositeEncoding) else parts[0]


def _check_features(encoding: MorphologyEncoding, sets: LabelSets) -> None:
    """Raise ModelFileError if a combination has a value that the model does not know."""
    for name, labels in encoding.labels.items():
        missing = sorted(labels - set(sets[name]))
        if missing:
            raise ModelFileError(f"task: column {name}: expected the label {shown(missing[0])}, found none")


def _check_trees(encoding: DependencyEncoding, sets: LabelSets, decoded: set[str]) -> None:
    """Raise ModelFileError for too many tags, or for heads or counts with tags or relations unknown to the model."""
    tags = set(sets.get(encoding.tags, ())) if encoding.tags in decoded else {EMPTY}
    if len(tags) > MAX_TAGS:
        raise ModelFileError(f"task: heads: expected up to {MAX_TAGS:,} tags in {encoding.tags}, found {len(tags):,}")
    used = encoding.relation_counts.tags | {tag for number, tag in map(parse_label, sets["head"]) if number}
    relations = set().union(*encoding.relation_counts.counts.values())
    unknown = sorted(used - tags) or sorted(relations - set(sets["deprel"]))
    if unknown:
        message = "expected tags and relations that are labels of the model"
        raise ModelFileError(f"task: heads: {message}, found {shown(unknown[0])}")
