"""Strings as 64-bit keys, in Python and in a graph: ONNX has no substrings, so affixes are keys of code points.

The key of c0, c1, … is the salt of its kind plus Σ (c_i + 1) · BASE^i modulo 2^64. Known strings have distinct keys
(``table`` checks it); with a million of them an unknown string is mistaken for one once in 10^12 times.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from elman.errors import ConfigError
from elman.integrations.onnx.graph import Graph, Value

LONGEST = 1024
"""Characters of a word that count for its key; no longer one is known."""
NO_KEY = 0
BASE, _SALT, _MASK = 0x9E3779B97F4A7C15, 0xD1B54A32D192ED03, (1 << 64) - 1
_POWERS = [pow(BASE, i, 1 << 64) for i in range(LONGEST + 1)]
_INVERSES = [pow(BASE, -i, 1 << 64) for i in range(LONGEST + 1)]
_KINDS = "wpsxgv"
"""Whole words, prefixes, suffixes (from their end), shapes, character n-grams, words of vectors."""


def signed(number: int) -> int:
    """Return the int64 with the lower 64 bits of a number."""
    return ((number + (1 << 63)) & _MASK) - (1 << 63)


def salt(kind: str) -> int:
    """Return the number that is added to the keys of a kind of strings."""
    return signed((_KINDS.index(kind) + 1) * _SALT)


def key(kind: str, text: str) -> int:
    """Return the key of a string; a suffix is read from its end."""
    codes = map(ord, reversed(text) if kind == "s" else text)
    return signed(salt(kind) + sum((code + 1) * power for code, power in zip(codes, _POWERS, strict=False)))


def table(named: Iterable[tuple[str, str, int]]) -> dict[int, int]:
    """Return the keys of (kind, text, id) with their ids. Raises ConfigError in the rare case that two have one key."""
    entries = [(key(kind, text), id) for kind, text, id in named if len(text) <= LONGEST]
    known = dict(entries)
    if len(known) < len(entries) or NO_KEY in known:
        raise ConfigError("onnx: two sub-word features of the model have the same key; train it with another seed")
    return known


def powers(g: Graph, ids: Value) -> Value:
    """Return BASE^i for each i of ``ids``; 0 beyond the longest."""
    return _table(g, [*_POWERS, 0], ids)


def inverses(g: Graph, ids: Value) -> Value:
    """Return BASE^-i for each i of ``ids``."""
    return _table(g, [*_INVERSES, 0], ids)


def terms(g: Graph, codes: Value) -> Value:
    """Return (c_i + 1) · BASE^i of rows of code points (U, C); those beyond a word are -1 and give 0."""
    return (codes + 1) * powers(g, g.range(codes.size(1)))


def _table(g: Graph, numbers: Sequence[int], ids: Value) -> Value:
    values: NDArray[np.int64] = np.array([signed(number) for number in numbers], np.int64)
    return g.constant(values).take(g.op("Min", ids, g.constant(np.int64(len(values) - 1))))
