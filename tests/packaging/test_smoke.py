"""The smoke test of an installed elman, on the one that is tested here."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import elman
import packaged

SMOKE = packaged.ROOT / "packaging" / "smoke.sh"

pytestmark = pytest.mark.skipif(shutil.which("sh") is None, reason="no POSIX shell on this machine")


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A PATH whose first ``elman`` is the package of this test run, and a folder to work in."""
    program = tmp_path / "bin" / "elman"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m elman "$@"\n')
    program.chmod(0o755)
    (tmp_path / "work").mkdir()
    ours = {
        "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(Path(elman.__file__).parents[1]),
        "PYTHONWARNINGS": "error",
        "AUTOPKGTEST_TMP": str(tmp_path / "work"),
        "TMPDIR": str(tmp_path / "work"),
    }
    return os.environ | ours


def smoke(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", str(SMOKE)], env=environment, capture_output=True, encoding="utf-8", timeout=300, check=False
    )


@pytest.mark.parametrize("folder", ["given", "its own"])
def test_all_is_well(environment: dict[str, str], folder: str) -> None:
    work = Path(environment["AUTOPKGTEST_TMP"])
    if folder == "its own":
        del environment["AUTOPKGTEST_TMP"]
    done = smoke(environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("smoke: all is well\n")
    assert "the_DET small_ADJ balık_NOUN waits_VERB ._PUNCT" in done.stdout
    assert (work / "my.model").exists() == (folder == "given")
    assert folder == "given" or list(work.iterdir()) == []  # what it made is gone


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ('[ "$1" = tag ] && { echo the_X; exit 0; }', "smoke: unexpected tags"),
        ('[ "$1" = tag ] && [ "$2" = no-such.model ] && exit 1', "expected exit status 2, got 1"),
        ('[ "$1" = inspect ] && exit 3', ""),
    ],
)
def test_a_fault_is_noticed(environment: dict[str, str], fault: str, reason: str) -> None:
    program = Path(environment["PATH"].split(os.pathsep)[0]) / "elman"
    program.write_text(program.read_text().replace("exec", f"{fault}\nexec"))
    done = smoke(environment)
    assert done.returncode != 0 and reason in done.stderr


def test_debian_calls_it() -> None:
    control = (packaged.ROOT / "packaging" / "debian" / "tests" / "control").read_text(encoding="utf-8")
    fields = dict(line.split(": ", 1) for line in control.splitlines())
    assert fields["Test-Command"] == f"sh {SMOKE.relative_to(packaged.ROOT).as_posix()}"
    assert fields["Depends"] == "@"  # the binary packages of the source
