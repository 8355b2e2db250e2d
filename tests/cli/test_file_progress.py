"""Progress of ``elman tag`` and ``elman convert``: a bar on a terminal, lines with ``--verbose``."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from elman.cli import file_progress
from elman.cli.file_progress import FileProgress, numbers
from elman.data.formats import read_sentences

Run = Callable[..., subprocess.CompletedProcess[bytes]]


def test_numbers() -> None:
    assert numbers(1_200, 2.0, 65) == "1,200 words  600 words/s  1:05 left"
    assert numbers(1_200, 2.0, None) == "1,200 words  600 words/s"
    assert numbers(0, 2.0, 9) == "9 s left"


def test_a_bar_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(file_progress, "_BEFORE", 0.0)
    monkeypatch.setattr(file_progress, "_BETWEEN", 0.0)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    (tmp_path / "a.txt").write_text("the dog barks\n" * 50_000, encoding="utf-8")
    paths = [str(tmp_path / "a.txt")]
    for quiet in (False, True):
        with FileProgress("tagging", paths, "out", quiet=quiet, verbose=False) as progress:
            for sentence in read_sentences(paths[0], format="text"):
                if sentence.line % 10_000 == 1:
                    progress.add((sentence,))
            progress.add_words(3)
            progress.end(paths[0])
            if not quiet:
                assert progress._done == {paths[0]: os.path.getsize(paths[0])}
        shown = capsys.readouterr().err
        assert ("tagging" in shown and "18 words" in shown and "left" in shown) == (not quiet)


def test_no_bar_where_tags_go_to_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for stream in ("stderr", "stdout"):
        monkeypatch.setattr(getattr(sys, stream), "isatty", lambda: True)
    assert not FileProgress("tagging", ["-"], "-", quiet=False, verbose=False)._draws


def test_a_line_for_each_file(run: Run, model: Path, tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text("the dog barks .\n", encoding="utf-8")
    result = run("tag", model, tmp_path / "a.txt", tmp_path / "b.txt", "-v", "-o", tmp_path / "out")
    for name in ("a.txt", "b.txt"):
        assert f"elman: {tmp_path / name}: 4 words, " in result.stderr.decode()
    assert "words/s" not in run("tag", model, tmp_path / "a.txt").stderr.decode()
    done = run("convert", tmp_path / "out", tmp_path / "out.jsonl", "-v")
    assert f"elman: {tmp_path / 'out'}: 8 words, " in done.stderr.decode()


def test_training_without_a_terminal_has_a_line_for_each_epoch(run: Run, tmp_path: Path) -> None:
    (tmp_path / "train.txt").write_text("the_DET dog_NOUN barks_VERB\n" * 8, encoding="utf-8")
    settings = ["--set", "epochs=3", "--set", "hidden=4", "--set", "ensemble=1"]
    for options, lines in (["-v"], 3), ([], 0):
        result = run("train", tmp_path / "train.txt", "-o", tmp_path / "m", *settings, *options)
        assert result.returncode == 0, result.stderr.decode()
        shown = [line for line in result.stderr.decode().splitlines() if line.startswith("elman: epoch ")]
        assert len(shown) == lines
        assert all("/3: loss " in line and "words/s" in line for line in shown)
