"""``jsonl``: one JSON object a line, ``{"words": [...], "tags": [...], "confidences": [...]}``; output for now."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from elman.formats.shared import is_gap, only
from elman.sentence import Sentence


def write(sentence: Sentence, tags: Mapping[str, Sequence[str]], confidences: Sequence[float] | None) -> str:
    """One line; text stays as it is, nothing is escaped that need not be."""
    if is_gap(sentence):
        return ""
    record: dict[str, object] = {"words": list(sentence.words), "tags": list(only(tags, "jsonl"))}
    if confidences is not None:
        record["confidences"] = [round(float(value), 4) for value in confidences]
    return json.dumps(record, ensure_ascii=False) + "\n"
