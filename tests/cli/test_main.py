"""The frame of the command line: help, versions, what mistakes end in."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from elman import __version__, cli
from elman.errors import DataError

Run = Callable[..., subprocess.CompletedProcess[bytes]]
Refused = Callable[..., str]
COMMANDS = ["train", "tag", "evaluate", "inspect", "info", "demo", "tutorial"]


def test_help_lists_every_command_whole(run: Run) -> None:
    text = run("--help").stdout.decode()
    for name in COMMANDS:
        assert f"\n  {name} " in text


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(run: Run, name: str) -> None:
    result = run(name, "--help")
    assert result.returncode == 0
    assert result.stdout.decode().startswith(f"Usage: elman {name} ")


def test_without_arguments_it_helps(run: Run) -> None:
    assert run().stdout == run("--help").stdout
    assert run("tutorial").stdout == run("tutorial", "--help").stdout


def test_version(run: Run) -> None:
    assert run("--version").stdout.decode() == f"elman {__version__}\n"
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["version"] == __version__


@pytest.mark.parametrize(
    "arguments", [["--help"], ["train", "--help"], ["demo", "--help"], ["settings"], ["find-lr", "--help"]]
)
def test_help_loads_nothing_heavy(environment: dict[str, str], arguments: list[str]) -> None:
    code = (
        "import sys; from elman.cli import run; status = run(sys.argv[1:]);"
        "heavy = {'numpy', 'safetensors', 'tqdm'} & set(sys.modules);"
        "sys.exit(f'loaded {heavy}' if heavy else status)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, env=environment, check=False
    )
    assert (result.returncode, result.stderr) == (0, "")


def test_unknown_command(refused: Refused) -> None:
    assert "no command 'trian': did you mean train?" in refused("trian")


def test_unknown_option_says_where_help_is(refused: Refused) -> None:
    text = refused("tag", "--colour", "model")
    assert "--colour" in text and "elman tag --help" in text


def test_missing_argument(refused: Refused) -> None:
    assert "MODEL" in refused("inspect")


def test_bad_choice_is_one_line(refused: Refused) -> None:
    assert "'svm'" in refused("train", "x", "-o", "y", "--model", "svm")
    assert "--model" not in refused("train", "x", "-o", "y", "--model", "HMM")  # in any case


def test_completion(run: Run, environment: dict[str, str]) -> None:
    result = run(env=environment | {"_ELMAN_COMPLETE": "bash_source"})
    assert result.returncode == 0
    assert b"_elman_completion" in result.stdout


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full on this machine")
@pytest.mark.parametrize("arguments", [["--help"], ["info"], ["info", "--json"]])
def test_full_standard_output(refused: Refused, arguments: list[str]) -> None:
    with open("/dev/full", "wb") as full:
        assert "No space left" in refused(*arguments, stdout=full)


@pytest.mark.skipif(os.name == "nt", reason="pipes of another kind")
def test_nobody_reads(run: Run) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "wb") as pipe:
        result = run("--help", stdout=pipe)
    assert (result.returncode, result.stderr) == (141, b"")


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (DataError("expected a tag", path="a.txt", line=3), 2, "elman: a.txt:3: expected a tag\n"),
        (DataError("two\nlines\r", path="a"), 2, "elman: a: two\\nlines\\r\n"),
        (MemoryError(), 2, "elman: not enough memory: close other programs, or a machine with more\n"),
        (OSError(12, "Cannot allocate memory"), 2, "elman: not enough memory"),
        (RuntimeError("can't start new thread"), 2, "elman: not enough memory"),
        (ValueError("cannot create std::vector larger than max_size()"), 2, "elman: not enough memory"),
        (PermissionError(13, "Permission denied", "secret.txt"), 2, "elman: secret.txt: Permission denied\n"),
        (OSError("odd"), 2, "elman: odd\n"),
        (KeyboardInterrupt(), 130, "elman: stopped\n"),
        (click.Abort(), 130, "elman: stopped\n"),
        (click.ClickException("no way"), 2, "elman: no way\n"),
        (click.UsageError("bad\n  use."), 2, "elman: bad use; see elman --help\n"),
    ],
)
def test_what_mistakes_end_in(
    error: BaseException,
    status: int,
    line: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(cli.group, "invoke", fail)
    assert cli.run(["info"]) == status
    captured = capsys.readouterr()
    assert captured.err.startswith(line) and captured.err.count("\n") == 1
    assert captured.out == ""


@pytest.mark.parametrize(
    ("command", "advice"),
    [
        ("train", "a smaller batch=, hidden= or ensemble="),
        ("tag", "is a blank line or a line end missing?"),
        ("convert", "use smaller files"),
        ("gradients", "choose a shorter sentence"),
    ],
)
def test_what_helps_where_there_is_not_enough_memory(
    command: str, advice: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import numpy as np

    for shape in ((1 << 60,), (1 << 40, 1 << 40), (1 << 62,)):  # refused by the system, and by NumPy's own arithmetic
        monkeypatch.setattr(cli.group, "invoke", lambda _, shape=shape: np.ones(shape))
        monkeypatch.setattr(cli.group, "make_context", lambda *_: contextlib.nullcontext())
        assert cli.run([command]) == 2
        err = capsys.readouterr().err
        assert err.startswith("elman: not enough memory: ") and advice in err and err.count("\n") == 1
    monkeypatch.setattr(cli.group, "invoke", lambda _: int("x"))
    with pytest.raises(ValueError, match="invalid literal"):  # a fault of ours is not hidden
        cli.run([command])


def test_the_command_is_the_modules_main() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["scripts"] == {"elman": "elman.__main__:program"}


def test_a_bug_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(cli.group, "invoke", fail)
    with pytest.raises(ZeroDivisionError):
        cli.run(["info"])
