"""Run a page of the docs as its reader would: its shell commands and its Python, in order, in one folder.

A page says what its examples run on in its first lines, ``<!-- examples: NAME -->`` (``example_data.DATA``). Blocks
```console hold commands after ``$ `` and what they print; ```python blocks run in one process each, after the
commands before them; ```output after one holds what it prints. In what is printed, ``...`` stands for any text. A
block of Python that begins with the comment ``# NAME.py`` is written to this file instead. A block after
``<!-- not run: why -->`` is left out. A page with ``<!-- needs: PACKAGE … -->`` is run where these are installed.

The figures on the pages are those of AVX-512 kernels. Others round differently and train other models: there the
commands only have to succeed.
"""

from __future__ import annotations

import doctest
import functools
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from example_data import DATA

EXAMPLES = re.compile(r"<!-- examples: (\w+) -->")
NEEDS = re.compile(r"<!-- needs: ([\w ]+) -->")
BLOCK = re.compile(
    r"(?P<skip><!-- not run: [^>]+ -->\n\n?)?^```(?P<kind>console|python)\n(?P<body>.*?)^```\n"
    r"(?:\n*^```output\n(?P<output>.*?)^```\n)?",
    re.DOTALL | re.MULTILINE,
)
FILE = re.compile(r"# (\w+\.py)\n")
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@dataclass(frozen=True)
class Step:
    """A command or a block of Python, what it prints (None: not shown), and the line of the page."""

    line: int
    kind: str
    text: str
    output: str | None


def examples(page: Path) -> str | None:
    """The name of the data that a page's examples run on; None: it has none of this kind."""
    match = EXAMPLES.search(page.read_text(encoding="utf-8")[:500])
    return match and match[1]


def missing(page: Path) -> list[str]:
    """The packages that a page's examples need and that are not installed."""
    match = NEEDS.search(page.read_text(encoding="utf-8")[:500])
    return [name for name in (match[1].split() if match else ()) if find_spec(name) is None]


def steps(page: Path) -> list[Step]:
    text = page.read_text(encoding="utf-8")
    result: list[Step] = []
    for block in BLOCK.finditer(text):
        line = text.count("\n", 0, block.start("body")) + 1
        if block["skip"]:
            continue
        if block["kind"] == "python":
            result.append(Step(line, "python", block["body"], block["output"]))
            continue
        parts = re.split(r"^\$ ", block["body"], flags=re.MULTILINE)
        assert not parts[0].strip(), f"{page}:{line}: a block of commands begins with $"
        for part in parts[1:]:
            lines = part.splitlines(keepends=True)
            end = next(i for i, command in enumerate(lines) if not command.rstrip().endswith("\\")) + 1
            output = "".join(lines[end:])
            result.append(Step(line, "console", "".join(lines[:end]), output if output.strip() else None))
    return result


@functools.cache
def figures_are_comparable() -> bool:
    """Whether this machine computes the same bits as the one that the pages' figures come from.

    ELMAN_TEST_FIGURES=0 says that it does not: the kernels of a release are compiled by another compiler.
    """
    if os.environ.get("ELMAN_TEST_FIGURES") == "0":
        return False
    command = [sys.executable, "-m", "elman", "info", "--json"]
    kernels = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)["kernels"]
    return kernels["isa"] == "avx512" and kernels["int8"]


def run(page: Path, folder: Path) -> None:
    """Run a page's examples in ``folder``. Raises AssertionError with the page's line for the first that differs."""
    data = examples(page)
    assert data is not None
    DATA[data](folder)
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    environment = os.environ | {"PATH": path, "COLUMNS": "100", "PYTHONWARNINGS": "ignore"}
    for step in steps(page):
        if step.kind == "python" and (file := FILE.match(step.text)):
            (folder / file[1]).write_text(step.text, encoding="utf-8")
            continue
        command = ["bash", "-c", step.text] if step.kind == "console" else [sys.executable, "-c", step.text]
        done = subprocess.run(
            command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        where = f"{page.name}:{step.line}: {step.text.strip()}"
        checks = "elman check" in step.text or "tutorial check" in step.text  # 1: something was found
        assert done.returncode in ((0, 1) if checks else (0,)), f"{where}\n{done.stdout}"
        if step.output is not None and (figures_are_comparable() or data == "none"):
            checker = doctest.OutputChecker()
            same = checker.check_output(step.output, done.stdout, FLAGS)
            assert same, f"{where}\nexpected:\n{step.output}\nfound:\n{done.stdout}"
