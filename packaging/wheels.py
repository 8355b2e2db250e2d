"""Builds the wheels of a release, and its sdist, with Zig as the compiler for every platform.

    python packaging/wheels.py                            all of them into dist/
    python packaging/wheels.py --only linux-x86_64,pure   some platforms
    python packaging/wheels.py --only linux-x86_64 --pythons cp311-cp311

The wheel without kernels is built first, by the project's build backend; each other is that one and a compiled module.
The same sources give the same bytes: times are those of the last commit (SOURCE_DATE_EPOCH).
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import headers
import repack
from targets import PLATFORMS, PYTHONS, Platform, Python

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / "build" / "wheels"
TOOLS = ("cc", "c++", "ar", "ranlib")
FOR_MACOS = """\
for option; do
  shift
  case "$option" in
    -Wl,@*) set -- "$@" -Wl,-undefined,dynamic_lookup ;;
    -bundle) set -- "$@" -shared ;;
    -Wl,-x) ;;
    *) set -- "$@" "$option" ;;
  esac
done
"""
"""Changes what Zig's linker cannot do: read a file of the names that may be undefined, so any may be; make a bundle, in
place of which Python loads a dynamic library as well; leave out local names, without damage to the table of others."""


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = [platform.name for platform in PLATFORMS]
    add = parser.add_argument
    add("--only", default=",".join(["sdist", "pure", *names]), help=f"sdist, pure, {', '.join(names)}")
    add("--pythons", default=",".join(python.tag for python in PYTHONS), help="tags (default: %(default)s)")
    add("--to", type=Path, default=ROOT / "dist", metavar="FOLDER", help="default: dist")
    add("--work", type=Path, default=WORK, metavar="FOLDER", help="default: build/wheels")
    options = parser.parse_args(argv)
    only, pythons = set(options.only.split(",")), set(options.pythons.split(","))
    if unknown := only - {"sdist", "pure", *names} | pythons - {python.tag for python in PYTHONS}:
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    os.environ.setdefault("SOURCE_DATE_EPOCH", repack.commit_time(ROOT))
    os.environ.setdefault("ZIG_GLOBAL_CACHE_DIR", str(WORK / "zig-cache"))
    options.to.mkdir(parents=True, exist_ok=True)
    if "sdist" in only:
        made(sdist(options.to))
    plain = pure(options.work)
    if "pure" in only:
        made(repack.wheel(plain, options.to, "py3-none-any"))
    missing = False
    for platform in (one for one in PLATFORMS if one.name in only):
        for python in (one for one in PYTHONS if one.tag in pythons):
            start = time.monotonic()
            found = headers.headers_for(python, platform, options.work)
            if found is None:
                print(f"not built: {python.tag}-{platform.tag}: no headers of Python {python.version} here", flush=True)
                missing = True
                continue
            module = compile_module(python, platform, found, options.work)
            made(repack.wheel(plain, options.to, f"{python.tag}-{platform.tag}", module), time.monotonic() - start)
    return int(missing)


def made(file: Path, seconds: float | None = None) -> None:
    took = "" if seconds is None else f", {seconds:.0f} s"
    print(f"{file.name}: {file.stat().st_size / 1e6:.2f} MB{took}", flush=True)


def sdist(to: Path) -> Path:
    """Build the sdist, which is reproducible by itself."""
    before = set(to.glob("*.tar.gz"))
    run(sys.executable, "-m", "build", "--sdist", "--no-isolation", "--outdir", str(to), str(ROOT))
    files = sorted(to.glob("*.tar.gz"), key=lambda file: (file not in before, file.stat().st_mtime))
    return files[-1]


def pure(work: Path) -> Path:
    """Build the wheel without kernels."""
    folder = work / "pure"
    shutil.rmtree(folder, ignore_errors=True)
    setting = "--config-setting=wheel.cmake=false"
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", setting, "--outdir", str(folder), str(ROOT))
    return next(folder.glob("*.whl"))


def compile_module(python: Python, platform: Platform, include: Path, work: Path) -> Path:
    """Compile the native kernels for a platform and a Python."""
    folder = work / f"{platform.name}-{python.tag}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    wrap(folder, platform)
    suffix = python.abi + platform.suffix
    if platform.system == "Windows":
        suffix = python.abi.replace("cpython-", "cp") + platform.suffix
    stable = "pyd" if platform.system == "Windows" else "abi3.so"
    # nanobind names stderr, which Python.h declares only without the stable ABI
    flags = [f"-ffile-prefix-map={ROOT}=elman", "-Wno-macro-redefined", "-include cstdio"]
    flags += [f"-D{one}" for one in python.defines]
    settings = {
        "CMAKE_BUILD_TYPE": "Release",
        "CMAKE_SYSTEM_NAME": platform.system,
        "CMAKE_SYSTEM_PROCESSOR": platform.machine,
        "CMAKE_C_COMPILER": folder / "cc",
        "CMAKE_CXX_COMPILER": folder / "c++",
        "CMAKE_AR": folder / "ar",
        "CMAKE_RANLIB": folder / "ranlib",
        "CMAKE_CXX_FLAGS": " ".join(flags),
        # without debug information, whose digest, and with it the folder of the build, the file would name
        "CMAKE_MODULE_LINKER_FLAGS": "-s" if platform.system == "Windows" else "",
        "CMAKE_MODULE_PATH": ROOT / "packaging" / "cmake",
        "nanobind_ROOT": Path(str(find_spec("nanobind").origin)).parent / "cmake",
        "ELMAN_PYTHON": python.version,
        "ELMAN_PYTHON_ABI": f"{python.abi}-{platform.name}",
        "ELMAN_PYTHON_HEADERS": include,
        "ELMAN_PYTHON_LIBRARY": include / "libpython.a" if platform.system == "Windows" else "",
        "ELMAN_STABLE_ABI": python.stable,
        "NB_SUFFIX": f".{suffix}",
        "NB_SUFFIX_S": f".{stable}",
    }
    defines = [f"-D{name}={value}" for name, value in settings.items()]
    log = folder / "log.txt"
    with open(log, "w") as output:
        for command in (["-G", "Ninja", "-S", ROOT, "-B", folder, *defines], ["--build", folder]):
            done = subprocess.run(["cmake", *map(str, command)], stdout=output, stderr=subprocess.STDOUT)
            if done.returncode:
                sys.exit(f"{log.read_text()[-3000:]}\nwheels: {folder.name}: CMake failed; the whole log: {log}")
    return next(file for file in folder.glob("_native.*") if file.suffix in (".so", ".pyd"))


def wrap(folder: Path, platform: Platform) -> None:
    """Write programs that are Zig's compiler for a platform: CMake wants one file for each."""
    for name in TOOLS:
        compiler = name in ("cc", "c++")
        target = f" -target {platform.zig}" if compiler else ""
        change = FOR_MACOS if compiler and platform.system == "Darwin" else ""
        file = folder / name
        file.write_text(f'#!/bin/sh\n{change}exec "{sys.executable}" -m ziglang {name}{target} "$@"\n')
        file.chmod(0o755)


def run(*command: str) -> None:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        sys.exit(f"{done.stdout}\nwheels: failed: {' '.join(command)}")


if __name__ == "__main__":
    sys.exit(main())
