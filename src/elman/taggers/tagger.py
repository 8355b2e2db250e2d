"""``Tagger``, ``TextClassifier``, and ``TaggerClassifier`` for both: the predictors of plain labels.

tagger = elman.train("train.conllu", dev="dev.conllu")
tagger.save("my.model")
elman.load("my.model").tag(["the", "dog", "barks"])
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from elman.data.sentence import Sentence
from elman.data.targets import TAG, fit_word_tag
from elman.errors import ConfigError
from elman.models.base import LabelModel
from elman.taggers.base import Target
from elman.taggers.batches import Text, ids_to_labels, ids_to_labels_with_confidences, text_of, words_of
from elman.taggers.columns import ColumnPredictor, Predicted
from elman.utils import limits
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
        """Return which column of the model a target is, one of ``names``, by default the first."""
        if target is not None and target not in names:
            raise ConfigError(f"target: the model's {what} are {', '.join(names)}, got {shown(target)}")
        return self.targets.index(target or names[0])


class Tagger(_LabelPredictor):
    """Tags words. T words of a sentence, K tags."""

    task = "tag"

    def tag(self, words: Sequence[str]) -> list[str]:
        """Return the tags of a sentence's words, in the first column.

        Raises DataError for a text instead of a list of words.
        """
        tags: list[str] = self._predict([words_of(words)], self.targets[:1], False)[0][self.target]
        return tags

    def probabilities(self, words: Sequence[str], target: str | None = None) -> NDArray[np.float64]:
        """Return the (T, K) probabilities of the tags of each word; rows sum to 1.

        ``target`` is one of ``word_targets``, by default the first; the columns are its tags in ``tag_sets``. Raises
        ConfigError for another name.
        """
        column = self._column(target, self.word_targets, "columns")
        return self._model.probabilities([words_of(words)], column)[0]

    def nbest(
        self, words: Sequence[str] | Sentence, most: int, target: str | None = None
    ) -> list[tuple[list[str], float]]:
        """Return the ``most`` most probable tag sequences of a sentence, with their probabilities, best first; exact.

        Fewer if the rules allow no more. Raises ConfigError: a number that is not from 1 to 1,000, or needs too much
        memory for a long sentence; a model without them (only a network has them); a name that is none of
        ``word_targets``.
        """
        whole_number("nbest", most, 1, limits.NBEST)
        column = self._column(target, self.word_targets, "columns")
        tags = self.tag_sets[self.targets[column]]
        return [([tags[i] for i in ids.tolist()], p) for ids, p in self._model.nbest(words_of(words), most, column)]

    def stream(self, lookahead: int = 0, target: str | None = None) -> Stream:
        """Return a stream that tags an endless text word by word, with the memory of all that came before.

        ``lookahead``  k words that are read before a word is tagged, which a network that reads both ways or has a CRF
                       gains from. ``target`` is one of ``word_targets``, by default the first
        Raises ConfigError: no network, another name, a number that is not from 0 to 10,000.
        """
        whole_number("lookahead", lookahead, 0, limits.LOOKAHEAD)
        return self._model.stream(self._column(target, self.word_targets, "columns of words"), lookahead)

    def tag_lines(self, texts: Iterable[bytes]) -> Iterator[bytes]:
        """Yield texts in UTF-8, a sentence a line and a space between words, with ``_TAG`` behind each word, in order.

        The fast way for large text: no word becomes a Python object. Each text holds whole lines. Raises ConfigError: a
        model of several columns, or with a tag that holds a space or an underscore, or that is no network.
        """
        if not self.tags_lines:
            raise ConfigError("tag_lines: expected a network of one column whose tags hold no space and no underscore")
        from elman import kernels

        tags = self.tags

        def tagged(text: bytes) -> bytes:
            limits.check_lines(text)
            return kernels.tag_lines(text, self._model.best_of_lines(text), tags)

        return ordered(tagged, texts, self.threads)

    @property
    def tags_lines(self) -> bool:
        """Whether ``tag_lines`` serves this model."""
        return self._model.serves_lines and len(self.targets) == 1 and fit_word_tag(self.tags)


class TextClassifier(_LabelPredictor):
    """Classifies texts. K labels. A text is a string, whose words lie between spaces, or a list of its words."""

    task = "classify"

    def classify(self, text: Text, target: str | None = None) -> str:
        """Return the label of a text; if it can have several, those it has, joined with ``|``.

        ``target`` is one of ``text_targets``, by default the first. Raises DataError for a text without words,
        ConfigError for another name.
        """
        name = self.targets[self._column(target, self.text_targets, "document labels")]
        label: str = self._predict([text_of(text)], (name,), False)[0][name][0]
        return label

    def probabilities(self, text: Text, target: str | None = None) -> NDArray[np.float64]:
        """Return the (K,) probabilities of a text's labels; they sum to 1, unless a text can have several.

        ``target`` is one of ``text_targets``, by default the first; the order is that of its labels in ``tag_sets``.
        """
        column = self._column(target, self.text_targets, "document labels")
        (p,) = self._model.probabilities([text_of(text)], column)[0]
        return np.asarray(p)

    def _words(self, sentence: Any) -> Sequence[str]:
        return words_of(sentence) if isinstance(sentence, Sentence) else text_of(sentence)


class TaggerClassifier(Tagger, TextClassifier):
    """Tags the words of a text and classifies it. Targets of words come first; ``pipe`` takes lists of words."""

    task = "tag"

    def probabilities(self, words: Text, target: str | None = None) -> NDArray[np.float64]:
        """Return the probabilities of tags (T, K), or of document labels (K,) if ``target`` is one of these."""
        if self.chosen(target)[0] in self.text_targets:
            return TextClassifier.probabilities(self, words, target)
        return super().probabilities(words_of(words), target)

    def _words(self, sentence: Any) -> Sequence[str]:
        return words_of(sentence)


def class_of(model: LabelModel) -> type[Tagger] | type[TextClassifier]:
    """Return the class of predictors that a model of plain labels is for."""
    of_words = TAG in model.tasks
    of_texts = set(model.tasks) != {TAG}
    if of_words and of_texts:
        return TaggerClassifier
    return Tagger if of_words else TextClassifier


def predictor_of(
    model: LabelModel, *, targets: Sequence[str], format: str, data: Mapping[str, Any], threads: int = 1
) -> Tagger | TextClassifier:
    """Return a predictor of the class that a model of plain labels is for."""
    return class_of(model)(model, targets=targets, format=format, data=data, threads=threads)
