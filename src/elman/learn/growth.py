"""Add rows for new words, and outputs for new tags and labels, to a trained recurrent model.

A new word starts with the weights of the unknown word, and a new tag at the bottom of the scores, so a model that has
just grown predicts what it predicted before. ``imprint`` then gives the outputs of new tags their first weights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.data.schemes import split_tag
from elman.data.targets import CLASSIFY, TAG
from elman.features.lexicon import Lexicon
from elman.features.text_ngrams import Grams
from elman.features.vocabulary import Vocabulary
from elman.models import constraints
from elman.models.ensemble import network_of
from elman.models.heads import Head, Heads, check_number
from elman.models.rnn import RecurrentModel
from elman.nn.cells import CELLS
from elman.nn.encoder import Parameters
from elman.nn.layers import Array

LOWEST = 4.0
"""How far below the lowest bias of the other tags the bias of a new one starts."""
MARGIN = 4.0
"""How much higher a new tag's score is where it belongs than elsewhere, when its weights are imprinted."""


def grown(
    model: RecurrentModel,
    words: Mapping[str, int],
    tags: Sequence[Sequence[str]],
    texts: Sequence[Sequence[str]] = (),
) -> RecurrentModel:
    """Return the model with rows for new words and outputs for new tags; the same model if there are none.

    ``words``  new words with their counts; those that the model knows are left out
    ``tags``   for each label column the tags to have; those that the model has are left out
    ``texts``  the words of texts, whose shared n-grams get weights of 0 if the model classifies by n-grams

    Raises ConfigError if there are too many tags for a transition table, or a tag does not fit the model's rules.
    """
    lexicon, heads = _lexicon(model, words), _heads(model, tags)
    heads, kept = _grams(heads, texts, int(model.training.get("sentences", 0)))
    if lexicon is model.lexicon and heads.tags == model.heads.tags and kept is None:
        return model
    members = [_parameters(model, parameters, lexicon, heads, kept) for parameters in model.members]
    other = type(model)(model.config, lexicon, heads, members, model.training)
    other.precision = model.precision
    return other


def _lexicon(model: RecurrentModel, words: Mapping[str, int]) -> Lexicon:
    known = model.lexicon.vocabulary
    new = {word: count for word, count in words.items() if word not in known}
    if not new:
        return model.lexicon
    counts = [*known.counts[1:].tolist(), *new.values()]
    return replace(model.lexicon, vocabulary=Vocabulary([*known.words, *new], counts, known.rare))


def _heads(model: RecurrentModel, tags: Sequence[Sequence[str]]) -> Heads:
    old = model.heads
    sets = tuple(
        (*of_column, *sorted(set(wanted) - set(of_column))) for of_column, wanted in zip(old.tags, tags, strict=True)
    )
    if sets == old.tags:
        return old
    for names, scheme, task in zip(sets, old.schemes, model.tasks, strict=True):
        if task == TAG:
            check_number(model.config.network, len(names), scheme)
            if scheme != constraints.NONE:
                constraints.check(names, scheme)
    return replace(old, tags=sets)


def _grams(
    heads: Heads, texts: Sequence[Sequence[str]], sentences: int
) -> tuple[Heads, tuple[NDArray[np.int64], Array] | None]:
    """Return the heads with the n-grams that two of the texts share, and where the known ones are, with all scales."""
    old = heads.grams
    if old is None or len(texts) < 2:
        return heads, None
    more = Grams.of(old.kind, texts, heads.labels, old.skips)
    new = np.setdiff1d(more.hashes, old.hashes)
    if not len(new):
        return heads, None
    hashes = np.union1d(old.hashes, new)
    scale = np.zeros(len(hashes), np.float32)
    assert more.scale is not None
    rarest = np.float32((1 + np.log1p(sentences)) / (1 + np.log1p(len(texts))))  # unseen in the training texts
    at = np.searchsorted(hashes, new)
    scale[at] = more.scale[np.searchsorted(more.hashes, new)] * rarest
    return replace(heads, grams=Grams(old.kind, hashes, skips=old.skips)), (np.searchsorted(hashes, old.hashes), scale)


