"""The speed of elman against PyTorch, ONNX Runtime, CRFsuite, NLTK and spaCy (make bench).

Refuses to run while the machine is busy. Every part is a process of its own that checks that all engines compute the
same before it times them. A full run is written to results/speed-COMMIT.json and docs/speed.md; one of some parts, or
a quick one, to build/bench. What is trained, and the texts, are kept in build/bench.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import speed_data
import speed_machine
from speed_bars import BARS
from speed_compare import newest
from speed_page import DOCS, PAGE, page
from speed_parts import PARTS, Plan, usable_cores

RESULTS = Path(__file__).resolve().parent / "results"


def main() -> None:
    options = arguments()
    if options.page:
        files = newest(RESULTS)
        publish(json.loads(files[-1].read_text(encoding="utf-8")) if files else None, DOCS)
        return
    for name in speed_machine.UNSET:
        os.environ.pop(name, None)
    speed_data.treebank("train")
    if usable_cores() < 2:
        sys.exit(f"speed.py: two cores are needed, this process has {usable_cores()}")
    busy = speed_machine.require_quiet(options.force)
    result = {
        "benchmark": "speed",
        "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        **speed_machine.surroundings(),
        "quick": options.quick,
        "forced": options.force,
        "others_before": busy,
        **run(options.only or list(PARTS), Plan(3, 0.05, True) if options.quick else Plan()),
    }
    judge(result)
    save(result, full=not options.quick and not options.only)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", type=parts, metavar="PART,…", help=f"some of {', '.join(PARTS)}")
    parser.add_argument("--quick", action="store_true", help="little of everything, for development")
    parser.add_argument("--force", action="store_true", help="on a busy machine too; the result says so")
    parser.add_argument("--page", action="store_true", help="write docs/speed.md from the newest result, and stop")
    return parser.parse_args()


def parts(text: str) -> list[str]:
    names = text.split(",")
    if not PARTS.keys() >= set(names):
        raise argparse.ArgumentTypeError(f"expected some of {','.join(PARTS)}, found {text!r}")
    return [name for name in PARTS if name in names]


def run(names: list[str], plan: Plan) -> dict[str, Any]:
    """The parts' results, their seconds, and the cores that other processes kept busy meanwhile."""
    found: dict[str, Any] = {"parts": {}, "seconds": {}, "others": {}}
    for name in names:
        part = PARTS[name]
        about = "" if plan.quick else f", about {part.seconds} s"
        print(f"{name}: {part.title}{about}", flush=True)
        others, start = speed_machine.Others(), time.perf_counter()
        found["parts"][name] = part.run(plan)
        found["seconds"][name] = round(time.perf_counter() - start, 1)
        found["others"][name] = busy = others.cores()
        if busy is not None and busy > speed_machine.BUSY:
            print(f"  others kept {busy:.2f} cores busy meanwhile; these figures are doubtful", file=sys.stderr)
    return found


def judge(result: dict[str, Any]) -> None:
    """Say what was asked for and what is there."""
    for bar in BARS:
        value = bar.value(result)
        if value is not None:
            word = "reached" if bar.reached(result) else "MISSED"
            print(f"{bar.work:<78} {bar.bar:>11,.10g} {bar.unit:<8} {value:>12,.2f}  {word}")
    print(f"{sum(result['seconds'].values()) / 60:.1f} minutes")


def save(result: dict[str, Any], *, full: bool) -> None:
    folder = RESULTS if full else speed_data.WORK
    folder.mkdir(parents=True, exist_ok=True)
    result["name"] = f"speed-{result['commit'][:7] or 'unknown'}.json"
    path = folder / result["name"]
    path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(f"written to {path.relative_to(speed_data.ROOT)}")
    publish(result, DOCS if full else speed_data.WORK)


def publish(result: dict[str, Any] | None, folder: Path) -> None:
    """Write the page, and the picture where there is a sweep."""
    to = folder / PAGE.name
    to.write_text(page(result), encoding="utf-8", newline="\n")
    if result and "sweep" in result["parts"]:
        import speed_plot

        speed_plot.draw(result["parts"]["sweep"], folder)
    print(f"written to {to.relative_to(speed_data.ROOT)}")


if __name__ == "__main__":
    main()
