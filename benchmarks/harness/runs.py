"""Training runs whose results are kept: a run is skipped if its file holds a result for the same key."""

from __future__ import annotations

import hashlib
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.results import ROOT, Result, read_json, write_json

NOT_TRAINING = ("cli", "viz", "tutorial", "__main__.py")
"""Parts of elman that training and tagging do not depend on."""
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
        """Return the kept result; None if it has another key. ``any_code`` ignores the version of elman's code."""
        if not self.file.exists():
            return None
        result: Result = read_json(self.file)
        differing = {name for name in self.key if self.key[name] != result["key"].get(name)}
        return None if differing - ({"elman"} if any_code else set()) else result


def run_all(runs: Sequence[Run], shown: Callable[[Result], str], any_code: bool = False) -> tuple[list[Result], int]:
    """Return the results, in the order of the runs, and how many runs failed. Prints progress and the time left."""
    found = {i: kept for i, run in enumerate(runs) if (kept := run.stored(any_code)) is not None}
    wanted = [i for i in range(len(runs)) if i not in found]
    print(f"{len(wanted)} runs to do" + (f", {len(found)} are done already" if found else ""), flush=True)
    total, done, start = sum(runs[i].size for i in wanted), 0.0, time.perf_counter()
    for number, i in enumerate(wanted, start=1):
        run, begun = runs[i], time.perf_counter()
        done += run.size
        try:
            found[i] = run.measure()
        except RuntimeError as error:
            print(f"FAILED {run.name}: {error}", file=sys.stderr)
            continue
        except KeyboardInterrupt:
            sys.exit("stopped; finished runs are kept, and the same command continues from there")
        write_json(run.file, found[i])
        left, seconds = (time.perf_counter() - start) * (total - done) / max(done, 1e-9), time.perf_counter() - begun
        rest = f"about {left / 60:.0f} min left" if left >= 90 else f"about {left:.0f} s left"
        print(f"[{number}/{len(wanted)}, {rest}] {run.name}: {shown(found[i])}  {seconds:.1f} s", flush=True)
    return [found[i] for i in sorted(found)], len(runs) - len(found)


def newest_alike(results: Sequence[Result], sameness: Callable[[Result], object]) -> list[Result]:
    """Return the results that equal the newest one in ``sameness``, so that settings are not mixed."""
    if not results:
        return []
    newest = sameness(max(results, key=lambda result: str(result["date"])))
    return [result for result in results if sameness(result) == newest]


def code_version() -> str:
    """Return elman's version and a digest of all sources that training and tagging can depend on."""
    import elman

    package, sources = ROOT / "src" / "elman", hashlib.sha256()
    for path in sorted(path for end in ("py", "cpp", "hpp") for path in package.rglob(f"*.{end}")):
        inner = path.relative_to(package)
        if inner.parts[0] not in NOT_TRAINING:
            sources.update(f"{inner.as_posix()}\n".encode() + path.read_bytes())
    return f"{elman.__version__}+{sources.hexdigest()[:12]}"


def digest(*files: Path) -> str:
    """Return a digest of the files' bytes."""
    return hashlib.sha256(b"".join(file.read_bytes() + b"\0" for file in files)).hexdigest()[:16]


def portable(argument: str) -> str:
    """Return a command's argument without machine paths: relative to the project, or to the folder beside it."""
    return argument.replace(f"{ROOT}{os.sep}", "").replace(str(ROOT.parent), "..")
