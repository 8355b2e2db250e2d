"""Compares two results of the speed benchmark: what slowed by more than 10 %.

    python benchmarks/speed_compare.py [OLD NEW]        default: the two newest

Exit status 1 if something slowed, 2 if the files cannot be compared.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from harness.measure import HIGHER, Figure, figures, number, times_as_good
from harness.results import RESULTS, Result, options, read_json

SLOWER = 0.10
OWN = ("train", "whole", "rates", "formats", "sentence", "jobs", "parse", "pipeline", "raw", "demo", "large", "billion")
"""Parts that measure elman only."""


class Change(NamedTuple):
    """A figure in two results; ``ratio``: how many times the new one is as fast, or as small."""

    path: tuple[str, ...]
    old: Figure
    new: Figure
    ratio: float

    @property
    def slowed(self) -> bool:
        """Whether a time or a size grew, or a rate fell, by more than 10 %."""
        return self.share > SLOWER

    @property
    def share(self) -> float:
        return 1 - self.ratio if self.old["unit"] in HIGHER else 1 / self.ratio - 1

    def __str__(self) -> str:
        unit = self.old["unit"]
        before, after = (f"{number(f['median'])} {unit}" for f in (self.old, self.new))
        what = "larger" if unit == "MB" else "slower"
        return f"{' / '.join(self.path)}: {before} -> {after}, {100 * self.share:.0f} % {what}"


def changes(old: Result, new: Result) -> Iterator[Change]:
    """Yield the change of all figures that both have. A time is not compared again as a rate."""
    after = dict(figures(new["parts"]))
    for path, figure in figures(old["parts"]):
        again = path[0] != "sweep" and path[-2] in ("gflops", "rate")
        if path in after and not again and after[path]["unit"] == figure["unit"]:
            yield Change(path, figure, after[path], times_as_good(after[path], figure))


def is_elman(path: tuple[str, ...]) -> bool:
    return path[0] in OWN or path[-1].startswith("elman")


def newest(folder: Path = RESULTS) -> list[Path]:
    """Return the result files of a folder, oldest first."""
    return [path for _, path in sorted((read_json(path)["date"], path) for path in folder.glob("speed-*.json"))]


def read(path: Path) -> Result:
    """Read a result. Raises ValueError if it is not one of the speed benchmark."""
    try:
        found = read_json(path)
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from None
    except ValueError:
        found = None
    if not isinstance(found, dict) or found.get("benchmark") != "speed":
        raise ValueError(f"{path}: not a result of the speed benchmark")
    return found


def report(old: Result, new: Result) -> tuple[list[str], bool]:
    """Return lines to print, and whether something slowed."""
    differing = [name for name in ("machine", "versions", "quick") if old.get(name) != new.get(name)]
    lines = [f"note: {name} differs: {old[name]} and {new[name]}" for name in differing]
    lines += [f"note: the {which} run was forced" for which, run in (("old", old), ("new", new)) if run.get("forced")]
    found = list(changes(old, new))
    own, others = ([c for c in found if is_elman(c.path) == wanted] for wanted in (True, False))
    bad = sorted((c for c in own if c.slowed), key=lambda c: c.ratio)
    before, after = (dict(figures(result["parts"])) for result in (old, new))
    gone = [path for path in before if is_elman(path) and path not in after]
    lines += [str(change) for change in bad]
    lines.append(f"{len(own)} figures of elman compared, {len(bad)} slowed by more than {100 * SLOWER:.0f} %")
    if gone:
        lines.append(f"{len(gone)} figures of the old result are not in the new one, such as {' / '.join(gone[0])}")
    if others:
        drift = statistics.median(c.ratio for c in others)
        lines.append(f"the other tools' speed, as median of {len(others)} figures: {drift:.2f} times the old one")
    return lines, bool(bad)


def main() -> int:
    try:
        paths = [Path(name) for name in options(__doc__, "files*").files] or newest()[-2:]
        if len(paths) != 2:
            example = "make bench-check OLD=benchmarks/results/speed-A.json NEW=benchmarks/results/speed-B.json"
            raise ValueError(f"expected two result files, found {len(paths)}; try: {example}")
        old, new = map(read, paths)
    except ValueError as error:
        print(f"speed_compare.py: {error}", file=sys.stderr)
        return 2
    print(f"{paths[0].name} ({old['commit'][:7]}) -> {paths[1].name} ({new['commit'][:7]})")
    lines, bad = report(old, new)
    print("\n".join(lines))
    return int(bad)


if __name__ == "__main__":
    sys.exit(main())
