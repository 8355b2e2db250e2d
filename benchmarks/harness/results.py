"""Folders, result files, statistics over seeds, Markdown tables and the options that several scripts share."""

from __future__ import annotations

import argparse
import json
import re
import statistics
from collections.abc import Sequence
from math import sqrt
from pathlib import Path
from string import Template
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data"
RESULTS = ROOT / "benchmarks" / "results"
BUILD = ROOT / "build"
DOCS = ROOT / "docs" / "explanation"
WIKI = "tutorial/data/wiki-en-{}.norm_pos"
MISSING = "not measured yet"
MARKS = ("<!-- numbers -->\n", "<!-- end of numbers -->\n")
"""What encloses the generated part of a page that people write."""
BUSY_NOTE = "\\* Other processes used the machine meanwhile."

Result = dict[str, Any]


def treebank(name: str, part: str) -> str:
    """Return the file of a part of a Universal Dependencies treebank, relative to the data folder."""
    return f"ud/{name}/{name}-ud-{part}.conllu"


def read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def write_json(path: Path, value: Any) -> None:
    """Write a result file, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")
    partial.replace(path)


def write_page(path: Path, text: str) -> None:
    """Write a generated page and print where it is."""
    path.write_text(text, encoding="utf-8", newline="\n")
    print(f"written to {shown_path(path)}")


def numbers(path: Path) -> str:
    """Return the generated part of a page."""
    start, end = MARKS
    return path.read_text(encoding="utf-8").partition(start)[2].partition(end)[0]


def write_numbers(path: Path, text: str) -> None:
    """Replace the generated part of a page."""
    start, end = MARKS
    before, _, rest = path.read_text(encoding="utf-8").partition(start)
    write_page(path, before + start + text + end + rest.partition(end)[2])


def megabytes(path: Path) -> float:
    """Return the MB (10⁶ bytes) of a file, or of all files in a folder."""
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file()) / 1e6


def shown_path(path: Path) -> str:
    """Return a path as seen from the project's root."""
    return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)


def standard_error(share: float, n: int) -> float:
    """Return the standard error of a share, from 0 to 1, of ``n``."""
    return sqrt(share * (1 - share) / n)


def mean_and_spread(values: Sequence[float]) -> tuple[float, float | None]:
    """Return mean and standard deviation; None for a single value."""
    return statistics.mean(values), statistics.stdev(values) if len(values) > 1 else None


def with_spread(values: Sequence[float]) -> str:
    """Format values as ``mean ± standard deviation``."""
    mean, spread = mean_and_spread(values)
    return f"{mean:.2f}" + ("" if spread is None else f" ± {spread:.2f}")


def verdict(score: float, error: float, bar: float | None) -> str:
    """Say whether a bar is reached within one standard error."""
    if bar is None:
        return ""
    return "reached" if score + error >= bar else f"missed by {bar - score:.2f}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Format a Markdown table; without rows, say that nothing is measured yet."""
    rows = rows or [[MISSING, *[""] * (len(head) - 1)]]
    lines = [head, ["---"] * len(head), *rows]
    return "".join("|" + "".join(f" {cell} |" if cell else " |" for cell in line) + "\n" for line in lines)


def parser(description: str | None) -> argparse.ArgumentParser:
    """Return a parser whose ``--help`` shows a module's docstring as it is written."""
    return argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)


def options(description: str | None, *places: str, **flags: Any) -> argparse.Namespace:
    """Parse the command line of a script. A flag's value is its default, or its type, and its help.

    A place may end in ``?`` or ``*``: it can be left out, or be repeated.
    """
    add = (made := parser(description)).add_argument
    for place in places:
        add(place.rstrip("?*"), nargs=place[-1] if place[-1] in "?*" else None)
    for name, (default, text) in flags.items():
        how = {"action": "store_true"} if default is False else {"type": default} if callable(default) else None
        add(f"--{name.replace('_', '-')}", help=text, **(how or {"type": type(default), "default": default}))
    return made.parse_args()


def names(text: str) -> list[str]:
    """Parse ``a,b,c``."""
    return [name for name in text.split(",") if name]


def seeds(text: str) -> list[int]:
    """Parse ``1-3,7``."""
    numbers: list[int] = []
    for part in names(text):
        first, _, last = part.partition("-")
        numbers += range(int(first), int(last or first) + 1)
    return numbers


def key_value(text: str) -> tuple[str, str]:
    """Parse ``KEY=VALUE``."""
    key, mark, value = text.partition("=")
    if not mark:
        raise argparse.ArgumentTypeError(f"expected KEY=VALUE, found {text!r}")
    return key, value


def fill(template: str, **parts: str) -> str:
    """Return the page made from ``pages/TEMPLATE.md``, a ``$name`` for each part; empty parts leave no gap."""
    text = (ROOT / "benchmarks" / "pages" / f"{template}.md").read_text(encoding="utf-8")
    filled = Template(text).substitute({name: part.rstrip("\n") for name, part in parts.items()})
    return re.sub(r"\n{3,}", "\n\n", filled).rstrip("\n") + "\n"
