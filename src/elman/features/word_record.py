"""Checking the record of a lexicon before anything is made of it, without NumPy."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from elman.errors import ModelFileError
from elman.nn.shapes import WIDEST
from elman.utils.limits import NUMERIC_FEATURES
from elman.utils.validation import demand, is_number, is_texts, is_whole, vocabulary

if TYPE_CHECKING:
    from elman.config import NetworkConfig


WITHOUT_DICTIONARY = ("none", "window")
"""Values of the setting ``features`` with which words have none that a dictionary could add to."""


class Scale(NamedTuple):
    """A feature that is a number, with mean and standard deviation in training (1 if it is constant)."""

    name: str
    mean: float
    deviation: float


class Words(NamedTuple):
    """The contents of a lexicon: see ``elman.features.lexicon``."""

    words: list[str]
    counts: list[int]
    features: list[str]
    characters: tuple[list[str], list[int]] | None
    vectors: tuple[list[str], int]
    token_features: tuple[list[str], list[Scale]] | None = None
    dictionary: tuple[list[str], list[list[int]]] | None = None


def words(record: Mapping[str, Any], config: NetworkConfig) -> Words:
    """Check the record of a lexicon. Raises ModelFileError if it is malformed."""
    known, counts = vocabulary(record.get("vocabulary", {}))
    features = record.get("features")
    if not isinstance(features, list) or not is_texts(features):
        raise ModelFileError("model: expected a list of features")
    fits = len(set(features)) == len(features) and not (features and config.features == "none")
    demand(fits, "model: expected distinct features, and none with features=none")
    characters = vocabulary(record.get("characters", {})) if config.characters else None
    single = characters is None or all(len(character) == 1 for character in characters[0])
    demand(single, "model: expected single characters")
    vectors = _vectors(record["vectors"], config) if "vectors" in record else ([], 0)
    tokens = _token_features(record["token_features"], config) if "token_features" in record else None
    entries = _dictionary(record["dictionary"], config) if "dictionary" in record else None
    return Words(known, counts, features, characters, vectors, tokens, entries)


def _vectors(record: Any, config: NetworkConfig) -> tuple[list[str], int]:
    known, width = (record.get("words"), record.get("width")) if isinstance(record, dict) else (None, None)
    if not isinstance(known, list) or not is_texts(known) or len(set(known)) < len(known):
        raise ModelFileError("vectors: expected a list of distinct words")
    if not isinstance(width, int) or not is_whole(width, 1, WIDEST) or not config.embedding:
        raise ModelFileError(f"vectors: expected a width from 1 to {WIDEST} and an embedding with them")
    return known, width


def _token_features(record: Any, config: NetworkConfig) -> tuple[list[str], list[Scale]]:
    names, numbers = (record.get("names"), record.get("numbers")) if isinstance(record, dict) else (None, None)
    if not isinstance(names, list) or not is_texts(names) or len(set(names)) < len(names):
        raise ModelFileError("token_features: expected distinct names")
    if not isinstance(numbers, list) or len(numbers) > NUMERIC_FEATURES or not all(map(_is_scale, numbers)):
        raise ModelFileError("token_features: expected numbers, each a name, a mean and a standard deviation")
    scales = [Scale(*number) for number in numbers]
    fits = {scale.name for scale in scales} <= set(names) and len({scale.name for scale in scales}) == len(scales)
    demand(fits, "token_features: expected distinct numbers that are among the names")
    demand(config.embedding > 0, "token_features: expected an embedding with them")
    return names, scales


def _dictionary(record: Any, config: NetworkConfig) -> tuple[list[str], list[list[int]]]:
    names, sets = (record.get("names"), record.get("sets")) if isinstance(record, dict) else (None, None)
    if not isinstance(names, list) or not is_texts(names) or len(set(names)) < len(names):
        raise ModelFileError("dictionary: expected distinct names of features")
    if not isinstance(sets, list) or not all(_is_set(one, len(names)) for one in sets):
        raise ModelFileError("dictionary: expected sets of features, each a list of their ascending numbers")
    demand(config.features not in WITHOUT_DICTIONARY, "dictionary: expected features of words with it")
    return names, sets


def _is_set(value: Any, n_names: int) -> bool:
    whole = isinstance(value, list) and all(type(i) is int and 0 <= i < n_names for i in value)
    return whole and all(a < b for a, b in pairwise(value))


def _is_scale(value: Any) -> bool:
    named = isinstance(value, list) and len(value) == 3 and type(value[0]) is str
    return named and is_number(value[1]) and is_number(value[2]) and value[2] > 0
