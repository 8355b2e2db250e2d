"""The inputs of an exported model, from lists of words. Needs NumPy alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.errors import DataError
from elman.taggers.batches import refuse_text, text_of, words_of


def onnx_inputs(sentences: Iterable[str | Sequence[str]]) -> dict[str, NDArray[Any]]:
    """Return the inputs of an exported model for sentences, each a list of words, or texts.

    words (N,)             the words of all sentences, one after another
    characters (N, C)      their code points, 0 behind a word's last
    word_lengths (N,)      the number of code points of each word
    sentence_lengths (S,)  the number of words of each sentence

    Raises DataError for anything but sentences of words.
    """
    refuse_text(sentences)
    rows = [text_of(one) if isinstance(one, str) else words_of(one) for one in sentences]
    words = [word for row in rows for word in row]
    if not words:
        raise DataError("onnx: expected a sentence with a word in it, got none")
    lengths = np.array([len(word) for word in words], np.int32)
    characters = np.zeros((len(words), max(1, int(lengths.max()))), np.int32)
    codes = np.frombuffer("".join(words).encode("utf-32-le", "surrogatepass"), "<u4").astype(np.int32)
    characters[np.arange(characters.shape[1]) < lengths[:, None]] = codes
    return {
        "words": np.array(words, object),
        "characters": characters,
        "word_lengths": lengths,
        "sentence_lengths": np.array([len(row) for row in rows], np.int32),
    }
