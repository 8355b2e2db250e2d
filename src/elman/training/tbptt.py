"""Truncated backpropagation through time: texts are read in segments of n steps by streams in parallel.

The gradient stops at the beginning of a segment (Williams & Peng 1990; slides 25-28), so memory is needed for one
segment per stream, whatever the length of the text. A stream reads whole sentences, one after the other, each from a
state of 0. A sentence longer than a stream's share of the text is split into several, so that all streams have work;
at these splits, too, the state is reset to 0.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from typing import overload

import numpy as np
from numpy.typing import NDArray

from elman.models.ensemble import Ensemble
from elman.nn.batch import Batch, packed_at
from elman.nn.encoder import Carried
from elman.nn.layers import Array
from elman.training.disk_corpus import DiskSplit
from elman.utils import seeding

Items = NDArray[np.int64]
MOST_BLOCKS = 65_536
"""Blocks that an epoch shuffles; with more sentences than this, neighbouring ones share a block."""
HELD_OUT_STREAMS, HELD_OUT_STEPS = 32, 512
"""Streams that read held-out text in parallel, and steps of a segment there."""


class Segments:
    """The segments of S sentences of ``lengths`` laid end to end, numbered from 0: ``n`` steps each, or the rest.

    ``streams`` read the text in parallel, a long sentence split among several unless sentences stay ``whole``. Memory
    does not grow with the length of a sentence, and hardly with their number: sentences are grouped into at most
    ``MOST_BLOCKS`` blocks, usually of one sentence each.
    """

    def __init__(self, lengths: Items, n: int, streams: int, whole: bool = False) -> None:
        self.n, self.streams = n, streams
        self.lengths = lengths if whole else _split(lengths, max(1, -(-int(lengths.sum()) // streams)))  # (S',)
        self.size = max(1, -(-len(self.lengths) // MOST_BLOCKS))  # sentences of a block
        words, counts = np.zeros((2, -(-len(self.lengths) // self.size)), np.int64)
        for i in range(self.size):  # the i-th sentence of each block
            ith = self.lengths[i :: self.size]
            words[: len(ith)] += ith
            counts[: len(ith)] += -(-ith // n)
        self.begins = np.cumsum(words) - words  # (B,)
        self.firsts = np.concatenate(([0], np.cumsum(counts)))  # (B + 1,) the first segment of each block

    def __len__(self) -> int:
        return int(self.firsts[-1])

    def places(self, items: Items) -> tuple[Items, Items, NDArray[np.bool_], Items]:
        """For I segments: where each begins in the text, its steps, whether it begins a sentence, and its block."""
        block = np.searchsorted(self.firsts, items, side="right") - 1
        inside = items - self.firsts[block]
        if self.size == 1:
            begins, lengths = self.begins[block], self.lengths[block]
        else:
            which = block[:, None] * self.size + np.arange(self.size)
            each = np.where(which < len(self.lengths), self.lengths[which.clip(max=len(self.lengths) - 1)], 0)
            ends = np.cumsum(-(-each // self.n), axis=1)  # (I, size), in segments
            at = (ends <= inside[:, None]).sum(axis=1)
            before, i = np.arange(self.size) < at[:, None], np.arange(len(items))
            lengths = each[i, at]
            begins = self.begins[block] + (each * before).sum(axis=1)
            inside = inside - ends[i, at] + -(-lengths // self.n)
        offset = inside * self.n
        return begins + offset, np.minimum(self.n, lengths - offset), offset == 0, block

    def plan(self, generator: np.random.Generator) -> SegmentBatches:
        """Plan an epoch: blocks in random order, each for the stream that has the fewest segments so far."""
        loads = [(0, stream) for stream in range(self.streams)]
        blocks_of: list[list[int]] = [[] for _ in loads]
        stream_of = np.zeros(len(self.begins), np.int64)
        for block in generator.permutation(len(self.begins)).tolist():
            load, stream = heapq.heappop(loads)
            blocks_of[stream].append(block)
            stream_of[block] = stream
            heapq.heappush(loads, (load + int(self.firsts[block + 1] - self.firsts[block]), stream))
        return SegmentBatches(self.firsts, [np.array(blocks, np.int64) for blocks in blocks_of if blocks], stream_of)


def _split(lengths: Items, share: int) -> Items:
    """Split sentences longer than ``share`` into pieces of equal length, the last one shorter."""
    parts, at = [], 0
    for i in np.flatnonzero(lengths > share).tolist():
        pieces = -(-int(lengths[i]) // share)
        each = -(-int(lengths[i]) // pieces)
        parts += [lengths[at:i], np.clip(lengths[i] - np.arange(pieces) * each, 0, each)]
        at = i + 1
    return np.concatenate([*parts, lengths[at:]]) if parts else lengths


class SegmentBatches(Sequence[Items]):
    """The minibatches of an epoch: at each step the next segment of every stream that has one left.

    ``stream``  (B,) the stream that reads each block
    """

    def __init__(self, firsts: Items, blocks: Sequence[Items], stream: Items) -> None:
        self.stream, self._firsts, self._blocks = stream, firsts, blocks
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
            return [self._at(i) for i in range(*step.indices(self._steps))]
        return self._at(step)

    def _at(self, step: int) -> Items:
        items = []
        for blocks, ends in zip(self._blocks, self._ends, strict=True):
            if step < ends[-1]:
                i = int(np.searchsorted(ends, step, side="right"))
                items.append(int(self._firsts[blocks[i] + 1] - ends[i] + step))
        return np.array(items, np.int64)


class Streams:
    """The states that streams carry from segment to segment: by name, as wide as ``widths`` says, 0 at first."""

    def __init__(self, segments: Segments, widths: Mapping[str, int]) -> None:
        self.segments, self._widths = segments, widths
        self.states: dict[str, Array] = {}  # (streams, width) float32 by name
        self._plan: SegmentBatches

    def plan(self, generator: np.random.Generator) -> SegmentBatches:
        """Return the minibatches of an epoch, and reset the states to 0."""
        self._plan = self.segments.plan(generator)
        shape = self.segments.streams
        self.states = {name: np.zeros((shape, width), np.float32) for name, width in self._widths.items()}
        return self._plan

    def read(self, items: Items) -> tuple[Batch, Items, Carried, Items]:
        """Return segments as a batch, its rows in the text, the states carried into it, and its streams."""
        begins, lengths, first, block = self.segments.places(items)
        order = np.argsort(-lengths, kind="stable")  # as a batch is packed
        streams = self._plan.stream[block][order]
        carried = Carried({name: np.where(first[order][:, None], 0, x[streams]) for name, x in self.states.items()})
        return *packed_at(begins, lengths), carried, streams

    def keep(self, carried: Carried, streams: Items) -> None:
        """Store the states in which the streams ended a segment."""
        for name, x in carried.after.items():
            self.states[name][streams] = x


def stream_scores(networks: Ensemble, text: DiskSplit) -> Iterator[tuple[Array, NDArray[np.int32], Batch]]:
    """Yield scores (N, K) of a held-out text by forward networks, gold tags (N,) and their packing, a batch at a time.

    One stream reads a sentence from beginning to end, so the scores are those of tagging; memory does not grow with
    the text.
    """
    inputs, gold = text.inputs(networks.lexicon), text.gold(networks.tags)
    segments = Segments(text.lengths, HELD_OUT_STEPS, HELD_OUT_STREAMS, whole=True)
    each = [Streams(segments, networks.network.encoder.memory()) for _ in networks.members]
    plans = [streams.plan(seeding.stream(0, seeding.ORDER)) for streams in each]
    for items in plans[0]:
        total: Array | None = None
        for streams, parameters in zip(each, networks.members, strict=True):
            batch, rows, carried, which = streams.read(items)
            scores, _ = networks.network.forward(parameters, inputs.take(rows), batch, carried=carried)
            streams.keep(carried, which)
            total = scores if total is None else total + scores
        assert total is not None
        yield total / np.float32(len(each)), gold[rows], batch
