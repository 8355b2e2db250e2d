"""``Token``: a word with features of its own, from further columns of a file or from a dict made in Python."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import replace
from typing import Any

from elman.data.sentence import LABEL_SEPARATOR, Sentence
from elman.errors import ConfigError, DataError
from elman.utils.arguments import described
from elman.utils.display import shown

WORD_KEYS = ("word", "form", "token", "text", "word.lower()", "word.lower")
"""Keys of the feature that is the word itself, the first that there is."""
NO_WORD = "_"
"""The word of a token whose features do not hold it."""
_KEY = re.compile("[:=]")
_LARGEST = 1e30


class Token(str):
    """A word with features.

    ``features``  the names of those that it has, such as ``pos:NN``
    ``numbers``   names and values of those that are numbers
    """

    __slots__ = ("features", "numbers")
    features: tuple[str, ...]
    numbers: tuple[tuple[str, float], ...]

    def __new__(cls, word: str, features: Sequence[str] = (), numbers: Sequence[tuple[str, float]] = ()) -> Token:
        """Make one from a word and its features."""
        token = super().__new__(cls, word)
        token.features, token.numbers = tuple(features), tuple(numbers)
        return token


def token(value: Any) -> Any:
    """Return the Token of a dict of features or of a list of them, as sklearn-crfsuite has them; others unchanged.

    A text is the feature ``key:value``, True is ``key``, False and None are none, a number is a weight of ``key``; a
    list has several values, a dict within it several keys. The word is the text of the first of ``WORD_KEYS``.
    Raises DataError for other values.
    """
    if isinstance(value, str) or not isinstance(value, Mapping | list | Set):
        return value
    items = list(_items("", value))
    numbers = [(name, weight) for name, weight in items if weight is not None]
    names = [name for name, weight in items if weight is None]
    words = {key: name for name in reversed(names) for key in _KEY.split(name, 1)[:1] if key in WORD_KEYS}
    feature = next((words[key] for key in WORD_KEYS if key in words and words[key] != key), "")
    word = _KEY.split(feature, 1)[-1]
    return Token(word or NO_WORD, [name for name in names if name != feature], numbers)


def tokens(words: Sequence[Any]) -> tuple[Any, ...]:
    """Return the words of a sentence with a Token in place of each dict or list of features."""
    return tuple(map(token, words))


def with_inputs(sentence: Sentence, names: Sequence[str]) -> Sentence:
    """Return a sentence whose words have the values of these columns as features.

    A value with ``|``, such as ``Case=Nom|Number=Sing``, is a feature, and so is each of its parts. Raises DataError,
    with the line, if it lacks a column.
    """
    missing = next((name for name in names if name not in sentence.columns), None)
    if missing is not None and sentence.words:
        found = ", ".join(sentence.columns) or "words alone"
        message = f"no column {shown(missing)}: expected the inputs {', '.join(names)} of each word, found {found}"
        raise DataError(message, path=sentence.path or None, line=sentence.line or None)
    columns = [[column_features(name, value) for value in sentence.columns.get(name, ())] for name in names]
    made = (
        Token(word, [feature for features in row for feature in features])
        for word, *row in zip(sentence.words, *columns, strict=True)
    )
    return replace(sentence, words=tuple(made))


def input_names(sentence: Sentence, names: Sequence[str]) -> tuple[str, ...]:
    """Return the columns of a sentence that are named, in any case. Raises ConfigError if there is no such column."""
    columns = list(sentence.columns)
    known = {name.lower(): name for name in reversed(columns)} | {name: name for name in columns}
    for name in names:
        if known.get(name, known.get(name.lower())) is None:
            where = f"{sentence.path}: " if sentence.path else ""
            raise ConfigError(
                f"{where}no input column {shown(name)}; there is: {', '.join(sentence.columns) or 'none'}"
            )
    return tuple(known.get(name, known.get(name.lower(), name)) for name in names)


def column_token(word: Any, names: Sequence[str]) -> Any:
    """Return the Token of a dict with a word and the values of these columns; of other values they themselves.

    Raises DataError if a column is missing or has no text.
    """
    if not isinstance(word, Mapping):
        return word
    for name in names:
        if not isinstance(word.get(name), str):
            raise DataError(f"expected a word with the text of {', '.join(names)}, got {described(word)}")
    text = next((word[key] for key in WORD_KEYS if isinstance(word.get(key), str)), "")
    return Token(text or NO_WORD, [feature for name in names for feature in column_features(name, word[name])])


def column_features(name: str, value: str) -> list[str]:
    """Return the features of a column's value: the value, and its parts if there are several."""
    parts = value.split(LABEL_SEPARATOR) if LABEL_SEPARATOR in value else []
    return [f"{name}:{part}" for part in dict.fromkeys((value, *parts)) if part]


def _items(prefix: str, value: Any) -> Iterator[tuple[str, float | None]]:
    """Yield names of features, with the value of a number and None for others."""
    value = value.tolist() if hasattr(value, "tolist") else value  # of NumPy
    if isinstance(value, str):
        yield f"{prefix}:{value}" if prefix else value, None
    elif isinstance(value, bool) or value is None:
        if value:
            yield prefix, None
    elif isinstance(value, int | float):
        if not abs(value) <= _LARGEST or not prefix:
            raise DataError(
                f"feature {shown(prefix)}: expected a text, True, False or a number, got {described(value)}"
            )
        yield prefix, float(value)
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield from _items(f"{prefix}:{key}" if prefix else str(key), part)
    elif isinstance(value, Set | list | tuple):
        for part in sorted(value, key=str) if isinstance(value, Set) else value:
            yield from _items(prefix, part)
    else:
        raise DataError(f"feature {shown(prefix)}: expected a text, True, False or a number, got {described(value)}")
