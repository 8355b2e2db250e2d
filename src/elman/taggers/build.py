"""Make models of their records: segmenters, taggers of encoded columns, and pipelines.

Each function is the inverse of ``to_record`` and raises ModelFileError if the record is malformed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from elman.errors import ModelFileError
from elman.models.file import Tensors
from elman.taggers.pipeline import SEGMENT, WORDS, Pipeline
from elman.taggers.segmenter import Segmenter
from elman.taggers.structured import EncodedTagger
from elman.taggers.tagger import Tagger
from elman.tasks.loaded import encoding_of
from elman.tasks.segmentation import Segmentation, check_labels
from elman.utils.display import shown


def segmenter(record: Mapping[str, Any], tensors: Tensors, *, threads: int = 1) -> Segmenter:
    """Return the model of the task segment."""
    of_labels = record["task"].get("segmentation")
    segmentation = Segmentation.from_record(of_labels if isinstance(of_labels, dict) else {})
    tagger = Tagger.from_record(record, tensors, threads=threads)
    if tagger.kind != "rnn" or len(tagger.targets) != 1 or tagger.text_targets:
        raise ModelFileError("task segment: expected a recurrent network with one column of labels")
    check_labels(tagger.tags)
    return Segmenter(tagger, segmentation)


def encoded_tagger(record: Mapping[str, Any], tensors: Tensors, *, threads: int = 1) -> EncodedTagger:
    """Return the model of columns that are encoded as labels."""
    task = record["task"]
    tagger = Tagger.from_record(record, tensors, threads=threads)
    if tagger.text_targets:
        raise ModelFileError(f"task {task['name']}: expected labels of words, found those of whole texts")
    return EncodedTagger(tagger, encoding_of(task.get("encoding"), tagger.tag_sets), task["name"])


def pipeline(record: Mapping[str, Any], tensors: Tensors, *, threads: int = 1) -> Pipeline:
    """Return the model of two, each with its own record and its own part of the tensors."""
    parts: list[tuple[dict[str, Any], Tensors]] = []
    for key, prefix, name in (("segment", SEGMENT, Segmenter.task), ("words", WORDS, Pipeline.task)):
        part = record["task"].get(key)
        task = part.get("task") if isinstance(part, dict) else None
        if not isinstance(task, dict) or task.get("name") != name:
            raise ModelFileError(f"task pipeline: expected a model of the task {name} as its part {key}")
        own = {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
        parts.append((part, own))
    other = next((name for name in tensors if not name.startswith((SEGMENT, WORDS))), None)
    if other is not None:
        raise ModelFileError(f"task pipeline: expected tensors of its two parts, found {shown(other)}")
    words = encoded_tagger(*parts[1], threads=threads)
    wrong = next((label for own in words.tag_sets.values() for label in own if "\t" in label or "\n" in label), None)
    if wrong is not None:
        raise ModelFileError(f"task pipeline: expected labels that CoNLL-U can hold, found {shown(wrong)}")
    return Pipeline(segmenter(*parts[0], threads=threads), words)
