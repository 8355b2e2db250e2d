"""``EncodedTagger``: predicts columns that are encoded as labels (lemmas, morphology, trees) and decoded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from elman.data.sentence import Sentence, error_at
from elman.data.targets import TAG
from elman.errors import ConfigError, ModelFileError
from elman.models.file import Tensors
from elman.taggers.column_predictor import ColumnPredictor, Predicted
from elman.tasks.base import EMPTY, Encoding, PlainColumn, Predictions, split_by_sentence
from elman.tasks.composite import parts_of
from elman.tasks.edit_scripts import WHOLE
from elman.tasks.graph import HEAD, NO_LABELS, RELATION, GraphEncoding
from elman.tasks.lemma import LemmaEncoding
from elman.tasks.loaded import encoding_of
from elman.tasks.morphology import MorphologyEncoding
from elman.utils import limits
from elman.utils.display import shown


class EncodedTagger(ColumnPredictor):
    """Predicts targets that are encoded as label columns, ``columns``, and decoded: lemmas, features, trees.

    ``tag_sets``, ``probabilities`` and ``temperatures`` refer to label columns, everything else to targets. The
    confidence of a value is the product of the probabilities of its labels.
    """

    plain_labels = False

    def __init__(self, labels: ColumnPredictor, encoding: Encoding, task: str, inputs: Sequence[str] = ()) -> None:
        """Take over the model of ``labels``, which predicts the label columns of ``encoding`` for a ``task``."""
        about: dict[str, Any] = {"format": labels.format, "data": labels._data, "threads": labels.threads}
        about["inputs"] = inputs or labels.input_columns
        super().__init__(labels._model, targets=encoding.targets, **about)
        self.encoding, self.task = encoding, task

    @property
    def columns(self) -> tuple[str, ...]:
        """The label columns of the model."""
        return self.encoding.columns

    def examples(self, sentences: Iterable[Sentence], column: str) -> Iterator[tuple[Sequence[str], Sequence[str]]]:
        """Yield the words of each gold sentence and their labels in a label column. Raises DataError with the line."""
        for sentence in sentences:
            yield self.inputs_of(sentence), self.encoding.encode(sentence)[column]

    def gives(self, target: str, value: str) -> bool:
        """Return whether the model can predict this value of a target."""
        part = next(part for part in parts_of(self.encoding) if target in part.targets)
        if isinstance(part, MorphologyEncoding):
            return value in part.known
        if isinstance(part, LemmaEncoding):
            return WHOLE + value in self.tag_sets[target]
        return value in self.tag_sets.get(target, ())

    @property
    def ranked_targets(self) -> tuple[str, ...]:
        """The targets that have n-best lists; lemmas and trees, which are decoded from labels, have none."""
        return tuple(part.target for part in parts_of(self.encoding) if isinstance(part, PlainColumn))

    def nbest(
        self, words: Sequence[str] | Sentence, most: int, target: str | None = None
    ) -> list[tuple[list[str], float]]:
        """Return the ``most`` most probable sequences of values in one of ``ranked_targets``, see ``Tagger.nbest``."""
        limits.whole_number("nbest", most, 1, limits.NBEST)
        if target not in (None, *self.ranked_targets) or not self.ranked_targets:
            names = ", ".join(self.ranked_targets) or "none"
            raise ConfigError(f"target: columns with n-best lists are {names}, got {shown(target or self.target)}")
        name = target or self.ranked_targets[0]
        labels = self.tag_sets[name]
        found = self._model.nbest(self.inputs_of_words(words), most, self.columns.index(name))
        return [([labels[i] for i in ids.tolist()], p) for ids, p in found]

    @property
    def tasks(self) -> dict[str, str]:
        """The kind of each target: ``tag`` (labels of words)."""
        return dict.fromkeys(self.targets, TAG)

    def temperature(self, target: str) -> float | None:
        """Return the temperature of a target; None if its label columns have different ones."""
        temperatures = {self.temperatures[column] for column in self._sources(target)}
        return temperatures.pop() if len(temperatures) == 1 else None

    def tag(self, words: Sequence[str]) -> list[str]:
        """Return the values of a sentence's words in the first target.

        Raises DataError if it is a string instead of a list of words.
        """
        values: list[str] = self._predict([self.inputs_of_words(words)], self.targets[:1], False)[0][self.target]
        return values

    def probabilities(self, words: Sequence[str], target: str | None = None) -> NDArray[np.float64]:
        """Return the (T, K) probabilities of a label column's labels, by default the first column."""
        if target is not None and target not in self.columns:
            hint = NO_LABELS if target in self._of_graph else ""
            names = ", ".join(self.columns)
            raise ConfigError(f"target: the model's label columns are {names}, got {shown(target)}{hint}")
        column = self.columns.index(target or self.columns[0])
        return self._model.probabilities([self.inputs_of_words(words)], column)[0]

    def _task_record(self) -> dict[str, Any]:
        return {"name": self.task, "encoding": self.encoding.to_record()}

    @classmethod
    def from_record(cls, record: Mapping[str, Any], tensors: Tensors, *, threads: int = 1) -> Self:
        """Return the inverse of ``to_record``. Raises ModelFileError if the record is malformed."""
        about = record["task"]
        labels = ColumnPredictor.from_record(record, tensors, threads=threads)
        if labels.text_targets:
            raise ModelFileError(f"task {about['name']}: expected labels of words, found document labels")
        encoding = encoding_of(about.get("encoding"), labels.tag_sets)
        arcs = [part.columns[0] for part in parts_of(encoding) if isinstance(part, GraphEncoding)]
        column = labels.graph_column
        if arcs != ([] if column is None else [labels.columns[column]]):
            raise ModelFileError("task: expected the graph part of a model where its encoding has one, and only there")
        return cls(labels, encoding, about["name"])

    def _content(self) -> str:
        return f"{self.task} ({', '.join(self.targets)})"

    def _counted(
        self, target: str, gold: Sequence[str], tags: Sequence[str], known: Sequence[bool]
    ) -> tuple[Sequence[str], Sequence[str], Sequence[bool]]:
        """Return the values that are compared in a column: all, but of lemmas only those of annotated words."""
        if target not in self.encoding.unannotated or EMPTY not in gold:
            return gold, tags, known
        kept = [row for row in zip(gold, tags, known, strict=True) if row[0] != EMPTY]
        return [row[0] for row in kept], [row[1] for row in kept], [row[2] for row in kept]

    def _predict(self, batch: Sequence[Sequence[str]], names: Sequence[str], confidence: bool) -> list[Predicted]:
        scores = self._model.lazy_scores(batch)
        column = self.columns.index

        def probabilities(name: str, which: Sequence[int]) -> list[NDArray[np.float64]]:
            chosen = scores.of(which)
            return np.split(chosen.probabilities(column(name)), np.cumsum(chosen.lengths)[:-1])

        best = _Best(self.tag_sets, lambda name: scores.best(column(name)), batch)
        decoded = self.encoding.decode(
            Predictions(
                batch,
                best,
                self.tag_sets,
                probabilities,
                lambda name: scores.scores(column(name)),
                lambda: scores.parsed,
                lambda name, words: scores.word_probabilities(column(name), words),
            )
        )
        if not confidence:
            return [dict(zip(decoded, row, strict=True)) for row in zip(*decoded.values(), strict=True)]
        cuts = np.cumsum([len(words) for words in batch])[:-1]

        def confidences(target: str) -> list[NDArray[np.float64]]:
            """Return for each sentence the (T,) products over the target's label columns."""
            if target in self._of_graph:
                return np.split(self._graph_confidences(target, scores.parsed, decoded), cuts)
            p = [scores.confidences(i, scores.best(i)) for i in map(column, self._sources(target))]
            return np.split(np.prod(p, axis=0), cuts)

        pairs = {name: list(zip(decoded[name], confidences(name), strict=True)) for name in names}
        return [{name: (each[i][0], each[i][1].tolist()) for name, each in pairs.items()} for i in range(len(batch))]

    @property
    def _of_graph(self) -> tuple[str, ...]:
        """The targets that a graph part predicts."""
        return () if self.graph_column is None else (HEAD, RELATION)

    def _graph_confidences(self, target: str, parsed: Any, decoded: Mapping[str, Any]) -> NDArray[np.float64]:
        """Return the probabilities (N,) of the predicted heads, or of their relations given these heads."""
        if target == HEAD:
            p: NDArray[np.float64] = parsed.p
            return p
        ids = {name: i for i, name in enumerate(self.tag_sets[RELATION])}
        scores = parsed.relations.astype(np.float64)
        scores = np.exp(scores - scores.max(axis=1, keepdims=True))
        best = scores.argmax(axis=1)  # of a relation that the model lacks
        chosen = [ids.get(name, int(b)) for name, b in zip(chain.from_iterable(decoded[RELATION]), best, strict=True)]
        return np.asarray(scores[np.arange(len(scores)), chosen] / scores.sum(axis=1), np.float64)

    def _sources(self, target: str) -> list[str]:
        """Return the label columns that encode a target."""
        return [name for name in self.columns if name == target or name.startswith(f"{target}.")]


