"""A made-up language in which the words beside a word tell its tag, and small networks that learn it."""

from __future__ import annotations

import json
import random

from elman.config import Config, preset
from elman.models.rnn import RecurrentModel
from elman.training.run_options import RunOptions
from elman.training.train_rnn import train_rnn

Labelled = list[tuple[list[str], list[str]]]

OPEN = {"features": "affixes", "decoder": "softmax", "ensemble": 1}  # settings that else wait for the data
SMALL = Config().with_settings({"hidden": 12, "embedding": 8, "feature_embedding": 6, "epochs": 3, "batch": 4, **OPEN})
ELMAN = SMALL.with_settings({"cell": "elman", "features": "none"})
TUTORIAL = preset("tutorial").with_settings({"hidden": 12, "epochs": 3})


def language(n: int, seed: int) -> Labelled:
    """Sentences of a made-up language: what "can" and "saw" are hangs on the words before or behind them."""
    draw = random.Random(seed)
    nouns, verbs = ["dog", "cat", "tree", "can", "saw"], ["see", "find", "can", "saw"]
    result: Labelled = []
    for _ in range(n):
        pairs: list[tuple[str, str]] = []
        for _ in range(draw.randint(1, 3)):
            pairs += [("the", "D"), (draw.choice(nouns), "N")] if draw.random() < 0.6 else [("we", "P")]
            pairs += [(draw.choice(verbs), "V")] + ([("it", "P")] if draw.random() < 0.5 else [])
        # at the start of a sentence only the following word tells
        pairs = [("can", draw.choice("VN"))] + pairs if draw.random() < 0.3 else pairs
        if pairs[0] == ("can", "N"):
            pairs.insert(1, ("is", "V"))
        elif pairs[0] == ("can", "V"):
            pairs.insert(1, ("we", "P"))
        result.append(([word for word, _ in pairs], [tag for _, tag in pairs]))
    return result


TRAIN = language(60, 1)


def trained(config: Config = SMALL, train: Labelled = TRAIN, *, seed: int = 1, threads: int = 1) -> RecurrentModel:
    return train_rnn(train, None, config, RunOptions(seed, threads))


def bits(model: RecurrentModel) -> tuple[str, dict[str, bytes]]:
    record, tensors = model.to_record()
    return json.dumps(record), {name: tensor.tobytes() for name, tensor in tensors.items()}


def tags_of(model: RecurrentModel, sentences: list[list[str]]) -> list[list[str]]:
    return [[model.tags[i] for i in ids.tolist()] for ids in model.best(sentences)]
