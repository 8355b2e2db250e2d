"""Standard streams that are closed, full or gone: what is lost is said, and what is only said costs nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs a POSIX shell")

Result = subprocess.CompletedProcess[bytes]
Shell = Callable[..., Result]
CLOSED = b"elman: standard output: cannot be written: it is closed\n"


@pytest.fixture
def shell(environment: dict[str, str], tmp_path: Path) -> Shell:
    """``shell('tag "$1" >&-', model)``: elman, in a folder of its own, as a shell starts it."""

    def command(line: str, *arguments: object, stdin: bytes = b"") -> Result:
        words = ["sh", "-c", f'"$0" -m elman {line}', sys.executable, *map(str, arguments)]
        return subprocess.run(words, input=stdin, capture_output=True, env=environment, cwd=tmp_path, check=False)

    return command


@pytest.mark.parametrize(
    "line", ["--help", "info", "info --json", 'tag "$1"', 'tag "$1" -o /dev/stdout', 'inspect "$1"']
)
def test_standard_output_is_closed(shell: Shell, model: Path, line: str) -> None:
    result = shell(f"{line} >&-", model, stdin=b"the dog\n")
    assert result.returncode == 2
    assert result.stderr.replace(b"/dev/stdout", b"standard output") == CLOSED


def test_a_conversion_to_closed_standard_output_is_not_said_to_be_written(shell: Shell, train_file: Path) -> None:
    result = shell('convert "$1" - --to jsonl >&-', train_file)
    assert (result.returncode, result.stderr) == (2, CLOSED)


def test_a_model_is_written_although_standard_output_is_closed(shell: Shell, train_file: Path, tmp_path: Path) -> None:
    result = shell('train "$1" -o m --model frequent >&-', train_file)
    assert (result.returncode, result.stderr) == (2, CLOSED)
    assert shell("tag m", stdin=b"the dog\n").stdout == b"the_DET dog_NOUN\n"


@pytest.mark.parametrize("closed", [">&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_no_file_takes_the_place_of_a_closed_stream(
    shell: Shell, train_file: Path, tmp_path: Path, closed: str
) -> None:
    """Else what is printed would stand in the model file."""
    result = shell(f'train "$1" -o m --log log --ensemble 1 --set hidden=8 --set epochs=2 {closed}', train_file)
    assert result.returncode == 2
    assert len((tmp_path / "log").read_bytes().splitlines()) == 2
    assert all(json.loads(line)["epoch"] for line in (tmp_path / "log").read_bytes().splitlines())
    assert shell("tag m", stdin=b"the dog\n").stdout.startswith(b"the_")


@pytest.mark.parametrize("line", ['tag "$1"', 'tag "$1" -', "check -", "convert - x.jsonl", "tutorial hmm -"])
def test_standard_input_is_closed(shell: Shell, model: Path, line: str, tmp_path: Path) -> None:
    result = shell(f"{line} <&-", model)
    assert (result.returncode, result.stdout) == (2, b"")
    assert result.stderr == b"elman: standard input: cannot be read: it is closed\n"
    assert not list(tmp_path.glob("x.*"))


def test_standard_input_that_nobody_reads_may_be_closed(shell: Shell) -> None:
    assert shell("info <&-").returncode == 0


@pytest.mark.parametrize("to", ["2>&-", "2>/dev/full"])
def test_standard_error_cannot_be_written(shell: Shell, model: Path, to: str) -> None:
    if "full" in to and not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full on this machine")
    result = shell(f'tag "$1" {to}', model, stdin=b"the dog\n")  # a note would come
    assert (result.returncode, result.stdout) == (0, b"the_DET dog_NOUN\n")
    assert shell(f"tag nowhere {to}").returncode == 2


def test_nobody_reads_standard_error(environment: dict[str, str], model: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "elman", "tag", str(model)]
    with open(writer, "wb") as pipe:
        result = subprocess.run(
            command, input=b"the dog\n", stdout=subprocess.PIPE, stderr=pipe, env=environment, check=False
        )
    assert (result.returncode, result.stdout) == (0, b"the_DET dog_NOUN\n")


def test_dev_stdout_may_be_what_cannot_be_opened_by_its_name(environment: dict[str, str], model: Path) -> None:
    """A socket, as of a service manager, is one."""
    import socket

    here, there = socket.socketpair()
    command = [sys.executable, "-m", "elman", "tag", str(model), "-o", "/dev/stdout"]
    result = subprocess.run(
        command, input=b"the dog\n", stdout=there, stderr=subprocess.PIPE, env=environment, check=False
    )
    there.close()
    with here:
        assert (result.returncode, here.recv(100)) == (0, b"the_DET dog_NOUN\n")
