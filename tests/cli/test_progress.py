"""The numbers beside the progress bar. What a terminal shows is tested with ``elman train``."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from elman.cli.options import size
from elman.cli.progress import clock, numbers, where


@pytest.mark.parametrize(
    ("seconds", "shown"), [(-1, "0 s"), (0.4, "0 s"), (59.4, "59 s"), (59.6, "1:00"), (65, "1:05"), (7384, "2:03:04")]
)
def test_clock(seconds: float, shown: str) -> None:
    assert clock(seconds) == shown


@pytest.mark.parametrize(("dev", "shown"), [(0.875, "dev 87.50 %"), (None, "train 50.00 %")])
def test_numbers(dev: float | None, shown: str) -> None:
    event = SimpleNamespace(
        loss=1.23456,
        train_accuracy=0.5,
        dev_accuracy=dev,
        words_per_second=123456.0,
        rate=0.0029,
        seconds_left=61.0,
        gradient_norm=0.123,
    )
    wide = f"loss 1.235  {shown}  gradient 0.12  123k words/s  rate 0.0029  1:01 left"
    assert numbers(event, wide=True) == wide  # type: ignore[arg-type]
    assert numbers(event) == f"loss 1.235  {shown}  123k words/s  rate 0.0029  1:01 left"  # type: ignore[arg-type]


def test_size() -> None:
    assert (size(1234), size(12_345_678)) == ("1.2 kB", "12.3 MB")


def test_where() -> None:
    event = SimpleNamespace(epoch=2, epochs=5, member=1, members=1, part="")
    assert where(event) == "epoch 2/5"  # type: ignore[arg-type]
    event.members = 3
    assert where(event) == "network 1/3, epoch 2/5"  # type: ignore[arg-type]
    event.part = "logistic regression"
    assert where(event) == "logistic regression, epoch 2/5"  # type: ignore[arg-type]
