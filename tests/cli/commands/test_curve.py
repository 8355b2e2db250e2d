"""``elman curve``."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from elman import cli

Run = Callable[..., subprocess.CompletedProcess[bytes]]
Refused = Callable[..., str]


@pytest.fixture
def many(train_file: Path) -> Path:
    train_file.write_text(train_file.read_text(encoding="utf-8") * 4, encoding="utf-8")
    return train_file


def test_table_and_forecast(run: Run, many: Path, dev_file: Path, tmp_path: Path) -> None:
    result = run("curve", many, "--dev", dev_file, "--model", "hmm", "--points", 3, "--plot", tmp_path / "c.svg")
    assert result.returncode == 0, result.stderr.decode()
    lines = result.stdout.decode().splitlines()
    assert lines[0] == "sentences      words  accuracy  lowest and highest of 3 seeds"
    assert [line.split()[0] for line in lines[1:4]] == ["6", "12", "24"]
    assert re.fullmatch(
        r"twice the labels \(48 sentences\) would give about \+\d+\.\d \(from .+ to .+\): \d+\.\d %", lines[5]
    )
    assert lines[6].startswith("four times the labels (96 sentences) would give about ")
    assert max(map(len, lines)) <= 90
    assert (tmp_path / "c.svg").read_bytes().startswith(b"<?xml")


def test_json_of_a_network_with_one_seed(run: Run, many: Path) -> None:
    settings = [part for key in ("hidden=4", "epochs=1", "ensemble=1") for part in ("--set", key)]
    arguments = ["curve", many, "--dev", "25%", "--points", 3, "--seeds", 1, *settings]
    found = json.loads(run(*arguments, "--json").stdout)
    assert [point["sentences"] for point in found["points"]] == [4, 9, 18]
    assert all(point["deviation"] is None and len(point["accuracies"]) == 1 for point in found["points"])
    assert found.keys() == {"points", "law", "forecasts"}
    assert [ahead["times"] for ahead in found["forecasts"]] == [2, 4]
    text = run(*arguments).stdout.decode()
    assert text.splitlines()[0] == "sentences      words  accuracy"


def test_refused(refused: Refused, train_file: Path, dev_file: Path, tmp_path: Path) -> None:
    usual = ("curve", train_file, "--dev", dev_file)
    assert "5 points need 32 training sentences, got 6" in refused(*usual)
    assert "3<=x<=30" in refused(*usual, "--points", 2)
    assert "KEY=VALUE" in refused(*usual, "--set", "hidden")
    assert "no setting 'hiden'" in refused(*usual, "--set", "hiden=3")
    assert "no such file" in refused("curve", tmp_path / "no", "--dev", dev_file).lower()
    assert ".png or .svg" in refused(*usual, "--plot", tmp_path / "a")
    assert "--dev" in refused("curve", train_file)


def test_at_a_terminal_it_says_which_training_it_is(
    many: Path, dev_file: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    said: list[str] = []

    monkeypatch.setattr("elman.cli.bar.Bar.show", lambda self, line, at_once: said.append(line))
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    arguments = ["curve", str(many), "--dev", str(dev_file), "--model", "frequent", "--points", "3", "--seeds", "1"]
    assert cli.run(arguments) == 0
    assert said[0] == "training 1 of 3: 6 of 24 sentences, seed 1" and len(said) == 3
