"""Run the commands of ``PAGES`` and write what they print below them: ``python docs/examples.py [PAGE.md ...]``.

A block ```console holds commands, behind ``$ ``, and their output. All pages run in order in one temporary folder, a
training that several have only once. The folder has train.conllu, dev.conllu and test.conllu: the Turkish treebank of
``elman demo``, every tenth sentence for test and every tenth of the others for dev. Blocks ```python before them run
there too. A picture that a command writes, and the page shows from images/, is copied there.

The kernels are those of the baseline instruction set, so that the same commands print the same on every x86-64 machine.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import chdir, redirect_stdout
from functools import cache
from io import StringIO
from pathlib import Path

DOCS = Path(__file__).parent
IMAGES = DOCS / "images"
PAGES = (
    "explanation/calibration.md",
    "explanation/determinism.md",
    "explanation/gradients.md",
    "guides/errors-and-curves.md",
    "guides/plots.md",
)
BLOCK = re.compile(r"^```(console|python)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
ENVIRONMENT = {"ELMAN_ISA": "baseline", "COLUMNS": "88", "NO_COLOR": "1"}


def write_treebank(folder: Path) -> None:
    """Write the three files of the treebank."""
    from elman.cli.commands.demo_data import treebank
    from elman.data.split import split_percent

    data = treebank()
    train, dev, _ = split_percent(data.train, 10)
    for name, sentences in (("train", train), ("dev", dev), ("test", data.held_out)):
        text = "".join("".join(sentence.lines).rstrip("\n") + "\n\n" for sentence in sentences)
        (folder / f"{name}.conllu").write_text(text, encoding="utf-8", newline="")


@cache
def trained(command: str, folder: Path) -> str:
    """Return what a training prints; it is done once."""
    return shell(command, folder)


def shell(command: str, folder: Path) -> str:
    """Return what a command prints. Exits with its message if it fails."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    found = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env={**os.environ, **ENVIRONMENT, "PATH": path},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
    )
    if found.returncode:
        sys.exit(f"{command}\n{found.stdout}{found.stderr}status {found.returncode}")
    return found.stdout


def with_outputs(block: str, folder: Path) -> str:
    """Return a console block with the commands' output; a line that ends in a backslash goes on in the next."""
    lines = []
    commands = re.findall(r"^\$ (?:.*\\\n)*.*\n", block, re.MULTILINE)
    for command in commands:
        run_once = trained if command.startswith("$ elman train ") else shell
        output = run_once(command[2:], folder).rstrip("\n")
        lines.append(command + (output + "\n" if output else ""))
    return "\n".join(lines)


def run(page: Path, folder: Path) -> str:
    """Return the text of a page with the output of its commands as it is now."""
    text = page.read_text(encoding="utf-8")
    namespace: dict[str, object] = {"__name__": page.stem}

    def replaced(block: re.Match[str]) -> str:
        if block[1] == "python":
            with chdir(folder), redirect_stdout(StringIO()):
                exec(compile(block[2], page, "exec"), namespace)
            return block[0]
        return f"```console\n{with_outputs(block[2], folder)}```"

    text = BLOCK.sub(replaced, text)
    for name in re.findall(r"\]\((?:\.\./)*images/([\w.-]+)\)", text):
        if (folder / name).exists():
            shutil.copy(folder / name, IMAGES / name)
    return text


def main(pages: Sequence[Path]) -> None:
    """Rewrite the pages."""
    with tempfile.TemporaryDirectory() as folder:
        write_treebank(Path(folder))
        for page in pages:
            page.write_text(run(page, Path(folder)), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main([Path(name) for name in sys.argv[1:]] or [DOCS / name for name in PAGES])
