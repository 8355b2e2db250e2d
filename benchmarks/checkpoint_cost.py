"""What a checkpoint costs: training with and without --checkpoint, in pairs, one after the other.

    python benchmarks/checkpoint_cost.py [--minutes 5] [--epochs 3] [--threads 2]

Part-of-speech tagging of English EWT with the default settings and the default time between two checkpoints; --epochs 0
trains for as long as by default. Which of a pair comes first alternates. The models of all runs must be the same, byte
for byte. Writes benchmarks/results/checkpoint-cost.json.
"""

from __future__ import annotations

import hashlib
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from harness.machine import Others, circumstances, require_quiet, run_job
from harness.results import DATA, RESULTS, options, treebank, write_json

RESULT = RESULTS / "checkpoint-cost.json"
LIMIT = 0.02  # that a checkpoint may cost


def measure(job: dict[str, Any]) -> dict[str, Any]:
    """Train in this process; return seconds on the clock and of the processor, and those of writing checkpoints."""
    import elman
    from elman.models import file
    from elman.training import checkpoint

    writing: list[float] = []
    write = checkpoint._Store.write

    def timed(store: Any, *arguments: Any, **options: Any) -> bool:
        began = time.perf_counter()
        try:
            return write(store, *arguments, **options)
        finally:
            writing.append(time.perf_counter() - began)

    checkpoint._Store.write = timed  # type: ignore[method-assign]
    began = time.perf_counter(), time.process_time()
    model = elman.train(
        job["train"],
        job["dev"],
        settings=job["settings"],
        threads=job["threads"],
        checkpoint=job["checkpoint"],
        on_warning=lambda line: None,
    )
    seconds, processor = time.perf_counter() - began[0], time.process_time() - began[1]
    digest = hashlib.sha256(file.to_bytes(*model.to_record())).hexdigest()
    return {"seconds": seconds, "processor_seconds": processor, "writing": writing, "sha256": digest}


def pair(job: dict[str, Any], number: int, folder: Path) -> dict[str, Any]:
    """Train twice, with and without a checkpoint."""
    paths = {"without": None, "with": str(folder / "run")}
    order = list(paths) if number % 2 == 0 else list(reversed(paths))
    found = {name: run_job("checkpoint_cost", job | {"checkpoint": paths[name]}) for name in order}
    assert found["with"]["sha256"] == found["without"]["sha256"], "another model"
    print(f"pair {number + 1}: " + ", ".join(f"{name} {found[name]['seconds']:.1f} s" for name in paths), flush=True)
    return found


def costs(pairs: list[dict[str, Any]]) -> dict[str, float]:
    """Return medians over the pairs, as shares: what a checkpoint adds, and the time that is spent on writing."""
    kinds = ("seconds", "processor_seconds")
    added = {kind: median(each["with"][kind] / each["without"][kind] - 1 for each in pairs) for kind in kinds}
    written = median(sum(each["with"]["writing"]) / each["with"]["seconds"] for each in pairs)
    return {name: round(share, 5) for name, share in {**added, "writing": written}.items()}


def main() -> None:
    """Measure as the command line says."""
    given = options(
        __doc__,
        minutes=(5.0, "begin no pair that would end later"),
        epochs=(3, "epochs of a training; 0: as by default"),
        threads=(2, "threads of each training"),
        force=(False, "measure on a busy machine, too"),
    )
    require_quiet(given.force)
    others, began = Others(), time.monotonic()
    job: dict[str, Any] = {name: str(DATA / treebank("en_ewt", name)) for name in ("train", "dev")}
    job |= {"settings": {"epochs": given.epochs} if given.epochs else {}, "threads": given.threads}
    pairs: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        while not pairs or (time.monotonic() - began) * (1 + 1 / len(pairs)) < 60 * given.minutes:
            pairs.append(pair(job, len(pairs), Path(folder)))
    found = costs(pairs)
    write_json(RESULT, {"about": circumstances(others), "settings": job["settings"], "costs": found, "pairs": pairs})
    shares = ", ".join(f"{name} {100 * share:+.2f} %" for name, share in found.items())
    print(f"{len(pairs)} pairs, medians: {shares}; at most {100 * LIMIT:.0f} % is promised")


if __name__ == "__main__":
    main()
