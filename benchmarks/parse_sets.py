"""The sets that parsing is judged on: paths are below ``../shared/data``, words are gold, tags are the model's own."""

from __future__ import annotations

from typing import Any

_EWT: dict[str, Any] = {
    "train": "ud/en_ewt/en_ewt-ud-train.conllu",
    "dev": "ud/en_ewt/en_ewt-ud-dev.conllu",
    "test": "ud/en_ewt/en_ewt-ud-test.conllu",
    "format": "conllu",
    "settings": {},
    "how": "words",
}
PARSE: tuple[dict[str, Any], ...] = (
    {
        "name": "parse en_ewt",
        "title": "English dependencies, heads by tags",
        "task": "parse",
        "measures": {"UPOS": None, "UAS": 81.0, "LAS": 77.0},
        **_EWT,
    },
    {
        "name": "parse en_ewt brackets",
        "title": "English dependencies, heads as brackets",
        "task": "parse:heads=brackets",
        "measures": {"UPOS": None, "UAS": None, "LAS": None},
        **_EWT,
    },
)
"""``measures``: metrics of the CoNLL 2018 task with the least that is asked for, in per cent; None: reported alone."""
