"""Dropout with draws of Philox, as NumPy makes them. Letters as in ``elman.kernels``.

``key`` (12,) are the generator's key and counter as 32-bit halves of its 64-bit numbers, lower half first.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from elman.kernels.reference.basic import check_ids
from elman.kernels.weight_layout import F, Ids


def dropout(x: NDArray[F], key: Ids, first: int, share: float) -> NDArray[F]:
    """Return x (N, E) with each value dropped with probability ``share`` and the rest divided by 1 - share.

    A value takes 16 bits of the stream, from its 32-bit draw ``first`` on, so ``share`` counts as a multiple of
    1 / 65,536. It is its own backward pass: dx is the same function of dy.
    """
    drawn = np.frombuffer(_stream(key).bytes(4 * first + 2 * x.size), "<u2")[2 * first :].reshape(x.shape)
    kept = np.asarray(1 / (1 - share), x.dtype)
    return np.where(drawn >= round(share * 65_536), x * kept, np.asarray(0, x.dtype))


def unknown_words(words: Ids, share: NDArray[F], key: Ids, unknown: int) -> Ids:
    """Return the words (N,), each replaced by ``unknown`` with its own probability, share (V,) by word.

    Raises IndexError if a word is outside 0..V-1.
    """
    check_ids(words, len(share))
    drawn = _stream(key).random(len(words))
    return np.where(drawn < share[words], np.int32(unknown), words)


def _stream(key: Ids) -> np.random.Generator:
    numbers = np.ascontiguousarray(key).view(np.uint64)
    return np.random.Generator(np.random.Philox(key=numbers[:2], counter=numbers[2:]))
