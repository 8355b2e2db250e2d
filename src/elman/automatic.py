"""Settings that wait for the data: what ``auto``, and 0 epochs, become for some training sentences.

A model records what they became, so that training again with its settings gives the same bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain

from elman.config import Config

Labelled = Sequence[tuple[Sequence[str], ...]]  # of each sentence its words, and its tags in each label column

EPOCHS = (5, 20)
EFFORT = 540  # epochs times the square root of the sentences; found on the dev sets of docs/accuracy.md

MOST_CRF_TAGS = 100  # its time grows with their square


def resolve(config: Config, train: Labelled) -> Config:
    """The settings with nothing left to choose; settings that are chosen already stay as they are."""
    network, training = config.network, config.training
    if network.features == "auto":
        network = replace(network, features="affixes" if _has_case(train) else "both")
    if network.decoder == "auto":
        columns = zip(*(tags for _, *tags in train), strict=True)
        most = max((len(set(chain.from_iterable(column))) for column in columns), default=0)
        free = not (training.smoothing or training.distill)  # which softmax alone has
        network = replace(network, decoder="crf" if most <= MOST_CRF_TAGS and free else "softmax")
    if training.epochs == 0:
        fewest, most = EPOCHS
        training = replace(training, epochs=min(most, max(fewest, round(EFFORT / max(len(train), 1) ** 0.5))))
    return Config(network, training)


def _has_case(train: Labelled) -> bool:
    """Whether most words are of letters that have a lower and an upper case; where not, affixes say little."""
    words = {word for words, *_ in train for word in words}
    return sum(word.lower() != word.upper() for word in words) > len(words) / 2
