"""The data of a search: sentences that are read once for all trials."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from elman.data.corpus import Data, ReadOptions, read_corpus
from elman.data.formats import column_names
from elman.data.split import split_percent
from elman.data.targets import CLASSIFY
from elman.taggers.registry import TASKS
from elman.taggers.request import data_or_share


def read_once(
    train: Data, dev: Any, of_training: dict[str, Any], note: Callable[[str], object]
) -> tuple[Any, Any, dict[str, Any]]:
    """Return train, dev and the arguments of ``elman.train`` for the trials: sentences, if the task reads plain labels.

    Other tasks read their data themselves, every time. ``note`` is called with notes on how the data were read.
    """
    task = of_training["task"]
    if task is not None and (task not in TASKS or TASKS[task].predictor):
        return train, dev, of_training
    targets, format, encoding = (of_training[name] for name in ("target", "format", "encoding"))
    how = ReadOptions(column_names(targets), format, encoding, task=task, text_column=of_training["text_column"])
    corpus = read_corpus(train, how)
    sentences, notes = corpus.sentences, list(corpus.notes)
    share = data_or_share(dev)
    if isinstance(share, float):
        sentences, dev_sentences, description = split_percent(sentences, share)
        notes.append(f"held out for dev: {description}")
    else:
        of_dev = read_corpus(dev, how if corpus.keys.words else replace(how, task=CLASSIFY), corpus.keys)
        dev_sentences = of_dev.sentences
        notes += of_dev.notes
    for each in notes:
        note(each)
    rest = {name: value for name, value in of_training.items() if name not in ("format", "encoding", "text_column")}
    return sentences, dev_sentences, rest | {"target": corpus.targets}
