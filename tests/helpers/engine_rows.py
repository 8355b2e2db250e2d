"""Rows that every engine tags with the same callable, and what comes out, to be compared with ``elman.load``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import elman

TEXTS = ["the old dogs sleep .", "eBay barks", None, "", "NATO", "the the the", "1999 .", "日本 Übermut"] * 5
IDS = list(range(len(TEXTS)))
COLUMNS = ("id", "text", "tokens", "tags", "confidences", "error")
NO_TEXT = "column text: no text; leave such rows out"
OPTIONS: dict[str, Any] = {"confidence": True, "on_error": "column"}


def table() -> Any:
    """The rows as a ``pyarrow.Table``."""
    import pyarrow as pa

    return pa.table({"id": pa.array(IDS), "text": pa.array(TEXTS, pa.string())})


def expected(model: Path) -> list[dict[str, Any]]:
    """The rows with the columns that a tagger gives directly."""
    tagger = elman.load(model)
    rows = []
    for id, text in zip(IDS, TEXTS, strict=True):
        words = None if text is None else text.split()
        tags, p = (None, None) if words is None else tagger.predict([words], confidence=True)[0]
        confidences = None if p is None else [round(each, 4) for each in p]
        values = (id, text, words, tags, confidences, NO_TEXT if words is None else None)
        rows.append(dict(zip(COLUMNS, values, strict=True)))
    return rows


def plain(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows of any engine, in the order of their ids, as values of Python: lists, texts, None."""

    def value(found: Any) -> Any:
        if hasattr(found, "tolist"):
            found = found.tolist()
        if isinstance(found, list | tuple):
            return [round(each, 4) if isinstance(each, float) else each for each in found]
        return None if found is None or found != found or str(found) == "<NA>" else found

    found = [{name: value(each) for name, each in row.items()} for row in rows]
    return sorted(found, key=lambda row: row["id"])
