"""Gold sentences beside what a tagger gives them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeVar

from elman.data.corpus import TargetKeys
from elman.data.sentence import LABEL_SEPARATOR as JOINT, Sentence
from elman.data.targets import CLASSIFY, SEVERAL, TAG
from elman.errors import DataError

_T = TypeVar("_T")


class AlignedSentence(NamedTuple):
    """A sentence of T words with its gold tags, and those that a tagger gives it, in one label column.

    Of a label of whole texts the text counts as one word.
    """

    sentence: Sentence
    gold: Sequence[str]
    tags: Sequence[str]
    confidences: Sequence[float]
    """The probability of each tag given, 0 to 1."""


def gold_labels(
    sentence: Sentence, keys: TargetKeys, scored: Sequence[str], tasks: Mapping[str, str]
) -> list[tuple[str, ...]]:
    """What stands in a sentence where a model gives ``scored``; of a label of the whole text it alone.

    ``tasks`` of each column, as ``Tagger.tasks``. Raises DataError for a text without the one label that it should
    have.
    """
    found: list[tuple[str, ...]] = []
    for name, gold in zip(scored, keys.values(sentence), strict=True):
        if tasks[name] != TAG:
            if not gold and tasks[name] in (CLASSIFY, SEVERAL):
                where = f"no label {keys.names[len(found)]}: expected one of each text"
                raise DataError(where, path=sentence.path or None, line=sentence.line or None)
            gold = (JOINT.join(gold),)
        found.append(gold)
    return found


def pair_with_predictions(
    gold: Iterable[tuple[Sentence, TargetKeys]], tag: Callable[[Iterable[Sentence]], Iterator[_T]]
) -> Iterator[tuple[Sentence, TargetKeys, _T]]:
    """Sentences and the columns of their gold tags, with what ``tag`` finds of them."""
    waiting: deque[tuple[Sentence, TargetKeys]] = deque()  # read, but not tagged yet

    def read() -> Iterator[Sentence]:
        for sentence, columns in gold:
            waiting.append((sentence, columns))
            yield sentence

    for found in tag(read()):
        yield (*waiting.popleft(), found)
