"""Gold trees of the training sentences, and the loss of a parser's graph part beside that of its labels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from elman.models.ensemble import Ensemble
from elman.nn import biaffine
from elman.nn.batch import Batch, Ids
from elman.nn.encoder import Gradients, Parameters
from elman.nn.layers import Array, DropoutNoise
from elman.nn.shapes import GraphSizes


class GraphGold:
    """Gold heads of the N words of a corpus, and the ids of their relations; -1: an unknown relation."""

    def __init__(self, sizes: GraphSizes, column: Sequence[Sequence[str]], relations: Ids) -> None:
        """``column`` holds for each sentence an ``Arc`` per word."""
        self.sizes, self.relations = sizes, relations
        heads = [getattr(arc, "head", -1) for arcs in column for arc in arcs]
        self.heads = np.array(heads, np.int64)  # (N,)

    def las(self, networks: Ensemble, sentences: Sequence[Sequence[str]]) -> Fraction:
        """Return the share of words whose head and relation the networks predict; the root may have any relation."""
        found = networks.trees(sentences)
        right = (found.heads == self.heads) & (found.relations.argmax(axis=1) == self.relations)
        return Fraction(int(right.sum()), max(len(right), 1))


class GraphLoss:
    """The loss of a minibatch's trees, an output beside the scores of labels (``Network.forward``).

    ``loss`` and ``correct`` are set by the forward pass.
    """

    loss, correct = 0.0, 0

    def __init__(
        self,
        gold: GraphGold,
        parameters: Parameters,
        batch: Batch,
        rows: NDArray[np.int64],
        noise: DropoutNoise | None,
        scale: float,
    ) -> None:
        """``rows`` (N,) are the corpus rows of the packed words; ``scale`` is the weight of a word's loss."""
        self.gold, self.parameters, self.batch, self.noise, self.scale = gold, parameters, batch, noise, scale
        self.rows = np.empty_like(rows)
        self.rows[batch.rows] = rows

    def __call__(self, h: Array) -> Callable[[Gradients], Array]:
        gold, batch = self.gold, self.batch
        # the first B rows are the first words of the sentences, whose order in the text follows
        lengths = np.bincount(batch.sentence, minlength=batch.sentences)[np.argsort(batch.rows[: batch.sentences])]
        wanted = gold.heads[self.rows], gold.relations[self.rows]
        found = biaffine.loss(self.parameters, h, gold.sizes, batch, lengths, wanted, self.noise)
        self.loss, self.correct = found.loss, found.correct
        return lambda gradients: found.backprop(self.scale, gradients)