class _Best(dict[str, list[list[str]]]):
    """By label column: the best labels of each sentence, computed on first access."""

    def __init__(
        self,
        sets: Mapping[str, Sequence[str]],
        best: Callable[[str], NDArray[np.int32]],
        batch: Sequence[Sequence[str]],
    ) -> None:
        super().__init__()
        self._sets, self._best, self._batch = sets, best, batch

    def __missing__(self, column: str) -> list[list[str]]:
        ids = self._best(column)
        labels = np.array(self._sets[column], object)[ids].tolist()
        by_sentence = self[column] = split_by_sentence(labels, map(len, self._batch))
        return by_sentence


def encoded(sentences: Sequence[Sentence], encoding: Encoding) -> list[Sentence]:
    """Return training sentences with label columns in place of their columns.

    Raises DataError, with the line, if a value cannot be encoded.
    """
    encoded_sentences = []
    seen: dict[str, set[str]] = {name: set() for name in encoding.columns}
    for sentence in sentences:
        if sentence.words:
            columns = encoding.encode(sentence)
            for name, labels in columns.items():
                new = set(labels) - seen[name]
                seen[name] |= new
                wrong = next((label for label in labels if label in new and not encoding.fits(name, label)), None)
                if wrong is not None:
                    message = f"column {name}: too long, or too deep a tree, to be learned: the label is {shown(wrong)}"
                    raise error_at(sentence, labels.index(wrong), message)
            encoded_sentences.append(
                Sentence(sentence.words, columns, sentence.path, sentence.line, rows=sentence.rows)
            )
    return encoded_sentences
