"""Words of text, numbered as they come, cut out of lines and written back with tags: the native core's in Python."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from elman.kernels.packing import Ids

AffixIndex = None  # features are found by elman.features.subwords itself


class NumberIndex:
    """Whole numbers -> ids, for several kinds of numbers."""

    def __init__(self) -> None:
        self._tables: list[tuple[NDArray[np.uint64], Ids]] = []

    def add(self, keys: NDArray[np.uint64], ids: Ids) -> None:
        """One more kind: distinct numbers (n,) and their ids (n,), 0 or more."""
        order = np.argsort(keys)
        self._tables.append((keys[order], ids[order]))

    def find(self, keys: NDArray[np.uint64]) -> tuple[Ids, Ids]:
        """The ids that there are of U rows of numbers (U, kinds), row by row, and where those of each row begin:
        (M,), (U + 1,).
        """
        table = np.full(keys.shape, -1, np.int32)
        for column, (known, ids) in enumerate(self._tables):
            if len(known):
                at = np.minimum(np.searchsorted(known, keys[:, column]), len(known) - 1)
                table[:, column] = np.where(known[at] == keys[:, column], ids[at], -1)
        there = table >= 0
        offsets = np.zeros(len(keys) + 1, np.int32)
        np.cumsum(there.sum(axis=1), out=offsets[1:])
        return table[there], offsets


class Words:
    """Distinct words, numbered 0, 1, 2 … as they come."""

    def __init__(self) -> None:
        self._ids: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._ids)

    def of_words(self, words: Sequence[str]) -> Ids:
        """The ids (N,) of N words; new words get the next ones."""
        ids = self._ids
        return np.array([ids.setdefault(word, len(ids)) for word in words], np.int32)

    def of_windows(self, text: str, lengths: Ids, width: int) -> Ids:
        """The ids (N,) of the windows of ``width`` characters of some texts, which stand one behind the other.

        ``lengths``  how many windows each text has; its characters are ``width`` - 1 more

        Raises ValueError: not as many characters.
        """
        if (lengths < 0).any() or len(text) != lengths.sum() + (width - 1) * len(lengths):
            raise ValueError("shapes do not fit: lengths have to sum to the characters")
        begins = np.cumsum(lengths + (width - 1)) - lengths - (width - 1)
        starts = [start for begin, n in zip(begins, lengths, strict=True) for start in range(begin, begin + n)]
        return self.of_words([text[start : start + width] for start in starts])

    def of_lines(self, text: bytes) -> tuple[Ids, Ids]:
        """The ids (N,) of the words of a text in UTF-8, and the number of words of each line (L,).

        Lines end at the line feed, words are separated by the space alone; a line of nothing but separators has none.
        """
        lines = [_words(line) for line in text.decode().split("\n")]
        if not text or text.endswith(b"\n"):
            lines.pop()
        ids = self.of_words([word for words in lines for word in words])
        return ids, np.array([len(words) for words in lines], np.int32)

    def since(self, first: int) -> list[str]:
        """The words from id ``first`` on."""
        return list(self._ids)[first:]


def tag_lines(text: bytes, ids: Ids, tags: Sequence[str]) -> bytes:
    """The text with ``_`` and a tag behind each word, all else as it was; ids (N,) of ``tags``.

    Raises ValueError: not as many ids as words.
    """
    rest = iter(ids.tolist())
    lines = text.decode().split("\n")
    try:
        tagged = "\n".join(_tagged(line, [tags[next(rest)] for _ in _words(line)]) for line in lines)
    except (StopIteration, RuntimeError):
        raise ValueError("shapes do not fit: as many tags as words") from None
    if next(rest, None) is not None:
        raise ValueError("shapes do not fit: as many tags as words")
    return tagged.encode()


def _words(line: str) -> list[str]:
    if not line.strip(" \t\r"):
        return []
    return [word for word in line.rstrip("\r").split(" ") if word]


def _tagged(line: str, tags: list[str]) -> str:
    if not tags:
        return line
    body, rest = line.rstrip("\r"), iter(tags)
    return " ".join(f"{word}_{next(rest)}" if word else "" for word in body.split(" ")) + line[len(body) :]
