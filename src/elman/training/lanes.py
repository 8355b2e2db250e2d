"""Lanes at work: chunks of a text side by side, and the states that go from one to the next; held-out text read so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from elman.models.ensemble import Ensemble
from elman.nn.batch import Batch, packed_at
from elman.nn.encoder import Carried
from elman.nn.layers import Array
from elman.training.disk_corpus import Part
from elman.training.tbptt import Chunks, Items, Plan
from elman.utils import seeding as randomness

HELD_OUT_LANES, HELD_OUT_STEPS = 32, 512
"""Sentences of held-out text that are read side by side, and steps of them in one call."""


class Lanes:
    """What the lanes that read ``chunks`` carry: of each name a state as wide as ``widths`` says, 0 at first."""

    def __init__(self, chunks: Chunks, widths: Mapping[str, int]) -> None:
        self.chunks, self._widths = chunks, widths
        self.states: dict[str, Array] = {}
        """Of each name (lanes, width) float32."""
        self._plan: Plan

    def plan(self, generator: np.random.Generator) -> Plan:
        """The minibatches of an epoch; the states begin at 0."""
        self._plan = self.chunks.plan(generator)
        self.states = {name: np.zeros((self.chunks.lanes, width), np.float32) for name, width in self._widths.items()}
        return self._plan

    def read(self, items: Items) -> tuple[Batch, Items, Carried, Items]:
        """Chunks as a batch, where its rows stand, what their lanes carry, and which lanes these are (``keep``)."""
        begins, lengths, first, part = self.chunks.places(items)
        order = np.argsort(-lengths, kind="stable")  # as a batch is packed
        lanes = self._plan.lane[part][order]
        carried = Carried({name: np.where(first[order][:, None], 0, x[lanes]) for name, x in self.states.items()})
        return *packed_at(begins, lengths), carried, lanes

    def keep(self, carried: Carried, lanes: Items) -> None:
        """Takes the states that the lanes ended a chunk in."""
        for name, x in carried.after.items():
            self.states[name][lanes] = x


def scored(networks: Ensemble, text: Part) -> Iterator[tuple[Array, NDArray[np.int32], Batch]]:
    """The scores (N, K) of a held-out text's words, their tags (N,) and how they are packed, some words at a time.

    Of forward networks. Every sentence is read from its beginning to its end by one lane, so scores are those of
    tagging; memory does not grow with the text.
    """
    inputs, gold = text.inputs(networks.lexicon), text.gold(networks.tags)
    chunks = Chunks(text.lengths, HELD_OUT_STEPS, HELD_OUT_LANES, whole=True)
    each = [Lanes(chunks, networks.network.encoder.memory()) for _ in networks.members]
    plans = [lanes.plan(randomness.stream(0, randomness.ORDER)) for lanes in each]
    for items in plans[0]:
        total: Array | None = None
        for lanes, parameters in zip(each, networks.members, strict=True):
            batch, rows, carried, which = lanes.read(items)
            scores, _ = networks.network.forward(parameters, inputs.take(rows), batch, carried=carried)
            lanes.keep(carried, which)
            total = scores if total is None else total + scores
        assert total is not None
        yield total / np.float32(len(each)), gold[rows], batch
