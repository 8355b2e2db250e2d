"""``elman search``."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import elman
from elman import cli

Run = Callable[..., subprocess.CompletedProcess[bytes]]
Refused = Callable[..., str]

TINY = {"hidden": 4, "epochs": 9, "ensemble": 1, "embedding": 4, "feature_embedding": 4}
SETTINGS = [part for name, value in TINY.items() for part in ("--set", f"{name}={value}")]


@pytest.fixture
def many(train_file: Path) -> Path:
    train_file.write_text(train_file.read_text(encoding="utf-8") * 4, encoding="utf-8")
    return train_file


def without_times(path: Path) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [{name: value for name, value in line.items() if "seconds" not in name} for line in lines]


def test_table_model_results_and_plot(run: Run, many: Path, dev_file: Path, tmp_path: Path) -> None:
    outputs = ("-o", tmp_path / "my.model", "--results", tmp_path / "r.jsonl", "--plot", tmp_path / "s.svg")
    result = run("search", many, "--dev", dev_file, "--trials", 6, *SETTINGS, *outputs)
    assert result.returncode == 0, result.stderr.decode()
    lines = result.stdout.decode().splitlines()
    assert lines[0] == "trial  epochs  dev accuracy  seconds  settings that differ from trial 1"
    best = re.fullmatch(r"best: trial (\d+), (.+ %); trial 1, the settings to start from, has .+ %", lines[-7])
    assert best is not None and any(line.split()[:4] == [best[1], "9", *best[2].split()] for line in lines)
    assert any(re.fullmatch(r" +1 +9 +\d+\.\d\d % +\d+\.\d  none", line) for line in lines)
    assert "dropped after 1/9 of the epochs, with one network:" in lines
    assert max(map(len, lines[:-5])) <= 80
    assert lines[-5].startswith("trained on    24 sentences") and lines[-4].startswith(f"dev accuracy  {best[2]}")
    assert elman.load(tmp_path / "my.model").describe()["settings"]["training"]["epochs"] == 9
    assert (tmp_path / "s.svg").read_bytes().startswith(b"<?xml")
    stored = without_times(tmp_path / "r.jsonl")
    assert [line["trial"] for line in stored[1:4]] == [1, 2, 3] and stored[0]["settings"]["hidden"] == "4"


def test_the_model_is_that_of_elman_train(run: Run, many: Path, tmp_path: Path) -> None:
    one, other = tmp_path / "one.model", tmp_path / "other.model"
    assert run("search", many, "--trials", 1, *SETTINGS, "-o", one).returncode == 0
    assert run("train", many, "--dev", "10%", "--model", "rnn", *SETTINGS, "-o", other).returncode == 0
    assert one.read_bytes() == other.read_bytes()


def test_a_space_file_and_failed_trials(run: Run, tmp_path: Path) -> None:
    texts, space = tmp_path / "t.txt", tmp_path / "s.toml"
    texts.write_text("pos\tgood film\nneg\tbad film\n" * 5, encoding="utf-8")
    space.write_text("base.epochs = 1\nbase.hidden = 2\npooling = ['none', 'max']\ntext_ngrams = ['none', 'words']\n")
    result = run("search", texts, "--dev", "20%", "--space", space, "--method", "random")
    assert result.returncode == 0, result.stderr.decode()
    text = " ".join(result.stdout.decode().split())
    assert "failed" in text and "pooling=none text_ngrams=none: pooling=none and text_ngrams=none: a document" in text
    assert "of the epochs" not in text


def test_refused(refused: Refused, train_file: Path, dev_file: Path, tmp_path: Path) -> None:
    usual = ("search", train_file, "--dev", dev_file)
    space = tmp_path / "s.toml"
    space.write_text("dropout = [0.1]\nhiden = [8]\n", encoding="utf-8")
    assert refused(*usual, "--space", space) == f"elman: {space}:2: no setting 'hiden': did you mean hidden?\n"
    space.write_bytes(b"\xff")
    assert "not UTF-8 text" in refused(*usual, "--space", space)
    assert "No such file" in refused(*usual, "--space", tmp_path / "no")
    assert "1<=x<=10000" in refused(*usual, "--trials", 0)
    assert "expected one of halving, random" in refused(*usual, "--method", "grid")
    assert ".png or .svg" in refused(*usual, "--plot", tmp_path / "a")
    assert "is read and would be written over" in refused(*usual, "--results", dev_file)
    same = tmp_path / "a.svg"
    assert "is named for two outputs" in refused(*usual, "--plot", same, "-o", same)
    assert "there is no folder" in refused(*usual, "-o", tmp_path / "no" / "m")
    assert "standard input: a pipe can be read once only" in refused("search", "-", stdin=b"a_X\n")
    quick = (*SETTINGS, "--trials", 1, "--results", tmp_path / "r.jsonl")
    assert cli.run(list(map(str, (*usual, *quick)))) == 0
    changed = refused("search", train_file, "--dev", train_file, *quick, "--seed", 2)
    assert changed == f"elman: {tmp_path / 'r.jsonl'}: holds a search with other dev, seed; name another file\n"


def test_a_full_disk_costs_no_result(run: Run, many: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from elman.analysis.search.results import ResultsFile

    monkeypatch.setattr(ResultsFile, "add", lost)
    result = run("search", many, "--trials", 1, *SETTINGS, "-o", tmp_path / "m", "--results", tmp_path / "r")
    assert result.returncode == 2 and result.stderr == b"elman: r: cannot be written\n"
    assert b"best: trial 1" in result.stdout and (tmp_path / "m").exists()


def lost(self: Any, outcome: Any, more: Any) -> None:
    self.lost, self.of_first = "r: cannot be written", more


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kill -9 is of Unix")
def test_a_killed_search_goes_on(many: Path, tmp_path: Path, environment: dict[str, str], process: Run) -> None:
    whole, killed = tmp_path / "whole.jsonl", tmp_path / "killed.jsonl"
    command = ["search", str(many), "--trials", "12", *SETTINGS, "--threads", "1"]
    assert process(*command, "--results", whole).returncode == 0
    for lines_before in (4, 9):
        running = subprocess.Popen(
            [sys.executable, "-m", "elman", *command, "--results", str(killed)],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while running.poll() is None and not (killed.exists() and killed.read_bytes().count(b"\n") >= lines_before):
            time.sleep(0.001)
        running.kill()
        running.wait()
        assert killed.read_bytes().count(b"\n") < whole.read_bytes().count(b"\n")
    with killed.open("ab") as file:
        file.write(b'{"trial": 3')  # as if killed while writing
    assert process(*command, "--results", killed).returncode == 0
    assert without_times(killed) == without_times(whole)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Ctrl-C is not sent like this there")
def test_ctrl_c_is_one_line_and_keeps_the_results(many: Path, tmp_path: Path, environment: dict[str, str]) -> None:
    results = tmp_path / "r.jsonl"
    command = [sys.executable, "-m", "elman", "search", str(many), *SETTINGS, "--results", str(results)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        while running.poll() is None and not (results.exists() and results.read_bytes().count(b"\n") >= 3):
            time.sleep(0.001)
        running.send_signal(signal.SIGINT)
        out, err = running.communicate()
    assert (running.returncode, out) == (130, b"")
    assert err == b"elman: stopped; the same command goes on from its results\n"
    assert results.read_bytes().count(b"\n") >= 3
