"""Character windows: each character of a text with its neighbours, and features of such windows.

A window is a string of ``WIDTH`` characters around the middle one, padded with ``BEFORE`` and ``BEHIND`` at the ends of
the text. Features are positional: single characters, pairs, triples, and character classes (of the middle three and of
all). They are computed for all windows at once, encoded as integers.
"""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from elman import kernels

RADIUS = 2
WIDTH = 2 * RADIUS + 1
BEFORE, BEHIND = "\x02", "\x03"

_SCRIPTS = {
    "CJK": "c",
    "HIRAGANA": "h",
    "KATAKANA": "k",
    "KATAKANA-HIRAGANA": "k",
    "HANGUL": "g",
    "THAI": "t",
    "ARABIC": "b",
    "DEVANAGARI": "v",
}
_CATEGORIES = {"Lu": "A", "Lt": "A", "Ll": "a", "Ps": "(", "Pi": "(", "Pe": ")", "Pf": ")", "Pd": "-", "Cc": "^"}
_MAJOR = {"L": "l", "M": "m", "N": "0", "P": ".", "S": "$", "Z": "_", "C": "?"}


class _Template(NamedTuple):
    """A feature template: ``prefix:`` and the characters, or their classes, at ``places`` of the window."""

    prefix: str
    places: tuple[int, ...]
    classes: bool = False

    @property
    def bits(self) -> int:
        """Return the bits per character of the feature's key: code points need 21, classes (ASCII) 7."""
        return 7 if self.classes else 21


_TEMPLATES = (
    *(_Template(str(i), (i,)) for i in range(WIDTH)),
    *(_Template(f"{i}{i + 1}", (i, i + 1)) for i in range(WIDTH - 1)),
    *(_Template(f"{i}{i + 1}{i + 2}", (i, i + 1, i + 2)) for i in range(WIDTH - 2)),
    _Template("x", tuple(range(RADIUS - 1, RADIUS + 2)), classes=True),
    _Template("y", tuple(range(WIDTH)), classes=True),
)


def windows(text: str) -> list[str]:
    """Return the window of each character."""
    padded = BEFORE * RADIUS + text + BEHIND * RADIUS
    return [padded[i : i + WIDTH] for i in range(len(text))]


def middle(window: str) -> str:
    """Return the middle character of a window."""
    return window[RADIUS : RADIUS + 1]


_CLASSES = np.zeros(sys.maxunicode + 1, np.uint8)
"""Cached ``kind`` of each character, or 0 if not computed yet."""


def kind(character: str) -> str:
    """Return the class of a character as one ASCII character.

    It is the script, for scripts without spaces between words or without case, or else the category: ``A`` uppercase,
    ``a`` lowercase, ``0`` digit, ``_`` space …
    """
    category = unicodedata.category(character)
    if category[0] == "L" and category not in _CATEGORIES or category == "Lm":
        return _SCRIPTS.get(unicodedata.name(character, "").partition(" ")[0], _MAJOR["L"])
    return _CATEGORIES.get(category, _MAJOR[category[0]])


class WindowFeatures:
    """The known features, by name; immutable."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)

    @classmethod
    def of(cls, some: Sequence[str], least: int) -> WindowFeatures:
        """Return the features found in at least ``least`` of the distinct windows ``some``, most frequent first."""
        codes = _codes(some)
        found: list[tuple[int, str]] = []
        for template, keys in zip(_TEMPLATES, _keys(codes), strict=True):
            distinct, counts = np.unique(keys, return_counts=True)
            kept = counts >= least
            pairs = zip(counts[kept].tolist(), distinct[kept].tolist(), strict=True)
            found += [(-count, _name(template, key)) for count, key in pairs]
        return cls([name for _, name in sorted(found)])

    def ids(self, some: Sequence[str]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Return the concatenated feature ids of U windows and the windows' offsets: (M,), (U + 1,).

        The ids of a window are in the order of the templates.
        """
        found, offsets = self._index.find(np.stack(_keys(_codes(some)), axis=1))
        return found, offsets

    @cached_property
    def _index(self) -> Any:
        """The index from feature keys to ids, with one table for each template."""
        places = {template.prefix: i for i, template in enumerate(_TEMPLATES)}
        found: list[tuple[list[str], list[int]]] = [([], []) for _ in _TEMPLATES]
        for id, name in enumerate(self.names):
            prefix, _, characters = name.partition(":")
            column = places.get(prefix)
            if column is not None and len(characters) == len(_TEMPLATES[column].places):
                found[column][0].append(characters)
                found[column][1].append(id)
        index = kernels.NumberIndex()
        for template, (texts, ids) in zip(_TEMPLATES, found, strict=True):
            codes = _code_points("".join(texts)).reshape(len(texts), len(template.places))
            index.add(_packed(codes, template.bits), np.array(ids, np.int32))
        return index


def _codes(some: Sequence[str]) -> NDArray[np.uint64]:
    """Return the code points (U, WIDTH) of U windows; strings of another length (in tests) are cut or padded."""
    if set(map(len, some)) != {WIDTH}:
        some = [w[:WIDTH].ljust(WIDTH, BEHIND) for w in some]
    text = "".join(some)
    return _code_points(text).reshape(-1, WIDTH)


def _code_points(text: str) -> NDArray[np.uint64]:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)


def _packed(codes: NDArray[np.uint64], bits: int) -> NDArray[np.uint64]:
    """Pack each row of codes (U, n), with ``bits`` bits per code, into one integer (U,)."""
    key = np.zeros(len(codes), np.uint64)
    for column in range(codes.shape[1]):
        key = (key << np.uint64(bits)) | codes[:, column]
    return key


def _keys(codes: NDArray[np.uint64]) -> list[NDArray[np.uint64]]:
    """Return for each template the feature keys (U,) of the windows."""
    classes = _CLASSES[codes]
    if not classes.all():
        for code in np.unique(codes[classes == 0]).tolist():
            _CLASSES[code] = ord(kind(chr(code)))
        classes = _CLASSES[codes]
    sides: dict[bool, NDArray[np.uint64]] = {False: codes, True: classes.astype(np.uint64)}
    return [_packed(sides[template.classes][:, template.places], template.bits) for template in _TEMPLATES]


def _name(template: _Template, key: int) -> str:
    mask = (1 << template.bits) - 1
    shifts = range(template.bits * (len(template.places) - 1), -1, -template.bits)
    return f"{template.prefix}:" + "".join(chr(key >> shift & mask) for shift in shifts)
