"""Features of words out of lexicon files (``--lexicon``): UniMorph, lists of words, words with numbers or labels.

A line of a file is, with tabs between its fields:

    word                      the feature NAME, the file's name without its ending
    word, number              NAME:n with n = 2·log10(number), rounded down: how frequent it is
    word, labels              NAME:label for each label; spaces, ``;``, ``,`` or ``|`` separate them
    lemma, form, features     UniMorph: NAME:V;PST for the bundle, NAME:V and NAME:PST for its parts

The first line says which of them the file is. Of an entry of several words each word has the features of the entry,
with ``+`` after the name. A word is looked up as it is written, then in lower case, then with a capital.
"""

from __future__ import annotations

import hashlib
import math
import os
import re
from collections.abc import Collection, Iterator, Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from elman.data.formats.text_io import line_blocks
from elman.errors import DataError
from elman.utils.display import shown

PREFIX = "d:"
"""Of the names of these features among those of a word (``elman.features.subwords``)."""
_LABELS = re.compile(r"[ ;,|]+")
_FIELDS = {1: "a word", 2: "a word, a tab and a number or labels", 3: "a lemma, a form and features (UniMorph)"}
_SMALLEST = 1e-12  # a frequency below counts as this


class Dictionary(NamedTuple):
    """The entries of lexicon files. Immutable.

    ``names``   of the features, in the order of their numbers
    ``sets``    the distinct sets of features, as numbers
    ``hashes``  (N,) int64, ascending: hashes of the known words
    ``which``   (N,) int32: the set of each
    """

    names: tuple[str, ...]
    sets: tuple[tuple[int, ...], ...]
    hashes: NDArray[np.int64]
    which: NDArray[np.int32]

    def features(self, word: str) -> tuple[str, ...]:
        """Return the names of a word's features, with ``PREFIX``; none if no file has the word."""
        for form in dict.fromkeys((word, word.lower(), word.capitalize())):
            code = word_code(form)
            at = int(np.searchsorted(self.hashes, code))
            if at < len(self.hashes) and self.hashes[at] == code:
                return tuple(PREFIX + self.names[i] for i in self.sets[self.which[at]])
        return ()

    def only(self, features: Collection[str]) -> Dictionary:
        """Return the entries that have some of these features (names with ``PREFIX``), with those alone."""
        kept = [i for i, name in enumerate(self.names) if PREFIX + name in features]
        numbers = {old: new for new, old in enumerate(kept)}
        reduced = [tuple(numbers[i] for i in one if i in numbers) for one in self.sets]
        sets = {one: i for i, one in enumerate(dict.fromkeys(one for one in reduced if one))}
        new = np.array([sets.get(one, -1) for one in reduced], np.int32)
        which = new[self.which] if len(self.which) else self.which
        there = which >= 0
        return Dictionary(tuple(self.names[i] for i in kept), tuple(sets), self.hashes[there], which[there])


def word_code(word: str) -> int:
    """Return 63 bits of a word's BLAKE2b; of a million words two have the same once in 20 million dictionaries."""
    code = hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(code, "little") >> 1


def read(paths: Sequence[str]) -> Dictionary:
    """Read lexicon files. Raises DataError, with path and line, if one is empty, malformed or has a name twice."""
    features: dict[str, set[str]] = {}
    names: dict[str, str] = {}
    for path in paths:
        name = os.path.basename(path).split(".")[0] or "lexicon"
        if name in names:
            raise DataError(f"expected another name than {shown(name)}, that of {names[name]}; rename one", path=path)
        names[name] = path
        for word, found in _entries(path, name):
            features.setdefault(word, set()).update(found)
    numbers = {name: i for i, name in enumerate(sorted({name for found in features.values() for name in found}))}
    sets: dict[tuple[int, ...], int] = {}
    coded: dict[int, int] = {}
    for word, of_word in features.items():
        coded[word_code(word)] = sets.setdefault(tuple(sorted(numbers[name] for name in of_word)), len(sets))
    hashes = np.array(sorted(coded), np.int64)
    which = np.array([coded[code] for code in hashes.tolist()], np.int32)
    return Dictionary(tuple(numbers), tuple(sets), hashes, which)


def _entries(path: str, name: str) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield words and the names of their features."""
    rows = _rows(path)
    first = next(rows, None)
    if first is None:
        raise DataError("nothing in it; expected a word a line", path=path)
    width = len(first[1])
    has_numbers = width == 2 and _number(first[1][1]) is not None
    for line, fields in chain([first], rows):
        if len(fields) != width:
            expected = f"{_FIELDS[width]}, as in the first line"
            raise DataError(f"expected {expected}, found {len(fields)} fields between tabs", path=path, line=line)
        words = fields[min(width - 1, 1) if width == 3 else 0].split(" ")
        if not all(words):
            raise DataError("expected a word, found none, or two spaces together", path=path, line=line)
        if has_numbers:
            found = [f"{name}:{_magnitude(fields[1], path, line)}"]
        elif width == 1:
            found = [name]
        else:
            found = _labels(name, fields[-1])
        if len(words) > 1:
            found = [name_of + "+" for name_of in found]
        for word in words:
            yield word, found


def _rows(path: str) -> Iterator[tuple[int, list[str]]]:
    """Yield number and fields of the lines that are not blank."""
    for line, text in enumerate(chain.from_iterable(line_blocks(path, "utf-8")), start=1):
        text = (text.removeprefix("\ufeff") if line == 1 else text).rstrip("\r\n")
        if not text.strip():
            continue
        fields = text.split("\t")
        if len(fields) not in _FIELDS:
            expected = " or ".join(_FIELDS.values())
            raise DataError(f"expected {expected}, found {len(fields)} fields", path=path, line=line)
        yield line, fields


def _labels(name: str, text: str) -> list[str]:
    """Return the features of labels: their bundle, if there are several, and each of them."""
    parts = [part for part in _LABELS.split(text) if part]
    return [f"{name}:{part}" for part in dict.fromkeys((text, *parts)) if part]


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None


def _magnitude(text: str, path: str, line: int) -> int:
    value = _number(text)
    if value is None:
        raise DataError(f"expected a number from 0 on, as in the first line, found {shown(text)}", path=path, line=line)
    return math.floor(2 * math.log10(max(value, _SMALLEST)))
