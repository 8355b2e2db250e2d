"""Names of labels that are stored as whole numbers, as Hugging Face datasets do: the name of 3 is the fourth.

They come from an option (a file, or the names themselves), from a record or metadata with ``features`` or ``names``,
or from ``dataset_info.json`` beside the file.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from typing import Any

from elman.data.formats.lines import whole_number
from elman.errors import ConfigError, DataError, while_reading
from elman.utils.display import shown

Names = Mapping[str, Sequence[str]]
"""Column -> the names of its labels; the column ``""`` stands for all others."""

_SIDECAR = "dataset_info.json"


class UnnamedTagsError(ConfigError):
    """Tags are numbers, and nobody knows their names: to be asked for, not passed over for other labels."""


def names_in(value: Any) -> dict[str, Sequence[str]]:
    """All names found in a JSON value: a list of them, ``id2label``, ``features`` of a dataset, ``{column: names}``.

    None of a value that is nested without end.
    """
    try:
        return _names_in(value)
    except RecursionError:
        return {}


def _names_in(value: Any) -> dict[str, Sequence[str]]:
    listed = _listed(value)
    if listed is not None:
        return {"": listed}
    found: dict[str, Sequence[str]] = {}
    if not isinstance(value, Mapping):
        return found
    for key, item in value.items():
        listed = _deepest(item)
        if key in ("features", "info", "names", "id2label"):
            found |= _names_in(item)
        elif listed is not None:
            found[key] = listed
    return found


def _deepest(value: Any) -> Sequence[str] | None:
    """The names of a feature, however it is wrapped: ``{"feature": {"names": […]}}``, ``[{"names": […]}]``."""
    if isinstance(value, Mapping):
        inner = value.get("names", value.get("feature", value.get("class_label")))
        return _deepest(inner) if inner is not None else _listed(value)
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], Mapping):
        return _deepest(value[0])
    return _listed(value)


def _listed(value: Any) -> Sequence[str] | None:
    """Names as a list, or as an object with the numbers for keys."""
    numbers = {whole_number(str(key)): name for key, name in value.items()} if isinstance(value, Mapping) else {}
    if numbers and None not in numbers:
        value = [numbers[i] for i in range(len(numbers))] if set(numbers) == set(range(len(value))) else None
    if isinstance(value, list) and value and all(isinstance(name, str) and name for name in value):
        return value
    return None


def names_from_option(option: str) -> Names:
    """The names that an option gives: a JSON file with them, or they themselves, separated by commas or spaces.

    Raises ConfigError: a file without names.
    """
    if not os.path.isfile(option):
        names = [name for name in re.split(r"[,\s]+", option) if name]
        if len(names) > 1 and not option.lower().endswith(".json"):
            return {"": names}
        raise ConfigError(f"names: {shown(option)} is no file; expected one of JSON, or the names: 'O,B-LOC,I-LOC'")
    found = names_in(_loaded(option))
    if not found:
        raise ConfigError(f"names: {option} holds none; expected a list of names, features or id2label as JSON")
    return found


def names_beside(path: str) -> Names:
    """The names in ``dataset_info.json`` in the folder of a file; none where there is no such file."""
    beside = os.path.join(os.path.dirname(path), _SIDECAR)
    return names_in(_loaded(beside)) if path != "-" and os.path.isfile(beside) else {}


def _loaded(path: str) -> Any:
    try:
        with while_reading(path), open(path, encoding="utf-8-sig") as file:
            return json.load(file)
    except (ValueError, RecursionError):
        raise DataError("is not JSON; expected the names of labels", path=path) from None
