"""elman's component of spaCy pipelines against spaCy's tagger and NER (make bench-spacy, an hour of one core).

Both learn from the same .spacy files, gold words of English EWT (XPOS) and WNUT 17 (entities). spaCy is trained by
``spacy train`` with the configuration that ``spacy init config`` writes, elman with its defaults and one seed; dev says
when to stop. On test, ``nlp.evaluate`` counts for both. Words a second are those of ``nlp.pipe`` over test three times,
by processor time, rounds of both in turn in one process of one thread; the Docs are made within that time. Trained
models stay in build/spacy. Writes results/spacy.json and the table in docs/guides/coming-from-spacy.md.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness.machine import Others, record, run_job
from harness.measure import cpu_seconds, figure
from harness.results import (
    BUILD,
    DATA,
    RESULTS,
    ROOT,
    megabytes,
    names,
    options,
    read_json,
    table,
    treebank,
    write_json,
    write_page,
)

RESULT, WORK = RESULTS / "spacy.json", BUILD / "spacy"
PAGE, MARKS = ROOT / "docs" / "guides" / "coming-from-spacy.md", ("<!-- numbers -->\n", "<!-- end of numbers -->\n")
PARTS = ("train", "dev", "test")
ROUNDS, TIMES, BATCH = 3, 3, 256
SETS: dict[str, dict[str, Any]] = {
    "ewt": {"title": "XPOS of English EWT", "pipe": "tagger", "column": "xpos", "score": "tag_acc", "unit": "accuracy"},
    "wnut": {"title": "entities of WNUT 17", "pipe": "ner", "column": "ner", "score": "ents_f", "unit": "F1"},
}
FILES = {"ewt": treebank("en_ewt", "{}"), "wnut": "other/ner_wnut17/{}.conll"}
TOOLS = {"spaCy": "spacy", "elman": "elman", "elman, no confidence": "elman"}


def files(name: str) -> Path:
    """Write train.spacy, dev.spacy and test.spacy, without the spaces of the text; return their folder."""
    import spacy
    from spacy.tokens import Doc, DocBin

    from elman.data.formats import read_sentences

    folder, vocab, key = WORK / name, spacy.blank("en").vocab, {"ewt": "tags", "wnut": "ents"}[name]
    folder.mkdir(parents=True, exist_ok=True)
    for part in PARTS:
        reading = read_sentences(str(DATA / FILES[name].format(part)))
        column = reading.target("xpos" if name == "ewt" else None)
        docs = [Doc(vocab, list(s.words), **{key: list(s.columns[column])}) for s in reading if s.words]
        DocBin(docs=docs).to_disk(folder / f"{part}.spacy")
    return folder


def train_spacy(folder: Path, pipe: str) -> None:
    """Run ``spacy init config`` and ``spacy train``."""

    def run(*arguments: object) -> None:
        subprocess.run([sys.executable, "-m", "spacy", *map(str, arguments)], check=True, stdout=sys.stderr)

    paths = ["--paths.train", folder / "train.spacy", "--paths.dev", folder / "dev.spacy"]
    run(
        "init",
        "config",
        folder / "config.cfg",
        "--lang",
        "en",
        "--pipeline",
        pipe,
        "--optimize",
        "efficiency",
        "--force",
    )
    run("train", folder / "config.cfg", "--output", folder / "spacy", *paths)


def train_elman(folder: Path, column: str) -> None:
    """Train on the same files, and save a pipeline of the one component."""
    import spacy

    import elman

    parts = [str(folder / f"{part}.spacy") for part in PARTS[:2]]
    elman.train(*parts, target=column, seed=1, threads=1, on_warning=print).save(folder / "my.model")
    nlp = spacy.blank("en")
    nlp.add_pipe("elman", config={"model": str(folder / "my.model")})
    nlp.to_disk(folder / "elman")


def measure(job: dict[str, Any]) -> dict[str, Any]:
    """Train a tool, or evaluate the trained ones and take their time."""
    import spacy
    from spacy.tokens import Doc, DocBin
    from spacy.training import Example

    folder, about = WORK / job["set"], SETS[job["set"]]
    if "train" in job:
        start = cpu_seconds()
        if job["train"] == "spacy":
            train_spacy(folder, about["pipe"])
        else:
            train_elman(folder, about["column"])
        return {"cpu_seconds": cpu_seconds() - start}
    nlps = {"spaCy": spacy.load(folder / "spacy" / "model-best")}
    nlps |= {tool: spacy.load(folder / "elman") for tool in TOOLS if tool != "spaCy"}
    nlps["elman, no confidence"].get_pipe("elman").confidence = False
    gold = list(DocBin().from_disk(folder / "test.spacy").get_docs(spacy.blank("en").vocab))
    texts = [[token.text for token in doc] for doc in gold]
    rates: dict[str, list[float]] = {tool: [] for tool in nlps}
    for _ in range(ROUNDS):
        for tool, nlp in nlps.items():
            docs = (Doc(nlp.vocab, words) for words in texts * TIMES)
            start = time.process_time()
            n_words = sum(len(doc) for doc in nlp.pipe(docs, batch_size=BATCH))
            rates[tool].append(n_words / (time.process_time() - start))
    found = {}
    for tool, nlp in nlps.items():
        scores = nlp.evaluate([Example(Doc(nlp.vocab, words), doc) for words, doc in zip(texts, gold, strict=True)])
        found[tool] = {"score": scores[about["score"]], "rate": figure(rates[tool], "words/s")}
    return found


def results(name: str) -> dict[str, Any]:
    """Return the figures of all tools on a set; trains what is not trained yet."""
    folder = files(name)
    trained: dict[str, Any] = {}
    for tool, model in (("spacy", folder / "spacy" / "model-best"), ("elman", folder / "elman")):
        kept = folder / f"{tool}.json"
        if not (kept.exists() and model.exists()):
            write_json(kept, run_job("spacy_component", {"set": name, "train": tool, "threads": 1}))
        trained[tool] = read_json(kept) | {"mb": megabytes(model)}
    measured = run_job("spacy_component", {"set": name, "threads": 1})
    return {tool: own | trained[TOOLS[tool]] for tool, own in measured.items()}


def block(result: dict[str, Any]) -> str:
    """Return the table of a result."""
    cells: dict[str, Callable[[dict[str, Any]], str]] = {
        "score, %": lambda own: f"{100 * own['score']:.2f}",
        "words/s": lambda own: f"{own['rate']['median']:,.0f}",
        "saved pipeline, MB": lambda own: f"{own['mb']:.1f}",
        "training, CPU s": lambda own: f"{own['cpu_seconds']:,.0f}",
    }
    rows = [
        [f"{SETS[name]['title']} ({SETS[name]['unit']})", tool, *(form(own) for form in cells.values())]
        for name, found in result["sets"].items()
        for tool, own in found["tools"].items()
    ]
    return table(["", "", *cells], rows)


def main() -> None:
    flags = {"sets": (",".join(SETS), "some of these"), "page": (False, "write the table from the kept result")}
    given = options(__doc__, **flags)
    kept = read_json(RESULT) if RESULT.exists() else {"benchmark": "spacy", "sets": {}}
    for name in () if given.page else names(given.sets):
        others = Others()
        tools = results(name)
        command = f"make bench-spacy OPTIONS='--sets {name}'"
        kept["sets"][name] = {"command": command, "tools": tools, "others": others.cores(), **record(["spacy"])}
        kept["sets"] = {name: kept["sets"][name] for name in SETS if name in kept["sets"]}
        write_json(RESULT, kept)
    start, end = MARKS
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(start)
    write_page(PAGE, before + start + block(kept) + end + rest.partition(end)[2])


if __name__ == "__main__":
    main()
