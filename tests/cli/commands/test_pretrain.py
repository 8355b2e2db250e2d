"""``elman pretrain``, and ``elman train --from``."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[bytes]]
Refused = Callable[..., str]
SMALL = [item for key in ("hidden=4", "embedding=4", "epochs=2") for item in ("--set", key)]


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    path = tmp_path / "raw.txt"
    path.write_text("The dog barks. A cat sleeps!\nthe dog barks, the cat sleeps.\n" * 20, encoding="utf-8")
    return path


def test_a_base_and_a_tagger_that_begins_with_it(run: Run, raw: Path, train_file: Path, tmp_path: Path) -> None:
    base, log = tmp_path / "base.model", tmp_path / "log.jsonl"
    result = run("pretrain", raw, "--like", train_file, "-o", base, *SMALL, "--log", log)
    assert result.returncode == 0, result.stderr
    said = result.stdout.decode()
    assert said.startswith("pretrained on  ") and "320 words, 40 sentences" in said
    assert f"elman train TRAIN --dev DEV --from {base} -o MODEL" in said
    assert f"raw text is cut into words as in {train_file}: " in result.stderr.decode()
    assert len(log.read_text(encoding="utf-8").splitlines()) == 2
    facts = json.loads(run("inspect", base, "--json").stdout)
    assert facts["task"] == "pretrain" and facts["settings"]["training"]["epochs"] == 2
    assert "fills in" in run("inspect", base).stdout.decode()
    again = tmp_path / "again.model"
    assert run("pretrain", raw, "--like", train_file, "-o", again, *SMALL, "--threads", "3").returncode == 0
    assert again.read_bytes() == base.read_bytes()

    how = ("--from", base, "-o", tmp_path / "m", "--set", "epochs=2")
    result = run("train", train_file, *how)
    assert result.returncode == 0, result.stderr
    assert f"{base}: begins with this base, which knows " in result.stderr.decode()
    assert run("tag", tmp_path / "m", stdin=b"the dog\n").returncode == 0


def test_a_stopped_run_goes_on(run: Run, raw: Path, tmp_path: Path) -> None:
    whole, kept = tmp_path / "whole.model", tmp_path / "run.checkpoint"
    assert run("pretrain", raw, "-o", whole, *SMALL).returncode == 0
    assert run("pretrain", raw, "-o", tmp_path / "m", *SMALL, "--checkpoint", kept, "--every", "0s").returncode == 0
    assert not kept.exists()
    assert (tmp_path / "m").read_bytes() == whole.read_bytes()


def test_a_base_predicts_nothing(run: Run, refused: Refused, raw: Path, train_file: Path, tmp_path: Path) -> None:
    base = tmp_path / "base.model"
    assert run("pretrain", raw, "-o", base, *SMALL).returncode == 0
    for command in (
        ["tag", base, raw],
        ["evaluate", base, train_file],
        ["states", base, train_file, "--sentence", "1"],
    ):
        assert "a base model, which predicts nothing; elman train --from" in refused(*command)
    message = refused("train", train_file, "--from", base, "-o", tmp_path / "m", "--set", "hidden=5")
    assert f"hidden: the base {base} has 4, got 5; leave it out" in message
    message = refused("train", train_file, "--from", train_file, "-o", tmp_path / "m")
    assert "not a model file" in message
    assert "'RAW...'" in refused("pretrain", "-o", base)
    assert "dev" not in run("pretrain", "--help").stdout.decode().split()
