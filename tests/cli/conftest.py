"""The command, in this process or in one of its own, and small files to give it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import in_process

TRAIN = "".join(
    f"{line}\n"
    for line in (
        "the_DET dog_NOUN barks_VERB ._PUNCT",
        "a_DET cat_NOUN sleeps_VERB ._PUNCT",
        "the_DET old_ADJ cat_NOUN barks_VERB ._PUNCT",
        "dogs_NOUN bark_VERB ._PUNCT",
        "cats_NOUN sleep_VERB in_ADP the_DET house_NOUN ._PUNCT",
        "an_DET old_ADJ house_NOUN ._PUNCT",
    )
)
DEV = "a_DET dog_NOUN sleeps_VERB ._PUNCT\nthe_DET bird_NOUN sings_VERB ._PUNCT\n"

Result = subprocess.CompletedProcess[bytes]
Run = Callable[..., Result]
Refused = Callable[..., str]


@pytest.fixture(scope="session")
def environment() -> dict[str, str]:
    """Ours, with the library of this test run, warnings as errors and 80 columns."""
    import elman

    source = str(Path(elman.__file__).parents[1])
    paths = [source] + [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    usual = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    return usual | {"PYTHONPATH": os.pathsep.join(paths), "PYTHONWARNINGS": "error", "COLUMNS": "80"}


@pytest.fixture(scope="session")
def run(process: Run) -> Run:
    """``run("tag", model, stdin=b"…")``: exit status and output, which is bytes. Never a traceback.

    With any option of ``subprocess.run`` but ``cwd`` the command has a process of its own, else it runs in this one.
    """

    def command(*arguments: object, stdin: bytes = b"", cwd: str | Path = ".", **options: object) -> Result:
        if options:
            return process(*arguments, stdin=stdin, cwd=cwd, **options)
        return in_process.run(list(map(str, arguments)), stdin, cwd)

    return command


@pytest.fixture(scope="session")
def process(environment: dict[str, str]) -> Run:
    """The same, always in a process of its own."""

    def command(*arguments: object, stdin: bytes = b"", **options: object) -> Result:
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "env": environment} | options
        result = subprocess.run(
            [sys.executable, "-m", "elman", *map(str, arguments)],
            input=stdin,
            timeout=120,
            check=False,
            **options,  # type: ignore[call-overload]
        )
        assert b"Traceback" not in (result.stderr or b""), result.stderr.decode()
        return result

    return command


@pytest.fixture
def refused(run: Run) -> Refused:
    """Run a command that must be refused: exit 2 and one line alone on stderr, which is returned."""

    def command(*arguments: object, **options: object) -> str:
        result = run(*arguments, **options)
        text = str(result.stderr.decode())
        assert result.returncode == 2, text
        assert text.startswith("elman: ") and text.endswith("\n"), text
        assert text.count("\n") == 1, text
        return text

    return command


@pytest.fixture
def train_file(tmp_path: Path) -> Path:
    path = tmp_path / "train.txt"
    path.write_text(TRAIN, encoding="utf-8")
    return path


@pytest.fixture
def dev_file(tmp_path: Path) -> Path:
    path = tmp_path / "dev.txt"
    path.write_text(DEV, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def model(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The most frequent tags of the six sentences: known words surely get theirs."""
    folder = tmp_path_factory.mktemp("model")
    (folder / "train.txt").write_text(TRAIN, encoding="utf-8")
    (folder / "dev.txt").write_text(DEV, encoding="utf-8")
    path = folder / "frequent.model"
    result = run("train", folder / "train.txt", "--dev", folder / "dev.txt", "-o", path, "--model", "frequent")
    assert result.returncode == 0, result.stderr.decode()
    return path
