"""``ColumnPredictor``: predicts label columns for sentences or texts, and compares them with gold labels."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from elman.data.formats import column_names
from elman.data.sentence import Sentence
from elman.data.targets import CLASSIFY, TAG
from elman.errors import ConfigError, ModelFileError
from elman.models.base import LabelModel
from elman.models.file import Tensors
from elman.models.registry import KINDS, model_class
from elman.taggers.base import Predictor, Target
from elman.taggers.batches import words_of
from elman.utils.validation import demand, front

if TYPE_CHECKING:  # what comparing with gold labels needs is loaded when it begins
    from elman.data.corpus import Data, ReadOptions, TargetKeys
    from elman.evaluation.classification import ClassEvaluation
    from elman.evaluation.pairing import AlignedSentence
    from elman.evaluation.tagging import TagEvaluation

Predicted = dict[str, Any]
"""By target: the values of a sentence, one for each word or one for the text; or these and their confidences."""


class ColumnPredictor(Predictor):
    """Predicts one column or several. T words of a sentence, K labels.

    Sentences are lists of words, or ``Sentence`` objects. A model of several columns predicts them together:
    ``predict`` and ``pipe`` give the first one, or by name those that ``columns`` names.
    """

    _model: LabelModel

    def known(self, word: str) -> bool:
        """Return whether the word stood in the training data."""
        return self._model.known(word)

    def gives(self, target: str, value: str) -> bool:
        """Return whether that is a value of a target as words or texts get it."""
        return value in self.tag_sets[target]

    def temperature(self, target: str) -> float | None:
        """Return that of one of ``targets``; None if it is made of label columns with different ones."""
        return self.temperatures[target]

    def predict(self, sentences: Iterable[Any], *, confidence: bool = False, columns: Target = None) -> list[Any]:
        """Return what ``pipe`` yields, as a list."""
        return list(self.pipe(sentences, confidence=confidence, columns=columns))

    def pipe(self, sentences: Iterable[Any], *, confidence: bool = False, columns: Target = None) -> Iterator[Any]:
        """Yield the prediction for each sentence, in order, read and predicted in batches: memory stays flat.

        A prediction is the list of a sentence's (T,) tags, or the label of a text, in the first column.

        ``confidence``  yield pairs: the prediction, and the model's probability of it, 0 to 1 (of tags: of each)
        ``columns``     names of columns: yield dictionaries by name, also for a single one
        """
        names = self.targets[:1] if columns is None else self.chosen(columns)
        texts = self.text_targets
        batch = partial(self._predict, names=names, confidence=confidence)
        rows = self._in_batches(batch, map(self._words, sentences))
        if columns is None:
            (name,) = names
            return (_of_text(row[name], confidence) if name in texts else row[name] for row in rows)
        return (
            {name: _of_text(row[name], confidence) if name in texts else row[name] for name in names} for row in rows
        )

    @abstractmethod
    def _predict(self, batch: Sequence[Sequence[str]], names: Sequence[str], confidence: bool) -> list[Predicted]:
        """Return for each sentence the values of the targets ``names`` (others may be among them).

        Values are a list, of a document label a list with it alone; with ``confidence`` a pair of lists.
        """

    def _words(self, sentence: Any) -> Sequence[str]:
        """Return the words to be read of an item of ``pipe``."""
        return words_of(sentence)

    def evaluate(
        self,
        data: Data,
        *,
        target: Target = None,
        columns: Target = None,
        format: str | None = None,
        encoding: str = "utf-8",
    ) -> Any:
        """Predict for ``data`` (paths or sentences, as in ``train``) and compare with the gold labels in it.

        ``target``   the column of the gold labels; by default the one trained on, or in a file of another format that
                     format's own. For a model of several columns it names one of them, by default the first
        ``columns``  names of columns: return a dictionary by name; the text is read once

        Return a ``TagEvaluation``, for document labels a ``ClassEvaluation``. Raises DataError: no gold labels.
        """
        if columns is None:
            several = len(self.targets) > 1
            target = self.chosen(target)[:1] if several else target
            return next(iter(self._evaluated(data, *self._scored(target, format, encoding)).values()))
        names = self.chosen(columns)
        return self._evaluated(data, *self._scored(names if len(self.targets) > 1 else target, format, encoding))

    def _evaluated(
        self, data: Data, scored: Sequence[str], options: ReadOptions
    ) -> dict[str, TagEvaluation | ClassEvaluation]:
        from elman.evaluation.classification import LabelEvaluator
        from elman.evaluation.tagging import TagEvaluator

        words = {name: TagEvaluator() for name in scored if name not in self.text_targets}
        texts = {name: LabelEvaluator(self.tag_sets[name], self.tasks[name]) for name in scored if name not in words}
        for sentence, gold, predicted in self._with_gold(data, scored, options, confidence=bool(texts)):
            known = [self.known(word) for word in sentence.words] if words else []
            for name, labels in zip(scored, gold, strict=True):
                if name in texts:
                    (label,), (p,) = predicted[name]
                    texts[name].add(labels[0], label, p)
                else:
                    tags = predicted[name][0] if texts else predicted[name]
                    words[name].add(*self._counted(name, labels, tags, known))
        return {name: (words[name] if name in words else texts[name]).result() for name in scored}

    def compare(
        self, data: Data, *, target: Target = None, format: str | None = None, encoding: str = "utf-8"
    ) -> Iterator[dict[str, AlignedSentence]]:
        """Yield what ``evaluate`` counts, sentence by sentence and by column, with the confidence of every label."""
        from elman.evaluation.pairing import AlignedSentence

        scored, options = self._scored(target, format, encoding)
        for sentence, gold, predicted in self._with_gold(data, scored, options, confidence=True):
            whole = replace(sentence, words=(" ".join(sentence.words),), rows=sentence.rows[:1])
            yield {
                name: AlignedSentence(whole if name in self.text_targets else sentence, labels, *predicted[name])
                for name, labels in zip(scored, gold, strict=True)
            }

    def _with_gold(
        self, data: Data, scored: Sequence[str], options: ReadOptions, *, confidence: bool
    ) -> Iterator[tuple[Sentence, list[tuple[str, ...]], Predicted]]:
        """Yield sentences with their gold labels, a tuple for each of ``scored``, and what ``_predict`` returns."""
        from elman.data.corpus import iter_labelled
        from elman.evaluation.pairing import gold_labels, pair_with_predictions

        def predicted(sentences: Iterable[Sentence]) -> Iterator[Predicted]:
            return self._in_batches(partial(self._predict, names=scored, confidence=confidence), sentences)

        rows: Iterable[tuple[Sentence, TargetKeys, Predicted]] = pair_with_predictions(
            iter_labelled(data, options), predicted
        )
        for sentence, keys, row in rows:
            yield sentence, gold_labels(sentence, keys, scored, self.tasks), row

    def _counted(
        self, target: str, gold: Sequence[str], tags: Sequence[str], known: Sequence[bool]
    ) -> tuple[Sequence[str], Sequence[str], Sequence[bool]]:
        """Return what is compared of a sentence in a column: all its words."""
        return gold, tags, known

    def _scored(self, target: Target, format: str | None, encoding: str) -> tuple[tuple[str, ...], ReadOptions]:
        """Return the targets that are compared with gold labels, and how those are read."""
        from elman.data.corpus import ReadOptions

        several = len(self.targets) > 1
        names = self.chosen(target) if several else column_names(target)
        if not several and names is not None and len(names) > 1:
            raise ConfigError(f"target: the model has one column, {self.target}, got {', '.join(names)}")
        task = None if several else TAG if self.word_targets else CLASSIFY
        if several and names is not None:  # in the order in which they are read, columns of words first
            names = tuple(sorted(names, key=lambda name: name in self.text_targets))
        read = ReadOptions(names, format, encoding, model_default=(self.format, self.target), task=task)
        return names if several and names is not None else self.targets, read

    @classmethod
    def from_record(cls, record: Mapping[str, Any], tensors: Tensors, *, threads: int = 1) -> Self:
        """Return the inverse of ``to_record``: a predictor of this class or a subclass, as the labels are.

        Raises ModelFileError if the record is malformed, or its labels are of another class.
        """
        from elman.taggers.tagger import class_of

        found = front(record, KINDS)
        model: LabelModel = model_class(found.kind).from_record(found.model, tensors)
        columns, names = len(model.tag_sets), len(found.targets)
        demand(names == columns, f"target: expected {columns}, one for each label column of the model, found {names}")
        kind = class_of(model)
        if not issubclass(kind, cls):
            raise ModelFileError(f"expected the model of a {cls.__name__}, found that of a {kind.__name__}")
        return kind(model, targets=found.targets, format=found.format, data=found.data, threads=threads)


def _of_text(values: Any, confidence: bool) -> Any:
    """Return the label of a text in place of a list with it alone; "" for a sentence of a file without words."""
    if not confidence:
        return values[0] if values else ""
    labels, p = values
    return (labels[0], p[0]) if labels else ("", 0.0)