def _parameters(
    model: RecurrentModel,
    old: Parameters,
    lexicon: Lexicon,
    heads: Heads,
    kept: tuple[NDArray[np.int64], Array] | None,
) -> Parameters:
    shapes = network_of(model.config, lexicon, heads).shapes() | heads.shapes()
    new: Parameters = {}
    for name, shape in shapes.items():
        w = old[name]
        if name in ("text.grams", "text.scale") and kept is not None:
            places, scale = kept
            w = np.zeros((shape[0], *w.shape[1:]), w.dtype)
            w[places] = old[name]
            if name == "text.scale":
                w[scale > 0] = scale[scale > 0]
            new[name] = w
        if w.shape == shape:
            new[name] = w.copy()
        elif name == "embedding":
            new[name] = _more_rows(w, shape[0])
        elif name.endswith(".w_rx"):  # one-hot words
            read = 2 if CELLS[model.config.network.cell].parallel else 1
            parts = np.split(w, read)
            new[name] = np.concatenate([_more_rows(part, shape[0] // read) for part in parts])
    _outputs(model.heads, heads, old, new, shapes)
    return {name: new[name] for name in shapes}


def _more_rows(table: Array, rows: int) -> Array:
    """Return the table with more rows, each like that of the unknown word."""
    return np.concatenate([table, np.repeat(table[:1], rows - len(table), axis=0)])


def _outputs(before: Heads, after: Heads, old: Parameters, new: Parameters, shapes: Mapping[str, Any]) -> None:
    """Fill in the output layers and the decoders' tables, column by column."""
    for of_words, prefix in ((True, "output"), (False, "text")):
        pairs = [(a, b) for a, b in zip(before.each, after.each, strict=True) if (a.task == TAG) == of_words]
        start = 0 if of_words else before.width, 0 if of_words else after.width
        for name in (f"{prefix}.w_oh", f"{prefix}.b_o", "text.grams"):
            if name not in shapes or (name == "text.grams" and of_words):
                continue
            axis = 1 if name == "text.grams" else 0
            source = new[name] if name in new else old[name]
            blocks = [_wider(source, a, b, a.begin - start[0], axis, bias=name.endswith("b_o")) for a, b in pairs]
            new[name] = np.ascontiguousarray(np.concatenate(blocks, axis=axis)) if blocks else source
    for number, (a, b) in enumerate(zip(before.each, after.each, strict=True), start=1):
        name = f"output{number}" if number > 1 else "output"
        if f"{name}.transitions" in shapes and len(a.tags) < len(b.tags):
            transitions = _transitions(old[f"{name}.transitions"], a.tags, b.tags)
            new[f"{name}.transitions"] = transitions
            for part in ("begin", "end"):
                new[f"{name}.{part}"] = _like_others(old[f"{name}.{part}"], a.tags, b.tags)


def _wider(w: Array, before: Head, after: Head, begin: int, axis: int, *, bias: bool) -> Array:
    block = np.take(w, np.arange(begin, begin + len(before.tags)), axis=axis)
    more = len(after.tags) - len(before.tags)
    shape = list(block.shape)
    shape[axis] = more
    lowest = block.min() if before.task in (TAG, CLASSIFY) else min(block.min(), np.float32(0))
    fill = lowest - np.float32(LOWEST) if bias else np.float32(0)
    return np.concatenate([block, np.full(shape, fill, block.dtype)], axis=axis)


def _kin(tags: Sequence[str]) -> dict[str, list[int]]:
    """Return the known tags by their first letter in a scheme of spans; other tags all count as one kind."""
    kinds: dict[str, list[int]] = {}
    for i, tag in enumerate(tags):
        kinds.setdefault(split_tag(tag)[0], []).append(i)
    return kinds


def _like_others(values: Array, before: Sequence[str], after: Sequence[str]) -> Array:
    """Return (K,) values of tags: a new one has the mean of those of its kind, B of the other B."""
    kinds = _kin(before)
    everyone = list(range(len(before)))
    more = [values[kinds.get(split_tag(tag)[0], everyone)].mean() for tag in after[len(before) :]]
    return np.concatenate([values, np.array(more, values.dtype)])


def _transitions(old: Array, before: Sequence[str], after: Sequence[str]) -> Array:
    """Return (K, K) transitions: between a new tag and another the mean of those of their kinds.

    Within a span's type, such as from B to I, the mean is over the same pair within the other types.
    """
    kinds, everyone = _kin(before), list(range(len(before)))
    new = np.zeros((len(after), len(after)), old.dtype)
    new[: len(before), : len(before)] = old
    types = [split_tag(tag)[1] for tag in before]
    for i, first in enumerate(after):
        for j, second in enumerate(after):
            if max(i, j) < len(before):
                continue
            (letter, type), (other, other_type) = split_tag(first), split_tag(second)
            rows = [i] if i < len(before) else kinds.get(letter, everyone)
            columns = [j] if j < len(before) else kinds.get(other, everyone)
            same = [(r, c) for r in rows for c in columns if types[r] == types[c] and types[r]]
            if type and type == other_type and same:
                new[i, j] = np.mean([old[r, c] for r, c in same])
            else:
                new[i, j] = old[np.ix_(rows, columns)].mean()
    return new


def imprint(w: Array, b: Array, begin: int, known: int, h: Array, gold: NDArray[np.int64]) -> None:
    """Give the outputs of a column's new tags their first weights, in place (Qi, Brown & Lowe 2018; states centred).

    ``w``, ``b``  the output layer (K, P) and (K,) of all columns; the column begins at row ``begin``
    ``known``     the number of its tags that are not new
    ``h``         (N, P) states of labelled words or texts
    ``gold``      (N,) the ids of their tags in the column; if they can have several, (N, K) which they have

    The weights point from the mean state to that of the tag, or from 0 if all states are of the tag; the bias places
    its score at the level of the best known tag there, or at 0 if there can be several, and ``MARGIN`` below at the
    other end.
    """
    others = slice(begin, begin + known)
    centre = h.mean(axis=0)
    several = gold.ndim > 1
    new = known + np.flatnonzero(gold[:, known:].any(axis=0)) if several else np.unique(gold[gold >= known])
    for tag in new.tolist():
        own = h[gold[:, tag] > 0 if several else gold == tag]
        mean = own.mean(axis=0)
        away = mean - centre
        size = float((away * away).sum())
        if size < 1e-6:
            away, size = mean, float((mean * mean).sum())
        if size < 1e-6:
            continue
        row = begin + tag
        w[row] = away * np.float32(MARGIN / size)
        level = 0.0 if several else (own @ w[others].T + b[others]).max(axis=1).mean()
        b[row] = np.float32(level - float((w[row] * mean).sum()))
