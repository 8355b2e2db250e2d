"""The table of numbers in README.md: elman, CRFsuite, UDPipe 1 and spaCy on UPOS of English EWT (make readme-numbers).

All learn from the same train part, and from dev where they use one, and tag the gold words of test, on one core. The
parts are ``train`` (accuracy, training time, model size), ``speed`` (of tagging test ten times, by models kept in
build/bench) and ``install`` (each package in a fresh virtual environment). Figures of other parts and tools stay as
they are in results/readme-numbers.json. A part measured while other processes used the machine is marked on the page.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
import venv
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from cases import text
from harness.machine import BUSY, Others, record, require_quiet, run_job
from harness.measure import figure
from harness.results import (
    MISSING,
    RESULTS,
    ROOT,
    Result,
    megabytes,
    names,
    parser,
    read_json,
    table,
    write_json,
    write_page,
)
from peers.taggers import README

RESULT = RESULTS / "readme-numbers.json"
PAGE, MARKS = ROOT / "README.md", ("<!-- numbers -->\n", "<!-- end of numbers -->\n")
ROUNDS = 5
STANZA = {
    "upos": 96.20,
    "version": "1.5.1",
    "treebank": "UD 2.12",
    "source": "https://stanfordnlp.github.io/stanza/performance.html",
}
"""Published, not measured here: F1 from raw text, with pretrained word vectors and a character language model."""


def train(tools: Sequence[str], wheels: Path) -> dict[str, Any]:
    """Train each tool; return its accuracy on test, its seconds and the size of its model."""
    found = {}
    for name in tools:
        found[name] = run_job("peers.taggers", {"name": name, "readme": True, "threads": 1})
        print(f"{name}: {100 * found[name]['accuracy']:.2f} %, {found[name]['cpu_seconds']:.1f} s of CPU", flush=True)
    return found


def speed(tools: Sequence[str], wheels: Path) -> dict[str, Any]:
    """Return the words a second of each tool from word lines to word_tag lines, without start-up, interleaved."""
    source, out = text.text_file("test10"), text.WORK / "tagged" / "peer.txt"
    out.parent.mkdir(parents=True, exist_ok=True)
    job, words = {"source": str(source), "out": str(out), "readme": True, "threads": 1}, text.words_in(source)
    rounds = [{name: run_job("peers.taggers", {"name": name, **job}) for name in tools} for _ in range(ROUNDS)]
    return {name: {"rate": figure([words / row[name]["seconds"] for row in rounds], "words/s")} for name in tools}


def install(tools: Sequence[str], wheels: Path) -> dict[str, Any]:
    """Return the MB of a package with all it needs in a fresh environment, and pip's seconds for files on disk."""
    found = {}
    for name in tools:
        library, folder = README[name].library, text.WORK / "install" / name
        shutil.rmtree(folder, ignore_errors=True)
        package = next(map(str, wheels.glob("elman-*.whl"))) if library == "elman" else f"{library}=={version(library)}"
        venv.create(folder / "venv", with_pip=True)
        pip = [str(folder / "venv" / "bin" / "python"), "-m", "pip", "-qq", "--disable-pip-version-check"]
        downloaded = folder / "wheels"
        subprocess.run([*pip, "download", "--dest", downloaded, package], check=True)
        site = next((folder / "venv").glob("lib/python*/site-packages"))
        before, start = megabytes(site), time.perf_counter()
        local = [*pip, "install", "--no-index", "--find-links", downloaded, package]
        subprocess.run(local, check=True)
        seconds = time.perf_counter() - start
        sizes = {"installed_mb": megabytes(site) - before, "download_mb": megabytes(downloaded)}
        found[name] = {"seconds": seconds, "packages": len(list(downloaded.iterdir())), **sizes}
        print(f"{name}: {sizes['installed_mb']:.1f} MB in {seconds:.1f} s", flush=True)
    return found


PARTS: dict[str, Callable[[Sequence[str], Path], dict[str, Any]]] = {"train": train, "speed": speed, "install": install}


