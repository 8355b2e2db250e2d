"""Training runs whose results are kept: a run is skipped if its file holds a result for the same key."""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import same_bits
from harness.results import ROOT, Result, read_json, write_json

DECIDING = ("kernels", "nn", "features", "models", "training", "tasks", "taggers", "data", "evaluation")
DECIDING += ("config.py", "settings.py", "utils/seeding.py")
"""Parts of elman that decide a figure: a change elsewhere, of a command or the service, leaves results as they are."""
ONE_BLAS_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
"""elman's own threads are the parallel ones."""


@dataclass(frozen=True)
class Run:
    """One training and evaluation. ``key`` identifies it, ``size`` estimates its cost, ``file`` takes the result."""

    name: str
    file: Path
    key: dict[str, Any]
    size: float
    measure: Callable[[], Result]  # raises RuntimeError if it fails

    def stored(self, any_code: bool = False) -> Result | None:
        """Return the kept result; None if it has another key. ``any_code`` ignores the version of elman's code.

        A version that gives the same bits is the same.
        """
        if not self.file.exists():
            return None
        result: Result = read_json(self.file)
        differing = {name for name in self.key if self.key[name] != result["key"].get(name)}
        if any_code or same_bits.alike(self.key.get("elman", ""), result["key"].get("elman", "")):
            differing.discard("elman")
        return None if differing else result


@dataclass(frozen=True)
class Cut:
    """A part of the runs: every run of ``parts``, from number ``part`` on, as long as there is time to begin one.

    ``deadline`` is by ``time.monotonic``.
    """

    part: int = 1
    parts: int = 1
    deadline: float = float("inf")

    @classmethod
    def of(cls, given: argparse.Namespace) -> Cut:
        """Return the cut that the options of ``add_options`` ask for."""
        minutes = float("inf") if given.minutes is None else given.minutes
        return cls(*given.part, time.monotonic() + 60 * minutes)

    def has(self, i: int) -> bool:
        """Return whether run ``i``, from 0, is in this part, whatever is done already."""
        return i % self.parts == self.part - 1


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of scripts whose results are kept: which runs are begun, and which results still count."""
    add = parser.add_argument
    add("--part", type=_part, default=(1, 1), metavar="K/N", help="every N-th run, from number K on (default: all)")
    add("--minutes", type=float, metavar="M", help="begin no run after M minutes; the same command goes on from there")
    add("--any-code", action="store_true", help="keep results of an elman with other code")


def _part(text: str) -> tuple[int, int]:
    """Parse ``2/8``."""
    part, _, parts = text.partition("/")
    if not (part.isdecimal() and parts.isdecimal() and 1 <= int(part) <= int(parts)):
        raise argparse.ArgumentTypeError(f"expected a part such as 2/8, found {text!r}")
    return int(part), int(parts)


def run_all(
    runs: Sequence[Run], shown: Callable[[Result], str], any_code: bool = False, cut: Cut = Cut()
) -> tuple[list[Result], int]:
    """Return the results, in the order of the runs, and how many runs failed. Prints progress and the time left."""
    found = {i: kept for i, run in enumerate(runs) if (kept := run.stored(any_code)) is not None}
    wanted, failures = [i for i in range(len(runs)) if i not in found and cut.has(i)], 0
    print(f"{len(wanted)} runs to do" + (f", {len(found)} are done already" if found else ""), flush=True)
    total, done, start = sum(runs[i].size for i in wanted), 0.0, time.perf_counter()
    for number, i in enumerate(wanted, start=1):
        if time.monotonic() > cut.deadline:
            print(f"time is up; {len(wanted) - number + 1} runs are left, with which the same command goes on")
            break
        run, begun = runs[i], time.perf_counter()
        done += run.size
        try:
            found[i] = run.measure()
        except RuntimeError as error:
            print(f"FAILED {run.name}: {error}", file=sys.stderr)
            failures += 1
            continue
        except KeyboardInterrupt:
            sys.exit("stopped; finished runs are kept, and the same command continues from there")
        write_json(run.file, found[i])
        left, seconds = (time.perf_counter() - start) * (total - done) / max(done, 1e-9), time.perf_counter() - begun
        rest = f"about {left / 60:.0f} min left" if left >= 90 else f"about {left:.0f} s left"
        print(f"[{number}/{len(wanted)}, {rest}] {run.name}: {shown(found[i])}  {seconds:.1f} s", flush=True)
    return [found[i] for i in sorted(found)], failures


def newest_alike(results: Sequence[Result], sameness: Callable[[Result], object]) -> list[Result]:
    """Return the results that equal the newest one in ``sameness``, so that settings are not mixed."""
    if not results:
        return []
    newest = sameness(max(results, key=lambda result: str(result["date"])))
    return [result for result in results if sameness(result) == newest]


def code_version(*more: str) -> str:
    """Return elman's version and a digest of the sources that decide a figure: ``DECIDING``, and ``more`` folders."""
    import elman

    package, sources = ROOT / "src" / "elman", hashlib.sha256()
    for path in sorted(path for end in ("py", "cpp", "hpp", "def") for path in package.rglob(f"*.{end}")):
        inner = path.relative_to(package).as_posix()
        if any(inner == name or inner.startswith(f"{name}/") for name in (*DECIDING, *more)):
            sources.update(f"{inner}\n".encode() + path.read_bytes())
    return f"{elman.__version__}+{sources.hexdigest()[:12]}"


def digest(*files: Path) -> str:
    """Return a digest of the files' bytes."""
    return hashlib.sha256(b"".join(file.read_bytes() + b"\0" for file in files)).hexdigest()[:16]


def portable(argument: str) -> str:
    """Return a command's argument without machine paths: relative to the project, or to the folder beside it."""
    return argument.replace(f"{ROOT}{os.sep}", "").replace(str(ROOT.parent), "..")
