"""Runs the steps of the Containerfile without a container engine, measures the image, and tries the service in it.

    python packaging/service/try_containerfile.py                  with the wheels in dist/
    python packaging/service/try_containerfile.py --dist FOLDER    with those of another folder
    python packaging/service/try_containerfile.py --keep           writes results/container.json and the guide

Needs Linux, the rights of root, debootstrap, unshare and the network, and elman with its extra "serve" in this
Python. ``FROM debian:SUITE-slim`` is what debootstrap installs (--variant=minbase) less what slim images leave out.
Exit status: 0 passed, 1 failed, 2 could not be tried here.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(1, str(Path(__file__).resolve().parents[2] / "benchmarks"))

import containerfile
import roots
import trial
from containerfile import Copy, Stage

from harness.results import RESULTS, ROOT, read_json, write_json, write_numbers

HERE = Path(__file__).parent
CONTAINERFILE = HERE / "Containerfile"
WORK = ROOT / "build" / "container"
RESULT = RESULTS / "container.json"
GUIDE = ROOT / "docs" / "guides" / "deploying.md"
LIMIT = 150e6
PARTS = {
    "NumPy": "opt/elman/lib/python3*/site-packages/numpy*",
    "elman": "opt/elman/lib/python3*/site-packages/elman*",
    "other packages": "opt",
    "Python": "usr/lib/python3*",
    "Debian's libraries": "",
}
"""Parts of the image. What belongs to an earlier part is not counted in a later one."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--dist", type=Path, default=ROOT / "dist", metavar="FOLDER", help="where the wheels are (default: dist)")
    add("--keep", action="store_true", help="keep the figures, and write them into the guide")
    add("--no-build", action="store_true", help="only try the image that was made last")
    options = parser.parse_args()
    lacking = roots.missing() + trial.missing()
    stages = containerfile.read(CONTAINERFILE)
    lacking += [f"{name} in {options.dist}" for name in wheels_wanted(stages) if not list(options.dist.glob(name))]
    if lacking:
        print(f"not tried: this needs {'; '.join(lacking)}", file=sys.stderr)
        return 2
    image = WORK / f"stage-{len(stages) - 1}"
    if not options.no_build:
        build(stages, options.dist)
    found = figures(image)
    print(f"image: {found['mb']} MB of at most {LIMIT / 1e6:.0f} MB: {found['parts']}")
    checks = [("the image is small enough", found["mb"] * 1e6 <= LIMIT)]
    with tempfile.TemporaryDirectory() as name:
        more, found["memory_mb"] = trial.checks(stages[-1], image, Path(name))
    checks += more
    for what, passed in checks:
        print(f"{'ok    ' if passed else 'FAILED'}  {what}")
    if not all(passed for _, passed in checks):
        return 1
    if options.keep:
        keep(found | {"checks": [what for what, _ in checks]})
    return 0


def wheels_wanted(stages: list[Stage]) -> list[str]:
    """Return the patterns of what is copied from dist/."""
    copies = [step for stage in stages for step in stage.steps if isinstance(step, Copy) and step.stage is None]
    return [source.removeprefix("dist/") for copy in copies for source in copy.sources if source.startswith("dist/")]


def build(stages: list[Stage], dist: Path) -> None:
    """Make the root of each stage in build/container."""
    if WORK.exists():
        shutil.rmtree(WORK)
    made: dict[str, Path] = {}
    for number, stage in enumerate(stages):
        root = WORK / f"stage-{number}"
        start_of(stage, made, root)
        made[str(number)] = made[stage.name or str(number)] = root
        for step in stage.steps:
            begun = time.monotonic()
            if isinstance(step, Copy):
                copy(step, made, dist, root)
            else:
                roots.run(root, step, stage.environment, stage.folder)
            said = step if isinstance(step, str) else f"COPY {' '.join(step.sources)}"
            print(f"{time.monotonic() - begun:5.1f} s  {said[:90]}", flush=True)


def start_of(stage: Stage, made: dict[str, Path], root: Path) -> None:
    """Make the root that a stage begins with."""
    system, _, release = stage.base.partition(":")
    if stage.base == "scratch":
        root.mkdir(parents=True)
    elif stage.base in made:
        subprocess.run(["cp", "-aT", str(made[stage.base]), str(root)], check=True)
    elif system == "debian" and release.endswith("-slim"):
        roots.slim(release.removesuffix("-slim"), root)
    else:
        raise containerfile.ContainerfileError(f"FROM {stage.base}: expected debian:SUITE-slim, scratch or a stage")


def copy(step: Copy, made: dict[str, Path], dist: Path, root: Path) -> None:
    """Copy as COPY does: of a folder what is in it, links as links, the owner root unless it comes from a stage."""
    to = root / step.to.lstrip("/")
    for source in step.sources:
        if step.stage is not None:
            subprocess.run(["cp", "-aT", str(made[step.stage] / source.lstrip("/")), str(to)], check=True)
            continue
        to.mkdir(parents=True, exist_ok=True)
        folder, pattern = (dist, source.removeprefix("dist/")) if source.startswith("dist/") else (ROOT, source)
        for file in sorted(folder.glob(pattern)):
            shutil.copyfile(file, to / file.name)


def figures(image: Path) -> dict[str, Any]:
    """Return MB, and versions of what is in the image."""
    parts, counted = {}, set()
    for name, pattern in PARTS.items():
        places = [image] if not pattern else sorted(image.glob(pattern))
        files = {file for place in places for file in place.rglob("*")} - counted
        counted |= files
        parts[name] = round(sum(file.lstat().st_size for file in files if not file.is_dir()) / 1e6, 1)
    site = next(image.glob("opt/elman/lib/python3*/site-packages"))
    names = [path.name.removesuffix(".dist-info").rsplit("-", 1) for path in sorted(site.glob("*.dist-info"))]
    libraries = next(image.glob("var/lib/dpkg/status.d/libpython3*-stdlib")).read_text(encoding="utf-8")
    python = next(line.split()[1] for line in libraries.splitlines() if line.startswith("Version:"))
    versions = {"python": python.partition("-")[0], **dict(names)}
    return {"mb": round(roots.size(image) / 1e6, 1), "parts": parts, "versions": versions}


def keep(found: dict[str, Any]) -> None:
    """Write the figures, and the part of the guide that shows them."""

    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()

    about = {"date": time.strftime("%Y-%m-%d", time.gmtime()), "commit": git("rev-parse", "HEAD")}
    about["uncommitted_changes"] = bool(git("status", "--porcelain", "--", "src", "packaging"))
    about["base"] = containerfile.read(CONTAINERFILE)[0].base
    write_json(RESULT, {"command": f"python {HERE.relative_to(ROOT)}/try_containerfile.py --keep", **about, **found})
    write_numbers(GUIDE, block(read_json(RESULT)))


def block(result: dict[str, Any]) -> str:
    """Return the part of the guide that has figures."""
    versions = result["versions"]
    software = ", ".join(f"{name} {versions[key]}" for name, key in SHOWN.items())
    parts = ", ".join(f"{name} {mb} MB" for name, mb in result["parts"].items())
    return (
        f"The image has **{result['mb']:.0f} MB** ({parts}) and holds {software}. With a small\n"
        f"model, the service and the process that learns use {result['memory_mb']} MB of memory.\n"
        f"`{result['command']}` measured this: {result['date']}, commit {result['commit'][:7]}.\n"
    )


SHOWN = {"Python": "python", "NumPy": "numpy", "Starlette": "starlette", "Uvicorn": "uvicorn"}


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # what was started ends, too
    sys.exit(main())
