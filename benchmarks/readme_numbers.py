"""The table of numbers in README.md: elman, CRFsuite, UDPipe 1 and spaCy on UPOS of English EWT (make readme-numbers).

All learn from the same train part, and from dev where they use one, and tag the gold words of test, on one core. The
parts are ``train`` (accuracy, training time, model size), ``speed`` (of tagging test ten times, by models kept in
build/bench) and ``install`` (each package in a fresh virtual environment). Figures of other parts and tools stay as
they are in results/readme-numbers.json. A part measured while other processes used the machine is marked on the page.
"""

from __future__ import annotations

import shutil
import subprocess
import time
import venv
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from cases import text
from harness import results
from harness.machine import Others, circumstances, require_quiet, run_job
from harness.measure import figure
from harness.results import BUSY_NOTE, MISSING, RESULTS, ROOT, Result, megabytes, read_json, write_json
from peers.taggers import PEERS

RESULT = RESULTS / "readme-numbers.json"
PAGE = ROOT / "README.md"
TOOLS = ("elman", "CRFsuite", "UDPipe 1", "spaCy")
ROUNDS = 5
STANZA = ("1.5.1", "https://stanfordnlp.github.io/stanza/performance.html", "UD 2.12", "96.20")
"""Version, source, treebank, and UPOS as published for English EWT; not measured here."""


def train(tools: Sequence[str], wheels: Path) -> dict[str, Any]:
    """Train each tool; return its accuracy on test, its seconds and the size of its model."""
    return {name: run_job("peers.taggers", {"name": name, "again": True, "threads": 1}) for name in tools}


def speed(tools: Sequence[str], wheels: Path) -> dict[str, Any]:
    """Return the words a second of each tool from word lines to word_tag lines, without start-up, interleaved."""
    source, out = text.text_file("test10"), text.WORK / "tagged" / "peer.txt"
    out.parent.mkdir(parents=True, exist_ok=True)
    job, words = {"source": str(source), "out": str(out), "threads": 1}, text.words_in(source)
    rounds = [{name: run_job("peers.taggers", {"name": name, **job}) for name in tools} for _ in range(ROUNDS)]
    return {name: {"rate": figure([words / row[name]["seconds"] for row in rounds], "words/s")} for name in tools}


def install(tools: Sequence[str], wheels: Path) -> dict[str, Any]:
    """Return the MB of a package with all it needs in a fresh environment, and pip's seconds for files on disk."""
    found = {}
    for name in tools:
        library, folder = PEERS[name].library, text.WORK / "install" / name
        shutil.rmtree(folder, ignore_errors=True)
        venv.create(folder / "venv", with_pip=True)
        pip = [str(folder / "venv" / "bin" / "python"), "-m", "pip", "-qq", "--disable-pip-version-check"]
        package = next(map(str, wheels.glob("*.whl"))) if library == "elman" else f"{library}=={version(library)}"
        downloaded, site = folder / "wheels", next((folder / "venv").glob("lib/python*/site-packages"))
        subprocess.run([*pip, "download", "--dest", downloaded, package], check=True)
        before, start = megabytes(site), time.perf_counter()
        subprocess.run([*pip, "install", "--no-index", "--find-links", downloaded, package], check=True)
        found[name] = {"seconds": time.perf_counter() - start, "installed_mb": megabytes(site) - before}
        found[name] |= {"download_mb": megabytes(downloaded), "packages": len(list(downloaded.iterdir()))}
    return found


PARTS: dict[str, Callable[[Sequence[str], Path], dict[str, Any]]] = {"train": train, "speed": speed, "install": install}
COLUMNS: dict[str, tuple[str, Callable[[Result], float], str, bool]] = {
    "UPOS accuracy, %": ("train", lambda part: 100 * part["accuracy"], ".2f", False),
    "training, s": ("train", lambda part: part["cpu_seconds"], ",.0f", True),
    "tagging, words/s": ("speed", lambda part: part["rate"]["median"], ",.0f", True),
    "model, MB": ("train", lambda part: part["model_mb"], ".1f", False),
    "installed, MB": ("install", lambda part: part["installed_mb"], ",.0f", False),
    "pip install, s": ("install", lambda part: part["seconds"], ".1f", True),
}
"""Of each column the part, its figure, its format, and whether other processes can change it."""


def block(result: Result) -> str:
    """Return the table, and how its figures were taken."""
    tools, (release, source, treebank, published) = result["tools"], STANZA
    rows = [[f"**{name}**" if name == "elman" else name, *cells(parts)] for name, parts in tools.items()]
    rows.append([f"[Stanza]({source}) {release}, quoted¹", published, *[""] * (len(COLUMNS) - 1)])
    about = [part["about"] for parts in tools.values() for part in parts.values()]
    origin = {f"{a['machine']['processor']}, Python {a['versions']['python']}" for a in about}
    versions = ", ".join(parts["train"]["library"] for parts in tools.values() if "train" in parts)
    notes = results.fill(
        "readme-numbers",
        versions=versions,
        origin="; ".join(sorted(origin)),
        rounds=str(ROUNDS),
        treebank=treebank,
        busy=BUSY_NOTE if any(a["busy"] for a in about) else "",
    )
    return results.table(["", *COLUMNS], rows) + "\n" + notes


def cells(parts: dict[str, Result]) -> list[str]:
    """Format the figures of a tool; those that other processes may have changed get a star."""
    found = []
    for name, value, form, changeable in COLUMNS.values():
        part = parts.get(name)
        star = "\\*" if part and changeable and part["about"]["busy"] else ""
        found.append(f"{value(part):{form}}{star}" if part else MISSING)
    return found


def main() -> None:
    flags = {"only": (",".join(PARTS), "some of these"), "tools": (",".join(TOOLS), "some of these")}
    flags |= {"wheels": (str(ROOT / "dist"), "folder of elman's wheel")}
    flags |= {
        "force": (False, "measure on a busy machine too"),
        "page": (False, "write the table from the kept result"),
    }
    given = results.options(__doc__, **flags)
    for part in () if given.page else results.names(given.only):
        require_quiet(given.force)
        tools = results.names(given.tools)
        for some in [[name] for name in tools] if part == "train" else [tools]:
            others = Others()
            found = PARTS[part](some, Path(given.wheels))
            about = circumstances(others)
            keep(part, {tool: {**own, "about": about} for tool, own in found.items()})
    results.write_numbers(PAGE, block(kept()))


def kept() -> Result:
    return read_json(RESULT) if RESULT.exists() else {"benchmark": "readme-numbers", "tools": {}}


def keep(part: str, found: dict[str, Any]) -> None:
    """Replace the figures of a part."""
    result = kept()
    for tool, own in found.items():
        command = f"make readme-numbers OPTIONS='--only {part}'"
        result["tools"].setdefault(tool, {})[part] = {"command": command, **own}
        print(tool, *cells(result["tools"][tool]), sep="  ", flush=True)
    result["tools"] = {tool: result["tools"][tool] for tool in TOOLS if tool in result["tools"]}
    write_json(RESULT, result)


if __name__ == "__main__":
    main()
