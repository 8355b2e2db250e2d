"""Folders that hold a Debian system: build/roots/SUITE as debootstrap makes it, and copies to work in."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from confined import Confined

ROOT = Path(__file__).resolve().parents[2]
ROOTS = ROOT / "build" / "roots"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
NEEDED = ("debootstrap", "unshare", "nsenter", "mount", "ip")
SLIM = """\
path-exclude /usr/share/doc/*
path-include /usr/share/doc/*/copyright
path-exclude /usr/share/groff/*
path-exclude /usr/share/info/*
path-exclude /usr/share/linda/*
path-exclude /usr/share/lintian/*
path-exclude /usr/share/locale/*
path-exclude /usr/share/man/*
"""
"""What Debian's slim images leave out: debootstrap installs it, so it is removed, and dpkg leaves it out later on."""
CERTIFICATE = "/run/pip-cert.pem"


def missing() -> list[str]:
    """Return what is needed here to make and enter roots, and is not there."""
    lacking = [name for name in NEEDED if shutil.which(name, path=f"{os.environ['PATH']}:{PATH}") is None]
    if not sys.platform.startswith("linux"):
        lacking.append("Linux")
    elif os.geteuid() != 0:
        lacking.append("the rights of root")
    elif subprocess.run(["unshare", "--mount", "--pid", "--fork", "true"], capture_output=True).returncode:
        lacking.append("the right to make namespaces (unshare)")
    return lacking


def base(suite: str) -> Path:
    """Return build/roots/SUITE, made if it is not there: a minimal system, not to be changed."""
    root = ROOTS / suite
    if not root.exists():
        partial = ROOTS / f"{suite}.partial"
        shutil.rmtree(partial, ignore_errors=True)
        ROOTS.mkdir(parents=True, exist_ok=True)
        subprocess.run(["debootstrap", "--variant=minbase", suite, str(partial)], check=True, stdout=sys.stderr)
        partial.rename(root)
    return root


def slim(suite: str, to: Path) -> None:
    """Copy the base to a new folder, and take out what a slim image does not have; add the sources of fixes."""
    to.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cp", "-aT", str(base(suite)), str(to)], check=True)
    (to / "etc/dpkg/dpkg.cfg.d/slim").write_text(SLIM, encoding="utf-8")
    for line in SLIM.splitlines():
        action, pattern = line.split()
        if action == "path-exclude" and pattern != "/usr/share/doc/*":
            shutil.rmtree(to / pattern.strip("/*"), ignore_errors=True)
    for file in [path for path in (to / "usr/share/doc").rglob("*") if path.name != "copyright" and not path.is_dir()]:
        file.unlink()
    for folder in ("var/cache/apt/archives", "var/lib/apt/lists"):
        for file in [path for path in (to / folder).iterdir() if path.is_file()]:
            file.unlink()
    sources = to / "etc/apt/sources.list"
    mirror = next(line.split()[1] for line in sources.read_text().splitlines() if line.startswith("deb "))
    lines = [f"deb {mirror} {suite} main", f"deb {mirror} {suite}-updates main"]
    lines += [f"deb {mirror}-security {suite}-security main"]
    sources.write_text("\n".join(lines) + "\n")


def run(root: Path, command: str, environment: dict[str, str], folder: str) -> None:
    """Run a command of the shell in a root that it may change, with network. Raises CalledProcessError."""
    shutil.copy("/etc/resolv.conf", root / "etc/resolv.conf")
    variables, binds = {"PATH": PATH, "HOME": "/root", **environment}, []
    if certificate := os.environ.get("PIP_CERT"):  # of a proxy that this machine must use
        variables["PIP_CERT"] = CERTIFICATE
        binds.append((certificate, CERTIFICATE, False))
    shell = ["/bin/sh", "-c", command]
    confined = Confined(
        root=str(root),
        command=shell,
        environment=variables,
        folder=folder,
        read_only=False,
        network=True,
        binds=binds,
    )
    process = confined.started(stdout=sys.stderr)
    if status := process.wait():
        raise subprocess.CalledProcessError(status, command)


def size(root: Path) -> int:
    """Return the bytes of all that is in a folder; files of several names count once."""
    words = ["du", "--summarize", "--bytes", str(root)]
    return int(subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()[0])
