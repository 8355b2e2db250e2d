"""What `elman search` gives, on part-of-speech tags (wiki-en) and slots (snips) in English.

1. With three seeds: a tenth of the training sentences, drawn by the seed, is dev; accuracy on test of the best
   settings found and of the preset.
2. From settings that are bad on purpose (a tenth of the learning rate, 8 hidden units): accuracy as above.
3. Processor time of successive halving against that of all trials in full.

The preset is fast, and of snips every sixth training sentence is used: about 20 minutes of one free core.
Writes benchmarks/results/search.json. Trainings are kept in build/search; a run that was stopped goes on from there.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from typing import Any

import numpy as np

import elman
from elman.data.formats import read_sentences
from harness.machine import record
from harness.results import BUILD, DATA, RESULTS, WIKI, options, read_json, seeds, write_json

FILES = {"wiki-en": (WIKI, "test", 1), "snips": ("other/slots_snips/{}.bio", "valid", 6)}
"""Path with a place for the part, the part that is test, and which training sentences are used: every nth."""
PRESET = "fast"
TRIALS = {"wiki-en": 20, "snips": 40}
"""Trials of the first part."""
FROM_BAD, TIMED = 40, 20
"""Trials of the second and of the third part."""
BAD: dict[str, Any] = {"learning_rate": 0.0008, "hidden": 8}
SPACE: dict[str, Any] = {
    "learning_rate": {"low": 0.0003, "high": 0.03, "log": True},
    "hidden": [8, 16, 32, 64, 128],
    "layers": [1, 2],
    "cell": ["lstm", "gru"],
    "batch": [8, 16, 32],
    "dropout": {"low": 0.1, "high": 0.6},
    "word_dropout": {"low": 0.0, "high": 0.5},
    "unk_dropout": {"low": 0.05, "high": 1.0, "log": True},
}
Sentences = Sequence[elman.Sentence]


def data(name: str, seed: int) -> tuple[Sentences, Sentences, Sentences]:
    """Return train, dev (a tenth, drawn by the seed) and test."""
    path, test, every = FILES[name]
    train = [sentence for sentence in read_sentences(str(DATA / path.format("train"))) if sentence.words][::every]
    order = np.random.default_rng(seed).permutation(len(train))
    held_out = set(order[: len(train) // 10].tolist())
    dev = [sentence for i, sentence in enumerate(train) if i in held_out]
    return (
        [sentence for i, sentence in enumerate(train) if i not in held_out],
        dev,
        [sentence for sentence in read_sentences(str(DATA / path.format(test))) if sentence.words],
    )


def searched(name: str, seed: int, label: str, trials: int, **how: Any) -> elman.SearchResult:
    """Search, or go on with it."""
    train, dev, _ = data(name, seed)
    (BUILD / "search").mkdir(parents=True, exist_ok=True)
    return elman.search(
        train,
        dev,
        trials=trials,
        preset=PRESET,
        seed=seed,
        threads=1,
        results=BUILD / "search" / f"{label}-{name}-{seed}.jsonl",
        on_warning=ignored,
        on_progress=lambda line: print(f"{label} {name} {seed}: {line}", flush=True),
        **how,
    )


def accuracy(name: str, seed: int, settings: dict[str, Any]) -> float:
    """Return the accuracy on test, in per cent, of the model that these settings give; kept as trainings are."""
    kept = BUILD / "search" / "test.json"
    known = read_json(kept) if kept.exists() else {}
    key = json.dumps([name, seed, settings])
    if key not in known:
        train, dev, test = data(name, seed)
        how: dict[str, Any] = {"model": "rnn", "preset": PRESET, "seed": seed, "threads": 1, "on_warning": ignored}
        known[key] = 100 * float(elman.train(train, dev, settings=settings, **how).evaluate(test).accuracy)
        write_json(kept, known)
    return float(known[key])


def ignored(line: str) -> None:
    """Say nothing of warnings: sentences of dev that are in train, too."""


def found(name: str, seed: int, result: elman.SearchResult) -> dict[str, Any]:
    """Return dev and test accuracy of the best trial, of trial 1 and of the preset, and processor seconds."""
    first = next(each for each in result.outcomes if each.trial == 1)
    assert first.score is not None and result.best.score is not None
    return {
        "seed": seed,
        "best trial": result.best.trial,
        "settings": result.settings,
        "dev": {"best": 100 * result.best.score, "trial 1": 100 * first.score},
        "test": {"best": accuracy(name, seed, result.settings), "preset": accuracy(name, seed, {})},
        "trials": len({each.trial for each in result.outcomes}),
        "trainings": len(result.outcomes),
        "processor seconds": seconds(result),
    }


def means(rows: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Return the mean accuracy on test of the best trials, and of the preset."""
    return {key: statistics.fmean(row["test"][key] for row in rows) for key in ("best", "preset")}


def seconds(result: elman.SearchResult) -> float:
    """Return the processor time of all trainings."""
    return round(sum(each.processor_seconds for each in result.outcomes), 1)


def main() -> None:
    given = options(
        __doc__,
        sets=("wiki-en,snips", "data sets; processor time is measured on the last (default wiki-en,snips)"),
        seeds=("1-3", "seeds of the first two parts (default 1-3)"),
    )
    report: dict[str, Any] = {"preset": PRESET, "from the preset": {}, "from bad settings": {}}
    names = given.sets.split(",")
    for name in names:
        rows = [found(name, seed, searched(name, seed, "preset", TRIALS[name])) for seed in seeds(given.seeds)]
        report["from the preset"][name] = {"runs": rows, "mean on test": means(rows)}
        print(name, report["from the preset"][name]["mean on test"], flush=True)
    for name in names:
        bad: dict[str, Any] = {"settings": BAD, "space": SPACE}
        rows = [found(name, seed, searched(name, seed, "bad", FROM_BAD, **bad)) for seed in seeds(given.seeds)]
        report["from bad settings"][name] = {"runs": rows, "mean on test": means(rows)}
        print(name, report["from bad settings"][name]["mean on test"], flush=True)
    name = names[-1]
    halving, full = (searched(name, 1, "preset", TIMED, method=method) for method in ("halving", "random"))
    report["processor time"] = {
        "set": name,
        "trials": TIMED,
        "halving": seconds(halving),
        "all in full": seconds(full),
        "share": round(seconds(halving) / seconds(full), 3),
        "best on dev": {"halving": halving.best.shown, "all in full": full.best.shown},
    }
    write_json(RESULTS / "search.json", {**report, **record()})


if __name__ == "__main__":
    main()
