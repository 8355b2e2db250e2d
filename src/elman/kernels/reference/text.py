"""Text in Python, as in the native core: word ids in order of appearance, words of lines, lines with tags."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from elman.kernels.weight_layout import Ids

AffixIndex = None  # elman.features.subwords finds the features itself


class NumberIndex:
    """Map integers to ids, with one table for each kind of number."""

    def __init__(self) -> None:
        self._tables: list[tuple[NDArray[np.uint64], Ids]] = []

    def add(self, keys: NDArray[np.uint64], ids: Ids) -> None:
        """Add a kind: distinct numbers (n,) and their ids (n,), not negative."""
        order = np.argsort(keys)
        self._tables.append((keys[order], ids[order]))

    def find(self, keys: NDArray[np.uint64]) -> tuple[Ids, Ids]:
        """Return the known ids of U rows of numbers (U, kinds), row by row, and the rows' offsets: (M,), (U + 1,)."""
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
    """Distinct words, numbered 0, 1, 2 … in order of appearance."""

    def __init__(self) -> None:
        self._ids: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._ids)

    def of_words(self, words: Sequence[str]) -> Ids:
        """Return the ids (N,) of N words; new words get the next free ids."""
        ids = self._ids
        return np.array([ids.setdefault(word, len(ids)) for word in words], np.int32)

    def of_windows(self, text: str, lengths: Ids, width: int) -> Ids:
        """Return the ids (N,) of all windows of ``width`` characters in concatenated texts.

        ``lengths``  number of windows of each text, which has ``width`` - 1 more characters

        Raises ValueError if the lengths do not fit the text.
        """
        if (lengths < 0).any() or len(text) != lengths.sum() + (width - 1) * len(lengths):
            raise ValueError("shapes do not fit: lengths have to sum to the characters")
        begins = np.cumsum(lengths + (width - 1)) - lengths - (width - 1)
        starts = [start for begin, n in zip(begins, lengths, strict=True) for start in range(begin, begin + n)]
        return self.of_words([text[start : start + width] for start in starts])

    def of_lines(self, text: bytes) -> tuple[Ids, Ids]:
        """Return the ids (N,) of the words of a UTF-8 text, and the number of words in each line (L,).

        Lines end at line feeds; only spaces separate words; a line of nothing but separators has no words.
        """
        lines = [_words(line) for line in text.decode().split("\n")]
        if not text or text.endswith(b"\n"):
            lines.pop()
        ids = self.of_words([word for words in lines for word in words])
        return ids, np.array([len(words) for words in lines], np.int32)

    def since(self, first: int) -> list[str]:
        """Return the words from id ``first`` on."""
        return list(self._ids)[first:]


def tag_lines(text: bytes, ids: Ids, tags: Sequence[str]) -> bytes:
    """Return the text with ``_`` and a tag appended to each word and all else unchanged; ids (N,) index ``tags``.

    Raises ValueError if there are more or fewer ids than words.
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
