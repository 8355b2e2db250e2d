"""Weights of n-grams by naive Bayes, which logistic regression begins with.

Complement naive Bayes (Rennie et al. 2003): an n-gram speaks for a label as far as it is rare in the texts of all other
labels. Regression moves these weights only as far as training texts ask for it, so n-grams of few texts keep them (Wang
and Manning 2012 interpolate the two).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from elman.nn import layers
from elman.nn.bags import Bags
from elman.nn.layers import Array

SMOOTHING = 0.1  # added to each count, times the mean count
CHUNK = 4_096  # texts counted at a time


def weights(scale: Array, grams: Bags, gold: NDArray[np.int32], labels: int) -> Array:
    """Return the weights (G, K) of G n-grams for K labels, with a mean of 0 over the labels.

    ``scale`` (G,) is what an n-gram counts for, ``grams`` those of S texts; ``gold`` is the label of each text (S,).
    """
    counts = np.zeros((len(scale), labels), np.float32)
    for begin in range(0, len(grams), CHUNK):
        texts = np.arange(begin, min(begin + CHUNK, len(grams)))
        _, count = layers.unit_bag(counts, scale, grams.take(texts))
        some = count((np.arange(labels) == gold[texts, None]).astype(np.float32))
        counts[some.ids] += some.values
    others = counts.sum(axis=1, keepdims=True) - counts
    others += SMOOTHING * labels * max(counts.mean(), np.finfo(np.float32).tiny)
    found = -np.log(others / others.sum(axis=0))
    return np.asarray(found - found.mean(axis=1, keepdims=True), np.float32)
