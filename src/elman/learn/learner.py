"""``Learner``: a model that learns from corrections one after the other, and checks what it forgets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from elman.data.targets import TAG
from elman.learn.growth import grown
from elman.learn.patch import Example, PatchOptions, patched
from elman.models import dtype
from elman.models.rnn import RecurrentModel
from elman.nn.encoder import Parameters

ALPHAS = (1.0, 0.75, 0.5, 0.25)
"""Shares of the new weights that are tried, in this order."""


@dataclass(frozen=True)
class Patch:
    """The result of a patch: the model, the share of new weights in it, and what was added."""

    model: RecurrentModel
    alpha: float
    new_words: tuple[str, ...]
    new_tags: tuple[tuple[str, ...], ...]  # by column
    steps: int


def learn(
    model: RecurrentModel,
    targets: Sequence[str],
    corrections: Sequence[Example],
    earlier: Sequence[Example],
    replay: Sequence[Example],
    heldout: Sequence[Example],
    *,
    options: PatchOptions,
    seed: int,
    threads: int,
) -> Patch:
    counts = Counter(word for example in corrections for word in example.words)
    tags = [
        {label for example in corrections for label in example.labels.get(name) or () if label is not None}
        for name in targets
    ]
    texts = [tuple(example.words) for example in (*earlier, *corrections)]
    before = grown(model, counts, [sorted(column) for column in tags], texts)
    known = [len(column) for column in model.tag_sets]
    members = patched(before, targets, (corrections, earlier, replay), options, known=known, seed=seed, threads=threads)
    best: tuple[tuple[float, float], float, RecurrentModel] | None = None
    old_right, _ = right(before, targets, heldout)
    half = model.config.network.dtype == dtype.HALF
    for alpha in ALPHAS:
        mixed = [_mixed(old, new, alpha, half=half) for old, new in zip(before.members, members, strict=True)]
        other = type(model)(model.config, before.lexicon, before.heads, mixed, model.training)
        other.precision = model.precision
        learned, _ = right(other, targets, corrections)
        kept, _ = right(other, targets, heldout)
        if best is None or (learned, kept) > best[0]:
            best = (learned, kept), alpha, other
        if kept >= old_right:
            break
    assert best is not None
    new_words = tuple(before.lexicon.vocabulary.words[len(model.lexicon.vocabulary.words) :])
    new_tags = tuple(b[n:] for b, n in zip(before.tag_sets, known, strict=True))
    return Patch(best[2], best[1], new_words, new_tags, options.steps)


def _mixed(old: Parameters, new: Parameters, alpha: float, *, half: bool) -> Parameters:
    share = np.float32(alpha)
    mixed = {name: share * w + (1 - share) * old[name] for name, w in new.items()}
    return {name: dtype.rounded(w) for name, w in mixed.items()} if half else mixed


def right(model: RecurrentModel, targets: Sequence[str], examples: Sequence[Example]) -> tuple[int, int]:
    """Return how many given labels of the examples the model predicts, and how many there are."""
    if not examples:
        return 0, 0
    found = model.best_columns([tuple(example.words) for example in examples])
    same = total = 0
    for ids, tags, name, task in zip(found, model.tag_sets, targets, model.tasks, strict=True):
        for example, of_example in zip(examples, ids, strict=True):
            given = example.labels.get(name)
            if given is None:
                continue
            if task == TAG:
                pairs = [
                    (label, tags[i]) for label, i in zip(given, of_example.tolist(), strict=True) if label is not None
                ]
                same += sum(a == b for a, b in pairs)
                total += len(pairs)
            else:
                chosen = {tags[i] for i in (of_example if of_example.ndim == 1 else np.flatnonzero(of_example[0]))}
                same += chosen == set(given)
                total += 1
    return same, total
