"""The schedule: shares of a run, plans that change, the rate."""

from __future__ import annotations

import math

import numpy as np
import pytest

from elman.config import TrainingConfig
from elman.training.schedule import Schedule


def rates(steps: int = 8, **settings: object) -> list[float]:
    schedule = Schedule(TrainingConfig(learning_rate=0.4, **settings))  # type: ignore[arg-type]
    return [schedule.rate(done) for done in np.linspace(0, 1, steps + 1).tolist()]


def test_decay() -> None:
    assert rates(decay="none") == [0.4] * 9
    np.testing.assert_allclose(rates(decay="linear"), np.linspace(0.4, 0, 9))
    cosine = [0.2 * (1 + math.cos(math.pi * i / 8)) for i in range(9)]  # Loshchilov & Hutter 2017, equation 5
    np.testing.assert_allclose(rates(decay="cosine"), cosine, atol=1e-15)


def test_warmup() -> None:
    up = [0, 0.2, 0.4]
    np.testing.assert_allclose(rates(warmup=0.25, decay="none"), up + [0.4] * 6)
    np.testing.assert_allclose(rates(warmup=0.25, decay="linear"), up + np.linspace(0.4, 0, 7)[1:].tolist())
    cosine = [0.2 * (1 + math.cos(math.pi * i / 6)) for i in range(1, 7)]
    np.testing.assert_allclose(rates(warmup=0.25, decay="cosine"), up + cosine, atol=1e-15)


def test_shares_of_a_run() -> None:
    schedule = Schedule(TrainingConfig(epochs=4))
    assert [schedule.epochs(epoch) for epoch in (1, 4, 5)] == [4, 4, 4]
    assert [schedule.done(epoch, share) for epoch, share in ((1, 0), (1, 0.5), (3, 0), (4, 1))] == [0, 0.125, 0.5, 1]


def test_what_is_left_is_shared_out_anew() -> None:
    schedule = Schedule(TrainingConfig(epochs=12))
    schedule.replan(4, 6)
    schedule.replan(6, 9)
    assert [schedule.epochs(epoch) for epoch in (1, 3, 4, 5, 6, 9)] == [12, 12, 6, 6, 9, 9]
    ends = [3 / 12, 3 / 12 + 1 / 4, 3 / 12 + 2 / 4]  # of 3, 4 and 5: three quarters are left for 4, 5 and 6
    assert [schedule.done(epoch, 1.0) for epoch in (3, 4, 5)] == ends
    assert [schedule.done(epoch, 0.0) for epoch in (4, 5, 6)] == ends
    assert [schedule.done(epoch, 1.0) for epoch in (6, 7, 8, 9)] == pytest.approx([13 / 16, 14 / 16, 15 / 16, 1])
