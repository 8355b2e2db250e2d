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
MOST = 65_536
"""Sentences that have a place of their own in the order of an epoch; of more, some that stand together share one."""


class Chunks:
    """The chunks of S sentences of ``lengths`` laid end to end, numbered from 0: ``n`` steps each, or what is left.

    ``lanes`` are those that the text is read by, a long sentence by several but if it is to stay ``whole``. Nothing of
    it grows with the length of a sentence, and little with their number: sentences come in blocks of so many that there
    are ``MOST`` of these, a block one sentence most often.
    """

    def __init__(self, lengths: Items, n: int, lanes: int, whole: bool = False) -> None:
        self.n, self.lanes = n, lanes
        self.lengths = lengths if whole else _split(lengths, max(1, -(-int(lengths.sum()) // lanes)))  # (S',)
        self.size = max(1, -(-len(self.lengths) // MOST))  # of a block
        words, counts = np.zeros((2, -(-len(self.lengths) // self.size)), np.int64)
        for i in range(self.size):  # the i-th sentence of each block
            own = self.lengths[i :: self.size]
            words[: len(own)] += own
            counts[: len(own)] += -(-own // n)
        self.begins = np.cumsum(words) - words  # (B,)
        self.firsts = np.concatenate(([0], np.cumsum(counts)))  # (B + 1,) the first chunk of each

    def __len__(self) -> int:
        return int(self.firsts[-1])

    def places(self, items: Items) -> tuple[Items, Items, NDArray[np.bool_], Items]:
        """Of I chunks: where each begins in the text, its steps, whether it begins a sentence, and its block."""
        block = np.searchsorted(self.firsts, items, side="right") - 1
        inside = items - self.firsts[block]
        if self.size == 1:
            begins, lengths = self.begins[block], self.lengths[block]
        else:
            which = block[:, None] * self.size + np.arange(self.size)
            each = np.where(which < len(self.lengths), self.lengths[which.clip(max=len(self.lengths) - 1)], 0)
            ends = np.cumsum(-(-each // self.n), axis=1)  # (I, size), in chunks
            at = (ends <= inside[:, None]).sum(axis=1)
            before, i = np.arange(self.size) < at[:, None], np.arange(len(items))
            lengths = each[i, at]
            begins = self.begins[block] + (each * before).sum(axis=1)
            inside = inside - ends[i, at] + -(-lengths // self.n)
        behind = inside * self.n
        return begins + behind, np.minimum(self.n, lengths - behind), behind == 0, block

    def plan(self, generator: np.random.Generator) -> Plan:
        """An order for one epoch: the blocks at random, each to the lane that has had the least so far."""
        loads = [(0, lane) for lane in range(self.lanes)]
        mine: list[list[int]] = [[] for _ in loads]
        lane_of = np.zeros(len(self.begins), np.int64)
        for block in generator.permutation(len(self.begins)).tolist():
            load, lane = heapq.heappop(loads)
            mine[lane].append(block)
            lane_of[block] = lane
            heapq.heappush(loads, (load + int(self.firsts[block + 1] - self.firsts[block]), lane))
        return Plan(self.firsts, [np.array(blocks, np.int64) for blocks in mine if blocks], lane_of)


def _split(lengths: Items, share: int) -> Items:
    """The same with sentences longer than ``share`` as several, all but the last of a sentence of one length."""
    found, at = [], 0
    for i in np.flatnonzero(lengths > share).tolist():
        parts = -(-int(lengths[i]) // share)
        each = -(-int(lengths[i]) // parts)
        found += [lengths[at:i], np.clip(lengths[i] - np.arange(parts) * each, 0, each)]
        at = i + 1
    return np.concatenate([*found, lengths[at:]]) if found else lengths


class Plan(Sequence[Items]):
    """The minibatches of an epoch: at each step the next chunk of every lane that has one left.

    ``lane``  (B,) which lane reads each block
    """

    def __init__(self, firsts: Items, blocks: Sequence[Items], lane: Items) -> None:
        self.lane, self._firsts, self._blocks = lane, firsts, blocks
        self._ends = [np.cumsum(firsts[own + 1] - firsts[own]) for own in blocks]
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
        for blocks, ends in zip(self._blocks, self._ends, strict=True):
            if step < ends[-1]:
                i = int(np.searchsorted(ends, step, side="right"))
                items.append(int(self._firsts[blocks[i] + 1] - ends[i] + step))
        return np.array(items, np.int64)
