"""Concatenated sets of ids, such as the features of each word."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Bags:
    """U concatenated sets of ids: set i is ``ids[offsets[i]:offsets[i + 1]]``."""

    ids: NDArray[np.int32]  # (M,)
    offsets: NDArray[np.int32]  # (U + 1,)

    @classmethod
    def of(cls, sets: Iterable[Sequence[int]]) -> Bags:
        """Make one from lists of ids."""
        lists = list(sets)
        offsets = np.zeros(len(lists) + 1, np.int32)
        np.cumsum([len(ids) for ids in lists], out=offsets[1:])
        return cls(np.fromiter(chain.from_iterable(lists), np.int32, int(offsets[-1])), offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def take(self, which: NDArray[np.int64]) -> Bags:
        """Return the sets ``which`` (U',), in that order."""
        lengths = np.diff(self.offsets)[which]
        offsets = np.zeros(len(which) + 1, np.int32)
        np.cumsum(lengths, out=offsets[1:])
        places = np.arange(offsets[-1]) + np.repeat(self.offsets[:-1][which] - offsets[:-1], lengths)
        return Bags(self.ids[places], offsets)
