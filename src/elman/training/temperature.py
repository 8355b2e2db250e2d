"""Calibrated confidence by temperature scaling of a network's scores.

Guo, Pleiss, Sun and Weinberger 2017, "On Calibration of Modern Neural Networks".
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from elman.data.targets import TAG
from elman.models.base import CHUNK
from elman.models.ensemble import Ensemble
from elman.models.heads import Head
from elman.models.network_record import COLDEST, HOTTEST
from elman.nn.batch import Batch, by_length, packed, texts_of
from elman.nn.layers import Array

PRIOR = 0.5
"""Prior standard deviation of log T; it has no effect with more than a few hundred words."""
MOST_WORDS = 20_000
"""Maximum number of dev words for fitting; more words improve the temperature by a few per cent at most."""
_STEP = 1e-3  # of log T, where the search ends
_GOLDEN = (math.sqrt(5) - 1) / 2


def fit(networks: Ensemble, sentences: Sequence[Sequence[str]], gold: Sequence[NDArray[Any]]) -> tuple[float, ...]:
    """Return the temperature of each label column that maximizes the likelihood of dev's gold labels.

    ``gold`` holds for each column the tag ids of all words (N,), sentence by sentence, with -1 for unknown tags, which
    are ignored; for document labels one id per text (S,), or for multi-label columns a boolean matrix (S, K). The
    likelihood is computed per word from the reported probabilities (softmax, or a CRF's marginals), with a normal prior
    on log T around 0 (``PRIOR``). Without words, the temperature is 1.
    """
    lengths = np.array([len(words) for words in sentences], np.int64)
    kept = int(np.searchsorted(np.cumsum(lengths), MOST_WORDS, side="right")) or len(lengths[:1])
    lengths, ends = lengths[:kept], np.cumsum(lengths[:kept])
    inputs = networks.lexicon.read([word for words in sentences[:kept] for word in words])
    grams = networks.grams(sentences[:kept])
    parts: list[_Part] = []
    for some in by_length(lengths, CHUNK):
        batch, rows = packed(lengths, ends, some)
        scores = networks.scores(inputs.take(rows), batch, grams(rows, batch))
        parts.append(_Part(batch, rows, texts_of(ends, rows, batch), scores))
    return tuple(
        round(_best_temperature(_loss(networks, head, parts, ids)), 3)
        for head, ids in zip(networks.heads.each, gold, strict=True)
    )


class _Part(NamedTuple):
    """A packed batch of a corpus: indices of its words and sentences, and scores."""

    batch: Batch
    rows: NDArray[np.int64]
    texts: NDArray[np.int64]
    scores: Array


def _loss(networks: Ensemble, head: Head, parts: Sequence[_Part], gold: NDArray[Any]) -> Callable[[float], float]:
    """Return -log p of a column's gold tags as a function of the temperature."""
    parameters = networks.decoder_parameters()

    def loss(temperature: float) -> float:
        total = 0.0
        for batch, rows, texts, scores in parts:
            ids = gold[rows if head.task == TAG else texts]
            p = head.decoder.marginals(parameters, head.of(scores, batch), batch, temperature)
            if ids.ndim == 2:
                total -= float(np.log(np.maximum(np.where(ids, p, 1 - p), 1e-30)).sum())
            else:
                total -= float(np.log(np.maximum(p[np.arange(len(ids)), ids], 1e-30))[ids >= 0].sum())
        return total

    return loss


def _best_temperature(loss: Callable[[float], float]) -> float:
    """Return the temperature that minimizes loss plus prior, by golden-section search over log T."""

    def cost(log_t: float) -> float:
        return loss(math.exp(log_t)) + (log_t / PRIOR) ** 2 / 2

    low, high = math.log(COLDEST), math.log(HOTTEST)
    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    at_left, at_right = cost(left), cost(right)
    while high - low > _STEP:
        if at_left < at_right:
            high, right, at_right = right, left, at_left
            left = high - _GOLDEN * (high - low)
            at_left = cost(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + _GOLDEN * (high - low)
            at_right = cost(right)
    return math.exp((low + high) / 2)
