"""Pair gold sentences with the predictions of a tagger."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeVar

from elman.data.corpus import TargetKeys
from elman.data.sentence import LABEL_SEPARATOR as LABEL_SEPARATOR, Sentence
from elman.data.targets import CLASSIFY, SEVERAL, TAG
from elman.errors import DataError

_T = TypeVar("_T")


class AlignedSentence(NamedTuple):
    """A sentence of T words with its gold and predicted tags in one label column.

    For a document label the text counts as one word.
    """

    sentence: Sentence
    gold: Sequence[str]
    tags: Sequence[str]
    confidences: Sequence[float]
    """The probability of each predicted tag, 0 to 1."""


def gold_labels(
    sentence: Sentence, keys: TargetKeys, scored: Sequence[str], tasks: Mapping[str, str]
) -> list[tuple[str, ...]]:
    """Return the gold values of the columns ``scored`` that a model predicts; a document label is a single value.

    ``tasks`` is the kind of each column (``Tagger.tasks``). Raises DataError if a text lacks a label that it must have.
    """
    values: list[tuple[str, ...]] = []
    for name, gold in zip(scored, keys.values(sentence), strict=True):
        if tasks[name] != TAG:
            if not gold and tasks[name] in (CLASSIFY, SEVERAL):
                message = f"no label {keys.names[len(values)]}: expected one of each text"
                raise DataError(message, path=sentence.path or None, line=sentence.line or None)
            gold = (LABEL_SEPARATOR.join(gold),)
        values.append(gold)
    return values


def pair_with_predictions(
    gold: Iterable[tuple[Sentence, TargetKeys]], predict: Callable[[Iterable[Sentence]], Iterator[_T]]
) -> Iterator[tuple[Sentence, TargetKeys, _T]]:
    """Yield the sentences and their target keys together with what ``predict`` returns for them."""
    waiting: deque[tuple[Sentence, TargetKeys]] = deque()  # read but not tagged yet

    def read() -> Iterator[Sentence]:
        for sentence, columns in gold:
            waiting.append((sentence, columns))
            yield sentence

    for prediction in predict(read()):
        yield (*waiting.popleft(), prediction)
