"""``Tagger``, ``TextClassifier``, and ``TaggerClassifier`` for both: the predictors of plain labels.

tagger = elman.train("train.conllu", dev="dev.conllu")
tagger.save("my.model")
elman.load("my.model").tag(["the", "dog", "barks"])
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from elman.data.sentence import Sentence
from elman.data.targets import TAG, fit_word_tag
from elman.errors import ConfigError, DataError
from elman.models.base import LabelModel
from elman.models.line_tagger import LONGEST
from elman.taggers.base import Target
from elman.taggers.batches import Text, ids_to_labels, ids_to_labels_with_confidences, refuse_text
from elman.taggers.blocks import BlockRequest, BlockTagger, TaggedBlock
from elman.taggers.column_predictor import ColumnPredictor, Predicted
from elman.utils import limits
from elman.utils.arguments import described
from elman.utils.display import shown
from elman.utils.limits import whole_number
from elman.utils.parallel import ordered

if TYPE_CHECKING:
    from elman.models.streaming import Stream

__all__ = ["Tagger", "TaggerClassifier", "Target", "TextClassifier", "class_of", "predictor_of"]


class _LabelPredictor(ColumnPredictor):
    """Predicts columns whose values are the model's own labels."""

    def _predict(self, batch: Sequence[Sequence[str]], names: Sequence[str], confidence: bool) -> list[Predicted]:
        model, sets = self._model, self.tag_sets
        first = tuple(names) == self.targets[:1]
        if first:
            sets = {self.target: self.tags}
        if first and not confidence and model.native is not None:
            found = model.native.tag_sentences(list(batch), LONGEST)
            if found is not None:
                return [{self.target: tags} for tags in found]
        if confidence:
            scored = [model.best_and_confidences(batch)] if first else model.best_and_confidences_columns(batch)
            columns: list[Any] = [
                ids_to_labels_with_confidences(tags, of) for tags, of in zip(sets.values(), scored, strict=True)
            ]
        else:
            ids = [model.best(batch)] if first else model.best_columns(batch)
            columns = [ids_to_labels(tags, of) for tags, of in zip(sets.values(), ids, strict=True)]
        return [dict(zip(sets, row, strict=True)) for row in zip(*columns, strict=True)]

    def _column(self, target: str | None, names: Sequence[str], what: str) -> int:
        """Return the index of the target's column, one of ``names``, by default the first.

        Raises ConfigError if the target is none of them.
        """
        if target is not None and target not in names:
            raise ConfigError(f"target: the model's {what} are {', '.join(names)}, got {shown(target)}")
        return self.targets.index(target or names[0])


class Tagger(_LabelPredictor):
    """Tags words. T words of a sentence, K tags."""

    task = "tag"

    def tag(self, words: Sequence[str]) -> list[str]:
        """Return the tags of a sentence's words, in the first column.

        Raises DataError if it is a string instead of a list of words.
        """
        native = self._model.native
        tags: list[str] | None = None if native is None else native.tag_words(words, LONGEST)
        if tags is not None:
            return tags
        tags = self._predict([self.inputs_of_words(words)], self.targets[:1], False)[0][self.target]
        return tags

    def fields(self, text: Text) -> dict[str, str]:
        """Return the words of each field that is found in a text or in a list of words, by the name of its tag.

        The words of a field that occurs several times are joined; commas and semicolons around it are left out.
        ``to_arrow(data, fields=True)`` makes a table of many texts. Raises DataError if there are no words.
        """
        from elman.data.fields import fields_of

        words = self._text_of(text)
        return fields_of(zip(words, self.tag(words), strict=True))

    def probabilities(self, words: Sequence[str], target: str | None = None) -> NDArray[np.float64]:
        """Return the (T, K) probabilities of each word's tags; rows sum to 1.

        ``target`` is one of ``word_targets``, by default the first; columns are in the order of its tags in
        ``tag_sets``. Raises ConfigError if the target is unknown.
        """
        column = self._column(target, self.word_targets, "columns")
        return self._model.probabilities([self.inputs_of_words(words)], column)[0]

    def nbest(
        self, words: Sequence[str] | Sentence, most: int, target: str | None = None
    ) -> list[tuple[list[str], float]]:
        """Return the ``most`` most probable tag sequences of a sentence, with their probabilities, best first; exact.

        There are fewer if the constraints allow no more. Raises ConfigError if ``most`` is not from 1 to 1,000 or needs
        too much memory for a long sentence, if the model is no network, or if the target is none of ``word_targets``.
        """
        whole_number("nbest", most, 1, limits.NBEST)
        column = self._column(target, self.word_targets, "columns")
        tags = self.tag_sets[self.targets[column]]
        found = self._model.nbest(self.inputs_of_words(words), most, column)
        return [([tags[i] for i in ids.tolist()], p) for ids, p in found]

    def stream(self, lookahead: int = 0, target: str | None = None) -> Stream:
        """Return a stream that tags unbounded text word by word and carries the hidden state along.

        ``lookahead``  number of words read after a word before it is tagged; improves bidirectional networks and CRFs
        ``target``     one of ``word_targets``, by default the first

        Raises ConfigError if the model is no network, the target is unknown, or the look-ahead is not from 0 to 10,000.
        """
        whole_number("lookahead", lookahead, 0, limits.LOOKAHEAD)
        return self._model.stream(self._column(target, self.word_targets, "columns of words"), lookahead)

    def tag_lines(self, texts: Iterable[bytes]) -> Iterator[bytes]:
        """Yield texts with ``_TAG`` after each word, in order.

        The fast path for large text: no word becomes a Python object. Each text is UTF-8, consists of whole lines, one
        sentence per line, and has a space between words. Raises ConfigError if the model has several columns, has a tag
        with a space or an underscore, or is no network.
        """
        if not self.tags_lines:
            raise ConfigError("tag_lines: expected a network of one column whose tags hold no space and no underscore")
        from elman import kernels

        tags = self.tags

        if isinstance(texts, str | bytes) or not isinstance(texts, Iterable):
            raise DataError(f"tag_lines: expected texts of whole lines, each as bytes, got {described(texts)}")

        def tagged(text: bytes) -> bytes:
            if not isinstance(text, bytes):
                raise DataError(f"tag_lines: expected a text of whole lines as bytes, got {described(text)}")
            limits.check_lines(text)
            return kernels.tag_lines(text, self._model.best_of_lines(text), tags)

        return ordered(tagged, texts, self.threads)

    def block_tagger(self, request: BlockRequest) -> BlockTagger | None:
        """Return the function that tags blocks of text; None but for plain text with a tag after each word."""
        if (request.input, request.output, request.confidences) != ("text", "word_tag", False) or not self.tags_lines:
            return None
        from elman import kernels

        def tagged(text: bytes) -> TaggedBlock:
            ids = self._model.best_of_lines(text)
            lines = text.count(b"\n") + (not text.endswith(b"\n"))
            return TaggedBlock(kernels.tag_lines(text, ids, self.tags), lines, len(ids))

        return tagged

    @property
    def tags_lines(self) -> bool:
        """Whether ``tag_lines`` supports this model."""
        return self._model.serves_lines and len(self.targets) == 1 and fit_word_tag(self.tags)


