"""Word and character n-grams of texts, and pairs of words with a gap, as ids of those that training texts share.

An n-gram is identified by a 48-bit hash, computed for many texts at once. With a million known n-grams an unknown one
is mistaken for one of them once in 300 million times. Texts are lower-cased, with a mark at both ends. A pair with a
gap (skip bigram) is two words in their order, whatever is between them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.nn.bags import Bags

Codes = NDArray[np.uint64]

KINDS = ("none", "words", "characters", "both")
WORDS = (1, 2, 3)
CHARACTERS = (2, 3, 4, 5)
LEAST_TEXTS = 2  # an n-gram that is never shared cannot help with other texts
MOST_VALUES = 20_000_000  # weights, one for each n-gram and label; the rarest n-grams are dropped
BITS = 48
_TEXTS = 1 << (63 - BITS)  # most texts in a block
_LETTERS = 1 << 22  # most characters in a block of several texts
_PIECE = 1 << 20  # characters in a piece of a longer text, whose n-grams are made distinct piece by piece
SCALES = {"words": 4.0, "skips": 2.0, "characters": 1.0}
"""Weights of the kinds: there are about ten character n-grams for each of words (see the lab notebook)."""
_NONE = np.zeros(0, np.int64)
END = 0x110000  # no character
FACTOR = np.uint64(0x9E3779B97F4A7C15)


class Grams:
    """The G known n-grams. Immutable."""

    def __init__(
        self, kind: str, hashes: NDArray[np.int64], scale: NDArray[np.float32] | None = None, skips: int = 0
    ) -> None:
        """``kind`` is one of ``KINDS``; ``hashes`` (G,) ascend; ``scale`` (G,) weights them in training.

        ``skips`` is the largest gap of a pair of words; 0: there are no such pairs.
        """
        self.kind, self.hashes, self.scale, self.skips = kind, hashes, scale, skips

    @classmethod
    def of(cls, kind: str, texts: Sequence[Sequence[str]], labels: int, skips: int = 0) -> Grams:
        """Make the set of n-grams that at least two training texts have; ``labels`` is the number of labels.

        The scale is the inverse document frequency, 1 + log((1 + S) / (1 + d)) for d of S texts, times that of
        ``SCALES`` if there is more than one kind.
        """
        parts = _parts(kind, skips)
        found = {
            part: np.concatenate([_NONE, *(pairs >> (63 - BITS) for pairs, *_ in _pairs((part,), texts, skips))])
            for part in parts
        }
        hashes, counts = np.unique(np.concatenate(list(found.values())), return_counts=True)
        shared = counts >= LEAST_TEXTS
        hashes, counts = hashes[shared], counts[shared]
        commonest = np.sort(np.argsort(-counts, kind="stable")[: MOST_VALUES // max(labels, 1)])
        hashes, counts = hashes[commonest], counts[commonest]
        scale = 1 + np.log((1 + len(texts)) / (1 + counts))
        if len(parts) > 1:
            for part, times in SCALES.items():
                if times != 1 and part in found:
                    scale[np.isin(hashes, found[part])] *= times
        return cls(kind, hashes, scale.astype(np.float32), skips)

    def __len__(self) -> int:
        return len(self.hashes)

    def bags(self, texts: Sequence[Sequence[str]]) -> Bags:
        """Return the ids of the n-grams of each text, distinct and ascending."""
        ids: list[NDArray[np.int32]] = []
        counts = np.zeros(len(texts), np.int64)
        for pairs, begin, end in _pairs(_parts(self.kind, self.skips), texts, self.skips):
            # sorted by hash, so that the look-up passes through the table once
            hashes, text = pairs >> (63 - BITS), pairs & (_TEXTS - 1)
            at = np.searchsorted(self.hashes, hashes)
            known = np.flatnonzero(self.hashes[np.minimum(at, len(self) - 1)] == hashes) if len(self) else at[:0]
            found = np.sort(text[known] << 32 | at[known])
            ids.append((found & 0xFFFFFFFF).astype(np.int32))
            counts[begin:end] = np.bincount(found >> 32, minlength=end - begin)
        offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
        return Bags(np.concatenate([np.zeros(0, np.int32), *ids]), offsets)


def _blocks(texts: Sequence[Sequence[str]]) -> Iterator[tuple[int, int]]:
    """Yield the first and last text, plus one, of blocks that are processed at a time."""
    begin = size = 0
    for end, words in enumerate(texts):
        size += sum(map(len, words)) + len(words)
        if end > begin and (size > _LETTERS or end - begin == _TEXTS):
            yield begin, end
            begin, size = end, sum(map(len, words)) + len(words)
    if begin < len(texts):
        yield begin, len(texts)


def _parts(kind: str, skips: int) -> tuple[str, ...]:
    """Return the kinds of n-grams that are counted."""
    words = ("words", "skips") if skips else ("words",)
    return {"words": words, "characters": ("characters",), "both": (*words, "characters")}[kind]


def _pairs(
    parts: Sequence[str], texts: Sequence[Sequence[str]], skips: int
) -> Iterator[tuple[NDArray[np.int64], int, int]]:
    """Yield for blocks of texts, ``begin`` to ``end``: the distinct n-grams of each text, hash and text in one number.

    They ascend.
    """
    for begin, end in _blocks(texts):
        some = texts[begin:end]
        found: list[Codes] = []
        if "characters" in parts:
            lines = [" ".join(words).lower() for words in some]
            codes = np.frombuffer("".join(lines).encode("utf-32-le", "surrogatepass"), "<u4")
            found += _runs(
                codes,
                np.array([len(line) for line in lines], np.int64),
                partial(_grams, CHARACTERS, 1),
                max(CHARACTERS),
            )
        if "words" in parts or "skips" in parts:
            names: dict[str, int] = {}
            ids = [names.setdefault(word.lower(), len(names)) for words in some for word in words]
            codes = np.array([word_hash(name) for name in names], np.uint64)[ids] if ids else np.zeros(0, np.uint64)
            lengths = np.array([len(words) for words in some], np.int64)
            if "words" in parts:
                found += _runs(codes, lengths, partial(_grams, WORDS, 2), max(WORDS))
            if "skips" in parts:
                found += _runs(codes, lengths, partial(_gapped, skips, 3), skips + 2)
        yield _distinct(np.concatenate([np.zeros(0, np.uint64), *found])).view(np.int64), begin, end


def _distinct(numbers: Codes) -> Codes:
    """Return the distinct numbers, ascending; ``np.unique`` takes twice as long."""
    ordered = np.sort(numbers)
    return ordered[np.concatenate([[True], ordered[1:] != ordered[:-1]])] if len(ordered) else ordered


def _runs(
    codes: NDArray[Any], lengths: NDArray[np.int64], grams: Callable[..., Iterator[Codes]], longest: int
) -> Iterator[Codes]:
    """Yield the ``grams`` of up to ``longest`` codes in texts of these lengths: upper bits the hash, lower the text.

    All occurrences, or the distinct ones of pieces of more than ``_PIECE`` codes.
    """
    ends = np.cumsum(lengths + 2)
    marked = np.full(int(ends[-1]) if len(ends) else 0, END, np.uint64)
    text = np.repeat(np.arange(len(lengths), dtype=np.uint16), lengths + 2)
    inside = np.ones(len(marked), bool)
    inside[ends - 1] = inside[ends - lengths - 2] = False
    marked[inside] = codes
    for begin in range(0, len(marked), _PIECE):
        here = slice(begin, begin + _PIECE + longest - 1)
        found = grams(marked[here], text[here], inside[here])
        yield from found if len(marked) <= _PIECE else map(_distinct, found)


def _grams(
    sizes: Sequence[int], salt: int, marked: Codes, text: NDArray[np.uint16], inside: NDArray[np.bool_]
) -> Iterator[Codes]:
    """Yield the n-grams of each size that begin in the first ``_PIECE`` places, of a text each."""
    h = np.zeros(len(marked), np.uint64)
    for n in range(1, min(max(sizes), len(marked)) + 1):
        h = h[: len(marked) - n + 1] * FACTOR + marked[n - 1 :]
        if n in sizes:
            m = min(len(h), _PIECE)
            # a mark alone is no n-gram
            whole = text[:m] == text[n - 1 : n - 1 + m] if n > 1 else inside[:m]
            yield _keys(h[:m][whole], salt, n, text[:m][whole])


def _gapped(
    skips: int, salt: int, marked: Codes, text: NDArray[np.uint16], inside: NDArray[np.bool_]
) -> Iterator[Codes]:
    """Yield the pairs of codes with 1 to ``skips`` others between them, as ``_grams`` does."""
    for distance in range(2, min(skips + 2, len(marked))):
        m = min(len(marked) - distance, _PIECE)
        second = slice(distance, distance + m)
        whole = text[:m] == text[second]
        yield _keys((marked[:m] * FACTOR + marked[second])[whole], salt, 2, text[:m][whole])


def _keys(h: Codes, salt: int, n: int, text: NDArray[np.uint16]) -> Codes:
    """Return hash and text in one number, of n-grams of n codes and a kind with this salt."""
    return _mixed(h + np.uint64(salt << 60 | n << 56)) >> np.uint64(64 - BITS) << np.uint64(63 - BITS) | text


def _mixed(h: Codes) -> Codes:
    """Mix the bits (finalizer of splitmix64, Steele, Lea & Flood 2014)."""
    h = (h ^ h >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    h = (h ^ h >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    return h ^ h >> np.uint64(31)


def word_hash(word: str) -> int:
    """Return 64 bits that stand for a lower-cased word."""
    return int.from_bytes(hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")
