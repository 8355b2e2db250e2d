"""What a service and a shell wait for: one sentence in Python, the start of ``elman tag``, an ensemble's tagging.

    python benchmarks/quick.py MODEL ENSEMBLE TEXT

MODEL and ENSEMBLE are networks, as of the presets ``default`` and ``best``; TEXT has one sentence a line. Each round
measures each row in a process of its own, in turn for this version and for another one (``--before``, its folder src),
so that a slow moment of the machine affects both. Nothing is trained.

    sentence   Tagger.tag of 12 words, those of sentences tagged before and those of new ones; one thread
    start      ``echo "some words" | elman tag MODEL``, from the start of the process to its end
    ensemble   words a second of plain text, without start; two threads
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from harness.machine import Others, circumstances, clean_environment, run_job
from harness.measure import cpu_seconds, figure, interleaved
from harness.results import ROOT, options, write_json


def start(model: str, environment: dict[str, str]) -> dict[str, float]:
    """Return the milliseconds of a whole process that tags two words."""
    used, found = cpu_seconds(), {}

    def run() -> None:
        command = [sys.executable, "-m", "elman", "tag", model]
        subprocess.run(command, input=b"some words\n", check=True, capture_output=True, env=environment)

    (seconds,) = interleaved({"start": run}, rounds=1, seconds=0)["start"]
    found["start, ms"] = 1e3 * seconds
    found["start, CPU ms"] = 1e3 * (cpu_seconds() - used) / 2  # one call is a warm-up
    return found


def one_round(given: Any, folder: Path) -> dict[str, float]:
    """Return all figures of one version, whose modules are in ``folder``."""
    path = {"PYTHONPATH": str(folder)}
    job = {"text": str(given.text)}
    found = run_job("cases.quick", {**job, "row": "sentence", "model": given.model, "threads": 1}, path)
    found |= start(given.model, clean_environment(**path))
    return found | run_job("cases.quick", {**job, "row": "ensemble", "model": given.ensemble, "threads": 2}, path)


def main() -> None:
    flags = {"rounds": (7, "rounds of each median"), "before": ("", "folder src of another version")}
    given = options(__doc__, "model", "ensemble", "text", **flags, json=(Path, "write the figures to a file, too"))
    versions = {"now": ROOT / "src"} | ({"before": Path(given.before)} if given.before else {})
    others = Others()
    rounds: dict[str, dict[str, list[float]]] = {name: {} for name in versions}
    for turn in range(given.rounds):
        for version in list(versions)[:: 1 if turn % 2 else -1]:
            for name, value in one_round(given, versions[version]).items():
                rounds[version].setdefault(name, []).append(value)
    figures = {
        version: {name: figure(values, name.rpartition(", ")[2]) for name, values in rows.items()}
        for version, rows in rounds.items()
    }
    for name in figures["now"]:
        shown = (f"{version} {rows[name]['median']:,.4g}" for version, rows in figures.items())
        print(f"{name}: {', '.join(shown)}", flush=True)
    if given.json:
        write_json(given.json, {**circumstances(others), "rounds": given.rounds, "figures": figures})


if __name__ == "__main__":
    main()
