"""What scikit-learn users pass as X and y, as words and labels: lists, arrays and Series, texts, (word, tag) pairs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence, Set
from itertools import chain
from typing import Any

import numpy as np

from elman.data.corpus import split_words
from elman.data.sentence import LABEL_SEPARATOR, Sentence
from elman.data.tokens import Token, tokens
from elman.errors import DataError
from elman.utils.arguments import described, refuse_table
from elman.utils.display import shown
from elman.utils.imports import optional_package

with optional_package("scikit-learn", "sklearn"):
    from sklearn.utils import check_array, check_consistent_length, column_or_1d
    from sklearn.utils.multiclass import check_classification_targets

Words = tuple[str, ...]


class InputError(DataError, ValueError):
    """X or y is not what an estimator takes; a ValueError, as scikit-learn expects it."""


def tagged_rows(X: Any, y: Any, estimator: str) -> list[tuple[Words, list[Any]]]:
    """Return the words and tags of each sentence; without ``y`` the tags are those of the pairs in ``X``."""
    rows = _rows("X", X, "sentences, each a list of words")
    if y is None:
        if not all(hasattr(row, "__len__") and _is_tagged(row) for row in rows):
            raise InputError(
                f"{estimator} requires y to be passed, but the target y is None; X alone will do if its "
                "sentences are lists of (word, tag)"
            )
        of_y = [[tag for _, tag in row] for row in rows]
        rows = [[word for word, _ in row] for row in rows]
    else:
        of_y = _rows("y", y, "the tags of each sentence, each a list")
    if _has_features(rows):
        rows = _with_features(rows)
    words = [_words(row, f"X[{i}]") for i, row in enumerate(rows)]
    check_consistent_length(rows, of_y)
    one_each = isinstance(y, np.ndarray) and y.shape[1:] == (1,)  # as NumPy broadcasts (n, 1) over (n, T)
    return [(own, _tags(tags, own, i, one_each)) for i, (own, tags) in enumerate(zip(words, of_y, strict=True))]


def check_dev(X_dev: Any, y_dev: Any) -> None:
    """Raise InputError for tags of dev without its sentences."""
    if X_dev is None and y_dev is not None:
        raise InputError("y_dev: expected X_dev with it, got None")


def word_rows(X: Any, *, features: bool = False) -> list[Words]:
    """Return the words of each sentence; tags of (word, tag) pairs are left out.

    ``features``: each word is a dict or a list of its features, as the model was trained on.
    """
    rows = _rows("X", X, "sentences, each a list of words")
    return [_words(row, f"X[{i}]") for i, row in enumerate(_with_features(rows) if features else rows)]


def _has_features(rows: list[Any]) -> bool:
    """Return whether tokens are dicts or sets, or lists of texts that are no (word, tag) pairs."""
    items = [token for row in rows if isinstance(row, list | tuple | np.ndarray) for token in row]
    kinds = set(map(type, items))
    return any(issubclass(kind, Mapping | Set) for kind in kinds) or (
        kinds <= {list} and any(len(token) != 2 for token in items)
    )


def _with_features(rows: list[Any]) -> list[Any]:
    """Return rows of Tokens. Raises InputError for values that are no features."""
    found = []
    for i, row in enumerate(rows):
        if isinstance(row, list | tuple) and all(isinstance(token, tuple) and len(token) == 2 for token in row):
            row = [word for word, _ in row]
        try:
            words = row.words if isinstance(row, Sentence) else tokens(row)
        except (DataError, TypeError) as error:
            raise InputError(f"X[{i}]: {error}") from None
        plain = next((word for word in words if not isinstance(word, Token)), None)
        if plain is not None:
            raise InputError(f"X[{i}]: expected a dict of features for each word, got {described(plain)}")
        found.append(words)
    return found


def text_rows(X: Any) -> list[Words]:
    """Return the words of each document: a text is split at spaces."""
    if type(X).__name__ == "DataFrame" and X.shape[1:] == (1,):
        X = X.to_numpy()
    if isinstance(X, np.ndarray) and X.dtype.kind in "OU" and X.shape[1:] == (1,):
        X = X[:, 0]  # a table of one column of texts
    found = []
    for i, row in enumerate(_rows("X", X, "documents, each a text or a list of words")):
        words = split_words(row) if isinstance(row, str) else _words(row, f"X[{i}]", "a text or a list of words")
        if not words:
            raise InputError(f"X[{i}]: expected a document with a word in it, got {described(row)}")
        found.append(words)
    return found


def classes_of(labels: Sequence[Any]) -> np.ndarray[Any, Any]:
    """Return the distinct labels, sorted. Raises InputError if they are not all of one kind or are no labels."""
    kinds = {str if isinstance(label, str) else type(label) for label in labels}
    if len(kinds) > 1 or not kinds <= {str, int, float, bool}:
        found = ", ".join(sorted(kind.__name__ for kind in kinds))
        raise InputError(f"y: expected labels that are all texts or all numbers of one type, got {found}")
    if float in kinds and not all(map(math.isfinite, labels)):
        raise InputError("y: expected labels, got NaN or inf among them")
    return np.array(sorted(set(labels)))


def single_labels(y: Any, estimator: str) -> list[Any]:
    """Return the label of each document. Raises InputError for an empty label, and one that elman reads as several."""
    if y is None:
        raise InputError(f"{estimator} requires y to be passed, but the target y is None")
    if isinstance(y, list | tuple):
        for i, label in enumerate(y):
            if isinstance(label, list | tuple) and len(label) != 1:
                raise InputError(f"y[{i}]: expected a label, got {described(label)}; ElmanTagger labels each word")
    labels = check_array(column_or_1d(y, warn=True), ensure_2d=False, dtype=None, input_name="y")
    for label in classes_of(labels.tolist()).tolist():
        if label == "" or (isinstance(label, str) and LABEL_SEPARATOR in label):
            raise InputError(
                f"y: expected one label each, not empty and without {LABEL_SEPARATOR}, got {shown(label)}; "
                "elman.train learns documents with several labels"
            )
    check_classification_targets(labels)
    return list(labels.tolist())


def like_input(X: Any, predicted: Sequence[list[Any]], classes: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return tags as an (n, T) array for an array of sentences of one length, else as an (n,) array of lists."""
    if isinstance(X, np.ndarray) and X.ndim > 1:
        return np.array(predicted, dtype=classes.dtype)
    found = np.empty(len(predicted), dtype=object)
    found[:] = predicted
    return found


