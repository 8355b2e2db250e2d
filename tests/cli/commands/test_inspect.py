"""``elman inspect`` and ``elman info``."""

from __future__ import annotations

import hashlib
import json
import platform
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from elman.models import file as model_file

Run = Callable[..., subprocess.CompletedProcess[bytes]]
Refused = Callable[..., str]


def test_inspect(run: Run, model: Path) -> None:
    text = run("inspect", model).stdout.decode()
    assert max(map(len, text.splitlines()[2:])) <= 80
    assert "frequent, most frequent tag of each word" in text
    assert "6 sentences, 26 words; dev: 2 sentences," in text
    assert "ADJ ADP DET NOUN PUNCT VERB" in text


def test_inspect_json(run: Run, model: Path) -> None:
    facts = json.loads(run("inspect", model, "--json").stdout)
    assert facts["sha256"] == hashlib.sha256(model.read_bytes()).hexdigest()
    assert facts["bytes"] == model.stat().st_size
    assert facts["tags"] == ["ADJ", "ADP", "DET", "NOUN", "PUNCT", "VERB"]
    assert (facts["kind"], facts["data"]["sentences"]) == ("frequent", 6)


def test_inspect_a_network(run: Run, train_file: Path, tmp_path: Path) -> None:
    arguments = ["--dev", "50%", "--set", "hidden=24", "--set", "epochs=2", "--seed", "7"]
    assert run("train", train_file, "-o", tmp_path / "m", *arguments).returncode == 0
    text = " ".join(run("inspect", tmp_path / "m").stdout.decode().split())
    for expected in (
        "rnn, recurrent network",
        "seed 7, 2 epochs",
        "best on dev after epoch",
        "hidden=24",
        "every 2nd sentence",
        ", fitted on dev",
        " kB)",
    ):
        assert expected in text


def test_inspect_a_network_that_was_stopped_in_its_first_epoch(run: Run, train_file: Path, tmp_path: Path) -> None:
    assert run("train", train_file, "-o", tmp_path / "m", "--preset", "fast", "--set", "epochs=1").returncode == 0
    record, tensors = model_file.load(tmp_path / "m")
    nothing = {"losses": [], "train_accuracies": [], "dev_accuracies": []}
    record["model"]["training"] |= {"epochs": 0, "best_epoch": 0, "interrupted": True, **nothing}
    model_file.save(tmp_path / "m", record, tensors)
    assert "seed 1, no whole epoch; stopped before its end" in " ".join(
        run("inspect", tmp_path / "m").stdout.decode().split()
    )


@pytest.mark.parametrize("kind", ["rnn", "ngram"])
def test_inspect_a_language_model(run: Run, tmp_path: Path, kind: str) -> None:
    (tmp_path / "t.txt").write_text("the dog barks\na dog sleeps\n" * 30, encoding="utf-8")
    how = ["--set", "hidden=8", "--set", "epochs=1"] if kind == "rnn" else ["--model", "ngram"]
    assert run("train", tmp_path / "t.txt", "-o", tmp_path / "m", "--task", "lm", "--dev", "20%", *how).returncode == 0
    text = run("inspect", tmp_path / "m").stdout.decode()
    assert ("counted n-grams of symbols" in text) is (kind == "ngram")
    assert (", perplexity " in text) is (kind == "rnn") and "accuracy 0" not in text


def test_inspect_what_is_no_model(refused: Refused, train_file: Path, tmp_path: Path) -> None:
    assert str(train_file) in refused("inspect", train_file)
    assert str(tmp_path) in refused("inspect", tmp_path)


def test_info(run: Run, environment: dict[str, str]) -> None:
    text = run("info").stdout.decode()
    assert f"Python           {platform.python_version()}" in text
    forced = run("info", env=environment | {"ELMAN_KERNELS": "reference"}).stdout.decode()
    assert "kernels          reference: chosen by ELMAN_KERNELS" in forced
    facts = json.loads(run("info", "--json").stdout)
    assert facts["kernels"]["backend"] in ("native", "reference")
    assert facts["threads"] >= 1


@pytest.mark.parametrize("name", ["ELMAN_KERNELS", "ELMAN_ISA"])
def test_info_of_kernels_that_are_not_there(refused: Refused, environment: dict[str, str], name: str) -> None:
    assert name in refused("info", env=environment | {name: "abacus"})
