"""Sentences of different lengths in a graph: words one after another, and padded, with a row for each step."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from elman.integrations.onnx.graph import Graph, Value


class Sentences(NamedTuple):
    """N words in S sentences of up to T words; T is 2 at least.

    ``lengths``  (S,) words of each sentence
    ``rows``     (T, S) number of the word at each place; N: none
    ``mask``     (T, S) whether there is one
    ``step``     (N,) number of each word in its sentence; ``sentence`` (N,) its sentence
    """

    lengths: Value
    rows: Value
    mask: Value
    step: Value
    sentence: Value


def sentences(g: Graph, lengths: Value, n: Value) -> Sentences:
    """Lay out sentences of these lengths; ``n`` is the number of words."""
    longest = g.op("Max", g.most(lengths), g.constant(np.int64(2)))  # a Scan of 0 steps fails
    step = g.range(longest).expand(1)  # (T, 1)
    mask = step < lengths
    rows = mask.where(step + lengths.cumsum(0, exclusive=True), n)
    places = g.op("NonZero", mask.transpose(1, 0).cast("int64"), dtype="int64")
    return Sentences(lengths, rows, mask, places.take(g.constant(np.int64(1))), places.take(g.constant(np.int64(0))))
