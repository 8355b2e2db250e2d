"""Data that are read more than once: kept for it, with digests by which a change is noticed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from typing import Any

from elman.data.corpus import as_items
from elman.data.formats import read_table
from elman.data.sentence import Sentence
from elman.data.tokens import Token
from elman.errors import DataError, while_reading
from elman.utils.arguments import is_path, is_table
from elman.utils.files import input_files, is_pipe

_BLOCK = 1 << 20


def kept(data: Any, why: str) -> Any:
    """Return data that can be read again: a list of paths or of sentences, or a table.

    ``why`` it is read again goes into the message. Raises DataError for a pipe.
    """
    if is_table(data):
        from elman.data.formats import arrow

        return arrow.arrow_table(data)
    items = [data] if is_path(data) else list(as_items(data))
    for path in paths_of(items):
        if is_pipe(path):
            name = "standard input" if path == "-" else path
            raise DataError(f"a pipe can be read once only, and {why}; save it", path=name)
    return items


def digest(data: Any, text_column: str | None = None) -> str:
    """Return the SHA-256 of the bytes of files, or of sentences. ``data`` is as ``kept`` returns it."""
    found = hashlib.sha256()
    items = read_table(data, text_column) if is_table(data) else data
    paths = paths_of(data)
    for path in input_files(paths):
        _feed(found, path)
        found.update(b"\0")
    for item in () if paths else items:
        found.update(repr(_content(item)).encode("utf-8", "surrogatepass") + b"\0")
    return found.hexdigest()


def file_digests(paths: Iterable[str]) -> dict[str, str]:
    """Return the SHA-256 of each file; folders and patterns are expanded."""
    result = {}
    for path in input_files(paths):
        found = hashlib.sha256()
        _feed(found, path)
        result[path] = found.hexdigest()
    return result


def _feed(found: Any, path: str) -> None:
    with while_reading(path), open(path, "rb") as file:
        while block := file.read(_BLOCK):
            found.update(block)


def paths_of(data: Any) -> list[str]:
    """Return the paths that data are; [] for sentences."""
    return [os.fspath(path) for path in data] if isinstance(data, list) and all(map(is_path, data)) else []


def _content(item: Any) -> Any:
    """Return an item as values whose ``repr`` tells two of different content apart."""
    if isinstance(item, Sentence):
        words = tuple((word, word.features, word.numbers) if isinstance(word, Token) else word for word in item.words)
        return words, dict(item.columns), dict(item.labels), *((item.lines, item.format) if item.lines else ())
    if hasattr(item, "tolist"):  # an array: the repr of a long one leaves most of it out
        return item.tolist()
    if type(item) in (list, tuple):
        return type(item)(map(_content, item))
    return {key: _content(value) for key, value in item.items()} if type(item) is dict else item
