"""Exported models beside elman: the same tags on six test sets, and the speed on one of them.

Trains one default model for each set, exports it and tags its test part with onnxruntime and with elman
(``--precision exact``): labels that differ, beyond ties within 1e-5, and the greatest difference of a confidence. Then
it times both on English, one thread, with confidences. Writes benchmarks/results/onnx.json. Run it with the Python of
``make test-integrations``: .venv-integrations/bin/python benchmarks/onnx_speed.py
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import elman
from elman.data.corpus import ReadOptions, read_corpus
from harness.machine import record, require_quiet
from harness.measure import in_unit, interleaved
from harness.results import BUILD, DATA, RESULTS, ROOT, megabytes, options, treebank, write_json

sys.path.insert(0, str(ROOT / "tests" / "helpers"))
from exported import differences, session

TREEBANKS = ("en_ewt", "ko_gsd", "th_tud", "ug_udt", "vi_vtb")
SETS = {name: tuple(treebank(name, part) for part in ("train", "dev", "test")) for name in TREEBANKS}
SETS |= {"snips": tuple(f"other/slots_snips/{part}.bio" for part in ("train", "valid", "valid"))}
TARGETS = {"snips": "2,intent"}
TIMED = "en_ewt"


def model_of(name: str) -> Path:
    """Return the default model of a set, trained if need be."""
    path = BUILD / "onnx" / f"{name}.model"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        train, dev = (DATA / part for part in SETS[name][:2])
        elman.train(train, dev, target=TARGETS.get(name), threads=1, on_warning=lambda _: None).save(path)
    return path


def sentences_of(name: str, model: Any) -> list[list[str]]:
    """Return the words of a test set."""
    chosen = ReadOptions(model.targets, None, "utf-8", model_default=(model.format, model.target))
    return [list(sentence.words) for sentence in read_corpus(DATA / SETS[name][2], chosen).sentences]


def agreement(name: str) -> dict[str, Any]:
    """Compare the labels and confidences of a test set."""
    model = elman.load(model_of(name), precision="exact", threads=1)
    labels, differ, worst = differences(model, session(model), sentences_of(name, model))
    print(f"{name}: {labels:,} labels, {differ} differ, confidences by {worst:.2g} at most", flush=True)
    return {"labels": labels, "differ": differ, "largest_difference_of_a_confidence": worst}


def work(run: Any, exact: Any, auto: Any, batches: list[list[list[str]]]) -> dict[str, Callable[[], object]]:
    """Return what is timed."""
    return {
        "onnxruntime": lambda: [run.run(None, elman.onnx_inputs(batch)) for batch in batches],
        "elman exact": lambda: [exact.predict(batch, confidence=True) for batch in batches],
        "elman": lambda: [auto.predict(batch, confidence=True) for batch in batches],
    }


def speed(rounds: int) -> dict[str, Any]:
    """Time both on one test set, in batches of sentences as in the file and of similar length."""
    path = model_of(TIMED)
    exact, auto = (elman.load(path, precision=precision, threads=1) for precision in ("exact", "auto"))
    run, in_file = session(exact), sentences_of(TIMED, exact)
    words = sum(map(len, in_file))
    found: dict[str, Any] = {"words": words}
    orders = {"in the order of the file": in_file, "sorted by length": sorted(in_file, key=len)}
    for size, order in ((1, 0), (32, 0), (32, 1), (256, 0), (256, 1)):
        named, sentences = list(orders.items())[order]
        batches = [sentences[i : i + size] for i in range(0, len(sentences), size)]
        times = interleaved(work(run, exact, auto, batches), rounds=rounds, seconds=0)
        figures = found[f"{size}, {named}"] = in_unit(times, "words/s", lambda seconds: words / seconds)
        print(size, named, {name: round(one["median"]) for name, one in figures.items()}, flush=True)
    return found


def main() -> None:
    asked = options(__doc__, rounds=(5, "rounds of timing"), force=(False, "measure also while the machine is busy"))
    same = {name: agreement(name) for name in SETS}
    exported = BUILD / "onnx" / f"{TIMED}.onnx"
    elman.export_onnx(elman.load(model_of(TIMED)), exported)
    megabytes_of = {"model": megabytes(model_of(TIMED)), "onnx": megabytes(exported)}
    busy = require_quiet(asked.force)
    result = {"same": same, "speed": speed(asked.rounds), "megabytes": megabytes_of, "cores_busy_with_others": busy}
    write_json(RESULTS / "onnx.json", result | record(["onnx", "onnxruntime"]))


if __name__ == "__main__":
    main()