def _rows(name: str, data: Any, expected: str) -> list[Any]:
    """Return the items of X or y."""
    if hasattr(data, "__array__") and not hasattr(data, "__iter__"):
        data = np.asarray(data)
    if hasattr(data, "toarray") or (isinstance(data, np.ndarray) and (data.ndim > 1 or data.dtype.kind not in "OU")):
        data = check_array(data, dtype=None, allow_nd=True, ensure_min_features=int(name == "X"), input_name=name)
    if type(data).__name__ == "DataFrame":
        columns = shown(", ".join(map(str, data.columns)))
        raise InputError(f"{name}: expected {expected}, got a DataFrame; pass one of its columns, which are {columns}")
    try:
        refuse_table(data, expected)
    except DataError as error:
        raise InputError(f"{name}: {error}") from None
    if isinstance(data, str | bytes | Sentence) or not hasattr(data, "__iter__"):
        raise InputError(f"{name}: expected {expected}, got {described(data)}")
    rows = list(data)
    if not rows:
        raise InputError(f"{name}: expected {expected}, got none: 0 sample(s)")
    return rows


def _is_tagged(row: Any) -> bool:
    return not isinstance(row, Sentence) and all(
        isinstance(token, tuple | list | np.ndarray) and len(token) == 2 for token in row
    )


def _words(row: Any, name: str, expected: str = "a list of words") -> Words:
    """Return the words of a sentence. Numbers, such as the symbols of a code, are read as their text."""
    if isinstance(row, Sentence):
        return row.words
    if isinstance(row, str | bytes | dict) or not hasattr(row, "__len__"):
        advice = "; text.split() makes a list of it" if isinstance(row, str) else ""
        raise InputError(f"{name}: expected {expected}, got {described(row)}{advice}")
    values = list(row)
    if values and not isinstance(values[0], str) and _is_tagged(values):
        values = [word for word, _ in values]
    return tuple(value if type(value) in (str, Token) else _word(value, name) for value in values)


def _word(value: Any, name: str) -> str:
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, float) and not math.isfinite(value):
        raise InputError(f"{name}: expected words, got NaN or inf among them")
    if not isinstance(value, str | int | float):
        raise InputError(f"{name}: expected words, got {described(value)} among them")
    return str(value)


def _tags(tags: Any, words: Words, i: int, one_each: bool) -> list[Any]:
    if isinstance(tags, str | bytes | dict) or not hasattr(tags, "__len__"):
        raise InputError(
            f"y[{i}]: expected a list of {len(words)} tags, one for each word, got {described(tags)}; "
            "ElmanClassifier learns one label for each text"
        )
    own = list(chain.from_iterable([tags] * len(words))) if one_each else list(tags)
    if len(own) != len(words):
        raise InputError(f"y[{i}]: expected {len(words)} tags, one for each word, got {len(own)}")
    return [tag.item() if isinstance(tag, np.generic) else tag for tag in own]
