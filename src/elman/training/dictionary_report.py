"""What the features of ``--lexicon`` gave on dev: how many words it has, and the accuracy without them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from elman.data.targets import TAG
from elman.features.subwords import FeatureSet
from elman.models.rnn import RecurrentModel
from elman.training.tagging_task import Labelled


def report(model: RecurrentModel, dev: Labelled, targets: Sequence[str]) -> list[str]:
    """Return lines for the user: coverage of dev's words, and accuracy of each word column with and without it.

    Without: the same network reads the words without these features. It has learned to count on them, so the difference
    is an upper bound of what they give; two models tell the gain (``elman compare``).
    """
    dictionary = model.lexicon.features.dictionary
    words = [word for words, *_ in dev for word in words]
    if dictionary is None or not words:
        return []
    unknown = np.array([not model.known(word) for word in words])
    has = {word: bool(dictionary.features(word)) for word in set(words)}
    covered = np.array([has[word] for word in words])
    lines = [
        f"lexicon: it has {_share(covered, covered | True)} of the words of dev, {_share(covered, unknown)} of those "
        "unknown in training"
    ]
    features = model.lexicon.features
    lexicon = replace(model.lexicon, features=FeatureSet(features.kind, features.names))
    without = RecurrentModel(model.config, lexicon, model.heads, model.members, model.training)
    sentences = [words for words, *_ in dev]
    both = [[np.concatenate(column) for column in each.best_columns(sentences)] for each in (model, without)]
    for i, (name, head) in enumerate(zip(targets, model.heads.each, strict=True)):
        if head.task != TAG:
            continue
        tag_ids = {tag: j for j, tag in enumerate(head.tags)}
        gold = np.array([tag_ids.get(tag, -1) for sentence in dev for tag in sentence[i + 1]])
        right, right_without = (found[i] == gold for found in both)
        lines.append(
            f"lexicon: {name} on dev {_share(right, right | True)}, without its features "
            f"{_share(right_without, right | True)}; unknown words {_share(right, unknown)}, without "
            f"{_share(right_without, unknown)}"
        )
    return lines


def _share(what: NDArray[np.bool_], of: NDArray[np.bool_]) -> str:
    n = int(of.sum())
    return f"{100 * int((what & of).sum()) / n:.2f} %" if n else "none"
