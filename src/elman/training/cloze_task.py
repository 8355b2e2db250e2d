"""Pretraining on raw text: fill in each word, given the words before and after it.

Letters: N words of a minibatch, H hidden units, V words that are predicted, C candidates of a step.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from elman.models.ensemble import Ensemble
from elman.nn import layers
from elman.nn.batch import Batch, minibatches, packed
from elman.nn.encoder import Gradients
from elman.nn.layers import Array, SparseRows
from elman.training.disk_corpus import RawCorpus
from elman.training.tagging_task import TaggingTask
from elman.training.task import LossTotals, StepKey
from elman.utils import seeding

PART = 500_000
"""Words that an epoch reads, about; a longer text is read in parts, in turn."""
NEGATIVES = 512
"""Words drawn for a step, besides its own, that the right word has to be told from."""
POWER = 0.75
"""They are drawn by their frequency to this power (Mikolov et al. 2013)."""


class ClozeTask(TaggingTask):
    """Predict each word w_t of raw text from the forward state h_{t-1} and the backward state h_{t+1}.

    So each direction learns what its words say about their neighbours (as in context2vec, Melamud et al. 2016; Baevski
    et al. 2019). The softmax is over C candidates: the words of the minibatch and random ones, with scores corrected
    by the log probability of being one (sampled softmax, Jean et al. 2015). Rare words are read, but not predicted.
    """

    def __init__(self, networks: Ensemble, text: RawCorpus) -> None:
        super().__init__(networks, text, None)
        counts = dict(zip(text.vocabulary.words, text.vocabulary.counts[1:].tolist(), strict=True))
        of_tags = np.array([counts[word] for word in networks.tags], np.float64)  # (V,)
        self.frequency = of_tags / of_tags.sum()
        drawn = of_tags**POWER
        self.drawn = drawn / drawn.sum()
        self.cumulated = np.cumsum(self.drawn)
        self.parts = max(1, -(-int(self.lengths.sum()) // PART))

    def batches(self, size: int, generator: np.random.Generator, epoch: int) -> Sequence[NDArray[np.int64]]:
        """Return the minibatches of the part of the text that the epoch reads: every n-th sentence."""
        part = np.arange((epoch - 1) % self.parts, len(self.lengths), self.parts)
        return [part[items] for items in minibatches(self.lengths[part], size, generator)]

    def part(self, epoch: int) -> ClozeTask:
        """Return the task of the part that the epoch reads, held in memory, with a copy of the parameters."""
        sentences = np.arange((epoch - 1) % self.parts, len(self.lengths), self.parts)
        lengths = self.lengths[sentences]
        begins = self.ends[sentences] - lengths
        within = np.arange(int(lengths.sum())) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        rows = np.repeat(begins, lengths) + within
        task, networks = copy(self), self.networks
        vars(task).pop("ends", None)
        parameters = {name: w.copy() for name, w in self.parameters.items()}
        task.networks = Ensemble(networks.config, networks.lexicon, networks.heads, [parameters])
        task.parameters, task.lengths, task.parts = parameters, lengths, 1
        task.inputs = replace(self.inputs, words=self.inputs.words[rows], types=self.inputs.types[rows])
        task.gold = [self.gold[0][rows]]
        return task

    def score(self) -> None:
        """Return None: the last epoch is kept."""

    def gradients(self, items: NDArray[np.int64], words: int, place: StepKey) -> tuple[LossTotals, Gradients]:
        parameters, network = self.parameters, self.networks.network
        batch, rows = packed(self.lengths, self.ends, items)
        inputs, noise = self._noisy(rows, place)
        h, unencode = network.encode(parameters, inputs, batch, noise=noise)
        around, unmove = self._around(h, batch)
        around, undrop = layers.dropout(around, noise.dropout, noise, batch)
        gold = self.gold[0][rows]
        predicted = np.flatnonzero(gold >= 0)
        candidates, corrections = self._candidates(gold[predicted], place)
        where = np.searchsorted(candidates, gold[predicted])
        w, b = parameters["output.w_oh"][candidates], parameters["output.b_o"][candidates]
        scores, unlinear = layers.linear(np.ascontiguousarray(around[predicted]), w, b - corrections)
        losses, best, dscores = _softmax(scores, where)
        of_around, dw, db = unlinear(dscores * np.float32(1 / words))
        daround = np.zeros_like(around)
        daround[predicted] = of_around
        of_bias = np.zeros_like(parameters["output.b_o"])
        of_bias[candidates] = db
        gradients: Gradients = {"output.w_oh": SparseRows(candidates.astype(np.int32), dw), "output.b_o": of_bias}
        unencode(unmove(undrop(daround)), gradients)
        correct = int((best == where).sum())
        return LossTotals(float(losses.sum(dtype=np.float64)), len(rows), correct), gradients

    def _around(self, h: Array, batch: Batch) -> tuple[Array, layers.Unshift]:
        """Return the states next to each word (N, 2H): forward ones before it, backward ones after it."""
        if self.networks.config.network.direction == "forward":
            return layers.shift(h, batch.previous)
        H = self.networks.config.network.hidden
        before, unshift = layers.shift(h[:, :H], batch.previous)
        after, unshift_back = layers.shift(h[:, H:], batch.following)

        def backprop(dy: Array) -> Array:
            return np.concatenate([unshift(dy[:, :H]), unshift_back(dy[:, H:])], axis=1)

        return np.concatenate([before, after], axis=1), backprop

    def _candidates(self, gold: NDArray[np.int32], place: StepKey) -> tuple[NDArray[np.int64], Array]:
        """Return the candidates (C,), ascending, and the log of the probability of each to be one."""
        drawn = np.searchsorted(self.cumulated, place.stream(seeding.NEGATIVES).random(NEGATIVES))
        candidates = np.union1d(gold, np.minimum(drawn, len(self.drawn) - 1)).astype(np.int64)
        expected = len(gold) * self.frequency[candidates] + NEGATIVES * self.drawn[candidates]
        return candidates, np.log(-np.expm1(-expected)).astype(np.float32)


def _softmax(scores: Array, gold: NDArray[np.int64]) -> tuple[Array, NDArray[np.int64], Array]:
    """Return losses (N,), best candidates (N,) and the gradients of the losses by the scores (N, C)."""
    every = np.arange(len(scores))
    best = scores.argmax(axis=1) if scores.size else gold
    p = np.exp(scores - scores[every, best][:, None])
    total = p.sum(axis=1, keepdims=True)
    losses = np.log(total[:, 0]) + scores[every, best] - scores[every, gold]
    p /= total
    p[every, gold] -= 1
    return losses, best, p
