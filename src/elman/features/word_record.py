"""Checking the record of a lexicon before anything is made of it, without NumPy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from elman.errors import ModelFileError
from elman.nn.shapes import WIDEST
from elman.utils.validation import demand, is_texts, is_whole, vocabulary

if TYPE_CHECKING:
    from elman.config import NetworkConfig


class Words(NamedTuple):
    """The contents of a lexicon: see ``elman.features.lexicon``."""

    words: list[str]
    counts: list[int]
    features: list[str]
    characters: tuple[list[str], list[int]] | None
    vectors: tuple[list[str], int]


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
    return Words(known, counts, features, characters, vectors)


def _vectors(record: Any, config: NetworkConfig) -> tuple[list[str], int]:
    known, width = (record.get("words"), record.get("width")) if isinstance(record, dict) else (None, None)
    if not isinstance(known, list) or not is_texts(known) or len(set(known)) < len(known):
        raise ModelFileError("vectors: expected a list of distinct words")
    if not isinstance(width, int) or not is_whole(width, 1, WIDEST) or not config.embedding:
        raise ModelFileError(f"vectors: expected a width from 1 to {WIDEST} and an embedding with them")
    return known, width
