"""Code points in a graph: upper, lower, letter, digit as Python has them, and ``str.lower`` of whole words.

Tables of all code points are stored in blocks of 128, equal blocks once. Beyond single characters ``str.lower`` does
two things: İ becomes two characters, and Σ at the end of a word ς.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from elman.integrations.onnx.graph import Graph, Value

UPPER, LOWER, LETTER, DIGIT, CASED, IGNORED = (1 << i for i in range(6))
"""Flags: ``str.isupper``; lower or title case; ``isalpha``; ``isdigit``; cased, or passed over, before and after Σ."""
_BLOCK = 128
_ASSIGNED = (range(0x40000), range(0xE0000, 0xE1000))
"""The planes with characters; the others are unassigned or private, and have no case."""
_DOTTED, _DOT, _SIGMA, _FINAL = 0x130, 0x307, 0x3A3, 0x3C2


class Tables(NamedTuple):
    """``blocks`` (8704,) block of each 128 code points; ``kinds`` (B · 128,); ``flags``, ``shifts`` by kind."""

    blocks: NDArray[np.int64]
    kinds: NDArray[np.uint8]
    flags: NDArray[np.int64]
    shifts: NDArray[np.int64]


class Words(NamedTuple):
    """Words in a graph: code points (U, C), -1 beyond a word, and the number of them (U,)."""

    codes: Value
    lengths: Value


@cache
def tables() -> Tables:
    """Return the tables of this Python's Unicode."""
    kinds: dict[tuple[int, int], int] = {(0, 0): 0}
    of_code = np.zeros(0x110000, np.int64)
    for codes in _ASSIGNED:
        for code in codes:
            of_code[code] = kinds.setdefault(_kind(code), len(kinds))
    blocks, which = np.unique(of_code.reshape(-1, _BLOCK), axis=0, return_inverse=True)
    flags, shifts = (np.array(values, np.int64) for values in zip(*kinds, strict=True))
    assert len(kinds) < 256
    return Tables(which.ravel().astype(np.int64), blocks.ravel().astype(np.uint8), flags, shifts)


def _kind(code: int) -> tuple[int, int]:
    """Return the flags of a code point, and the distance to its lower-case form."""
    c = chr(code)
    after, within = (before + c + "Σ" for before in ("", "A"))
    passed = within.lower()[-1] == "ς"
    cased = after.lower()[-1] == "ς"
    found = (c.isupper(), c.islower() or c.istitle() and not c.isupper(), c.isalpha(), c.isdigit(), cased)
    flags = sum(flag for flag, has in zip((UPPER, LOWER, LETTER, DIGIT, CASED), found, strict=True) if has)
    if passed and not cased:
        flags |= IGNORED
    return flags, 0 if code == _DOTTED else ord(c.lower()) - code


class Classes:
    """The kinds of the characters of words, for several look-ups."""

    def __init__(self, g: Graph, codes: Value) -> None:
        self.g, self.codes, (blocks, kinds, flags, shifts) = g, codes, tables()
        block = g.constant(blocks).take(self._inside(codes) / _BLOCK)
        place = block * _BLOCK + self._inside(codes) % _BLOCK
        self._kinds = g.constant(kinds).take(place).cast("int64")
        self._flags, self._shifts = flags, shifts

    def has(self, flag: int) -> Value:
        """Return where characters (U, C) have a flag; not beyond the words."""
        table = self.g.constant((self._flags & flag) > 0)
        return table.take(self._kinds) & (self.codes >= 0)

    def lowered(self) -> Value:
        """Return the lower-case forms (U, C) of single characters."""
        return self.codes + self.g.constant(self._shifts).take(self._kinds)

    def _inside(self, codes: Value) -> Value:
        g = self.g
        return g.op("Min", g.op("Max", codes, g.constant(np.int64(0))), g.constant(np.int64(0x10FFFF)))


def words(g: Graph, codes: Value, lengths: Value) -> Words:
    """Return words of code points (U, C) of which ``lengths`` (U,) count; five columns are added, for slices."""
    inside = g.range(codes.size(1)) < lengths.expand(1)
    kept = inside.where(codes, -1)
    beyond = g.constant(np.array([0, 0, 0, 5], np.int64))
    return Words(g.op("Pad", kept, beyond, g.constant(np.int64(-1))), lengths)


def lower(g: Graph, word: Words, classes: Classes) -> Words:
    """Return ``str.lower`` of words."""
    low = _sigmas(g, word.codes, classes)
    dotted = word.codes.equals(_DOTTED)
    more = dotted.cast("int64")
    place = g.range(word.codes.size(1)) + more.cumsum(exclusive=True)
    added = more.sum(1)  # (U,)
    most = g.most(added)
    width = word.codes.size(1) + most
    wide = g.filled(np.int64(-1), word.codes.size(0), width + 1).scatter(
        place, dotted.where(g.constant(np.int64(ord("i"))), low)
    )
    dots = dotted.where(g.constant(np.int64(_DOT)), -1)
    wide = wide.scatter(dotted.where(place + 1, width), dots)
    return Words(wide, word.lengths + added)


def _sigmas(g: Graph, codes: Value, classes: Classes) -> Value:
    """Lower all characters; Σ becomes ς if the last character before it that counts is cased, and none after it is."""
    low, sigma = classes.lowered(), codes.equals(_SIGMA)
    counts = (codes >= 0) & ~classes.has(IGNORED)
    rank = counts.cast("int64").cumsum()  # from 1
    width = codes.size(1)
    cased = g.filled(np.int64(0), codes.size(0), width + 3)  # by rank, and a column for what does not count
    cased = cased.scatter(counts.where(rank, width + 2), (counts & classes.has(CASED)).cast("int64"))
    before = cased.at(g.op("Max", rank - 1, g.constant(np.int64(0))))
    after = cased.at(rank + 1)
    return (sigma & before.cast("bool") & ~after.cast("bool")).where(g.constant(np.int64(_FINAL)), low)
