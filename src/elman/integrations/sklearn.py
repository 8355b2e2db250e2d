"""Estimators for scikit-learn: ``ElmanTagger`` labels words, ``ElmanClassifier`` documents.

tagger = ElmanTagger(hidden=64).fit(X_train, y_train)
tagger.predict(X_test)

They have a parameter for each setting of ``elman settings``; None, the default, is the value of ``preset``. The trained
model is ``predictor_``, and ``predictor_.save`` writes a model file.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from inspect import Parameter, Signature
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from elman.data.corpus import LABEL_NAME, PAIRS_COLUMN
from elman.data.sentence import Sentence
from elman.data.targets import CLASSIFY, TAG
from elman.integrations.sklearn_input import (
    InputError,
    Words,
    check_dev,
    classes_of,
    like_input,
    single_labels,
    tagged_rows,
    text_rows,
    word_rows,
)
from elman.settings import NETWORK, TRAINING, no_setting
from elman.taggers.train import train
from elman.training.data_warnings import NO_DEV
from elman.training.run_options import RunOptions
from elman.utils.imports import optional_package
from elman.utils.parallel import ordered

with optional_package("scikit-learn", "sklearn"):
    from sklearn.base import BaseEstimator, ClassifierMixin
    from sklearn.utils import check_consistent_length
    from sklearn.utils.validation import check_is_fitted

__all__ = ["ElmanClassifier", "ElmanTagger", "InputError"]

PARAMETERS: dict[str, Any] = {
    "model": None,
    "preset": "default",
    **dict.fromkeys((*NETWORK, *TRAINING)),
    "vectors_file": None,
    "budget": None,
    "dev": None,
    "seed": 1,
    "threads": None,
}
"""Parameters of the estimators with their defaults: all settings among the arguments of ``elman.train``."""


CRFSUITE = frozenset(
    "algorithm min_freq all_possible_states all_possible_transitions c1 c2 max_iterations num_memories epsilon period "
    "delta linesearch max_linesearch calibration_eta calibration_rate calibration_samples calibration_candidates "
    "calibration_max_trials pa_type c error_sensitive averaging variance gamma keep_tempfiles model_filename "
    "trainer_cls verbose".split()
)
"""Parameters of ``sklearn_crfsuite.CRF``, which code written for it may go on passing."""


def _init(self: Any, **parameters: Any) -> None:
    """Set the parameters, and warn of those of sklearn-crfsuite. Raises TypeError for one that does not exist."""
    foreign = [name for name in parameters if name in CRFSUITE and name not in PARAMETERS]
    for name in parameters:
        if name not in PARAMETERS and (name not in CRFSUITE or self._task != TAG):
            raise TypeError(f"{type(self).__name__}: {no_setting(name)}")
    if foreign:
        message = f"{type(self).__name__}: {', '.join(foreign)}: of CRFsuite, without effect here; leave it out"
        warnings.warn(message, UserWarning, stacklevel=2)
    for name, default in PARAMETERS.items():
        setattr(self, name, parameters.get(name, default))


# scikit-learn reads the names and defaults of parameters here
_init.__signature__ = Signature(  # type: ignore[attr-defined]
    [Parameter("self", Parameter.POSITIONAL_OR_KEYWORD)]
    + [Parameter(name, Parameter.KEYWORD_ONLY, default=default) for name, default in PARAMETERS.items()]
)


class _Estimator(BaseEstimator):  # type: ignore[misc]
    """Training and classes of both estimators."""

    _task: ClassVar[str]
    __init__ = _init

    def _train(self, labels: list[Any], sentences: Iterator[Sentence], dev: list[Sentence] | None) -> Self:
        """Train on sentences whose labels are the text of ``labels``."""
        classes = classes_of(labels)
        settings = {name: getattr(self, name) for name in (*NETWORK, *TRAINING) if getattr(self, name) is not None}
        doubts: list[str] = []
        self.predictor_: Any = train(
            list(sentences),
            self.dev if dev is None else dev,
            task=self._task,
            model=self.model,
            preset=self.preset,
            settings=settings,
            vectors=self.vectors_file,
            budget=self.budget,
            seed=self.seed,
            threads=self.threads,
            on_warning=doubts.append,
        )
        # to hold out data is the work of scikit-learn's cross-validation
        RunOptions().warn(*(doubt for doubt in doubts if not doubt.startswith(NO_DEV)))
        self.classes_ = classes
        return self

    def _class_of_name(self) -> dict[str, Any]:
        return {str(label): label for label in self.classes_.tolist()}

    def _probabilities(self, rows: list[Words]) -> list[NDArray[np.float64]]:
        """Return the probabilities of each row's labels, in the order of ``classes_``."""
        at = {name: i for i, name in enumerate(self.predictor_.tags)}
        order = [at[str(label)] for label in self.classes_.tolist()]
        of_rows = ordered(self.predictor_.probabilities, rows, self.predictor_.threads)
        return [p[..., order] for p in of_rows]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.target_tags.required = True
        return tags


