"""``json``: records as in ``jsonl``, in one array, as Label Studio exports them; written an element a line.

An element that was read from an array, or from a line of ``jsonl``, changes in its tags and labels alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from elman.data.formats import json_edit as json_text, json_records as records, jsonl
from elman.data.formats.common import LINE_END, is_gap
from elman.data.formats.jsonl import HOLDS, Jsonl
from elman.data.formats.text_io import BOM
from elman.data.sentence import Sentence

__all__ = ["HOLDS", "configured", "read", "target", "writer"]

_PLAIN = Jsonl("json")
read, target = _PLAIN.read, _PLAIN.target


def configured(options: Mapping[str, str]) -> Jsonl:
    """The format with options. Raises ConfigError for those it does not have."""
    records.check(options, "json")
    return Jsonl("json", options)


def writer(columns: Sequence[str], labels: Sequence[str]) -> _Writer:
    """A writer of a file."""
    return _Writer()


class _Writer:
    """The brackets, and commas between the elements."""

    def __init__(self) -> None:
        self._before = "[\n"

    def add(
        self, sentence: Sentence, tags: Mapping[str, Sequence[str]], confidences: Sequence[float] | None = None
    ) -> str:
        """The text of one more element. Raises as ``Jsonl.write`` does."""
        text = jsonl.record_text(sentence)
        if text is None:
            if is_gap(sentence):
                return ""
            text = json_text.dump(jsonl.record_of(sentence, tags, confidences))
        else:
            text = jsonl.in_place(sentence, text, tags, confidences)
        text = text.strip(" \t" + LINE_END)
        if not text:
            return ""
        before, self._before = self._before, ",\n"
        bom = before == "[\n" and "".join(sentence.lines[:1]).startswith(BOM)
        return f"{BOM if bom else ''}{before}{text}"

    def finish(self) -> str:
        """The end of the array."""
        return "[]\n" if self._before == "[\n" else "\n]\n"