def block(result: Result) -> str:
    """Return the table, and how its figures were taken."""
    head = ["", "UPOS accuracy, %", "training, s", "tagging, words/s", "model, MB", "installed, MB", "pip install, s"]
    tools = result["tools"]
    rows = [[f"**{name}**" if name == "elman" else name, *cells(parts)] for name, parts in tools.items()]
    rows.append([f"[Stanza]({STANZA['source']}) {STANZA['version']}, quoted¹", f"{STANZA['upos']:.2f}", *[""] * 5])
    about = [part["about"] for parts in tools.values() for part in parts.values()]
    origin = {f"{a['machine']['processor']}, Python {a['versions']['python']}" for a in about}
    versions = ", ".join(part["library"] for part in (parts.get("train") for parts in tools.values()) if part)
    notes = [
        "Part-of-speech tagging of English (UD 2.16 EWT, gold words) on one core; all are trained on the same sentences "
        f"({versions}; settings in `benchmarks/peers/taggers.py`). Training is CPU time. Tagging is the median of "
        f"{ROUNDS} rounds, from word lines to tagged lines, without start-up. The installed size is that of the package "
        "with all it needs; its files were on disk. "
        f"Measured on {'; '.join(sorted(origin))}, by `make readme-numbers`.",
        f"¹ Published, not measured here: for {STANZA['treebank']}, from raw text, with pretrained word vectors and a "
        "character language model.",
    ]
    notes += ["\\* Other processes used the machine meanwhile."] * any(a["busy"] for a in about)
    return table(head, rows) + "\n" + "\n\n".join(notes) + "\n"


FIGURES: tuple[tuple[str, Callable[[Result], float], str, bool], ...] = (
    ("train", lambda part: 100 * part["accuracy"], ".2f", False),
    ("train", lambda part: part["cpu_seconds"], ",.0f", True),
    ("speed", lambda part: part["rate"]["median"], ",.0f", True),
    ("train", lambda part: part["model_mb"], ".1f", False),
    ("install", lambda part: part["installed_mb"], ",.0f", False),
    ("install", lambda part: part["seconds"], ".1f", True),
)
"""The columns: the part, its figure, its format, and whether other processes can change it."""


def cells(parts: dict[str, Result]) -> list[str]:
    """Format the figures of a tool; those that other processes may have changed get a star."""
    found = []
    for name, value, form, changeable in FIGURES:
        part = parts.get(name)
        star = "\\*" if part and changeable and part["about"]["busy"] else ""
        found.append(f"{value(part):{form}}{star}" if part else MISSING)
    return found


def publish(result: Result) -> None:
    """Write the table between the marks in README.md."""
    start, end = MARKS
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(start)
    write_page(PAGE, before + start + block(result) + end + rest.partition(end)[2])


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--only", type=names, default=list(PARTS), help=f"some of {','.join(PARTS)}")
    options.add_argument("--tools", type=names, default=list(README), help=f"some of {','.join(README)}")
    options.add_argument("--wheels", type=Path, default=ROOT / "dist", help="folder of elman's wheel (default dist)")
    options.add_argument("--force", action="store_true", help="measure on a busy machine too")
    options.add_argument("--page", action="store_true", help="write the table from the kept result, and stop")
    given = options.parse_args()
    for known, asked in ((PARTS, given.only), (README, given.tools)):
        if not known.keys() >= set(asked):
            options.error(f"expected some of {','.join(known)}, found {','.join(asked)}")
    for part in [] if given.page else given.only:
        require_quiet(given.force)
        for tools in [[name] for name in given.tools] if part == "train" else [given.tools]:
            others = Others()
            found = PARTS[part](tools, given.wheels)
            cores = others.cores()
            about = record() | {"others": cores, "busy": cores is None or cores > BUSY, "load": os.getloadavg()}
            keep(part, {tool: {**own, "about": about} for tool, own in found.items()})
    publish(kept())


def kept() -> Result:
    return read_json(RESULT) if RESULT.exists() else {"benchmark": "readme-numbers", "tools": {}}


def keep(part: str, found: dict[str, Any]) -> None:
    """Replace the figures of a part."""
    result = kept()
    for tool, own in found.items():
        command = f"make readme-numbers OPTIONS='--only {part}'"
        result["tools"].setdefault(tool, {})[part] = {"command": command, **own}
    result["tools"] = {tool: result["tools"][tool] for tool in README if tool in result["tools"]}
    write_json(RESULT, result)


if __name__ == "__main__":
    main()
