"""N-gram language model with interpolated Kneser-Ney smoothing (Kneser & Ney 1995; Chen & Goodman 1999).

p(w | u) = max(c(u w) - D, 0) / c(u ·) + D N(u ·) / c(u ·) p(w | u'), where u' is u without its first symbol, N(u ·) the
number of distinct symbols that follow u, and D = n1 / (n1 + 2 n2) for each order. Below the highest order c is the
number of distinct contexts of a sequence, not its frequency. Below order 1 the distribution is uniform.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from elman.errors import ModelFileError
from elman.models.base import Model
from elman.utils.validation import is_texts

ORDERS = {"words": 3, "characters": 6}
Ids = NDArray[np.int32]


class NGrams(Model):
    """N-grams up to ``order`` of K symbols, which are its ``tags``.

    ``grams``  for each order k from 1 a table (M, k + 1) int32 of distinct sequences of k ids and their counts, sorted
    """

    kind = "ngram"

    def __init__(self, tags: Sequence[str], grams: Sequence[Ids]) -> None:
        self._symbols, self.grams, self.order = tuple(tags), tuple(grams), len(grams)
        self._followers: list[dict[tuple[int, ...], dict[int, int]]] = []  # for each order, by context
        self._sums: list[dict[tuple[int, ...], int]] = []
        self._discounts: list[float] = []
        for table in self.grams:
            by_context: dict[tuple[int, ...], dict[int, int]] = {}
            for *context, last, count in table.tolist():
                by_context.setdefault(tuple(context), {})[last] = count
            ones, twos = (int((table[:, -1] == n).sum()) for n in (1, 2))
            self._followers.append(by_context)
            self._sums.append({context: sum(counts.values()) for context, counts in by_context.items()})
            self._discounts.append(min(0.95, max(0.05, ones / max(ones + 2 * twos, 1))))

    @property
    def tag_sets(self) -> tuple[tuple[str, ...], ...]:
        """The symbols, as one column."""
        return (self._symbols,)

    @classmethod
    def of(cls, ids: Ids, tags: Sequence[str], order: int) -> NGrams:
        """Count the n-grams of a text (N,)."""
        grams: list[Ids] = []
        above: Ids | None = None
        for k in range(order, 0, -1):
            rows = np.lib.stride_tricks.sliding_window_view(ids, k) if len(ids) >= k else np.zeros((0, k), np.int32)
            table, counts = np.unique(rows, axis=0, return_counts=True)
            if above is not None and len(above):  # count contexts; the text's first symbols have none
                kinds, contexts = np.unique(above[:, 1:-1], axis=0, return_counts=True)
                table, counts = kinds, contexts
            above = np.concatenate([table, counts[:, None]], axis=1).astype(np.int32)
            grams.append(above)
        return cls(tags, grams[::-1])

    def probability(self, context: Sequence[int], symbol: int) -> float:
        """Return p(symbol | the ids before it)."""
        p = 1 / len(self._symbols)
        for k in range(self.order):
            if k > len(context):
                break
            before = tuple(context[len(context) - k :])
            followers = self._followers[k].get(before)
            if followers is None:
                break
            d, total = self._discounts[k], self._sums[k][before]
            p = (max(followers.get(symbol, 0) - d, 0.0) + d * len(followers) * p) / total
        return p

    def probabilities_after(self, context: Sequence[int]) -> NDArray[np.float64]:
        """Return p (K,) of the symbol that follows these ids."""
        p = np.full(len(self._symbols), 1 / len(self._symbols))
        for k in range(self.order):
            before = tuple(context[len(context) - k :])
            followers = self._followers[k].get(before) if k <= len(context) else None
            if followers is None:
                break
            d = self._discounts[k]
            counts = np.zeros(len(p))
            counts[list(followers)] = np.array(list(followers.values())) - d
            p = (np.maximum(counts, 0) + d * len(followers) * p) / self._sums[k][before]
        return p

    def to_record(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Return configuration and tensors for the model file."""
        return {"tags": list(self.tags), "vocabulary": {"words": list(self.tags)}}, {
            f"grams{k}": table for k, table in enumerate(self.grams, start=1)
        }

    @classmethod
    def from_record(cls, config: Mapping[str, Any], tensors: Mapping[str, NDArray[Any]]) -> Self:
        """Return the inverse of ``to_record``. Raises ModelFileError if the record is malformed."""
        tags, names = config.get("tags"), [f"grams{k}" for k in range(1, len(tensors) + 1)]
        if not (isinstance(tags, list) and tags and is_texts(tags) and len(set(tags)) == len(tags)):
            raise ModelFileError("model: expected a list of distinct symbols")
        if not names or set(names) != tensors.keys():
            raise ModelFileError("model: expected n-grams of each order")
        for k, name in enumerate(names, start=1):
            table = tensors[name]
            if table.dtype != np.int32 or table.ndim != 2 or table.shape[1] != k + 1 or not len(table):
                raise ModelFileError(f"model tensor {name}: expected rows of {k} numbers and a count")
            if table.min() < 0 or table[:, :-1].max() >= len(tags) or table[:, -1].min() < 1:
                raise ModelFileError(f"model tensor {name}: expected ids of known symbols, and counts")
        return cls(tags, [tensors[name] for name in names])
