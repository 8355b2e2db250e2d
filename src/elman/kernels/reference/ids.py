"""Ids of a minibatch: the distinct ones, sets of them, and the rows of packed sentences. Letters as in
``elman.kernels``.
"""

from __future__ import annotations

import numpy as np

from elman.kernels.reference.basic import check_ids
from elman.kernels.weight_layout import Ids


def distinct_ids(ids: Ids, rows: int) -> tuple[Ids, Ids, int]:
    """Return the distinct ids of (M,), ascending, where each id is among them (M,), and how many there are.

    The first array may be longer than that; the values after the last distinct id mean nothing. Raises IndexError if
    an id is outside 0..rows-1.
    """
    check_ids(ids, rows)
    used, where = np.unique(ids, return_inverse=True)
    return used.astype(np.int32), where.astype(np.int32), len(used)


def take_bags(ids: Ids, offsets: Ids, which: Ids, total: int) -> tuple[Ids, Ids]:
    """Return the sets ``which`` (W,) of U concatenated sets of ids, and their offsets (W + 1,).

    Set u is ids[offsets[u]:offsets[u + 1]]; ``total`` is the number of ids of those sets. Raises IndexError if a set
    is outside 0..U-1, ValueError if the total is another one.
    """
    check_ids(which, len(offsets) - 1)
    lengths = np.diff(offsets)[which]
    begins = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    if begins[-1] != total:
        raise ValueError("shapes do not fit: the total has to be that of the sets")
    places = np.arange(total) + np.repeat(offsets[:-1][which] - begins[:-1], lengths)
    return ids[places], begins


def pack_sentences(begins: Ids, lengths: Ids, words: int, steps: int) -> tuple[Ids, Ids, Ids]:
    """Pack S sentences of a text: first words (S,) in the text and lengths (S,) -> sizes (T,), rows (N,), places (N,).

    ``words`` is N and ``steps`` T, the largest length. Step t of the packed batch holds the sizes[t] sentences that
    have a word there, longest first; ties keep their order. ``rows`` are the words in the concatenated sentences,
    ``places`` those in the text.
    """
    if lengths.sum() != words or lengths.max(initial=0) != steps:
        raise ValueError("shapes do not fit: words (N), steps (T)")
    order = np.argsort(-lengths, kind="stable")
    # sizes[t] = how many lengths exceed t
    sizes = np.searchsorted(-lengths[order], -np.arange(steps), side="left").astype(np.int32)
    t = np.repeat(np.arange(steps, dtype=np.int32), sizes)
    b = order[np.arange(words) - np.repeat(np.cumsum(sizes) - sizes, sizes)]  # (N,) the sentence of each row
    return sizes, (np.cumsum(lengths) - lengths).astype(np.int32)[b] + t, begins[b] + t
