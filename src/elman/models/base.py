"""What every model is to the tagger, whatever is inside: HMM, most frequent tag, recurrent network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Model(Protocol):
    """A trained model. T words of a sentence, K tags. Safe to use from several threads at once."""

    kind: str
    """``hmm``, ``frequent``, ``linear`` or ``rnn``: what stands in the model file."""
    tags: tuple[str, ...]
    """The tag set; ids are positions in it."""

    def best(self, sentences: Sequence[Sequence[str]]) -> list[NDArray[np.int32]]:
        """For each sentence the (T,) ids of its best tags."""
        ...

    def probabilities(self, sentences: Sequence[Sequence[str]]) -> list[NDArray[np.float64]]:
        """For each sentence the (T, K) probabilities; rows sum to 1."""
        ...

    def best_and_confidences(
        self, sentences: Sequence[Sequence[str]]
    ) -> list[tuple[NDArray[np.int32], NDArray[np.float64]]]:
        """For each sentence the best ids and the (T,) probabilities of these, from one pass where there are passes."""
        ...

    def known(self, word: str) -> bool:
        """Whether the word stood in the training data."""
        ...

    def to_record(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Configuration (JSON values) and tensors: all that the model file holds of it."""
        ...

    @classmethod
    def from_record(cls, config: Mapping[str, Any], tensors: Mapping[str, NDArray[Any]]) -> Model:
        """The inverse of ``to_record``. Raises ModelFileError for records that do not fit together."""
        ...


class ColumnsModel(Model, Protocol):
    """A model of one or several label columns. ``tags``, ``best`` and the others of ``Model`` are of the first."""

    @property
    def tag_sets(self) -> tuple[tuple[str, ...], ...]:
        """The tag set of each column."""
        ...

    def best_columns(self, sentences: Sequence[Sequence[str]]) -> list[list[NDArray[np.int32]]]:
        """For each column what ``best`` is for the first, from one pass."""
        ...

    def best_and_confidences_columns(
        self, sentences: Sequence[Sequence[str]]
    ) -> list[list[tuple[NDArray[np.int32], NDArray[np.float64]]]]:
        """For each column what ``best_and_confidences`` is for the first, from one pass."""
        ...

    def probabilities(self, sentences: Sequence[Sequence[str]], column: int = 0) -> list[NDArray[np.float64]]:
        """For each sentence the (T, K) probabilities of a column's tags."""
        ...


CHUNK = 5120  # words tagged in one pass: a batch of the tagger with its last sentence, most often
