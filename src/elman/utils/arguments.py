"""Checks of the arguments of public functions: another type is answered in one line that says what is expected."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

from elman.errors import ConfigError, DataError
from elman.utils.display import shown


def is_path(value: object) -> bool:
    """Return whether a value names a file."""
    return isinstance(value, str | os.PathLike)


def path_text(name: str, value: Any) -> str:
    """Return a path as text. Raises ConfigError if it is none, is empty, or has characters that no path has."""
    path = os.fspath(value) if is_path(value) else None
    if not isinstance(path, str) or not path:
        raise ConfigError(f"{name}: expected the path of a file, got {described(value)}")
    try:
        os.fsencode(path)
    except UnicodeEncodeError:
        path = "\0"
    if "\0" in path:
        raise ConfigError(f"{name}: expected the path of a file, got {shown(value)}, which the system cannot hold")
    return path


def path_texts(name: str, value: Any) -> list[str]:
    """Return one path or several as a list of texts. Raises ConfigError if an item is no path."""
    if is_path(value):
        return [path_text(name, value)]
    if isinstance(value, bytes | bytearray | Mapping) or not isinstance(value, Iterable):
        raise ConfigError(f"{name}: expected a path or a list of paths, got {described(value)}")
    return [path_text(name, each) for each in value]


def check_text(name: str, value: object, *, optional: bool = True) -> None:
    """Raise ConfigError if a value is not text; None passes if it is ``optional``."""
    if not isinstance(value, str) and not (optional and value is None):
        raise ConfigError(f"{name}: expected a text{' or None' if optional else ''}, got {described(value)}")


def check_callbacks(**callbacks: object) -> None:
    """Raise ConfigError if one of these arguments is neither a function nor None."""
    for name, value in callbacks.items():
        if value is not None and not callable(value):
            raise ConfigError(f"{name}: expected a function or None, got {described(value)}")


def check_flag(name: str, value: object) -> None:
    """Raise ConfigError if a value is neither True nor False."""
    if not isinstance(value, bool):
        raise ConfigError(f"{name}: expected True or False, got {described(value)}")


def settings_table(value: Any) -> Mapping[str, Any]:
    """Return settings, {} for None. Raises ConfigError if they are no mapping of texts."""
    if value is None:
        return {}
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise ConfigError(f'settings: expected a dict such as {{"hidden": 64}}, got {described(value)}')
    return value


def described(value: object) -> str:
    """Return a value for a message: of None, a text and a number the value, of other objects the type too."""
    if value is None or isinstance(value, str | int | float):
        return shown(value)
    return f"{type(value).__name__}: {shown(value)}"


def is_table(value: object) -> bool:
    """Return whether a value is a table: it has the Arrow PyCapsule interface, or is a Hugging Face data set.

    A column (a Series of pandas or Polars, a ChunkedArray) is none: its items are the sentences.
    """
    kind = type(value)
    if not hasattr(kind, "__arrow_c_stream__"):
        return is_dataset(value)
    return any(hasattr(kind, name) for name in ("columns", "schema")) or not isinstance(value, Iterable)


def is_dataset(value: object) -> bool:
    """Return whether a value is a data set of Hugging Face ``datasets``, known by its attributes."""
    return all(hasattr(type(value), name) for name in ("features", "column_names", "with_format", "iter"))


def refuse_table(value: object, expected: str) -> None:
    """Raise DataError for a table (pandas, Polars, Arrow) or a dict: its items are columns or keys, no sentences."""
    kind = type(value).__name__
    if isinstance(value, Mapping):
        advice = "pass its values as a list"
        if is_dataset(next(iter(value.values()), None)):
            advice = f"pass one of its splits: {', '.join(map(str, value))}"
        raise DataError(f"expected {expected}, got a {kind}, whose items are its keys; {advice}")
    if kind == "LazyFrame":
        raise DataError(f"expected {expected}, got a LazyFrame, which has no rows yet; pass its collect()")
    if kind in ("DataFrame", "Table") or is_table(value):
        advice = "make a list of it, a (word, tag) pair for each row of a sentence, or save it and pass the path"
        raise DataError(f"expected {expected}, got a {kind}, whose items are its columns; {advice}")
