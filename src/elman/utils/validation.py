"""Validate the record (JSON configuration) of a model file before a model is built from it. Does not import NumPy.

Every loader uses these checks (and, for networks, those of the network record): a value must have the exact type, since
``true`` is not a number and ``3.0`` not a number of units, and must be in range before anything is computed from it.
Each function returns the validated value or raises ModelFileError with a one-line message.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from elman.errors import ModelFileError
from elman.utils.display import shown

MOST = 2**63 - 1
"""Largest whole number: counts and seeds are signed 64-bit integers."""
_DATA = ("sentences", "words", "dev_sentences", "dev_accuracy", "held_out")
_TOKENIZATION = "tokenization"
_RUN = ("epochs", "best_epoch", "losses", "train_accuracies", "dev_accuracies", "interrupted", "replanned")
_TRAINING = ("seed", "sentences", "words", "members", "linear", "dev_accuracy", "workers")


class Front(NamedTuple):
    """The entries that every record has: kind, label columns, file format, training data, and the model itself.

    ``inputs`` are further columns that it reads with each word; a record without them has no such entry.
    """

    kind: str
    targets: list[str]
    format: str
    data: dict[str, Any]
    model: dict[str, Any]
    inputs: Sequence[str] = ()


def demand(holds: bool, message: str) -> None:
    """Raise ModelFileError with this message if a condition does not hold."""
    if not holds:
        raise ModelFileError(message)


def is_whole(value: Any, low: int = 0, high: int = MOST) -> bool:
    """Return whether a value is an int from ``low`` to ``high``."""
    return type(value) is int and low <= value <= high


def is_number(value: Any) -> bool:
    """Return whether a value is a finite float; elman writes real numbers always with a decimal point."""
    return isinstance(value, float) and math.isfinite(value)


def is_texts(value: Any) -> bool:
    """Return whether a value is a list of strings."""
    return isinstance(value, list) and set(map(type, value)) <= {str}


def front(record: Mapping[str, Any], kinds: Sequence[str]) -> Front:
    """Validate the common part of a record. Raises ModelFileError if it is malformed or its kind not in ``kinds``."""
    demand("checkpoint" not in record, "a checkpoint, not a model; --resume goes on with its run")
    kind, format, targets = _field(record, "kind", str), _field(record, "format", str), _targets(record)
    data, model = _field(record, "data", dict), _field(record, "model", dict)
    demand(kind in kinds, f"expected a model that is {' or '.join(kinds)}, found {shown(kind)}")
    valid = data.keys() - {_TOKENIZATION} == set(_DATA) and is_whole(data["sentences"]) and is_whole(data["words"])
    valid = valid and (data["dev_sentences"] is None or is_whole(data["dev_sentences"]))
    valid = valid and (data["dev_accuracy"] is None or is_number(data["dev_accuracy"]))
    valid = valid and isinstance(data["held_out"], str | None)
    demand(valid, f"data: expected {', '.join(_DATA)}, as training writes them")
    inputs = record.get("inputs", [])
    valid = isinstance(inputs, list) and is_texts(inputs) and len(set(inputs)) == len(inputs)
    demand(valid and ("token_features" in model or not inputs), "inputs: expected distinct columns, which it reads")
    return Front(kind, targets, format, data, model, inputs)


def _field(record: Mapping[str, Any], key: str, kind: type[Any]) -> Any:
    value = record.get(key)
    if not isinstance(value, kind):  # build the message only on failure: str() of a whole model is slow
        expected = "a text" if kind is str else "a table"
        raise ModelFileError(f"{key}: expected {expected}, found {shown(str(value))}")
    return value


def _targets(record: Mapping[str, Any]) -> list[str]:
    """Return the names of the label columns: the record has a string, or a list if there are several."""
    target = record.get("target")
    names = [target] if isinstance(target, str) else target
    if not (isinstance(names, list) and names and is_texts(names)):
        raise ModelFileError(f"target: expected a text or a list of texts, found {shown(str(target))}")
    demand(len(set(names)) == len(names), "target: expected distinct columns")
    return names


def vocabulary(record: Any) -> tuple[list[str], list[int]]:
    """Return the words of a vocabulary and their counts."""
    words, counts = (record.get("words"), record.get("counts")) if isinstance(record, Mapping) else (None, None)
    if not (isinstance(words, list) and is_texts(words)):
        raise ModelFileError("vocabulary: expected a list of words")
    are_ints = isinstance(counts, list) and set(map(type, counts)) <= {int}
    if not (isinstance(counts, list) and are_ints and (not counts or 0 < min(counts) <= max(counts) <= MOST)):
        raise ModelFileError("vocabulary: expected a list of counts, whole numbers from 1 up")
    valid = len(words) == len(counts) and len(set(words)) == len(words)
    demand(valid, "vocabulary: expected distinct words and a count for each")
    return words, counts


def tags(value: Any) -> list[str]:
    """Return the tags of a label column."""
    if not (isinstance(value, list) and value and is_texts(value)):
        raise ModelFileError("model: expected a list of tags")
    demand(len(set(value)) == len(value), "model: expected distinct tags")
    return value


def training(record: Any, networks: int = 1) -> dict[str, Any]:
    """Validate the training record of a model of ``networks`` networks."""
    if not isinstance(record, dict):
        raise ModelFileError("model: expected a training record")
    demand(record.keys() <= {*_RUN, *_TRAINING}, "model: expected a training record without other entries")
    counts = [record[name] for name in ("sentences", "words", "workers") if name in record]
    demand(all(map(is_whole, [record.get("seed"), *counts])), "training: expected a seed and counts, whole numbers")
    accuracy = record.get("dev_accuracy")
    demand(
        accuracy is None or is_number(accuracy), f"training: dev_accuracy: expected a number, found {shown(accuracy)}"
    )
    _run({name: value for name, value in record.items() if name not in _TRAINING})
    if "linear" in record:
        _run(record["linear"])
    members = record.get("members", [])
    if not isinstance(members, list) or len(members) != networks - 1:
        raise ModelFileError(f"training: expected the records of {networks} networks")
    for member in members:
        _run(member)
    return record


def _run(record: Any) -> None:
    """Validate the training history of one network, epoch by epoch."""
    valid = isinstance(record, dict) and record.keys() == set(_RUN) and isinstance(record["interrupted"], bool)
    valid = valid and is_whole(record["epochs"]) and is_whole(record["best_epoch"], 0, record["epochs"])
    by_epoch = [record[name] for name in ("losses", "train_accuracies", "dev_accuracies")] if valid else []
    valid = valid and all(isinstance(values, list) and all(map(is_number, values)) for values in by_epoch)
    if valid:
        losses, of_train, of_dev = map(len, by_epoch)
        valid = losses == of_train <= record["epochs"] and of_dev <= losses
        valid = valid and (not of_dev or 1 <= record["best_epoch"] <= of_dev) and _are_plans(record["replanned"])
    demand(valid, f"training: expected {', '.join(_RUN)}, as training writes them")


def _are_plans(value: Any) -> bool:
    """Return whether a value lists changes of the number of epochs: (from epoch, epochs in total), rising from 2."""
    pairs = isinstance(value, list) and all(
        isinstance(plan, list) and len(plan) == 2 and is_whole(plan[0], 2) and is_whole(plan[1], plan[0])
        for plan in value
    )
    return pairs and all(first[0] < second[0] for first, second in pairwise(value))
