"""The learning-rate finder on losses whose shape is known, and on words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import elman
from elman.config import TrainingConfig
from elman.errors import ConfigError
from elman.training import lr_finder as rate_finder
from elman.training.lr_finder import HIGHEST, LOWEST, STEPS, RateTrial, find
from elman.training.optimizers import Gradients
from elman.training.task import Items, LossTotals, StepKey

Array = np.ndarray[Any, Any]
SGD = TrainingConfig(batch=4, shards=2, optimizer="sgd", grad_clip=0)


class Bowl(Items):
    """Loss ½·c·w²: plain SGD falls fastest at a rate of 1/c and is lost from 2/c on."""

    def __init__(self, curvature: float, start: float = 1.0) -> None:
        self.curvature = curvature
        self.parameters = {"w": np.full(1, start, np.float32)}
        self.lengths = np.ones(20, np.int64)

    def gradients(self, items: Array, words: int, place: StepKey) -> tuple[LossTotals, Gradients]:
        w, share = self.parameters["w"].astype(np.float64), len(items) / words
        loss = 0.5 * self.curvature * float(w @ w) * len(items)
        return LossTotals(loss, len(items), 0), {"w": (self.curvature * w * share).astype(np.float32)}

    def online(self, items: Array, rates: Array, place: StepKey) -> LossTotals | None:
        return None

    def score(self) -> float | None:
        raise AssertionError("nothing is scored")


@pytest.mark.parametrize("curvature", [1.0, 10.0, 100.0])
def test_it_lies_below_where_the_loss_is_lost(curvature: float) -> None:
    trial = find(Bowl(curvature), SGD, seed=1, threads=1)
    assert 0.01 / curvature < trial.rate < 1 / curvature
    assert trial.rate == float(f"{trial.rate:.2g}")
    assert repr(trial).startswith(f"<RateTrial: rate {trial.rate:g}, from ") and "\n" not in repr(trial)
    assert len(trial.rates) == len(trial.losses)


class HighAtFirst(Bowl):
    """The first minibatches have a much larger loss, by chance."""

    steps = 0

    def gradients(self, items: Array, words: int, place: StepKey) -> tuple[LossTotals, Gradients]:
        totals, gradients = super().gradients(items, words, place)
        self.steps += 1
        return LossTotals(totals.loss + (3.0 * len(items) if self.steps < 5 else 0.0), len(items), 0), gradients


def test_losses_of_the_first_steps_do_not_decide() -> None:
    trial = find(HighAtFirst(1.0), SGD, seed=1, threads=1)
    assert trial.losses[0] - trial.losses[40] > max(trial.losses[30:]) - min(trial.losses[30:])  # the largest fall
    assert 0.01 < trial.rate < 1


def test_rates_rise_by_a_constant_factor_and_end_where_the_loss_is_lost() -> None:
    whole, lost = find(Bowl(0.1), SGD, seed=1, threads=1), find(Bowl(1000), SGD, seed=1, threads=1)
    np.testing.assert_allclose(whole.rates, np.geomspace(LOWEST, HIGHEST, STEPS))
    assert lost.rates == whole.rates[: len(lost.rates)]
    assert lost.rates[-1] < 1
    assert lost.losses[-1] > rate_finder.LOST * min(lost.losses)


@pytest.mark.parametrize("start", [0.0, float("nan")])
def test_a_loss_that_never_falls(start: float) -> None:
    with pytest.raises(ConfigError, match="^the loss falls at no learning rate from 1e-05 to 10"):
        find(Bowl(1.0, start), SGD, seed=1, threads=1)


def test_the_table() -> None:
    trial = RateTrial(tuple(range(100)), tuple(range(100, 200)), 1.0)
    assert trial.table(4) == [(0, 100), (33, 133), (66, 166), (99, 199)]
    assert len(trial.table()) == 12


SENTENCES = [
    [("the", "D"), ("dog", "N"), ("barks", "V")],
    [("a", "D"), ("cat", "N"), ("sleeps", "V"), (".", "P")],
    [("cats", "N"), ("sleep", "V")],
    [("the", "D"), ("old", "A"), ("cat", "N")],
] * 5


@pytest.mark.parametrize("preset", ["default", "tutorial"])
def test_words(preset: str) -> None:
    settings = {"hidden": 8}
    trial = elman.find_rate(SENTENCES, preset=preset, settings=settings, threads=1)
    assert trial == elman.find_rate(SENTENCES, preset=preset, settings=settings, threads=2)
    assert trial != elman.find_rate(SENTENCES, preset=preset, settings=settings, seed=2)
    assert 1e-4 < trial.rate < 5
    assert trial.losses[0] == pytest.approx(np.log(5), abs=1)  # of 5 tags


def test_with_vectors(tmp_path: Any) -> None:
    vectors = tmp_path / "vectors.txt"
    vectors.write_text("the 1 2\ncat 3 4\n", encoding="utf-8")
    settings = {"hidden": 8}
    assert elman.find_rate(SENTENCES, settings=settings, vectors=vectors) != elman.find_rate(
        SENTENCES, settings=settings
    )
