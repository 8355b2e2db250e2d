"""A made-up task for the trainer, and an update rule that writes down what it is asked for."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from elman.nn.layers import SparseRows
from elman.training import optimizers
from elman.training.optimizers import Gradients
from elman.training.task import Items, LossTotals, StepKey
from elman.utils import seeding

Array = np.ndarray[Any, Any]


class Task(Items):
    """Gradients that hang on the items, the parameters and the draws of their place; scores by a script."""

    def __init__(self, scores: Sequence[float] | None = None, items: int = 22, fused: bool = False) -> None:
        self.parameters = {"w": np.ones(3, np.float32), "table": np.ones((5, 2), np.float32)}
        self.lengths = np.arange(items, dtype=np.int64) % 7 + 1
        self.scores, self.fused = scores, fused
        self.calls: list[tuple[StepKey, list[int], int]] = []
        self.online_calls: list[tuple[StepKey, list[int], list[float]]] = []
        self.seen: list[dict[str, Array]] = []  # the parameters when score was called

    def gradients(self, items: Array, words: int, place: StepKey) -> tuple[LossTotals, Gradients]:
        self.calls.append((place, items.tolist(), words))
        time.sleep(0.001 * (place.part == 0))  # so that other shards are done before the first
        draws = place.stream(seeding.DROPOUT).standard_normal(3).astype(np.float32)
        ids, counts = np.unique(items % 5, return_counts=True)
        dw = np.tanh(self.parameters["w"]) * np.float32(len(items)) + draws
        dtable = self.parameters["table"][ids] * counts[:, None].astype(np.float32) + draws[:2]
        n = int(self.lengths[items].sum())
        return LossTotals(2.0 * n, n, len(items)), {"w": dw, "table": SparseRows(ids.astype(np.int32), dtable)}

    def online(self, batches: Sequence[Array], rates: Array, place: StepKey) -> LossTotals | None:
        items = np.concatenate(batches)
        self.online_calls.append((place, items.tolist(), rates.tolist()))
        if not self.fused:
            return None
        n = int(self.lengths[items].sum())
        return LossTotals(2.0 * n, n, len(items))

    def score(self) -> float | None:
        self.seen.append({name: w.copy() for name, w in self.parameters.items()})
        return None if self.scores is None else self.scores[len(self.seen) - 1]


class Recorder:
    """An update rule that writes down what it is asked for."""

    def __init__(self) -> None:
        self.rates: list[float] = []
        self.norms: list[float] = []
        self.settled = 0

    def update(self, parameters: dict[str, Array], gradients: Gradients, rate: float) -> None:
        self.rates.append(rate)
        self.norms.append(optimizers.clip(gradients, 0.0))
        parameters["w"] += np.float32(1)

    def flush(self, parameters: dict[str, Array]) -> None:
        self.settled += 1


def same(one: dict[str, Array], other: dict[str, Array]) -> bool:
    return all(np.array_equal(w, other[name]) for name, w in one.items())
