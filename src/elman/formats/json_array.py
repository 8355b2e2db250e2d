"""``json``: records as in ``jsonl``, in one array, as Label Studio exports them; input only."""

from __future__ import annotations

from collections.abc import Mapping

from elman.formats import records
from elman.formats.jsonl import Jsonl

_PLAIN = Jsonl("json")
read, target = _PLAIN.read, _PLAIN.target


def configured(options: Mapping[str, str]) -> Jsonl:
    """The format with options. Raises ConfigError for those it does not have."""
    records.check(options, "json")
    return Jsonl("json", options)
