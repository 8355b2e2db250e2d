"""Learning from corrections: patches beside retraining and naive fine-tuning (make bench-learn).

    python benchmarks/learn.py                               all that is missing, several hours
    python benchmarks/learn.py --parts snips,ewt --seeds 1-2
    python benchmarks/learn.py --page                        docs/explanation/learn-results.md from the results

A row of results/learn.json is one part with one seed. It is kept, unless elman's code has changed (--any-code ignores
that), so a stopped run goes on. Trained models are kept in build/learn.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from cases import learn_parts
from cases.learn_page import write
from cases.learn_parts import Row
from harness import results
from harness.machine import Others, record
from harness.results import RESULTS, read_json, write_json
from harness.runs import code_version

RESULT = RESULTS / "learn.json"
INTENTS = "AddToPlaylist BookRestaurant GetWeather PlayMusic RateBook SearchCreativeWork SearchScreeningEvent".split()
SEEDS = {"annotator": 3, "alone": 1}
CASES: dict[str, list[tuple[str, str, Any]]] = {  # name, preset, and the function that returns a row
    "alone": [("wiki-en", "default", partial(learn_parts.alone, "wiki-en", 50))],
    "snips": [(intent, "fast", partial(learn_parts.new_part, "snips", intent)) for intent in INTENTS],
    "ewt": [("weblog", "default", partial(learn_parts.new_part, "ewt", "weblog"))],
    "stream": [("ewt", "fast", partial(learn_parts.one_by_one, "ewt", 4000, 1000))],
    "annotator": [
        (f"{name} {order}", preset, partial(learn_parts.annotator, name, order))
        for name, preset in (("wiki-en", "default"), ("usaddress", "default"), ("wnut", "fast"))
        for order in ("uncertain", "random")
    ],
    "single": [("wiki-en", "default", partial(learn_parts.one_by_one, "wiki-en", 800, 400))],
}


def main() -> None:
    flags = {"parts": (",".join(CASES), "some of these"), "seeds": ("1-5", "such as 1-5 or 1,3 (default 1-5)")}
    flags |= {"any_code": (False, "keep rows of an elman with other code"), "page": (False, "write the page, and stop")}
    given = results.options(__doc__, **flags)
    parts, version = results.names(given.parts), code_version("learn", "analysis")
    for part in () if given.page else parts:
        for seed in results.seeds(given.seeds)[: SEEDS.get(part)]:
            for case, preset, measure in CASES[part]:
                key = {"part": part, "case": case, "seed": seed, "preset": preset}
                done = [row for row in kept() if all(row[name] == key[name] for name in key)]
                if any(given.any_code or row["elman"] == version for row in done):
                    continue
                others = Others()
                row, about = key | {"elman": version} | measure(seed, preset), record()
                row |= {"other_cores": others.cores(), "date": about.pop("date"), "commit": about.pop("commit")}
                rows = [*(old for old in kept() if old not in done), row]
                write_json(RESULT, {"benchmark": "learn", "about_last": about, "rows": rows})
                print(*key.values(), shown(row), flush=True)
    write(kept())


def kept() -> list[Row]:
    return read_json(RESULT)["rows"] if RESULT.exists() else []


def shown(row: Row) -> str:
    """Return a line of progress."""
    if "curve" in row:
        return f"{row['curve'][0]}, {row['curve'][-1]}, {row['full']}"
    return str(row.get("scores") or f"{row['seconds']:.2f} s, {row['cpu_seconds']:.2f} s of CPU time")


if __name__ == "__main__":
    main()
