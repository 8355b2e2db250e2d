"""Python's headers for a wheel: those of a Python that is installed here, adapted to the platform of the wheel."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import bare
from targets import Platform, Python

HERE = Path(__file__).parent
LATER = ("3.12", "3.13", "3.14")
"""Versions whose headers declare the stable ABI of 3.12."""
ASK = "import sysconfig; print(sysconfig.get_path('include')); print(sysconfig.get_config_h_filename())"
DECLARED = re.compile(r"PyAPI_(FUNC|DATA)\s*\([^)]*\)\s*\**\s*(\w+)")
ONLY_LINUX = re.compile(r"^#define (_POSIX_C_SOURCE|_XOPEN_SOURCE\w*) .*$", re.M)


def headers_for(python: Python, platform: Platform, folder: Path) -> Path | None:
    """Copy the headers for a wheel into a folder, and return it; None if no Python here has them, or can be had.

    Python.h is the same on every platform. pyconfig.h holds what ``configure`` found: sizes of types are alike on all
    64-bit systems but Windows, which has a file of ours, and extensions use nothing else of it.
    """
    versions = LATER if python.stable else (python.version,)
    found = next((there for version in versions if (there := installed(version))), None)
    if found is None:
        found = of_bare_system(versions[-1])
    if found is None:
        return None
    include, config = found
    to = folder / f"{python.tag}-{platform.system}"
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(include, to)
    if platform.system == "Windows":
        shutil.copy(HERE / "windows" / "pyconfig.h", to / "pyconfig.h")
        import_library(to, python)
    else:
        text = config.read_text()
        (to / "pyconfig.h").write_text(text if platform.system == "Linux" else ONLY_LINUX.sub("", text))
    return to


def installed(version: str) -> tuple[Path, Path] | None:
    """Return the folder of headers and the pyconfig.h of a Python version that is installed here."""
    for program in programs(version):
        answer = subprocess.run([program, "-c", ASK], capture_output=True, text=True)
        include, config = (Path(line) for line in (answer.stdout.splitlines() or ["", ""]))
        if answer.returncode == 0 and (include / "Python.h").exists() and config.exists():
            return include, real_config(config, Path("/"))
    return None


def of_bare_system(version: str) -> tuple[Path, Path] | None:
    """Return the headers of a system made by debootstrap, if it has them and can be made here."""
    try:
        root = bare.system(version)
    except (KeyError, bare.NoRootError):
        return None
    include = root / "usr" / "include" / f"python{version}"
    return (include, real_config(include / "pyconfig.h", root)) if (include / "Python.h").exists() else None


def programs(version: str) -> Iterator[str]:
    """Yield programs that may be a Python of a version: this one, that on PATH, and pyenv's."""
    if version == f"{sys.version_info.major}.{sys.version_info.minor}":
        yield sys.executable
    if program := shutil.which(f"python{version}"):
        yield program
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    yield from (str(path) for path in sorted(versions.glob(f"{version}.*/bin/python{version}")))


def real_config(config: Path, root: Path) -> Path:
    """Return the pyconfig.h itself: Debian's includes one by processor."""
    for name in re.findall(r"#\s*include <(x86_64-linux-gnu/\S+)>", config.read_text()):
        return root / "usr" / "include" / name
    return config


def import_library(folder: Path, python: Python) -> None:
    """Write libpython.a, which names what Python's DLL exports: all that the headers declare."""
    names = {}
    for header in sorted(folder.rglob("*.h")):
        for kind, name in DECLARED.findall(header.read_text(errors="replace")):
            names[name] = " DATA" if kind == "DATA" else ""
    dll = f"python{python.tag.split('-')[1].removeprefix('cp')}.dll" if not python.stable else "python3.dll"
    definition = folder / "python.def"
    lines = [f"LIBRARY {dll}", "EXPORTS", *(f" {name}{names[name]}" for name in sorted(names))]
    definition.write_text("\n".join(lines) + "\n")
    library = str(folder / "libpython.a")
    zig("dlltool", "-m", "i386:x86-64", "-d", str(definition), "-l", library)


def zig(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "ziglang", *arguments], check=True)
