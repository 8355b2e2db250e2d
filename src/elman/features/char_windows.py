"""Windows: what a tagger reads of a character in a text, the character with its neighbours, and features of that.

A window is a text of ``WIDTH`` characters, with the character in the middle; ``BEFORE`` and ``BEHIND`` stand where the
text has none. Features say what stands at which place: single characters, pairs, triples, and classes of characters
(of the middle three and of all). They are found for all windows at once, as whole numbers.
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
    """A kind of feature: ``prefix:`` and the characters, or their classes, at ``places`` of the window."""

    prefix: str
    places: tuple[int, ...]
    classes: bool = False

    @property
    def bits(self) -> int:
        """Of a character in the number that stands for the feature: code points have 21, classes are ASCII."""
        return 7 if self.classes else 21


_TEMPLATES = (
    *(_Template(str(i), (i,)) for i in range(WIDTH)),
    *(_Template(f"{i}{i + 1}", (i, i + 1)) for i in range(WIDTH - 1)),
    *(_Template(f"{i}{i + 1}{i + 2}", (i, i + 1, i + 2)) for i in range(WIDTH - 2)),
    _Template("x", tuple(range(RADIUS - 1, RADIUS + 2)), classes=True),
    _Template("y", tuple(range(WIDTH)), classes=True),
)


def windows(text: str) -> list[str]:
    """The window of each character."""
    padded = BEFORE * RADIUS + text + BEHIND * RADIUS
    return [padded[i : i + WIDTH] for i in range(len(text))]


def middle(window: str) -> str:
    """The character that a window is of."""
    return window[RADIUS : RADIUS + 1]


_CLASSES = np.zeros(sys.maxunicode + 1, np.uint8)
"""Of each character ``kind``, or 0 where it was never asked for."""


def kind(character: str) -> str:
    """The class of a character, one ASCII character: its script, if it is one in which words are not told by spaces or
    letters have no case, or else its kind: ``A`` a capital, ``a`` a small letter, ``0`` a digit, ``_`` a space …"""
    category = unicodedata.category(character)
    if category[0] == "L" and category not in _CATEGORIES or category == "Lm":
        return _SCRIPTS.get(unicodedata.name(character, "").partition(" ")[0], _MAJOR["L"])
    return _CATEGORIES.get(category, _MAJOR[category[0]])


class WindowFeatures:
    """The features that count, by name; never changed once made."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)

    @classmethod
    def of(cls, some: Sequence[str], least: int) -> WindowFeatures:
        """The features that at least ``least`` of some distinct windows have, the commonest first."""
        codes = _codes(some)
        found: list[tuple[int, str]] = []
        for template, keys in zip(_TEMPLATES, _keys(codes), strict=True):
            distinct, counts = np.unique(keys, return_counts=True)
            kept = counts >= least
            pairs = zip(counts[kept].tolist(), distinct[kept].tolist(), strict=True)
            found += [(-count, _name(template, key)) for count, key in pairs]
        return cls([name for _, name in sorted(found)])

    def ids(self, some: Sequence[str]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """The ids of the features of U windows, one after the other, and where those of each begin: (M,), (U + 1,).

        Those of a window come in the order of the kinds of features.
        """
        found, offsets = self._index.find(np.stack(_keys(_codes(some)), axis=1))
        return found, offsets

    @cached_property
    def _index(self) -> Any:
        """The ids by the numbers that stand for the features, kind by kind."""
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
    """The code points (U, WIDTH) of U windows; a text that is no window (a word, in a test) is cut or filled up."""
    if set(map(len, some)) != {WIDTH}:
        some = [w[:WIDTH].ljust(WIDTH, BEHIND) for w in some]
    text = "".join(some)
    return _code_points(text).reshape(-1, WIDTH)


def _code_points(text: str) -> NDArray[np.uint64]:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)


def _packed(codes: NDArray[np.uint64], bits: int) -> NDArray[np.uint64]:
    """One number (U,) for each row of codes (U, n), of ``bits`` bits each."""
    key = np.zeros(len(codes), np.uint64)
    for column in range(codes.shape[1]):
        key = (key << np.uint64(bits)) | codes[:, column]
    return key


def _keys(codes: NDArray[np.uint64]) -> list[NDArray[np.uint64]]:
    """For each kind of feature the number (U,) that stands for what each window has there."""
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
