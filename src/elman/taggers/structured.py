"""A tagger of columns that are encoded as labels: lemmas, features one by one, trees. What it gives is decoded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self, cast

import numpy as np
from numpy.typing import NDArray

from elman.data.sentence import Sentence, error_at
from elman.errors import ConfigError
from elman.models.file import Tensors
from elman.taggers.batches import words_of
from elman.taggers.tagger import Tagger
from elman.tasks.base import EMPTY, Encoding, Predictions, ProbabilitiesOf, split_by_sentence
from elman.tasks.composite import parts_of
from elman.tasks.edit_scripts import WHOLE
from elman.tasks.lemma import LemmaEncoding
from elman.tasks.morphology import MorphologyEncoding
from elman.utils.display import shown

if TYPE_CHECKING:
    from elman.models.rnn import RecurrentModel

Confidences = list[dict[str, tuple[list[str], list[float]]]]


class EncodedTagger(Tagger):
    """A tagger whose ``targets`` are what ``encoding`` makes of its label columns.

    ``tag_sets``, ``probabilities``, ``nbest`` and ``temperatures`` are of the label columns, everything else is of the
    targets. The confidence of a value is the product of the probabilities of its labels.
    """

    def __init__(self, labels: Tagger, encoding: Encoding, task: str) -> None:
        """``labels`` is the tagger of the label columns, ``task`` the name of the task, as ``--task`` has it."""
        about = {"format": labels.format, "data": labels.describe()["data"], "threads": labels.threads}
        super().__init__(labels._model, targets=encoding.targets, **about)
        self.labels, self.encoding, self.task = labels, encoding, task

    @property
    def columns(self) -> tuple[str, ...]:
        """The label columns of the model."""
        return self.encoding.columns

    @property
    def tag_sets(self) -> dict[str, tuple[str, ...]]:
        """The labels of each label column."""
        return self.labels.tag_sets

    def gives(self, target: str, value: str) -> bool:
        """Whether that is a value of a target as words are given it."""
        part = next(one for one in parts_of(self.encoding) if target in one.targets)
        if isinstance(part, MorphologyEncoding):
            return value in part.known
        if isinstance(part, LemmaEncoding):
            return WHOLE + value in self.tag_sets[target]
        return value in self.tag_sets.get(target, ())

    @property
    def tasks(self) -> dict[str, str]:
        """What each target is: ``tag``, of words."""
        return dict.fromkeys(self.targets, "tag")

    @property
    def temperatures(self) -> dict[str, float]:
        """What the scores of each label column are divided by before they become probabilities."""
        return self.labels.temperatures

    def temperature(self, target: str) -> float | None:
        """That of one of ``targets``; None where it is made of several label columns, each with its own."""
        found = {self.temperatures[column] for column in self._sources(target)}
        return found.pop() if len(found) == 1 else None

    def __reduce__(self) -> tuple[Any, ...]:
        return EncodedTagger, (self.labels, self.encoding, self.task)

    def _with(self, **changed: Any) -> Self:
        return super()._with(**changed, labels=self.labels._with(**changed))

    @property
    def tags_lines(self) -> bool:
        """Whether ``tag_lines`` serves this model: it does not, labels are no tags."""
        return False

    def probabilities(self, words: Sequence[str], target: str | None = None) -> NDArray[np.float64]:
        """The (T, K) probabilities of the labels of a label column, by default the first."""
        at = self.columns.index(self._label_column(target))
        batch = [words_of(words)]
        return self._columns_model.probabilities(batch, at)[0] if at else self._model.probabilities(batch)[0]

    def describe(self) -> dict[str, Any]:
        """What it is and what it was made from, as JSON values; ``targets`` are the label columns."""
        return {"task": self.task, **super().describe(), "tasks": dict.fromkeys(self.columns, "tag")}

    def to_record(self) -> tuple[dict[str, Any], Tensors]:
        """Configuration (JSON values) and tensors: all that the model file holds."""
        record, tensors = self.labels.to_record()
        return {**record, "task": {"name": self.task, "encoding": self.encoding.to_record()}}, tensors

    def nbest(
        self, words: Sequence[str] | Sentence, most: int, target: str | None = None
    ) -> list[tuple[list[str], float]]:
        """The most probable sequences of labels of a label column. Raises ConfigError where labels are not values."""
        raise ConfigError(f"nbest: sequences of labels are not {self.task}; a model of tags has them")

    def _counted(
        self, target: str, gold: Sequence[str], tags: Sequence[str], known: Sequence[bool]
    ) -> tuple[Sequence[str], Sequence[str], Sequence[bool]]:
        """What is compared of a sentence in a column: of lemmas, the words that have one."""
        if target not in self.encoding.unannotated or EMPTY not in gold:
            return gold, tags, known
        kept = [row for row in zip(gold, tags, known, strict=True) if row[0] != EMPTY]
        return [row[0] for row in kept], [row[1] for row in kept], [row[2] for row in kept]

    def _label_column(self, name: str | None) -> str:
        if name is not None and name not in self.columns:
            raise ConfigError(f"target: the model's label columns are {', '.join(self.columns)}, got {shown(name)}")
        return name or self.columns[0]

    def _decoded(
        self,
        batch: Sequence[Sequence[str]],
        best: Callable[[int], NDArray[np.int32]],
        ask: ProbabilitiesOf,
        scores: Callable[[str], NDArray[np.float32]] | None = None,
    ) -> dict[str, list[list[str]]]:
        """``best`` are of a label column the (N,) best labels of all words."""
        return self.encoding.decode(Predictions(batch, _Found(self.tag_sets, best, batch), self.tag_sets, ask, scores))

    def _tags(self, batch: Sequence[Sequence[str]]) -> list[list[str]]:
        return [columns[self.target] for columns in self._by_column(batch)]

    def _tags_and_confidences(self, batch: Sequence[Sequence[str]]) -> list[tuple[list[str], list[float]]]:
        return [columns[self.target] for columns in self._by_column_with_confidences(batch)]

    def _by_column(self, batch: Sequence[Sequence[str]]) -> list[dict[str, list[str]]]:
        decoded = self._answered(batch)[0]
        return [dict(zip(decoded, of_one, strict=True)) for of_one in zip(*decoded.values(), strict=True)]

    def _by_column_with_confidences(self, batch: Sequence[Sequence[str]]) -> Confidences:
        decoded, confidences = self._answered(batch)
        cuts = np.cumsum([len(words) for words in batch])[:-1]
        sure = {  # of each target the product over its label columns
            name: np.split(np.prod([confidences(column) for column in self._sources(name)], axis=0), cuts)
            for name in decoded
        }
        return [
            {name: (values[i], sure[name][i].tolist()) for name, values in decoded.items()} for i in range(len(batch))
        ]

    def _answered(
        self, batch: Sequence[Sequence[str]]
    ) -> tuple[dict[str, list[list[str]]], Callable[[str], NDArray[np.float64]]]:
        """What is decoded; and what gives the probabilities (N,) of the best labels of a label column."""
        place = self.columns.index
        if self.kind != "rnn":
            ids = np.concatenate([np.zeros(0, np.int32), *self._model.best(batch)])
            plain: ProbabilitiesOf = lambda _, which: self._model.probabilities([batch[i] for i in which])  # noqa: E731
            sure = lambda _: np.concatenate([p for _, p in self._model.best_and_confidences(batch)])  # noqa: E731
            return self._decoded(batch, lambda _: ids, plain), sure
        answers = cast("RecurrentModel", self._model).answers(batch)

        def ask(column: str, which: Sequence[int]) -> list[NDArray[np.float64]]:
            some = answers.of(which)
            return np.split(some.probabilities(place(column)), np.cumsum(some.lengths)[:-1])

        decoded = self._decoded(batch, answers.best, ask, lambda column: answers.scores(place(column)))
        return decoded, lambda column: answers.confidences(place(column), answers.best(place(column)))

    def _sources(self, target: str) -> list[str]:
        """The label columns that a target is made of."""
        return [name for name in self.columns if name == target or name.startswith(f"{target}.")]


class _Found(dict[str, list[list[str]]]):
    """By label column: of each sentence its best labels, found when they are asked for first."""

    def __init__(
        self,
        sets: Mapping[str, Sequence[str]],
        best: Callable[[int], NDArray[np.int32]],
        batch: Sequence[Sequence[str]],
    ) -> None:
        super().__init__()
        self._sets, self._best, self._batch = sets, best, batch

    def __missing__(self, column: str) -> list[list[str]]:
        ids = self._best(list(self._sets).index(column))
        labels = np.array(self._sets[column], object)[ids].tolist()
        found = self[column] = split_by_sentence(labels, map(len, self._batch))
        return found


def encoded(sentences: Sequence[Sentence], encoding: Encoding) -> list[Sentence]:
    """Training sentences with their label columns in place of their columns. Raises DataError with the line."""
    found = []
    seen: dict[str, set[str]] = {name: set() for name in encoding.columns}
    for one in sentences:
        if one.words:
            columns = encoding.encode(one)
            for name, labels in columns.items():
                new = set(labels) - seen[name]
                seen[name] |= new
                wrong = next((label for label in labels if label in new and not encoding.fits(name, label)), None)
                if wrong is not None:
                    message = f"column {name}: too long, or too deep a tree, to be learned: the label is {shown(wrong)}"
                    raise error_at(one, labels.index(wrong), message)
            found.append(Sentence(one.words, columns, one.path, one.line, rows=one.rows))
    return found
