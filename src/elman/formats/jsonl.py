"""``jsonl``: one JSON object a line, ``{"words": [...], "tags": [...], "confidences": [...]}``; output for now.

Of several columns each has its own name as the key, in place of ``tags``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from elman.errors import ConfigError
from elman.formats.shared import MANY, Holds, is_gap
from elman.sentence import Sentence

HOLDS = Holds(columns=MANY, labels=MANY, confidences=True)


def write(sentence: Sentence, tags: Mapping[str, Sequence[str]], confidences: Sequence[float] | None) -> str:
    """One line; text stays as it is, nothing is escaped that need not be. The confidences are of the first column.

    Raises ConfigError: one of several columns has the name of another key.
    """
    if is_gap(sentence):
        return ""
    record: dict[str, object] = {"words": list(sentence.words)}
    for name, column in tags.items():
        if len(tags) > 1 and name in ("words", "confidences"):
            raise ConfigError(f"jsonl: no column can be called {name!r} there; columns and conllu hold it")
        record[name if len(tags) > 1 else "tags"] = list(column)
    if confidences is not None:
        record["confidences"] = [round(float(value), 4) for value in confidences]
    return json.dumps(record, ensure_ascii=False) + "\n"
