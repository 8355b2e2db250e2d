"""Names of labels that are stored as numbers, as in Hugging Face datasets: 3 stands for the fourth name.

They come from an option (a file, or the names themselves), from a record or metadata with ``features`` or ``names``, or
from ``dataset_info.json`` in the folder of the file.
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

_INFO_FILE = "dataset_info.json"


class UnnamedTagsError(ConfigError):
    """Tags are numbers without names: the user has to be asked, instead of falling back to other labels."""


def names_in(value: Any) -> dict[str, Sequence[str]]:
    """Return all names in a JSON value: a list, ``id2label``, ``features`` of a dataset, or ``{column: names}``.

    Nothing is found in a value that is nested too deeply.
    """
    try:
        return _names_in(value)
    except RecursionError:
        return {}


def _names_in(value: Any) -> dict[str, Sequence[str]]:
    listed = _listed(value)
    if listed is not None:
        return {"": listed}
    names: dict[str, Sequence[str]] = {}
    if not isinstance(value, Mapping):
        return names
    for key, item in value.items():
        listed = _deepest(item)
        if key in ("features", "info", "names", "id2label"):
            names |= _names_in(item)
        elif listed is not None:
            names[key] = listed
    return names


def _deepest(value: Any) -> Sequence[str] | None:
    """Return the names of a feature in any wrapping: ``{"feature": {"names": […]}}``, ``[{"names": […]}]``."""
    if isinstance(value, Mapping):
        inner = value.get("names", value.get("feature", value.get("class_label")))
        return _deepest(inner) if inner is not None else _listed(value)
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], Mapping):
        return _deepest(value[0])
    return _listed(value)


def _listed(value: Any) -> Sequence[str] | None:
    """Return names given as a list, or as an object whose keys are the numbers."""
    numbers = {whole_number(str(key)): name for key, name in value.items()} if isinstance(value, Mapping) else {}
    if numbers and None not in numbers:
        value = [numbers[i] for i in range(len(numbers))] if set(numbers) == set(range(len(value))) else None
    if isinstance(value, list) and value and all(isinstance(name, str) and name for name in value):
        return value
    return None


def names_from_option(option: str) -> Names:
    """Return the names that an option gives: a JSON file, or the names separated by commas or spaces.

    Raises ConfigError for a file without names.
    """
    if not os.path.isfile(option):
        names = [name for name in re.split(r"[,\s]+", option) if name]
        if len(names) > 1 and not option.lower().endswith(".json"):
            return {"": names}
        raise ConfigError(f"names: {shown(option)} is no file; expected one of JSON, or the names: 'O,B-LOC,I-LOC'")
    names_by_column = names_in(_loaded(option))
    if not names_by_column:
        raise ConfigError(f"names: {option} holds none; expected a list of names, features or id2label as JSON")
    return names_by_column


def names_beside(path: str) -> Names:
    """Return the names in ``dataset_info.json`` in the folder of a file; empty without such a file."""
    info_file = os.path.join(os.path.dirname(path), _INFO_FILE)
    return names_in(_loaded(info_file)) if path != "-" and os.path.isfile(info_file) else {}


def _loaded(path: str) -> Any:
    try:
        with while_reading(path), open(path, encoding="utf-8-sig") as file:
            return json.load(file)
    except (ValueError, RecursionError):
        raise DataError("is not JSON; expected the names of labels", path=path) from None