class TextClassifier(_LabelPredictor):
    """Classifies documents. K labels. A text is a string with spaces between words, or a list of words."""

    task = "classify"

    def classify(self, text: Text, target: str | None = None) -> str:
        """Return the label of a text; several labels are joined with ``|``.

        ``target`` is one of ``text_targets``, by default the first. Raises DataError if the text has no words,
        ConfigError if the target is unknown.
        """
        name = self.targets[self._column(target, self.text_targets, "document labels")]
        label: str = self._predict([self._one_text(text)], (name,), False)[0][name][0]
        return label

    def probabilities(self, text: Text, target: str | None = None) -> NDArray[np.float64]:
        """Return the (K,) probabilities of a text's labels; they sum to 1, unless a text can have several labels.

        ``target`` is one of ``text_targets``, by default the first; labels are in the order of ``tag_sets``.
        """
        column = self._column(target, self.text_targets, "document labels")
        (p,) = self._model.probabilities([self._one_text(text)], column)[0]
        return np.asarray(p)

    def pipe_probabilities(self, texts: Iterable[Text], target: str | None = None) -> Iterator[NDArray[np.float64]]:
        """Yield the ``probabilities`` of each text, in order; texts are read in batches, with constant memory."""
        refuse_text(texts)
        column = self._column(target, self.text_targets, "document labels")
        of_batch = partial(self._model.probabilities, column=column)
        return (p[0] for p in self._in_batches(of_batch, map(self._words, texts)))

    def _words(self, sentence: Any) -> Sequence[str]:
        return self.inputs_of_words(sentence) if isinstance(sentence, Sentence) else self._text_of(sentence)

    def _one_text(self, text: Text) -> Sequence[str]:
        """Return the words of a text. Raises DataError for a list of several texts."""
        words = self._text_of(text)
        if not isinstance(text, str | Sentence):
            for word in words:
                if " " in word:
                    message = "expected a text or a list of its words"
                    raise DataError(f"{message}, got {shown(word)} in it; predict takes texts")
        return words


class TaggerClassifier(Tagger, TextClassifier):
    """Tags the words of a text and classifies it. Word targets come first; ``pipe`` takes lists of words."""

    task = "tag"

    def probabilities(self, words: Text, target: str | None = None) -> NDArray[np.float64]:
        """Return the probabilities of tags (T, K), or of document labels (K,) if ``target`` is one of those."""
        if self.chosen(target)[0] in self.text_targets:
            return TextClassifier.probabilities(self, words, target)
        return super().probabilities(self.inputs_of_words(words), target)

    def _words(self, sentence: Any) -> Sequence[str]:
        return self.inputs_of_words(sentence)


def class_of(model: LabelModel) -> type[Tagger] | type[TextClassifier]:
    """Return the predictor class for a model of plain labels."""
    of_words = TAG in model.tasks
    of_texts = set(model.tasks) != {TAG}
    if of_words and of_texts:
        return TaggerClassifier
    return Tagger if of_words else TextClassifier


def predictor_of(
    model: LabelModel,
    *,
    targets: Sequence[str],
    format: str,
    data: Mapping[str, Any],
    threads: int = 1,
    inputs: Sequence[str] = (),
) -> Tagger | TextClassifier:
    """Return the predictor for a model of plain labels."""
    return class_of(model)(model, targets=targets, format=format, data=data, threads=threads, inputs=inputs)
