"""Training on sequences of any length: chunks of n steps, read side by side by lanes that keep their state.

The gradient stops where a chunk begins (truncated back-propagation through time; Williams & Peng 1990, slides 25-28):
what has to be remembered of a text is one chunk a lane. A lane reads whole sentences, one after the other, each from a
state of 0. A sentence longer than a lane's share of the text is read as several, so that all lanes have work; there,
too, the state begins at 0.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from typing import overload

import numpy as np
from numpy.typing import NDArray

Items = NDArray[np.int64]


class Chunks:
    """The chunks of S sentences of ``lengths`` laid end to end, numbered from 0: ``n`` steps each, or what is left.

    ``lanes`` are those that the text is read by, a long sentence by several but if it is to stay ``whole``. Nothing of
    it grows with the length of a sentence.
    """

    def __init__(self, lengths: Items, n: int, lanes: int, whole: bool = False) -> None:
        share = max(1, int(lengths.max()) if whole else -(-int(lengths.sum()) // lanes))
        parts = np.maximum(1, -(-lengths // share))  # of each sentence
        self.n, self.lanes = n, lanes
        full = np.repeat(lengths, parts)
        each = np.repeat(-(-lengths // parts), parts)  # all parts of a sentence but its last are so long
        which = np.arange(len(full)) - np.repeat(np.cumsum(parts) - parts, parts)
        self.lengths = np.clip(full - which * each, 0, each)  # (S',)
        self.begins = np.repeat(np.cumsum(lengths) - lengths, parts) + np.minimum(which * each, full)
        counts = -(-self.lengths // n)
        self.firsts = np.concatenate(([0], np.cumsum(counts)))  # (S' + 1,) the first chunk of each

    def __len__(self) -> int:
        return int(self.firsts[-1])

    def places(self, items: Items) -> tuple[Items, Items, NDArray[np.bool_], Items]:
        """Of chunks: where each begins in the text, its steps, whether it begins a sentence, and its part."""
        part = np.searchsorted(self.firsts, items, side="right") - 1
        behind = (items - self.firsts[part]) * self.n
        return self.begins[part] + behind, np.minimum(self.n, self.lengths[part] - behind), behind == 0, part

    def plan(self, generator: np.random.Generator) -> Plan:
        """An order for one epoch: the sentences at random, each to the lane that has had the least so far."""
        loads = [(0, lane) for lane in range(self.lanes)]
        mine: list[list[int]] = [[] for _ in loads]
        lane_of = np.zeros(len(self.lengths), np.int64)
        for part in generator.permutation(len(self.lengths)).tolist():
            load, lane = heapq.heappop(loads)
            mine[lane].append(part)
            lane_of[part] = lane
            heapq.heappush(loads, (load + int(self.firsts[part + 1] - self.firsts[part]), lane))
        return Plan(self.firsts, [np.array(parts, np.int64) for parts in mine if parts], lane_of)


class Plan(Sequence[Items]):
    """The minibatches of an epoch: at each step the next chunk of every lane that has one left.

    ``lane``  (S',) which lane reads each part
    """

    def __init__(self, firsts: Items, parts: Sequence[Items], lane: Items) -> None:
        self.lane, self._firsts, self._parts = lane, firsts, parts
        self._ends = [np.cumsum(firsts[own + 1] - firsts[own]) for own in parts]
        self._steps = max((int(ends[-1]) for ends in self._ends), default=0)

    def __len__(self) -> int:
        return self._steps

    def __iter__(self) -> Iterator[Items]:
        return map(self._at, range(self._steps))

    @overload
    def __getitem__(self, step: int) -> Items: ...
    @overload
    def __getitem__(self, step: slice) -> list[Items]: ...
    def __getitem__(self, step: int | slice) -> Items | list[Items]:
        if isinstance(step, slice):
            return [self._at(one) for one in range(*step.indices(self._steps))]
        return self._at(step)

    def _at(self, step: int) -> Items:
        items = []
        for parts, ends in zip(self._parts, self._ends, strict=True):
            if step < ends[-1]:
                i = int(np.searchsorted(ends, step, side="right"))
                items.append(int(self._firsts[parts[i] + 1] - ends[i] + step))
        return np.array(items, np.int64)
