"""The bar of a training counts the epochs of all networks and ends with the last one."""

from __future__ import annotations

import sys

import pytest

import elman

TRAIN = [[("the", "DET"), ("dog", "NOUN")], [("a", "DET"), ("cat", "NOUN")]] * 4
SMALL = {"hidden": 2, "embedding": 2, "epochs": 3, "batch": 2}


def test_without_tqdm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    with pytest.raises(elman.MissingExtraError, match=r"the package tqdm: pip install '.\[notebook\]'"):
        elman.ProgressBar()


@pytest.mark.parametrize("networks", [1, 2])
def test_a_training(networks: int, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("tqdm", reason="tqdm is not installed: make test-integrations has it")
    bar = elman.ProgressBar()
    settings = SMALL | {"ensemble": networks}
    elman.train(TRAIN, TRAIN, settings=settings, threads=1, on_progress=bar, on_warning=lambda line: None)
    shown = capsys.readouterr().err
    epochs = 3 * networks
    assert f"training: 100%|██████████| {epochs}" in shown and f"/{epochs} [" in shown
    assert "loss=" in shown and "dev=" in shown and shown.endswith("\n")
    bar.close()


def test_a_linear_model_before_the_network(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("tqdm", reason="tqdm is not installed: make test-integrations has it")
    texts = [("good film", "pos"), ("bad film", "neg")] * 4
    settings = SMALL | {"ensemble": 1}
    elman.train(texts, texts, settings=settings, on_progress=elman.ProgressBar(), on_warning=lambda line: None)
    assert capsys.readouterr().err.count("100%") >= 1
