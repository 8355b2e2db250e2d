"""When a training is said to explode or to have stopped learning, and what is said."""

from __future__ import annotations

from typing import Any

import pytest

from elman.training.monitor import Monitor
from elman.training.progress import Progress


def event(epoch: int, loss: float, **given: Any) -> Progress:
    usual: dict[str, Any] = {
        "epochs": 9, "step": 5, "steps": 5, "train_accuracy": 0.5, "dev_accuracy": None, "rate": 0.03,
        "words_per_second": 1.0, "seconds": 1.0, "seconds_left": 1.0, "gradient_norm": 1.0, "mean_gradient_norm": 1.0,
        "largest_gradient_norm": 8.5, "clipped": 0.0, "saturated": 0.1, "dead": 0.0, "is_epoch_end": True,
    }  # fmt: skip
    return Progress(**{**usual, "epoch": epoch, "loss": loss, **given})


def said(losses: list[float], **given: Any) -> list[str]:
    watch = Monitor()
    found = (watch(event(epoch, loss, **given)) for epoch, loss in enumerate(losses, start=1))
    return [warning for warning in found if warning is not None]


def test_nothing_is_said_of_a_run_that_learns() -> None:
    assert said([2.0, 1.5, 1.2, 1.1, 1.05, 1.0]) == []
    assert said([2.0, 0.2, 0.5, 0.2]) == []  # restless, and far below where it began


def test_a_run_that_explodes() -> None:
    (line,) = said([1.0, 0.4, 0.9, 1.8])
    assert line == (
        "epoch 3: the loss has risen from 0.4 to 0.9 (largest gradient norm 8.5, 0 % clipped): "
        "try a smaller learning_rate=0.01, or grad_clip=1"
    )
    (line,) = said([1.0, 0.4, 0.9], clipped=0.25)
    assert line.endswith("25 % clipped): try a smaller learning_rate=0.01")
    (line,) = said([1.0, 0.4, 0.9], largest_gradient_norm=None, clipped=None)
    assert line == "epoch 3: the loss has risen from 0.4 to 0.9: try a smaller learning_rate=0.01, or grad_clip=1"


def test_a_loss_of_nothing_has_not_risen() -> None:
    assert said([0.0, 0.0, 0.0, 0.0, 0.0], train_accuracy=1.0) == []
    assert said([0.0, 0.0, 0.0], train_accuracy=0.0) == []  # of numbers that are all the same
    assert said([1e-9, 1e-12, 3e-9], train_accuracy=1.0) == []
    assert said([0.0, float("nan")], train_accuracy=0.0) != []


def test_units_that_are_driven_to_their_ends() -> None:
    start = "epoch 1: 98 % of the units are saturated, the steps are too large"
    line = start + ": try learning_rate=0.01{}, or elman find-lr"
    assert said([3.0, 2.0], saturated=0.98) == [line.format(" and grad_clip=1")]
    assert said([3.0, 2.0], saturated=0.98, clipped=0.5) == [line.format("")]
    assert said([3.0, 2.0], saturated=0.98, train_accuracy=0.95) == []


STILL = "epoch 4: the loss has not fallen for 3 epochs (1)"


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({}, f"{STILL}: try another learning_rate (elman find-lr) or a larger hidden=; patience=3 ends such a run"),
        (
            {"saturated": 0.75},
            f"{STILL} and 75 % of the units are saturated: try a smaller learning_rate=0.01, or grad_clip=1",
        ),
        ({"dead": 0.6}, f"{STILL} and 60 % of the units are dead: try another learning_rate (elman find-lr)"),
        (
            {"saturated": None, "dead": None, "mean_gradient_norm": None},
            f"{STILL}: try another learning_rate (elman find-lr) or a larger hidden=; patience=3 ends such a run",
        ),
    ],
)
def test_a_run_that_stands_still(given: dict[str, Any], line: str) -> None:
    assert said([1.0, 1.0, 0.999, 1.0, 1.0, 1.0], **given) == [line]


def test_gradients_that_vanish() -> None:
    watch = Monitor()
    norms = [1.0, 0.1, 0.01, 0.0001]
    found = [watch(event(i, 1.0, mean_gradient_norm=norm)) for i, norm in enumerate(norms, start=1)]
    assert found == [None] * 3 + [f"{STILL} and the gradients have vanished: try a larger learning_rate, or cell=lstm"]


@pytest.mark.parametrize("given", [{"train_accuracy": 0.995}, {"train_accuracy": 0.0}, {"rate": 0.0}])
def test_standing_still_is_not_always_wrong(given: dict[str, Any]) -> None:
    watch = Monitor()
    assert all(watch(event(epoch, 1.0)) is None for epoch in range(1, 4))
    assert watch(event(4, 1.0, **given)) is None
