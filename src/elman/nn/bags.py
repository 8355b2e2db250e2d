"""Concatenated sets of ids, such as the features of each word."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman import kernels


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

    @cached_property
    def lengths(self) -> NDArray[np.int32]:
        """(U,) the number of ids in each set."""
        return np.diff(self.offsets)

    def take(self, which: NDArray[Any]) -> Bags:
        """Return the sets ``which`` (U',), in that order."""
        total = int(self.lengths[which].sum())
        return Bags(*kernels.take_bags(self.ids, self.offsets, which.astype(np.int32, copy=False), total))
