"""What the checks of a release share: files of the release, wheels to install offline, terminals, the table."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import bare

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / "build" / "release-check"
DIST = ROOT / "dist"
TAGS = ("manylinux_2_28", "manylinux_2_27", "manylinux_2_26", "manylinux_2_17", "manylinux2014")
"""Wheels that run on Debian's oldest release with Python 3.11."""


class CheckFailedError(Exception):
    """What a check found, a line."""


class NotPossibleError(Exception):
    """What is missing here for a check, a line."""


@dataclass(frozen=True)
class Check:
    """A row of the table."""

    name: str
    asked: str
    run: Callable[[], str]
    """Does the work and returns what was reached."""


def command(
    *arguments: str | Path,
    environment: Mapping[str, str] | None = None,
    timeout: float = 2400,
    allowed: Sequence[int] = (0,),
) -> str:
    """Run a command and return its output; raises CheckFailedError with the end of it if its status is another."""
    line = [str(argument) for argument in arguments]
    done = subprocess.run(
        line,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=None if environment is None else dict(environment),
        timeout=timeout,
        cwd=ROOT,
    )
    return checked(" ".join(line), done, allowed)


def checked(line: str, done: subprocess.CompletedProcess[str], allowed: Sequence[int] = (0,)) -> str:
    if done.returncode not in allowed:
        raise CheckFailedError(f"status {done.returncode} of {line}\n{done.stdout[-4000:]}")
    return done.stdout


def inside(root: Path, *arguments: str, **environment: str) -> str:
    """Run a command in a bare system without a network, in a POSIX locale, and return its output."""
    done = bare.run_inside(root, arguments, {"LC_ALL": "POSIX", "HOME": "/root", "TERM": "dumb", **environment})
    return checked(" ".join(arguments), done)


def bare_system(python: str) -> Path:
    try:
        return bare.system(python)
    except bare.NoRootError as error:
        raise NotPossibleError(str(error)) from None


def wheel_for(python: str) -> Path:
    """Return the wheel that pip takes on Linux here for a Python version."""
    tag = "cp311-cp311" if python == "3.11" else "cp312-abi3"
    files = sorted(DIST.glob(f"*-{tag}-manylinux_2_28_{platform.machine()}.whl"))
    if len(files) != 1:
        raise CheckFailedError(f"dist holds {len(files)} wheels {tag} for Linux here; make wheels builds one")
    return files[0]


def wheelhouse(python: str, extras: str) -> Path:
    """Fetch what elman and some extras need on a Python version into a folder, with elman's wheel, and return it."""
    wheel = wheel_for(python)
    folder = WORK / f"wheels-{python}-{extras.replace(',', '-') or 'alone'}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    wanted = f"{wheel}[{extras}]" if extras else str(wheel)
    if python == f"{sys.version_info.major}.{sys.version_info.minor}":  # also what has no wheel on PyPI
        command(sys.executable, "-m", "pip", "wheel", "--quiet", "--wheel-dir", folder, wanted)
    else:
        platforms = [f"--platform={tag}_{platform.machine()}" for tag in TAGS]
        options = ["--quiet", "--only-binary=:all:", f"--python-version={python}", *platforms, "--dest", folder]
        command(sys.executable, "-m", "pip", "download", *options, wanted)
    return folder


def put(root: Path, folder: Path, place: str) -> None:
    """Copy a folder into a bare system, in place of what is there."""
    to = root / place.strip("/")
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(folder, to)


def install_inside(root: Path, python: str, extras: str, place: str = "/opt/elman") -> None:
    """Install elman and extras into a fresh virtual environment of a bare system, without a network."""
    put(root, wheelhouse(python, extras), "/wheels")
    shutil.rmtree(root / place.strip("/"), ignore_errors=True)
    inside(root, f"python{python}", "-m", "venv", place)
    wheel = f"/wheels/{wheel_for(python).name}" + (f"[{extras}]" if extras else "")
    inside(root, f"{place}/bin/pip", "install", "--quiet", "--no-index", "--find-links=/wheels", wheel)


def on_terminal(line: Sequence[str], environment: Mapping[str, str], rows: int = 24, columns: int = 80) -> list[str]:
    """Run a command on a terminal of its own and return the lines that it showed."""
    import fcntl
    import pty
    import struct
    import termios

    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    with open(master, "rb", buffering=0) as screen:
        process = subprocess.Popen(line, stdin=slave, stdout=slave, stderr=slave, env=dict(environment))
        os.close(slave)
        seen = b"".join(blocks(screen))
        if process.wait():
            raise CheckFailedError(
                f"status {process.returncode} of {' '.join(line)}\n{seen.decode(errors='replace')[-3000:]}"
            )
    return seen.decode("utf-8", "replace").replace("\r\n", "\n").split("\n")


def blocks(screen: object) -> Iterator[bytes]:
    with suppress(OSError):  # Linux says that nobody writes any more as an error
        while block := screen.read(4096):  # type: ignore[attr-defined]
            yield block


def folder_size(folder: Path) -> float:
    """Return the size of a folder's files in MB, or of a file."""
    if folder.is_file():
        return folder.stat().st_size / 1e6
    return sum(file.lstat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6
