"""Exported models beside elman: the same tags on six test sets, and the speed on one of them (make bench-onnx).

Trains one default model for each set, exports it and tags its test part with onnxruntime and with elman
(``--precision exact``): labels that differ, beyond ties within 1e-5, and the greatest difference of a confidence. Then
it times both on English, one thread, with confidences, which ``--speeds`` does alone. Trained models stay in
build/onnx. Writes results/onnx.json and the tables in docs/guides/onnx.md.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import elman
from harness import results
from harness.machine import Others, circumstances, require_quiet
from harness.measure import in_unit, interleaved, times_as_good
from harness.results import BUILD, BUSY_NOTE, DATA, RESULTS, ROOT, Result, megabytes, read_json, treebank, write_json

sys.path.insert(0, str(ROOT / "tests" / "helpers"))

RESULT, WORK = RESULTS / "onnx.json", BUILD / "onnx"
PAGE = ROOT / "docs" / "guides" / "onnx.md"
TREEBANKS = {
    "en_ewt": "English (EWT)",
    "ko_gsd": "Korean (GSD)",
    "th_tud": "Thai (TUD)",
    "ug_udt": "Uyghur (UDT)",
    "vi_vtb": "Vietnamese (VTB)",
}
SETS = {name: tuple(treebank(name, part) for part in ("train", "dev", "test")) for name in TREEBANKS}
SETS |= {"snips": tuple(f"other/slots_snips/{part}.bio" for part in ("train", "valid", "valid"))}
TARGETS = {"snips": "2,intent"}
TIMED = "en_ewt"
BATCHES = {
    "1": (1, False),
    "32, as in the file": (32, False),
    "32, sorted by length": (32, True),
    "256, as in the file": (256, False),
    "256, sorted by length": (256, True),
}
"""Sentences in a batch, and whether they are sorted by length."""
LIBRARIES = ("onnx", "onnxruntime")
ROUNDS = 5


def model_of(name: str) -> Path:
    """Return the default model of a set, trained if need be."""
    path = WORK / f"{name}.model"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        train, dev = (DATA / part for part in SETS[name][:2])
        elman.train(train, dev, target=TARGETS.get(name), seed=1, threads=1, on_warning=lambda _: None).save(path)
    return path


def sentences_of(name: str, model: Any) -> list[list[str]]:
    """Return the words of a test set."""
    from elman.data.corpus import ReadOptions, read_corpus

    chosen = ReadOptions(model.targets, None, "utf-8", model_default=(model.format, model.target))
    return [list(sentence.words) for sentence in read_corpus(DATA / SETS[name][2], chosen).sentences]


def agreement(name: str) -> dict[str, Any]:
    """Compare the labels and confidences of a test set."""
    from exported import differences, session

    model = elman.load(model_of(name), precision="exact", threads=1)
    labels, differ, worst = differences(model, session(model), sentences_of(name, model))
    print(f"{name}: {labels:,} labels, {differ} differ, confidences by {worst:.2g} at most", flush=True)
    return {"labels": labels, "differ": differ, "largest_difference_of_a_confidence": worst}


def same() -> dict[str, Any]:
    """Return the agreement on all sets, and the sizes of a model and of its export."""
    sets = {name: agreement(name) for name in SETS}
    exported = WORK / f"{TIMED}.onnx"
    elman.export_onnx(elman.load(model_of(TIMED)), exported)
    return {"sets": sets, "megabytes": {"model": megabytes(model_of(TIMED)), "onnx": megabytes(exported)}}


def work(run: Any, exact: Any, auto: Any, batches: list[list[list[str]]]) -> dict[str, Callable[[], object]]:
    """Return what is timed."""
    return {
        "onnxruntime": lambda: [run.run(None, elman.onnx_inputs(batch)) for batch in batches],
        "elman exact": lambda: [exact.predict(batch, confidence=True) for batch in batches],
        "elman": lambda: [auto.predict(batch, confidence=True) for batch in batches],
    }


def speed() -> dict[str, Any]:
    """Time both on one test set, in batches of sentences as in the file and of similar length."""
    from exported import session

    path = model_of(TIMED)
    exact, auto = (elman.load(path, precision=precision, threads=1) for precision in ("exact", "auto"))
    run, in_file = session(exact), sentences_of(TIMED, exact)
    words = sum(map(len, in_file))
    rates: dict[str, Any] = {}
    for title, (size, by_length) in BATCHES.items():
        sentences = sorted(in_file, key=len) if by_length else in_file
        batches = [sentences[i : i + size] for i in range(0, len(sentences), size)]
        times = interleaved(work(run, exact, auto, batches), rounds=ROUNDS, seconds=0)
        rates[title] = in_unit(times, "words/s", lambda seconds: words / seconds)
        print(title, {name: round(one["median"]) for name, one in rates[title].items()}, flush=True)
    return {"words": words, "rates": rates}


PARTS: dict[str, Callable[[], dict[str, Any]]] = {"same": same, "speed": speed}


def block(result: Result) -> str:
    """Return the tables of a result, and where they were measured."""
    same, speed = result["same"], result["speed"]
    labels = [
        [
            TREEBANKS.get(name, "snips (slots, intents)"),
            f"{own['labels']:,}",
            str(own["differ"]),
            f"{own['largest_difference_of_a_confidence']:.7f}",
        ]
        for name, own in same["sets"].items()
    ]
    star = "\\*" if speed["about"]["busy"] else ""
    rates = [
        [title, *(f"{rate['median']:,.0f}{star}" for rate in row.values())] for title, row in speed["rates"].items()
    ]
    ratios = [times_as_good(row["elman exact"], row["onnxruntime"]) for row in speed["rates"].values()]
    versions = speed["about"]["versions"]
    return results.fill(
        "onnx",
        labels=results.table(["data", "labels", "that differ", "largest difference of a confidence"], labels),
        rates=results.table(["sentences in a batch", "onnxruntime", "elman, exact", "elman"], rates),
        onnx_mb=f"{same['megabytes']['onnx']:.1f}",
        model_mb=f"{same['megabytes']['model']:.1f}",
        least=f"{min(ratios):.1f}",
        most=f"{max(ratios):.1f}",
        rounds=str(ROUNDS),
        machine=speed["about"]["machine"]["processor"],
        versions=f"onnxruntime {versions['onnxruntime']}, Python {versions['python']}",
        busy=BUSY_NOTE if star else "",
    )


def main() -> None:
    flags = {
        "speeds": (False, "time alone, three minutes of a quiet machine"),
        "force": (False, "time on a busy machine too"),
        "page": (False, "write the tables from the kept result"),
    }
    given = results.options(__doc__, **flags)
    for part in () if given.page else ("speed",) if given.speeds else PARTS:
        if part == "speed":
            require_quiet(given.force)
        others = Others()
        found = PARTS[part]()
        kept = read_json(RESULT) if RESULT.exists() else {"benchmark": "onnx"}
        write_json(RESULT, kept | {part: found | {"about": circumstances(others, LIBRARIES)}})
    results.write_numbers(PAGE, block(read_json(RESULT)))


if __name__ == "__main__":
    main()
