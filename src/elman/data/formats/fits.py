"""Check before writing whether a format can hold all tags and labels of a model, by asking its writer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from elman.data.formats import open_writer
from elman.data.sentence import Sentence
from elman.errors import DataError

ANYTHING = ("parquet", "spacy", "tree", "html")
"""Formats that hold any tag and label, or draw what they can."""


def find_misfit(
    format: str, tags: Mapping[str, Sequence[str]], labels: Mapping[str, Sequence[str]], *, spaced: bool = False
) -> str:
    """Return which of ``tags`` by column and ``labels`` by name a format cannot hold, as a message; "" if it holds all.

    ``spaced``: they are written in place into a file of that format whose columns are separated by spaces. Raises
    ConfigError for a name that the format reserves.
    """
    if format in ANYTHING:
        return ""
    try:
        for name, values in tags.items():
            column = "2" if spaced else name
            open_writer(format, (column,)).add(_words(format, len(values), spaced), {column: values})
        for name, values in labels.items():
            # only label_text requires a label for every text
            for value in filter(None, values) if format != "label_text" else values:
                text = _text(format, {name: value}, spaced)
                open_writer(format, (), (name,)).add(text, {})
    except DataError as error:
        return str(error)
    return ""


def _words(format: str, n: int, spaced: bool) -> Sentence:
    """Return a sentence of ``n`` words, without lines or with lines of this format."""
    if not spaced or format != "columns":
        return Sentence(("x",) * n)
    return Sentence(("x",) * n, {"2": ("y",) * n}, "", 0, ("x y\n",) * n, tuple(range(n)), format)


def _text(format: str, labels: Mapping[str, str], spaced: bool) -> Sentence:
    if not spaced or format != "label_text":
        return Sentence(("x",), labels=labels)
    return Sentence(("x",), {}, "", 0, ("y x\n",), (0,), format, labels)
