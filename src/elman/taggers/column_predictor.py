"""``ColumnPredictor``: predicts label columns for sentences or documents, and compares them with gold labels."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Self, cast

from elman.data.formats import ArrowStream, column_names
from elman.data.sentence import Sentence, check_words
from elman.data.targets import CLASSIFY, TAG
from elman.data.tokens import Token, column_token, tokens, with_inputs
from elman.errors import ConfigError, DataError, ModelFileError
from elman.models.base import LabelModel
from elman.models.file import Tensors
from elman.models.kinds import KINDS, model_class
from elman.taggers.base import _T, TOKENIZATION, Predictor, Target
from elman.taggers.batches import Text, refuse_text, text_of, words_of
from elman.utils.arguments import check_flag, described, is_table
from elman.utils.display import shown
from elman.utils.validation import demand, front

if TYPE_CHECKING:  # evaluation is imported on demand
    from elman.data.corpus import Data, ReadOptions, TargetKeys
    from elman.data.tokenization.rules import TokenRules
    from elman.data.tokenization.tokenizer import Tokenizer
    from elman.evaluation.classification import ClassEvaluation
    from elman.evaluation.pairing import AlignedSentence
    from elman.evaluation.tagging import TagEvaluation

Predicted = dict[str, Any]
"""By target: the values of a sentence, one per word or one per document; or a pair of values and confidences."""


class ColumnPredictor(Predictor):
    """Predicts one or several columns. T words of a sentence, K labels.

    Sentences are lists of words, or ``Sentence`` objects. A model of several columns predicts them together:
    ``predict`` and ``pipe`` return the first column, or dictionaries with the columns that ``columns`` names.
    """

    plain_labels = True
    _model: LabelModel

    @property
    def reads_features(self) -> bool:
        return self._model.reads_features

    @property
    def graph_column(self) -> int | None:
        """Which label column has the relations of a graph parser; None without one."""
        return self._model.graph_column

    @property
    def scores_trees(self) -> bool:
        return self.graph_column is not None

    def inputs_of(self, sentence: Sentence) -> Sequence[str]:
        """Return the inputs of the model for a sentence: its words, with their features if it reads such.

        Raises DataError if these are missing.
        """
        if not self._model.reads_features:
            return sentence.words
        if self.input_columns and not all(isinstance(word, Token) for word in sentence.words):
            return with_inputs(sentence, self.input_columns).words
        return self._with_features(sentence.words, sentence)

    def inputs_of_text(self, text: str) -> Sequence[str]:
        """Return the inputs of the model for a text: its words; if it reads features, a list of dicts in JSON.

        Raises DataError if the features are missing.
        """
        if self._model.reads_features and text.lstrip().startswith("["):
            return self._with_features(words_of(self._tokens(_json_list(text))))
        words = super().inputs_of_text(text)
        if self._model.reads_features and words:
            example = json.dumps({"word": words[0]} | dict.fromkeys(self.input_columns, "…"), ensure_ascii=False)
            raise DataError(f"this model reads features of words: expected JSON, [{example}, …], got {shown(text)}")
        return words

    def known(self, word: str) -> bool:
        """Return whether the word occurs in the training data. Raises DataError if it is no text."""
        if not isinstance(word, str):
            raise DataError(f"expected a word, got {described(word)}")
        return self._model.known(word)

    def gives(self, target: str, value: str) -> bool:
        """Return whether the model can predict this value of a target."""
        (name,) = self.chosen([target])
        return value in self.tag_sets[name]

    def temperature(self, target: str) -> float | None:
        """Return the temperature of a target; None if it is encoded in label columns with different ones."""
        (name,) = self.chosen([target])
        return self.temperatures[name]

    @cached_property
    def token_rules(self) -> TokenRules | None:
        """How the training text was cut into words; None of a model that does not know."""
        from elman.data.tokenization.rules import TokenRules

        record = self._data.get(TOKENIZATION)
        return None if record is None else TokenRules.from_record(record)

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """Cuts raw text into words as the training text was. Raises ConfigError if the model does not know how."""
        from elman.data.tokenization.tokenizer import Tokenizer

        if self.token_rules is None:
            what = "does not know how its training text was cut; train it again, from memory"
            what = "labels whole texts, not words" if not self.word_targets else what
            what = "reads features of words, which raw text does not have" if self.reads_features else what
            raise ConfigError(f"tokenize: this model {what}")
        return Tokenizer(self.token_rules, self.known)

    def tokenize(self, text: str) -> list[list[str]]:
        """Return the words of each sentence of raw text, cut as the training text was; ``predict`` takes them.

        A line holds one sentence or several, and ends one. A ``Pipeline`` finds words and sentences by its own network,
        other taggers by rules that fit their training text, which ``elman inspect`` shows. Raises ConfigError if the
        model does not know them: it labels documents, or was trained from disk or by an older version.
        """
        if not isinstance(text, str):
            raise DataError(f"expected a text, got {described(text)}")
        check_words((text,))
        return [list(sentence.words) for sentence in self.tokenizer.sentences(text.split("\n"))]

    def predict(
        self,
        sentences: Iterable[Any] | ArrowStream,
        *,
        confidence: bool = False,
        columns: Target = None,
        text_column: str | None = None,
    ) -> Any:
        """Return what ``pipe`` yields, as a list; of a table (pandas, Polars, PyArrow …) what ``to_arrow`` returns."""
        if is_table(sentences) or text_column is not None:
            return self.to_arrow(sentences, confidence=confidence, columns=columns, text_column=text_column)
        return list(self.pipe(cast(Iterable[Any], sentences), confidence=confidence, columns=columns))

    def to_arrow(
        self,
        data: Iterable[Any] | ArrowStream,
        *,
        confidence: bool = False,
        columns: Target = None,
        fields: bool = False,
        text_column: str | None = None,
    ) -> Any:
        """Return the predictions as a ``pyarrow.Table``, one row a sentence.

        ``data``         sentences, as in ``pipe``; or a table, whose columns are all kept, in order
        ``confidence``   add a column ``confidences`` of the tags, or ``confidence`` of the document label
        ``columns``      the columns to predict, by default all of the model; a column of such a name is replaced
        ``fields``       in place of tags add a column for each field, as ``Tagger.fields`` returns them
        ``text_column``  the column of the texts or lists of words, if not ``text`` or ``tokens``

        Raises ConfigError if a column is missing, DataError for a row without a text, MissingExtraError without
        pyarrow.
        """
        from elman.taggers import tables

        check_flag("fields", fields)
        if fields:
            if confidence or columns is not None:
                raise ConfigError("fields: expected neither confidence nor columns with them")
            return tables.fields_table(self, data, text_column)
        names = self.chosen(columns)
        return tables.predicted_table(self, data, names, confidence=confidence, text_column=text_column)

    def pipe(self, sentences: Iterable[Any], *, confidence: bool = False, columns: Target = None) -> Iterator[Any]:
        """Yield the prediction for each sentence, in order; sentences are read in batches, with constant memory.

        A prediction is the list of a sentence's (T,) tags, or the label of a document, in the first column.

        ``confidence``  yield pairs of the prediction and its probability, 0 to 1 (for tags: a list)
        ``columns``     column names: yield dictionaries by name, even for a single column
        """
        refuse_text(sentences)
        names = self.targets[:1] if columns is None else self.chosen(columns)
        texts = self.text_targets
        rows = self._of_inputs(map(self._words, sentences), names, confidence=confidence)
        if columns is None:
            (name,) = names
            return (_of_text(row[name], confidence) if name in texts else row[name] for row in rows)
        return (
            {name: _of_text(row[name], confidence) if name in texts else row[name] for name in names} for row in rows
        )

    def _of_inputs(
        self, inputs: Iterable[Sequence[str]], names: Sequence[str], *, confidence: bool = False
    ) -> Iterator[Predicted]:
        """Yield what ``_predict`` returns for inputs of the model, which are not checked."""
        return self._in_batches(partial(self._predict, names=names, confidence=confidence), inputs)

    @abstractmethod
    def _predict(self, batch: Sequence[Sequence[str]], names: Sequence[str], confidence: bool) -> list[Predicted]:
        """Return for each sentence the values of the targets ``names``; others may be included.

        Values are a list, with a single item for a document label; with ``confidence`` a pair of lists.
        """

    def _words(self, sentence: Any) -> Sequence[str]:
        """Return the words of an item of ``pipe``."""
        return self.inputs_of_words(sentence)

    def inputs_of_words(self, sentence: Sequence[Any] | Sentence) -> Sequence[str]:
        """Return the model's inputs for a sentence or a list of words. Raises DataError for anything else."""
        if not self._model.reads_features:
            return words_of(sentence)
        if isinstance(sentence, Sentence):
            words_of(sentence)
            return self.inputs_of(sentence)
        return self._with_features(words_of(self._tokens(sentence)))

    def _text_of(self, text: Text) -> Sequence[str]:
        """Return the model's inputs for a document. Raises DataError if there are none."""
        if not self._model.reads_features:
            return text_of(text)
        if isinstance(text, Sentence):
            return self.inputs_of_words(text)
        return self._with_features(text_of(text if isinstance(text, str) else self._tokens(text)))

    def _tokens(self, words: Any) -> Any:
        """Return words with a Token in place of each dict; of a model with ``inputs`` it has these columns."""
        if isinstance(words, str) or not isinstance(words, Iterable):
            return words
        if not self.input_columns:
            return tokens(list(words))
        return [column_token(word, self.input_columns) for word in words]

    def _with_features(self, words: Sequence[str], where: Sentence | None = None) -> Sequence[str]:
        """Return the words unchanged. Raises DataError for words without features if the model reads such."""
        if not self._model.reads_features or all(isinstance(word, Token) for word in words):
            return words
        plain = next(word for word in words if not isinstance(word, Token))
        expected = (
            f"the columns {', '.join(self.input_columns)}" if self.input_columns else "features, as a dict of each word"
        )
        message = f"expected words with {expected}, which the model reads, got the word {shown(plain)} alone"
        raise DataError(message, path=(where and where.path) or None, line=(where and where.line) or None)

    def _in_batches(self, work: Callable[[Sequence[Any]], Iterable[_T]], sentences: Iterable[Any]) -> Iterator[_T]:
        if self._model.reads_features:
            sentences = (self.inputs_of_words(each) if isinstance(each, Sentence) else each for each in sentences)
        return super()._in_batches(work, sentences)

    def evaluate(
        self,
        data: Data,
        *,
        target: Target = None,
        columns: Target = None,
        format: str | None = None,
        encoding: str = "utf-8",
        text_column: str | None = None,
    ) -> Any:
        """Predict labels for ``data`` (paths or sentences, as in ``train``) and compare them with its gold labels.

        ``target``   the column of the gold labels; by default the training column, or in a file of another format that
                     format's own. For a model of several columns it names one of them, by default the first
        ``columns``  column names: return a dictionary by name; the data is read once
        ``text_column``  the column of a table that has the texts or words, as in ``train``

        Return a ``TagEvaluation``, for document labels a ``ClassEvaluation``. Raises DataError if there are no gold
        labels.
        """
        several = len(self.targets) > 1
        if columns is not None:
            target = self.chosen(columns) if several else target
        elif several:
            target = self.chosen(target)[:1]
        scored, options = self._scored(target, format, encoding)
        found = self._evaluated(data, scored, replace(options, text_column=text_column))
        return next(iter(found.values())) if columns is None else found

    def _evaluated(
        self, data: Data, scored: Sequence[str], options: ReadOptions
    ) -> dict[str, TagEvaluation | ClassEvaluation]:
        from elman.evaluation.classification import LabelEvaluator
        from elman.evaluation.tagging import TagEvaluator

        words = {name: TagEvaluator() for name in scored if name not in self.text_targets}
        texts = {name: LabelEvaluator(self.tag_sets[name], self.tasks[name]) for name in scored if name not in words}
        for sentence, gold, predicted in self._with_gold(data, scored, options, confidence=bool(texts)):
            known = list(map(self._model.known, sentence.words)) if words else []
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
        """Yield gold and predicted labels by column, sentence by sentence, with the confidence of each label."""
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
        """Yield sentences with their gold labels, a tuple for each of ``scored``, and their predictions."""
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
        """Return the gold labels, tags and known-word flags to compare in a column: by default all."""
        return gold, tags, known

    def _scored(self, target: Target, format: str | None, encoding: str) -> tuple[tuple[str, ...], ReadOptions]:
        """Return the targets to compare with gold labels, and the options for reading those."""
        from elman.data.corpus import ReadOptions

        several = len(self.targets) > 1
        names = self.chosen(target) if several else column_names(target)
        if not several and names is not None and len(names) > 1:
            raise ConfigError(f"target: the model has one column, {self.target}, got {', '.join(names)}")
        task = None if several else TAG if self.word_targets else CLASSIFY
        if several and names is not None:  # in reading order, word columns first
            names = tuple(sorted(names, key=lambda name: name in self.text_targets))
        read = ReadOptions(names, format, encoding, model_default=(self.format, self.target), task=task)
        return names if several and names is not None else self.targets, read

    @classmethod
    def from_record(cls, record: Mapping[str, Any], tensors: Tensors, *, threads: int = 1) -> Self:
        """Return the inverse of ``to_record``: a predictor of this class or of the subclass for its kind of labels.

        Raises ModelFileError if the record is malformed, or its labels are for another class.
        """
        from elman.taggers.tagger import class_of

        found = front(record, KINDS)
        model: LabelModel = model_class(found.kind).from_record(found.model, tensors)
        columns, names = len(model.tag_sets), len(found.targets)
        demand(names == columns, f"target: expected {columns}, one for each label column of the model, found {names}")
        if TOKENIZATION in found.data:
            from elman.data.tokenization.rules import TokenRules

            TokenRules.from_record(found.data[TOKENIZATION])
        kind = class_of(model)
        if not issubclass(kind, cls):
            raise ModelFileError(f"expected the model of a {cls.__name__}, found that of a {kind.__name__}")
        about: dict[str, Any] = {"format": found.format, "data": found.data, "inputs": found.inputs}
        return kind(model, targets=found.targets, threads=threads, **about)


def _json_list(text: str) -> list[Any]:
    """Return a list written in JSON. Raises DataError if it is none."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, list):
        raise DataError(f"expected the words as a list of dicts in JSON, got {shown(text)}")
    return found


def _of_text(values: Any, confidence: bool) -> Any:
    """Return the label of a document from its list of one; "" for a sentence without words."""
    if not confidence:
        return values[0] if values else ""
    labels, p = values
    return (labels[0], p[0]) if labels else ("", 0.0)
