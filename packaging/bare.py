"""Bare systems without a compiler, made by debootstrap, to install a wheel into. Needs to be root.

Debian has Python 3.11 in bookworm, 3.13 in trixie and, at the end of 2026, 3.14 in testing. The systems stay in
build/roots.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ROOTS = ROOT / "build" / "roots"
SUITES = {
    "3.11": ("bookworm", "python3.11-venv,python3-distutils"),  # debootstrap finds no packages by what they provide
    "3.13": ("trixie", "python3.13-venv"),
    "3.14": ("testing", "python3.14-venv,libpython3.14-dev"),
}
"""Python -> Debian's suite and packages; packaging/wheels.py reads the headers of 3.14."""
LOOPBACK = """\
import fcntl, os, socket, struct, sys
with socket.socket() as any_socket:
    fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh14x", b"lo", 1))  # SIOCSIFFLAGS: up
os.execvp(sys.argv[1], sys.argv[1:])
"""
"""Runs a command after switching on the network of the machine with itself, which a new namespace has switched off."""
OFFLINE = ("unshare", "--net", sys.executable, "-c", LOOPBACK)
APART = (*OFFLINE, "unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")


class NoRootError(Exception):
    """Why no bare system can be made here."""


def system(python: str) -> Path:
    """Return a bare system with a Python and its venv, made if it is not there. Raises NoRootError."""
    suite, packages = SUITES[python]
    root = ROOTS / f"python{python}"
    if (root / "complete").exists():
        return root
    if os.geteuid() != 0:
        raise NoRootError("a bare system can be made by root only")
    if shutil.which("debootstrap") is None:
        raise NoRootError("no debootstrap here; Debian: apt install debootstrap")
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    command = ["debootstrap", "--variant=minbase", f"--include={packages}", suite, str(root)]
    log = ROOTS / f"python{python}.log"
    with open(log, "w") as output:
        done = subprocess.run(command, stdout=output, stderr=subprocess.STDOUT)
    if done.returncode:
        raise NoRootError(f"debootstrap {suite} failed; its output is in {log}")
    for archive in (root / "var" / "cache" / "apt" / "archives").glob("*.deb"):
        archive.unlink()
    (root / "complete").touch()
    return root


def run_inside(
    root: Path, command: Sequence[str], environment: Mapping[str, str], timeout: float = 1800
) -> subprocess.CompletedProcess[str]:
    """Run a command in a root, without a network and with no environment but the one given."""
    variables = [f"{name}={value}" for name, value in {"PATH": "/usr/bin:/bin", **environment}.items()]
    line = [*APART, f"--root={root}", "env", "-i", *variables, *command]
    return subprocess.run(line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=timeout)
