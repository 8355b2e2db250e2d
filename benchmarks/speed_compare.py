"""Two results of the speed benchmark: what slowed by more than 10 %.

    python benchmarks/speed_compare.py [OLD NEW]        by default the two newest

Exit status 1 where something did, 2 where the files cannot be compared.
"""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from speed_measure import HIGHER, Figure, figures, number, times_as_good

RESULTS = Path(__file__).resolve().parent / "results"
SLOWER = 0.10
OWN = ("train", "whole", "large")  # parts in which all is elman
Result = dict[str, Any]


class Change(NamedTuple):
    """A figure in two results; ``ratio``: how many times the new one is as fast, or as small."""

    path: tuple[str, ...]
    old: Figure
    new: Figure
    ratio: float

    def __str__(self) -> str:
        unit = self.old["unit"]
        what = "larger" if unit == "MB" else "slower"
        share = 100 * (1 - self.ratio if unit in HIGHER else 1 / self.ratio - 1)
        before, after = (f"{number(f['median'])} {unit}" for f in (self.old, self.new))
        return f"{' / '.join(self.path)}: {before} -> {after}, {share:.0f} % {what}"


def changes(old: Result, new: Result) -> Iterator[Change]:
    """Of all figures that both have. What is a time is not compared once more as a rate."""
    after = dict(figures(new["parts"]))
    for path, figure in figures(old["parts"]):
        again = path[0] != "sweep" and path[-2] in ("gflops", "rate")
        if path in after and not again and after[path]["unit"] == figure["unit"]:
            yield Change(path, figure, after[path], times_as_good(after[path], figure))


def is_elman(path: tuple[str, ...]) -> bool:
    return path[0] in OWN or path[-1].startswith("elman")


def slowed(change: Change) -> bool:
    """By more than 10 %: a time or a size grew, or a rate fell, by more than a tenth of what it was."""
    limit = 1 - SLOWER if change.old["unit"] in HIGHER else 1 / (1 + SLOWER)
    return change.ratio < limit


class Mistake(Exception):
    """In what was asked for."""


def newest(folder: Path = RESULTS) -> list[Path]:
    """The result files of a folder, oldest first."""
    dated = [(json.loads(path.read_text(encoding="utf-8"))["date"], path) for path in folder.glob("speed-*.json")]
    return [path for _, path in sorted(dated)]


def read(path: Path) -> Result:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if found["benchmark"] != "speed":
            raise KeyError
    except OSError as error:
        raise Mistake(f"{path}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError):
        raise Mistake(f"{path}: not a result of the speed benchmark") from None
    return dict(found)


def report(old: Result, new: Result) -> tuple[list[str], bool]:
    """(lines to print, whether something slowed)."""
    lines = [
        f"note: {name} differs: {old[name]} and {new[name]}"
        for name in ("machine", "versions", "quick")
        if old.get(name) != new.get(name)
    ]
    lines += [f"note: the {which} run was forced" for which, run in (("old", old), ("new", new)) if run.get("forced")]
    found = list(changes(old, new))
    own, others = ([c for c in found if is_elman(c.path) == wanted] for wanted in (True, False))
    bad = sorted((c for c in own if slowed(c)), key=lambda c: c.ratio)
    before, after = (dict(figures(result["parts"])) for result in (old, new))
    gone = [path for path in before if is_elman(path) and path not in after]
    lines += [str(change) for change in bad]
    lines.append(f"{len(own)} figures of elman compared, {len(bad)} slowed by more than {100 * SLOWER:.0f} %")
    if gone:
        lines.append(f"{len(gone)} figures of the old result are not in the new one, such as {' / '.join(gone[0])}")
    if others:
        drift = statistics.median(c.ratio for c in others)
        lines.append(f"the other tools' speed, in the median of {len(others)} figures: {drift:.2f} times the old one")
    return lines, bool(bad)


def main(arguments: list[str]) -> int:
    try:
        paths = [Path(name) for name in arguments] or newest()[-2:]
        if len(paths) != 2:
            raise Mistake(
                f"expected two result files, found {len(paths)}; try: make bench-check "
                "OLD=benchmarks/results/speed-A.json NEW=benchmarks/results/speed-B.json"
            )
        old, new = map(read, paths)
    except Mistake as error:
        print(f"speed_compare.py: {error}", file=sys.stderr)
        return 2
    print(f"{paths[0].name} ({old['commit'][:7]}) -> {paths[1].name} ({new['commit'][:7]})")
    lines, bad = report(old, new)
    print("\n".join(lines))
    return int(bad)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
