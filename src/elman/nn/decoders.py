"""Decoders: from the network's scores (N, K) to losses, tags and probabilities. All have the same methods.

``softmax``  each word independently: softmax of its scores (slide 9)
``crf``      whole sentences: a linear-chain CRF with the parameters ``output.transitions`` (K, K) [from, to],
             ``output.begin`` and ``output.end`` (K,), initially 0 (``elman.kernels.reference.crf``)

Document labels use softmax too, ``TwoLevels`` if they are coarse:fine, or ``Sigmoids`` if a text can have several.

There is one loss per word; the CRF's are the parts of the sentence's -log p by the chain rule, from its end:
-log p(tag | next tag). So tag weights mean the same for both, a weighted sum of -log p of the words' gold tags, and the
mean of a minibatch is over words.

Constraints forbid transitions. In a CRF forbidden paths have probability 0, in training too. Softmax is trained word by
word without them; tagging uses the distribution over sentences that remains: the product of the words' probabilities,
renormalized over the allowed paths.

A temperature T divides all scores, those of the chain too, before they become probabilities. The best path does not
depend on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from elman import kernels
from elman.errors import ModelFileError
from elman.nn import nbest, shapes
from elman.nn.batch import Batch, Ids
from elman.nn.layers import Array, Gradient, sigmoid

FORBIDDEN = -1e30  # a score; not infinite, so that differences are not NaN
BLOCK = 1 << 22  # probabilities computed in one call
Parameters = Mapping[str, Array]
Gradients = dict[str, Gradient]


class Chain(NamedTuple):
    """Scores of transitions between tags, and of tags at the ends of a sentence."""

    transitions: Array  # (K, K) [from, to]
    begin: Array  # (K,)
    end: Array  # (K,)

    @classmethod
    def zeros(cls, tags: int, dtype: DTypeLike) -> Chain:
        """Return a chain in which every path scores 0."""
        return cls(np.zeros((tags, tags), dtype), np.zeros(tags, dtype), np.zeros(tags, dtype))

    def at(self, temperature: float) -> Chain:
        """Return its scores divided by a temperature; forbidden ones stay far below all others."""
        return Chain(*(x / temperature for x in self))


class Loss(NamedTuple):
    """The loss of gold tags.

    ``losses``    (N,)
    ``best``      (N,) the best tags; softmax: without constraints
    ``backprop``  dlosses (N,) -> dscores (N, K) and the gradients of the decoder's parameters
    """

    losses: Array
    best: Ids
    backprop: Callable[[Array], tuple[Array, Gradients]]


@dataclass(frozen=True)
class Constraints:
    """Allowed transitions, and allowed tags at the beginning and at the end of a sentence."""

    transitions: NDArray[np.bool_]  # (K, K) [from, to]
    begin: NDArray[np.bool_]  # (K,)
    end: NDArray[np.bool_]  # (K,)

    def on(self, chain: Chain) -> Chain:
        """Return the chain with forbidden scores set to FORBIDDEN."""
        kept = zip((self.transitions, self.begin, self.end), chain, strict=True)
        return Chain(*(np.where(allowed, x, np.asarray(FORBIDDEN, x.dtype)) for allowed, x in kept))


class Decoder:
    """Base class: tags and probabilities, of whole sentences if there is a chain.

    ``name``  prefix of the names of its parameters
    """

    def __init__(self, tags: int, allowed: Constraints | None, name: str = "output") -> None:
        self.tags, self.allowed, self.name = tags, allowed, name

    def chain(self, parameters: Parameters, dtype: DTypeLike) -> Chain | None:
        """Return the chain with the constraints applied; None: words are independent."""
        raise NotImplementedError

    @property
    def independent(self) -> bool:
        """Whether words are independent: probabilities are the softmax of the scores."""
        return False

    def loss(
        self, parameters: Parameters, scores: Array, gold: Ids, batch: Batch, soft_targets: Array | None = None
    ) -> Loss:
        """Return the losses (N,) of gold tags by scores (N, K) of a packed batch.

        ``soft_targets`` (N, K), softmax and sigmoids only: target probabilities, in place of 1 for the gold tag.
        """
        raise NotImplementedError

    def best(self, parameters: Parameters, scores: Array, batch: Batch) -> Ids:
        """Return the most probable path of each sentence: scores (N, K) -> ids (N,), both packed."""
        chain = self.chain(parameters, scores.dtype)
        if chain is None:
            return np.asarray(scores.argmax(axis=1), np.int32)
        return kernels.crf_best(scores, batch.sizes, *chain)

    def marginals(
        self, parameters: Parameters, scores: Array, batch: Batch, temperature: float = 1.0
    ) -> NDArray[np.float64]:
        """Return the probability of each tag of each word: scores (N, K) -> (N, K), both packed; rows sum to 1."""
        p = np.empty(scores.shape, np.float64)
        for rows, shares in self._shares(parameters, scores, batch, temperature):
            np.divide(shares, shares.sum(axis=1, keepdims=True), out=p[rows])
        return p

    def confidences(
        self, parameters: Parameters, scores: Array, ids: NDArray[Any], batch: Batch, temperature: float = 1.0
    ) -> NDArray[np.float64]:
        """Return the probability of one tag of each word, ids (N,) -> (N,), without the table of ``marginals``."""
        p = np.empty(len(scores), np.float64)
        for rows, shares in self._shares(parameters, scores, batch, temperature):
            totals = np.add.accumulate(shares, axis=1)[:, -1]  # in order, as the native tagger sums
            p[rows] = shares[np.arange(len(shares)), ids[rows]] / totals
        return p

    def _shares(
        self, parameters: Parameters, scores: Array, batch: Batch, temperature: float
    ) -> Iterator[tuple[slice, NDArray[np.float64]]]:
        """Yield, for a block of words at a time, numbers proportional to the tags' probabilities."""
        chain = self.chain(parameters, scores.dtype)
        if chain is not None:
            p = kernels.crf_marginals(scores / temperature, batch.sizes, *chain.at(temperature))
        size = max(1, BLOCK // max(1, scores.shape[1]))
        for start in range(0, len(scores), size):
            rows = slice(start, start + size)
            if chain is not None:
                yield rows, p[rows].astype(np.float64)
            else:
                z = scores[rows] / temperature
                yield rows, np.exp(z.astype(np.float64) - z.max(axis=1, keepdims=True))

    def nbest(
        self, parameters: Parameters, scores: Array, most: int, temperature: float = 1.0
    ) -> list[tuple[Ids, float]]:
        """Return the ``most`` most probable paths of one sentence, best first, with their probabilities.

        scores (T, K) -> ids (T,) each; fewer paths if fewer are allowed. Raises ConfigError if they do not fit into
        memory (``elman.nn.nbest``), ModelFileError if scores are not finite, or as low as those of forbidden paths.
        """
        if not len(scores):
            return [(np.zeros(0, np.int32), 1.0)]
        chain = self.chain(parameters, np.dtype(np.float64))
        most, scores = nbest.number_of(len(scores), self.tags, most, independent=chain is None), finite(scores)
        if chain is None:
            best = nbest.best_words(scores, most)
        else:
            best = [(ids, score) for ids, score in nbest.best_paths(scores, chain, most) if score > FORBIDDEN / 2]
            if not best:
                raise ModelFileError("no tags of this model score more than forbidden ones: its weights are too large")
        first, top = best[0]
        wide, ones = scores / np.float64(temperature), np.ones(len(scores), np.int32)
        if chain is None:
            losses, _ = kernels.softmax_cross_entropy_forward(wide, first)
        else:
            losses, _ = kernels.crf_forward(wide, first, ones, *chain.at(temperature))
        return [(ids, float(np.exp((score - top) / temperature - losses.sum()))) for ids, score in best]


class Softmax(Decoder):
    """Cross-entropy of each word independently.

    ``smoothing`` (Szegedy et al. 2016): the fraction of the target that is spread evenly over all tags.
    """

    def __init__(
        self, tags: int, allowed: Constraints | None = None, smoothing: float = 0.0, name: str = "output"
    ) -> None:
        super().__init__(tags, allowed, name)
        self.smoothing = smoothing

    @property
    def independent(self) -> bool:
        return self.allowed is None

    def chain(self, parameters: Parameters, dtype: DTypeLike) -> Chain | None:
        return None if self.allowed is None else self.allowed.on(Chain.zeros(self.tags, dtype))

    def loss(
        self, parameters: Parameters, scores: Array, gold: Ids, batch: Batch, soft_targets: Array | None = None
    ) -> Loss:
        losses, p = kernels.softmax_cross_entropy_forward(scores, gold)
        share, rows = np.asarray(self.smoothing, scores.dtype), np.arange(len(gold))
        if share and soft_targets is None:
            soft_targets = np.zeros_like(p)
            soft_targets[rows, gold] = 1
        if soft_targets is None:
            q = None
        else:
            q = (1 - share) * soft_targets + share / self.tags
            # the sum over k of q(k) L(k), where L(k) = L(gold) + scores[gold] - scores[k]
            losses = losses + scores[rows, gold] - (q * scores).sum(axis=1)

        def backprop(dlosses: Array) -> tuple[Array, Gradients]:
            if q is None:
                return kernels.softmax_cross_entropy_backward(dlosses, p, gold), {}
            return (p - q) * dlosses[:, None], {}

        return Loss(losses, p.argmax(axis=1).astype(np.int32), backprop)


class TwoLevels(Softmax):
    """Softmax over labels such as ``LOC:city`` that also learns the coarse label, ``LOC``.

    p(coarse) is the sum of p of its labels; the loss is -log p(label) - ``weight`` · log p(coarse). So every text of
    LOC teaches all labels of LOC, and nothing is added to the network.

    ``groups``  (K,) the number of the coarse label of each label, from 0
    """

    def __init__(self, groups: Ids, weight: float, smoothing: float = 0.0, name: str = "output") -> None:
        super().__init__(len(groups), None, smoothing, name)
        self.groups, self.weight = groups, weight
        self.members = np.eye(int(groups.max()) + 1)[groups]  # (K, G)

    def loss(
        self, parameters: Parameters, scores: Array, gold: Ids, batch: Batch, soft_targets: Array | None = None
    ) -> Loss:
        fine = super().loss(parameters, scores, gold, batch, soft_targets)
        q = np.eye(self.tags)[gold] if soft_targets is None else soft_targets
        z = scores - scores.max(axis=1, keepdims=True).astype(np.float64)
        p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
        p_coarse, q_coarse = np.maximum(p @ self.members, 1e-30), q @ self.members  # (B, G)
        losses = fine.losses - self.weight * (q_coarse * np.log(p_coarse)).sum(axis=1)
        missing = q_coarse.sum(axis=1, keepdims=True) - (q_coarse / p_coarse)[:, self.groups]
        d = np.asarray(self.weight * p * missing, scores.dtype)

        def backprop(dlosses: Array) -> tuple[Array, Gradients]:
            dscores, of_decoder = fine.backprop(dlosses)
            return dscores + d * dlosses[:, None], of_decoder

        return Loss(losses.astype(scores.dtype), fine.best, backprop)


class Crf(Decoder):
    """Linear-chain CRF over whole sentences."""

    def chain(self, parameters: Parameters, dtype: DTypeLike) -> Chain:
        names = shapes.decoder("crf", self.tags, self.name)
        chain = Chain(*(parameters[name].astype(dtype, copy=False) for name in names))
        return chain if self.allowed is None else self.allowed.on(chain)

    def loss(
        self, parameters: Parameters, scores: Array, gold: Ids, batch: Batch, soft_targets: Array | None = None
    ) -> Loss:
        assert soft_targets is None  # ruled out by the settings
        chain = self.chain(parameters, scores.dtype)
        losses, alpha = kernels.crf_forward(scores, gold, batch.sizes, *chain)

        def backprop(dlosses: Array) -> tuple[Array, Gradients]:
            back = kernels.crf_backward(dlosses, alpha, gold, batch.sizes, chain.transitions, chain.end)
            dscores, dchain = back[0], Chain(*back[1:])
            if self.allowed is not None:
                kept = self.allowed.transitions, self.allowed.begin, self.allowed.end
                dchain = Chain(*(d * allowed for d, allowed in zip(dchain, kept, strict=True)))
            return dscores, dict(zip(shapes.decoder("crf", self.tags, self.name), dchain, strict=True))

        return Loss(losses, kernels.crf_best(scores, batch.sizes, *chain), backprop)


class Sigmoids(Decoder):
    """Multi-label classification of B texts: K independent labels; the loss is -log p of all of them.

    Gold and best labels are bools (B, K). ``min_labels`` 1: if no label reaches a probability of 0.5, the most probable
    one is predicted.
    """

    def __init__(self, tags: int, min_labels: int = 0) -> None:
        super().__init__(tags, None)
        self.min_labels = min_labels

    def chain(self, parameters: Parameters, dtype: DTypeLike) -> Chain | None:
        return None

    def loss(
        self, parameters: Parameters, scores: Array, gold: Any, batch: Batch, soft_targets: Array | None = None
    ) -> Loss:
        y = np.asarray(gold if soft_targets is None else soft_targets, scores.dtype)
        losses = (np.logaddexp(0, scores) - y * scores).sum(axis=1)
        p = sigmoid(scores)
        return Loss(losses, self.best(parameters, scores, batch), lambda dlosses: ((p - y) * dlosses[:, None], {}))

    def best(self, parameters: Parameters, scores: Array, batch: Batch) -> Any:
        """Return which labels are predicted (B, K)."""
        best = scores >= 0
        if self.min_labels:
            best[np.arange(len(best)), scores.argmax(axis=1)] = True
        return best

    def marginals(
        self, parameters: Parameters, scores: Array, batch: Batch, temperature: float = 1.0
    ) -> NDArray[np.float64]:
        """Return the probability of each label (B, K)."""
        return sigmoid(scores.astype(np.float64) / temperature)

    def confidences(
        self, parameters: Parameters, scores: Array, ids: NDArray[Any], batch: Batch, temperature: float = 1.0
    ) -> NDArray[np.float64]:
        """Return the probability (B,) of exactly the labels that are True in ``ids`` (B, K)."""
        p = self.marginals(parameters, scores, batch, temperature)
        return np.asarray(np.where(ids, p, 1 - p).prod(axis=1), np.float64)


class SquaredError(Decoder):
    """Regression of a number for each word: half the squared error."""

    def loss(
        self, parameters: Parameters, scores: Array, gold: Any, batch: Batch, soft_targets: Array | None = None
    ) -> Loss:
        error = scores[:, 0] - gold
        return Loss(
            error * error / 2, self.best(parameters, scores, batch), lambda dlosses: ((error * dlosses)[:, None], {})
        )

    def best(self, parameters: Parameters, scores: Array, batch: Batch) -> Any:
        """Return the predicted numbers (N,)."""
        return scores[:, 0]


def finite(scores: Array) -> Array:
    """Return the scores. Raises ModelFileError if some are not finite, because the weights are too large."""
    if not np.isfinite(scores).all():
        raise ModelFileError("the scores of this model's network are not finite: its weights are too large")
    return scores


def tag_weights(gold: Ids, tags: int, power: float) -> NDArray[np.float32]:
    """Return weights (K,) of the tags by their frequency in ``gold``: 1 / count to the given power.

    They are scaled to a mean of 1 over the words; a tag that does not occur has weight 0.
    """
    counts = np.bincount(gold, minlength=tags)
    weights = np.where(counts, np.maximum(counts, 1.0) ** -power, 0)
    return np.asarray(weights * (counts.sum() / max((weights * counts).sum(), 1e-300)), np.float32)
