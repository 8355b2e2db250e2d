"""Ablations of the graph parser: part of a treebank's train split, scores on its dev split.

    python benchmarks/graph_parser.py [--rows default,rate] [--set en_ewt] [--every 5] [--seed 1]

Every ``--every``-th sentence of train is learned by ``--task parse:heads=graph`` with the settings of a row of
``ROWS``, every third of dev chooses the epoch, and all of dev is parsed: gold words, predicted tags. Results are in
benchmarks/results/graph-parser.json, one for each row, treebank, share and seed. Prints UPOS, UAS, LAS and the CPU
seconds of training and scoring.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import elman
from elman.data.formats import read_sentences
from elman.data.sentence import Sentence
from harness.machine import record
from harness.measure import cpu_seconds
from harness.results import DATA, RESULTS, names, options, read_json, treebank, write_json

START: dict[str, Any] = {"hidden": 128, "ensemble": 1, "epochs": 10, "learning_rate": 0.008}
ROWS: dict[str, dict[str, Any]] = {
    "start": {},
    "learning_rate=0.004": {"learning_rate": 0.004},
    "learning_rate=0.002": {"learning_rate": 0.002},
    "layers": {"dropout_kind": "layers"},
    "characters=64": {"characters": 64},
    "batch=32": {"batch": 32},
    "layers=1": {"layers": 1},
    "layers=3": {"layers": 3},
    "beta2=0.9": {"momentum": 0.9, "beta2": 0.9},
    "dropout=0.4": {"dropout": 0.4},
    "word_dropout=0.2": {"word_dropout": 0.2},
    "averaging=0.3": {"averaging": 0.3},
    "epochs=16": {"epochs": 16},
}
"""Changes of ``START``, by name."""
FIELDS = ("upos", "head", "deprel")


def scores(model: Any, gold: list[Sentence]) -> dict[str, float]:
    """Return UPOS, UAS and LAS in percent; subtypes of relations do not count, as in CoNLL 2018."""
    words = tag = arc = labelled = 0
    for sentence, own in zip(gold, model.pipe([one.words for one in gold], columns=FIELDS), strict=True):
        for right, found in zip(
            *(zip(*(one[name] for name in FIELDS), strict=True) for one in (sentence.columns, own)), strict=True
        ):
            words += 1
            tag += right[0] == found[0]
            arc += right[1] == found[1]
            labelled += right[1] == found[1] and right[2].partition(":")[0] == found[2].partition(":")[0]
    return {name: round(100 * n / words, 2) for name, n in (("upos", tag), ("uas", arc), ("las", labelled))}


def main() -> None:
    flags = {"set": ("en_ewt", "treebank"), "every": (5, "learn every n-th sentence"), "seed": (1, "of training")}
    given = options(__doc__, rows=(names, "names of rows (default: all)"), **flags, json=(Path, "another result file"))
    path = given.json or RESULTS / "graph-parser.json"
    train, dev = (
        [s for s in read_sentences(str(DATA / treebank(given.set, part)), format="conllu") if s.words]
        for part in ("train", "dev")
    )
    for name in given.rows or ROWS:
        settings = START | ROWS[name]
        used = cpu_seconds()
        model = elman.train(
            train[:: given.every],
            dev[::3],
            task="parse:heads=graph",
            settings=settings,
            seed=given.seed,
            threads=1,
            on_warning=lambda warning: None,
        )
        key = {"row": name, "set": given.set, "every": given.every, "seed": given.seed}
        found = key | {"settings": settings, **scores(model, dev), "cpu_seconds": round(cpu_seconds() - used)}
        print(found, flush=True)
        kept = read_json(path)["rows"] if path.exists() else []
        kept = [one for one in kept if {field: one[field] for field in key} != key]
        write_json(path, {**record(), "rows": [*kept, found]})


if __name__ == "__main__":
    main()
