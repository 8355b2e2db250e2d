"""What goes to a terminal: text does, bytes that are no text do not."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

from terminal import on_a_terminal

Run = Callable[..., subprocess.CompletedProcess[bytes]]

pytestmark = pytest.mark.skipif(os.name == "nt", reason="no such terminals there")


@pytest.mark.skipif(find_spec("pyarrow") is None, reason="pyarrow is not installed")
def test_bytes_that_are_no_text_do_not_go_to_a_terminal(
    environment: dict[str, str], model: Path, train_file: Path, run: Run
) -> None:
    words = train_file.with_suffix(".parquet")
    assert run("convert", train_file, words).returncode == 0
    commands: list[tuple[object, ...]] = [
        ("tag", model, words),
        ("tag", model, train_file, "--as", "parquet", "-o", "/dev/stdout"),
        ("convert", train_file, "-", "--to", "parquet"),
        ("convert", train_file, "/dev/stdout", "--to", "parquet"),
        ("train", train_file, "-o", "-", "--model", "frequent"),
        ("train", train_file, "-o", "/dev/stdout", "--model", "frequent"),
    ]
    for command in commands:
        status, seen = on_a_terminal(environment, *command)
        assert status == 2, seen
        assert seen.startswith(b"elman: ") and seen.endswith(b"(-o FILE) or send it through a pipe\r\n"), seen
        assert seen.count(b"\n") == 1, seen
    for command in commands[::2]:  # through a pipe they do
        result = run(*command)
        assert result.returncode == 0 and b"\0" in result.stdout


def test_text_goes_to_a_terminal(environment: dict[str, str], model: Path, train_file: Path) -> None:
    for command in (("tag", model, train_file), ("convert", train_file, "-", "--to", "columns")):
        status, seen = on_a_terminal(environment, *command)
        assert status == 0 and b"dog" in seen
