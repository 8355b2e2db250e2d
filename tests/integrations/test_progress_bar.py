"""The bar of a training counts the epochs of all networks and ends with the last one."""

from __future__ import annotations

from dataclasses import replace

import pytest

import elman
from elman.training.progress import Progress

TRAIN = [[("the", "DET"), ("dog", "NOUN")], [("a", "DET"), ("cat", "NOUN")]] * 4
SMALL = {"hidden": 2, "embedding": 2, "epochs": 3, "batch": 2}


@pytest.mark.parametrize("networks", [1, 2])
def test_a_training(networks: int, capsys: pytest.CaptureFixture[str]) -> None:
    bar = elman.ProgressBar()
    settings = SMALL | {"ensemble": networks}
    elman.train(TRAIN, TRAIN, settings=settings, threads=1, on_progress=bar, on_warning=lambda line: None)
    shown = capsys.readouterr().err
    epochs = 3 * networks
    assert f"training: 100%|██████████| {epochs}" in shown and f"/{epochs} [" in shown
    assert "loss=" in shown and "dev=" in shown and shown.endswith("\n")
    bar.close()


def test_a_linear_model_before_the_network(capsys: pytest.CaptureFixture[str]) -> None:
    texts = [("good film", "pos"), ("bad film", "neg")] * 4
    settings = SMALL | {"ensemble": 1}
    elman.train(texts, texts, settings=settings, on_progress=elman.ProgressBar(), on_warning=lambda line: None)
    assert capsys.readouterr().err.count("100%") >= 1


def test_a_last_step_that_is_reported_before_the_end_of_its_epoch(capsys: pytest.CaptureFixture[str]) -> None:
    """As on a slow machine: it ends no bar, so that no second one begins."""
    events: list[Progress] = []
    settings = SMALL | {"ensemble": 1}
    elman.train(TRAIN, TRAIN, settings=settings, on_progress=events.append, on_warning=lambda line: None)
    bar = elman.ProgressBar()
    bar(replace(events[-1], is_epoch_end=False))
    bar(events[-1])
    assert capsys.readouterr().err.count("| 0/3 [") == 1
