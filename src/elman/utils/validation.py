"""What is demanded of a record, the configuration of a model file, before anything is made of it. NumPy is not needed.

Every way a model is loaded comes through here (and, for networks, ``network_record``): a value has to be of its own
type, since ``true`` is no number and ``3.0`` no number of units, and in its range before anything is computed from it.
Each function gives what it was asked for, or raises ModelFileError with one line.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from elman.errors import ModelFileError
from elman.utils.display import shown

MOST = 2**63 - 1
"""Whole numbers go up to here: counts and seeds are 64-bit numbers."""
_DATA = ("sentences", "words", "dev_sentences", "dev_accuracy", "held_out")
_RUN = ("epochs", "best_epoch", "losses", "train_accuracies", "dev_accuracies", "interrupted", "replanned")
_TRAINING = ("seed", "sentences", "words", "members", "linear", "dev_accuracy")


class Front(NamedTuple):
    """What every record says besides its model: what kind it is and what it was made from."""

    kind: str
    targets: list[str]
    format: str
    data: dict[str, Any]
    model: dict[str, Any]


def demand(holds: bool, message: str) -> None:
    """Raise ModelFileError with this message where that does not hold."""
    if not holds:
        raise ModelFileError(message)


def is_whole(value: Any, low: int = 0, high: int = MOST) -> bool:
    """Whether that is a whole number, and in this range."""
    return type(value) is int and low <= value <= high


def is_number(value: Any) -> bool:
    """Whether that is a finite number, with a point: elman writes no other where no whole number belongs."""
    return isinstance(value, float) and math.isfinite(value)


def is_texts(value: Any) -> bool:
    """Whether that is a list of texts."""
    return isinstance(value, list) and set(map(type, value)) <= {str}


def front(record: Mapping[str, Any], kinds: Sequence[str]) -> Front:
    """What stands beside the model; ``kinds`` are those that it may be of."""
    kind, format, targets = _field(record, "kind", str), _field(record, "format", str), _targets(record)
    data, model = _field(record, "data", dict), _field(record, "model", dict)
    demand(kind in kinds, f"expected a model that is {' or '.join(kinds)}, found {shown(kind)}")
    whole = data.keys() == set(_DATA) and is_whole(data["sentences"]) and is_whole(data["words"])
    whole = whole and (data["dev_sentences"] is None or is_whole(data["dev_sentences"]))
    whole = whole and (data["dev_accuracy"] is None or is_number(data["dev_accuracy"]))
    whole = whole and isinstance(data["held_out"], str | None)
    demand(whole, f"data: expected {', '.join(_DATA)}, as training writes them")
    return Front(kind, targets, format, data, model)


def _field(record: Mapping[str, Any], key: str, kind: type[Any]) -> Any:
    value = record.get(key)
    if not isinstance(value, kind):  # the message is made only then: writing out a whole model takes a while
        expected = "a text" if kind is str else "a table"
        raise ModelFileError(f"{key}: expected {expected}, found {shown(str(value))}")
    return value


def _targets(record: Mapping[str, Any]) -> list[str]:
    """The names of the label columns: a text, or a list where there are several."""
    target = record.get("target")
    names = [target] if isinstance(target, str) else target
    if not (isinstance(names, list) and names and is_texts(names)):
        raise ModelFileError(f"target: expected a text or a list of texts, found {shown(str(target))}")
    demand(len(set(names)) == len(names), "target: expected distinct columns")
    return names


def vocabulary(record: Any) -> tuple[list[str], list[int]]:
    """The words and their counts."""
    words, counts = (record.get("words"), record.get("counts")) if isinstance(record, Mapping) else (None, None)
    if not (isinstance(words, list) and is_texts(words)):
        raise ModelFileError("vocabulary: expected a list of words")
    known = isinstance(counts, list) and set(map(type, counts)) <= {int}
    if not (isinstance(counts, list) and known and (not counts or 0 < min(counts) <= max(counts) <= MOST)):
        raise ModelFileError("vocabulary: expected a list of counts, whole numbers from 1 up")
    whole = len(words) == len(counts) and len(set(words)) == len(words)
    demand(whole, "vocabulary: expected distinct words and a count for each")
    return words, counts


def tags(value: Any) -> list[str]:
    """The tags of a label column."""
    if not (isinstance(value, list) and value and is_texts(value)):
        raise ModelFileError("model: expected a list of tags")
    demand(len(set(value)) == len(value), "model: expected distinct tags")
    return value


def training(record: Any, networks: int = 1) -> dict[str, Any]:
    """The record of the training of so many networks."""
    if not isinstance(record, dict):
        raise ModelFileError("model: expected a training record")
    demand(record.keys() <= {*_RUN, *_TRAINING}, "model: expected a training record without other entries")
    counts = [record[name] for name in ("sentences", "words") if name in record]
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
    for one in members:
        _run(one)
    return record


def _run(record: Any) -> None:
    """What came of the training of a network, epoch by epoch."""
    whole = isinstance(record, dict) and record.keys() == set(_RUN) and isinstance(record["interrupted"], bool)
    whole = whole and is_whole(record["epochs"]) and is_whole(record["best_epoch"], 0, record["epochs"])
    by_epoch = [record[name] for name in ("losses", "train_accuracies", "dev_accuracies")] if whole else []
    whole = whole and all(isinstance(values, list) and all(map(is_number, values)) for values in by_epoch)
    if whole:
        losses, of_train, of_dev = map(len, by_epoch)
        whole = losses == of_train <= record["epochs"] and of_dev <= losses
        whole = whole and (not of_dev or 1 <= record["best_epoch"] <= of_dev) and _are_plans(record["replanned"])
    demand(whole, f"training: expected {', '.join(_RUN)}, as training writes them")


def _are_plans(value: Any) -> bool:
    """Whether that is a list of changes of plan: (first epoch, epochs in all), the first epochs rising from 2."""
    pairs = isinstance(value, list) and all(
        isinstance(plan, list) and len(plan) == 2 and is_whole(plan[0], 2) and is_whole(plan[1], plan[0])
        for plan in value
    )
    return pairs and all(first[0] < second[0] for first, second in pairwise(value))
