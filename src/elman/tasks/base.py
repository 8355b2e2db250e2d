"""What a task is to the word tagger: columns of words as label columns, and label columns back as columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import accumulate, pairwise
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from elman.data.sentence import Sentence

LONGEST = 1_000
"""Characters of a label: each word may get it, and a text would come out as much longer."""
NOTHING = "_"
"""What stands in a column of CoNLL-U where nothing is annotated."""

Labels = Sequence[Sequence[str]]  # of each sentence, a label for each word
Ask = Callable[[str, Sequence[int]], list[NDArray[np.float64]]]
"""For a label column and some sentences of a batch (their indices): (T, K) probabilities of the labels of each."""
_T = TypeVar("_T")


class Batch:
    """Tagged sentences to be decoded: words and labels, and more of a model's mind where it is asked for.

    ``words``  of each sentence its words
    ``found``  by label column: of each sentence its best labels
    ``sets``   by label column: the K labels
    """

    def __init__(
        self,
        words: Labels,
        found: Mapping[str, Labels],
        sets: Mapping[str, Sequence[str]],
        ask: Ask,
        scores: Callable[[str], NDArray[np.float32]] | None = None,
    ) -> None:
        """``scores`` as the method has it, where that is known sooner than probabilities."""
        self.words, self.found, self.sets, self.ask, self._scores = words, found, sets, ask, scores
        self.done: dict[str, list[list[str]]] = {}
        """By column: what was decoded already."""

    def scores(self, column: str) -> NDArray[np.float32]:
        """(N, K) numbers of which softmax makes the probabilities of all words, one sentence behind the other."""
        if self._scores is not None:
            return self._scores(column)
        p = [np.zeros((0, len(self.sets[column]))), *self.ask(column, range(len(self.words)))]
        return np.log(np.maximum(np.concatenate(p), 1e-30)).astype(np.float32)

    def ranked(self, column: str, which: Sequence[int]) -> list[Callable[[int], Iterator[str]]]:
        """Of each of some sentences, what gives for a word (its index) the labels of a column, most probable first."""

        def by_rank(p: NDArray[np.float64], word: int) -> Iterator[str]:
            return (self.sets[column][i] for i in np.argsort(-p[word], kind="stable").tolist())

        return [partial(by_rank, p) for p in self.ask(column, which)] if which else []


def split(values: list[_T], lengths: Iterable[int]) -> list[list[_T]]:
    """What stands one sentence behind the other, sentence by sentence."""
    return [values[start:end] for start, end in pairwise(accumulate(lengths, initial=0))]


class Encoding(Protocol):
    """One of them. ``from_record`` of the module's registry is the inverse of ``to_record``."""

    @property
    def targets(self) -> tuple[str, ...]:
        """The columns of sentences that it is about."""
        ...

    @property
    def columns(self) -> tuple[str, ...]:
        """The label columns that the tagger learns."""
        ...

    @property
    def unannotated(self) -> tuple[str, ...]:
        """Those of ``targets`` where ``_`` says that nobody annotated the word, so that it counts neither way."""
        ...

    def encode(self, sentence: Sentence) -> dict[str, tuple[str, ...]]:
        """The labels of a sentence's words in each label column. Raises DataError with the line: what has none."""
        ...

    def fits(self, column: str, label: str) -> bool:
        """Whether a word may have that label in a label column: others are neither learned nor loaded."""
        ...

    def decode(self, batch: Batch) -> dict[str, list[list[str]]]:
        """Each of ``targets``: of each sentence a value for each word. Any labels give well-formed values."""
        ...

    def to_record(self) -> dict[str, Any]:
        """JSON values, ``name`` among them."""
        ...
