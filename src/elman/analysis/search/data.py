"""The data of a search: digests by which a change is noticed, and sentences that are read once for all trials."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from elman.data.corpus import Data, ReadOptions, as_items, read_corpus
from elman.data.formats import column_names, read_table
from elman.data.sentence import Sentence
from elman.data.split import split_percent
from elman.data.targets import CLASSIFY
from elman.data.tokens import Token
from elman.errors import DataError, while_reading
from elman.taggers.registry import TASKS
from elman.taggers.request import data_or_share
from elman.utils.arguments import is_path, is_table
from elman.utils.files import input_files, is_pipe

_BLOCK = 1 << 20


def kept(data: Any) -> Any:
    """Return data that can be read as often as there are trials. Raises DataError for a pipe."""
    if is_table(data):
        from elman.data.formats import arrow

        return arrow.arrow_table(data)
    items = [data] if is_path(data) else list(as_items(data))
    for path in _paths(items):
        if is_pipe(path):
            name = "standard input" if path == "-" else path
            raise DataError("a pipe can be read once only, and a search reads its data often; save it", path=name)
    return items


def digest(data: Any, text_column: str | None = None) -> str:
    """Return the SHA-256 of the bytes of files, or of sentences. ``data`` is as ``kept`` returns it."""
    found = hashlib.sha256()
    items = read_table(data, text_column) if is_table(data) else data
    paths = _paths(data)
    for path in input_files(paths):
        with while_reading(path), open(path, "rb") as file:
            while block := file.read(_BLOCK):
                found.update(block)
        found.update(b"\0")
    for item in () if paths else items:
        found.update(repr(_content(item)).encode("utf-8", "surrogatepass") + b"\0")
    return found.hexdigest()


def _paths(data: Any) -> list[str]:
    """Return the paths that data are; [] for sentences."""
    return [os.fspath(path) for path in data] if isinstance(data, list) and all(map(is_path, data)) else []


def _content(item: Any) -> Any:
    if not isinstance(item, Sentence):
        return item
    words = tuple((word, word.features, word.numbers) if isinstance(word, Token) else word for word in item.words)
    return words, dict(item.columns), dict(item.labels)


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