class ElmanTagger(_Estimator):
    """Label the words of sentences.

    ``X``  sentences: lists of words or of (word, tag), in a list, an array or a Series; or an (n, T) array, a sentence
           in each row. Numbers are read as their text. A word may be a dict of features or a list of them, as
           sklearn-crfsuite takes them
    ``y``  the tags of each sentence, texts or numbers; an (n, 1) array gives each word of a sentence the same tag.
           Without it the tags are those of ``X``

    Other data raise ``InputError``, a ValueError. ``classes_`` are the tags, ``predictor_`` is the trained model.
    """

    _task = TAG

    def fit(self, X: Any, y: Any = None, X_dev: Any = None, y_dev: Any = None) -> Self:
        """Train a model; ``X_dev`` and ``y_dev`` choose the best epoch and calibrate the probabilities."""
        check_dev(X_dev, y_dev)
        data = tagged_rows(X, y, type(self).__name__)
        dev = None if X_dev is None else list(_tagged(tagged_rows(X_dev, y_dev, type(self).__name__)))
        return self._train([tag for _, tags in data for tag in tags], _tagged(data), dev)

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the tags of each sentence: an (n,) array of lists, or an (n, T) array if ``X`` is one."""
        check_is_fitted(self, "predictor_")
        of_name = self._class_of_name()
        predicted = self.predictor_.pipe(self._rows(X))
        return like_input(X, [[of_name[tag] for tag in tags] for tags in predicted], self.classes_)

    def predict_single(self, x: Any) -> list[Any]:
        """Return the tags of one sentence."""
        return list(self.predict([x])[0])

    def predict_proba(self, X: Any) -> list[NDArray[np.float64]]:
        """Return the (T, K) probabilities of each sentence's tags, in the order of ``classes_``."""
        check_is_fitted(self, "predictor_")
        return self._probabilities(self._rows(X))

    def _rows(self, X: Any) -> list[Words]:
        return word_rows(X, features=self.predictor_.reads_features)

    def predict_marginals(self, X: Any) -> list[list[dict[Any, float]]]:
        """Return for each word of each sentence a dict of the probability of each tag."""
        probabilities = self.predict_proba(X)
        classes = self.classes_.tolist()
        return [[dict(zip(classes, row, strict=True)) for row in p.tolist()] for p in probabilities]

    def predict_marginals_single(self, x: Any) -> list[dict[Any, float]]:
        """Return for each word of one sentence a dict of the probability of each tag."""
        return self.predict_marginals([x])[0]

    def score(self, X: Any, y: Any = None) -> float:
        """Return the accuracy: the share of words with the right tag."""
        check_is_fitted(self, "predictor_")
        data = tagged_rows(X, y, type(self).__name__)
        predicted = self.predict([words for words, _ in data])
        right = [a == b for (_, tags), own in zip(data, predicted, strict=True) for a, b in zip(tags, own, strict=True)]
        if not right:
            raise InputError("X: expected sentences with words in them, got none")
        return float(np.mean(right))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output, tags.target_tags.single_output = True, False  # a tag for each word
        return tags


class ElmanClassifier(ClassifierMixin, _Estimator):  # type: ignore[misc]
    """Classify documents.

    ``X``  documents: texts with spaces between words, or lists of words, in a list, an array or a Series; or an (n, T)
           array of words, a document in each row. Numbers are read as their text
    ``y``  the label of each document, texts or numbers

    Other data raise ``InputError``, a ValueError. ``classes_`` are the labels, ``predictor_`` is the trained model.
    """

    _task = CLASSIFY

    def fit(self, X: Any, y: Any, X_dev: Any = None, y_dev: Any = None) -> Self:
        """Train a model; ``X_dev`` and ``y_dev`` choose the best epoch and calibrate the probabilities."""
        check_dev(X_dev, y_dev)
        rows, labels = self._labelled(X, y)
        dev = None if X_dev is None else list(_labelled(*self._labelled(X_dev, y_dev)))
        return self._train(labels, _labelled(rows, labels), dev)

    def _labelled(self, X: Any, y: Any) -> tuple[list[Words], list[Any]]:
        rows, labels = text_rows(X), single_labels(y, type(self).__name__)
        check_consistent_length(rows, labels)
        return rows, labels

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the label of each document."""
        check_is_fitted(self, "predictor_")
        of_name = self._class_of_name()
        return np.array([of_name[label] for label in self.predictor_.pipe(text_rows(X))], dtype=self.classes_.dtype)

    def predict_single(self, x: Any) -> Any:
        """Return the label of one document."""
        return self.predict([x]).tolist()[0]

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the (n, K) probabilities of each document's labels, in the order of ``classes_``; rows sum to 1."""
        check_is_fitted(self, "predictor_")
        return np.array(self._probabilities(text_rows(X)))


def _tagged(data: list[tuple[Words, list[Any]]]) -> Iterator[Sentence]:
    return (Sentence(words, {PAIRS_COLUMN: tuple(map(str, tags))}) for words, tags in data)


def _labelled(rows: list[Words], labels: list[Any]) -> Iterator[Sentence]:
    return (Sentence(words, labels={LABEL_NAME: str(label)}) for words, label in zip(rows, labels, strict=True))
