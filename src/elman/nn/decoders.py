"""Decoders: from the network's scores (N, K) to losses, tags and probabilities. Both answer to the same calls.

``softmax``  every word by itself: softmax of its scores (slide 9)
``crf``      whole sentences: a linear-chain CRF with the parameters ``output.transitions`` (K, K) [from, to],
             ``output.begin`` and ``output.end`` (K,), all 0 at the start (``elman.kernels.reference.crf``)

Labels of whole texts have softmax too, or ``Sigmoids`` where a text can have several.

A loss is given for each word; the CRF's are the parts of its sentence's -log p by the chain rule, read from the end:
-log p(tag | tag behind it). So a weight for each tag means the same under both, a weighted sum of -log p of the words'
own tags, and a minibatch's mean is over words.

Constraints forbid transitions. In a CRF forbidden paths have no probability, in training too. Softmax is trained word
by word without them, and tagging is by the distribution over whole sentences that is left of it: the product of the
words' probabilities, over the allowed paths.

A temperature T divides all scores, a chain's too, before probabilities are made of them. Which path is best does not
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
from elman.nn import paths, shapes
from elman.nn.batch import Batch, Ids
from elman.nn.layers import Array, Gradient

NEVER = -1e30  # the score of what is forbidden: not infinite, so that no difference of two such is NaN
TOGETHER = 1 << 22  # probabilities that are made in one call
Parameters = Mapping[str, Array]
Gradients = dict[str, Gradient]


class Chain(NamedTuple):
    """Scores of tags side by side, and at the ends of a sentence."""

    transitions: Array  # (K, K) [from, to]
    begin: Array  # (K,)
    end: Array  # (K,)

    @classmethod
    def free(cls, tags: int, dtype: DTypeLike) -> Chain:
        """Every path scores 0."""
        return cls(np.zeros((tags, tags), dtype), np.zeros(tags, dtype), np.zeros(tags, dtype))

    def at(self, temperature: float) -> Chain:
        """Its scores at a temperature; what is forbidden stays far below all else."""
        return Chain(*(x / temperature for x in self))


class Loss(NamedTuple):
    """What a decoder says of gold tags.

    ``losses``    (N,)
    ``best``      (N,) the best tags, constraints aside for softmax
    ``backprop``  dlosses (N,) -> dscores (N, K) and the gradients of the decoder's parameters
    """

    losses: Array
    best: Ids
    backprop: Callable[[Array], tuple[Array, Gradients]]


@dataclass(frozen=True)
class Constraints:
    """What is allowed: tag to tag, at the beginning and at the end of a sentence."""

    transitions: NDArray[np.bool_]  # (K, K) [from, to]
    begin: NDArray[np.bool_]  # (K,)
    end: NDArray[np.bool_]  # (K,)

    def on(self, chain: Chain) -> Chain:
        """The chain with what is forbidden at NEVER."""
        kept = zip((self.transitions, self.begin, self.end), chain, strict=True)
        return Chain(*(np.where(allowed, x, np.asarray(NEVER, x.dtype)) for allowed, x in kept))


class Decoder:
    """What both decoders share: tags and probabilities of whole sentences where there is a chain.

    ``name``  what the names of its parameters begin with
    """

    def __init__(self, tags: int, allowed: Constraints | None, name: str = "output") -> None:
        self.tags, self.allowed, self.name = tags, allowed, name

    def chain(self, parameters: Parameters, dtype: DTypeLike) -> Chain | None:
        """Its chain with the constraints in it; None: every word by itself."""
        raise NotImplementedError

    @property
    def free(self) -> bool:
        """Whether every word is by itself, its probabilities the softmax of its scores."""
        return False

    def loss(self, parameters: Parameters, scores: Array, gold: Ids, batch: Batch, wanted: Array | None = None) -> Loss:
        """Losses of gold tags (N,): scores (N, K) of a packed batch.

        ``wanted`` (N, K), for softmax alone: the probabilities to come near, in place of 1 for the gold tag.
        """
        raise NotImplementedError

    def best(self, parameters: Parameters, scores: Array, batch: Batch) -> Ids:
        """The tags of the most probable path of each sentence: scores (N, K) -> ids (N,), both packed."""
        chain = self.chain(parameters, scores.dtype)
        if chain is None:
            return np.asarray(scores.argmax(axis=1), np.int32)
        return kernels.crf_best(scores, batch.sizes, *chain)

    def marginals(
        self, parameters: Parameters, scores: Array, batch: Batch, temperature: float = 1.0
    ) -> NDArray[np.float64]:
        """The probability of each tag at each word: scores (N, K) -> (N, K), both packed; rows sum to 1."""
        p = np.empty(scores.shape, np.float64)
        for rows, shares in self._shares(parameters, scores, batch, temperature):
            np.divide(shares, shares.sum(axis=1, keepdims=True), out=p[rows])
        return p

    def confidences(
        self, parameters: Parameters, scores: Array, ids: NDArray[Any], batch: Batch, temperature: float = 1.0
    ) -> NDArray[np.float64]:
        """What ``marginals`` says of one tag of each word: ids (N,) -> (N,), without a table of them all."""
        p = np.empty(len(scores), np.float64)
        for rows, shares in self._shares(parameters, scores, batch, temperature):
            p[rows] = shares[np.arange(len(shares)), ids[rows]] / shares.sum(axis=1)
        return p

    def _shares(
        self, parameters: Parameters, scores: Array, batch: Batch, temperature: float
    ) -> Iterator[tuple[slice, NDArray[np.float64]]]:
        """For some of the words at a time, numbers in the proportion of the tags' probabilities."""
        chain = self.chain(parameters, scores.dtype)
        if chain is not None:
            found = kernels.crf_marginals(scores / temperature, batch.sizes, *chain.at(temperature))
        few = max(1, TOGETHER // max(1, scores.shape[1]))
        for at in range(0, len(scores), few):
            rows = slice(at, at + few)
            if chain is not None:
                yield rows, found[rows].astype(np.float64)
            else:
                own = scores[rows] / temperature
                yield rows, np.exp(own.astype(np.float64) - own.max(axis=1, keepdims=True))

    def nbest(
        self, parameters: Parameters, scores: Array, most: int, temperature: float = 1.0
    ) -> list[tuple[Ids, float]]:
        """The ``most`` most probable paths of one sentence, best first, with their probabilities.

        scores (T, K) -> ids (T,) each. Fewer where there are fewer that are allowed. Raises ConfigError for more than
        memory is to hold (``elman.nn.paths``), ModelFileError as ``finite`` does.
        """
        if not len(scores):
            return [(np.zeros(0, np.int32), 1.0)]
        chain = self.chain(parameters, np.dtype(np.float64))
        most, scores = paths.number_of(len(scores), self.tags, most, free=chain is None), finite(scores)
        if chain is None:
            found = paths.best_words(scores, most)
        else:
            found = [(ids, score) for ids, score in paths.best_paths(scores, chain, most) if score > NEVER / 2]
        first, top = found[0]
        wide, ones = scores / np.float64(temperature), np.ones(len(scores), np.int32)
        if chain is None:
            losses, _ = kernels.softmax_cross_entropy_forward(wide, first)
        else:
            losses, _ = kernels.crf_forward(wide, first, ones, *chain.at(temperature))
        return [(ids, float(np.exp((score - top) / temperature - losses.sum()))) for ids, score in found]


class Softmax(Decoder):
    """Cross-entropy, every word by itself.

    ``smoothing`` (Szegedy et al. 2016): that share of the target is spread evenly over all tags.
    """

    def __init__(
        self, tags: int, allowed: Constraints | None = None, smoothing: float = 0.0, name: str = "output"
    ) -> None:
        super().__init__(tags, allowed, name)
        self.smoothing = smoothing

    @property
    def free(self) -> bool:
        return self.allowed is None

    def chain(self, parameters: Parameters, dtype: DTypeLike) -> Chain | None:
        return None if self.allowed is None else self.allowed.on(Chain.free(self.tags, dtype))

    def loss(self, parameters: Parameters, scores: Array, gold: Ids, batch: Batch, wanted: Array | None = None) -> Loss:
        losses, p = kernels.softmax_cross_entropy_forward(scores, gold)
        share, rows = np.asarray(self.smoothing, scores.dtype), np.arange(len(gold))
        if share and wanted is None:
            wanted = np.zeros_like(p)
            wanted[rows, gold] = 1
        if wanted is None:
            q = None
        else:
            q = (1 - share) * wanted + share / self.tags
            # the sum over k of q(k) L(k), where L(k) = L(gold) + scores[gold] - scores[k]
            losses = losses + scores[rows, gold] - (q * scores).sum(axis=1)

        def backprop(dlosses: Array) -> tuple[Array, Gradients]:
            if q is None:
                return kernels.softmax_cross_entropy_backward(dlosses, p, gold), {}
            return (p - q) * dlosses[:, None], {}

        return Loss(losses, p.argmax(axis=1).astype(np.int32), backprop)


class Crf(Decoder):
    """A linear-chain CRF over whole sentences."""

    def chain(self, parameters: Parameters, dtype: DTypeLike) -> Chain:
        names = shapes.decoder("crf", self.tags, self.name)
        chain = Chain(*(parameters[name].astype(dtype, copy=False) for name in names))
        return chain if self.allowed is None else self.allowed.on(chain)

    def loss(self, parameters: Parameters, scores: Array, gold: Ids, batch: Batch, wanted: Array | None = None) -> Loss:
        assert wanted is None  # the settings see to it
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
    """Labels that hold or not, each by itself: -log p of all of them together; B texts, K labels.

    Gold labels, and the best, are (B, K) of True and False. ``least`` 1: where no label is as probable as 0.5 the
    likeliest holds.
    """

    def __init__(self, tags: int, least: int = 0) -> None:
        super().__init__(tags, None)
        self.least = least

    def chain(self, parameters: Parameters, dtype: DTypeLike) -> Chain | None:
        return None

    def loss(self, parameters: Parameters, scores: Array, gold: Any, batch: Batch, wanted: Array | None = None) -> Loss:
        y = np.asarray(gold if wanted is None else wanted, scores.dtype)
        losses = (np.logaddexp(0, scores) - y * scores).sum(axis=1)
        p = 0.5 + 0.5 * np.tanh(0.5 * scores)  # σ, without overflow
        return Loss(losses, self.best(parameters, scores, batch), lambda dlosses: ((p - y) * dlosses[:, None], {}))

    def best(self, parameters: Parameters, scores: Array, batch: Batch) -> Any:
        """Which labels hold (B, K)."""
        best = scores >= 0
        if self.least:
            best[np.arange(len(best)), scores.argmax(axis=1)] = True
        return best

    def marginals(
        self, parameters: Parameters, scores: Array, batch: Batch, temperature: float = 1.0
    ) -> NDArray[np.float64]:
        """The probability of each label (B, K)."""
        return np.asarray(0.5 + 0.5 * np.tanh(scores.astype(np.float64) / (2 * temperature)), np.float64)

    def confidences(
        self, parameters: Parameters, scores: Array, ids: NDArray[Any], batch: Batch, temperature: float = 1.0
    ) -> NDArray[np.float64]:
        """The probability (B,) that just the labels hold of which ``ids`` (B, K) says so."""
        p = self.marginals(parameters, scores, batch, temperature)
        return np.asarray(np.where(ids, p, 1 - p).prod(axis=1), np.float64)


class Squares(Decoder):
    """A number to be said of every word: half the squared error."""

    def loss(self, parameters: Parameters, scores: Array, gold: Any, batch: Batch, wanted: Array | None = None) -> Loss:
        error = scores[:, 0] - gold
        return Loss(
            error * error / 2, self.best(parameters, scores, batch), lambda dlosses: ((error * dlosses)[:, None], {})
        )

    def best(self, parameters: Parameters, scores: Array, batch: Batch) -> Any:
        """The numbers (N,)."""
        return scores[:, 0]


def finite(scores: Array) -> Array:
    """The scores. Raises ModelFileError where not all are finite numbers, of a network whose weights are too large."""
    if not np.isfinite(scores).all():
        raise ModelFileError("the scores of this model's network are no finite numbers: its weights are too large")
    return scores


def tag_weights(gold: Ids, tags: int, balance: float) -> NDArray[np.float32]:
    """Weights (K,) of the tags by how often they stand in ``gold``: 1 / count to the power ``balance``.

    They are scaled to a mean of 1 over the words; a tag that is not there weighs 0.
    """
    counts = np.bincount(gold, minlength=tags)
    weights = np.where(counts, np.maximum(counts, 1.0) ** -balance, 0)
    return np.asarray(weights * (counts.sum() / max((weights * counts).sum(), 1e-300)), np.float32)
