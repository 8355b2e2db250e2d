"""elman's component of spaCy pipelines against spaCy's tagger and NER (make bench-spacy, half an hour of one core).

Both learn from the same .spacy files, gold words of English EWT (XPOS) and WNUT 17 (entities). spaCy is trained by
``spacy train`` with the configuration that ``spacy init config`` writes, elman with its defaults and one seed; dev says
when to stop. On test, ``nlp.evaluate`` counts for both. Words a second are those of ``nlp.pipe`` over test, the Docs
made within that time, by processor time of one thread: all pipelines in turn, loaded anew for each round, so that no
word of test was seen before. Trained pipelines stay in build/spacy, and ``--speeds`` times these again. Writes
results/spacy.json and the table in docs/guides/coming-from-spacy.md; speeds that were measured while other processes
used the machine are marked there.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness import results
from harness.machine import Others, circumstances, require_quiet, run_job
from harness.measure import cpu_seconds, figure
from harness.results import (
    BUILD,
    BUSY_NOTE,
    DATA,
    MISSING,
    RESULTS,
    ROOT,
    Result,
    megabytes,
    read_json,
    treebank,
    write_json,
)

RESULT, WORK = RESULTS / "spacy.json", BUILD / "spacy"
PAGE = ROOT / "docs" / "guides" / "coming-from-spacy.md"
PARTS = ("train", "dev", "test")
ROUNDS, BATCH, N_WARM_UP = 5, 256, 20
SETS: dict[str, dict[str, Any]] = {
    "ewt": {"title": "XPOS of English EWT", "pipe": "tagger", "column": "xpos", "score": "tag_acc", "unit": "accuracy"},
    "wnut": {"title": "entities of WNUT 17", "pipe": "ner", "column": "ner", "score": "ents_f", "unit": "F1"},
}
FILES = {"ewt": treebank("en_ewt", "{}"), "wnut": "other/ner_wnut17/{}.conll"}
TRAINED = {"spaCy": "spacy/model-best", "elman": "elman"}
"""Tool -> its pipeline in the folder of a set."""
FAST = "elman, no confidence"


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


def measure(job: dict[str, Any]) -> Any:
    """Do a part of the work on a set: ``spacy``, ``elman`` (train it), ``scores``, ``speeds``."""
    folder, about, part = WORK / job["set"], SETS[job["set"]], job["part"]
    start = cpu_seconds()
    if part == "spacy":
        train_spacy(folder, about["pipe"])
    elif part == "elman":
        train_elman(folder, about["column"])
    else:
        return (scores if part == "scores" else speeds)(folder, about)
    return {"cpu_seconds": cpu_seconds() - start}


def gold_docs(folder: Path, part: str = "test") -> list[Any]:
    """Return the annotated Docs of a part."""
    import spacy
    from spacy.tokens import DocBin

    return list(DocBin().from_disk(folder / f"{part}.spacy").get_docs(spacy.blank("en").vocab))


def loaded(folder: Path, tool: str) -> Any:
    """Return a tool's pipeline."""
    import spacy

    nlp = spacy.load(folder / TRAINED["elman" if tool == FAST else tool])
    if tool == FAST:
        nlp.get_pipe("elman").confidence = False
    return nlp


def scores(folder: Path, about: dict[str, Any]) -> dict[str, float]:
    """Return each tool's score on test."""
    from spacy.tokens import Doc
    from spacy.training import Example

    found = {}
    for tool in TRAINED:
        nlp = loaded(folder, tool)
        examples = [Example(Doc(nlp.vocab, [token.text for token in doc]), doc) for doc in gold_docs(folder)]
        found[tool] = nlp.evaluate(examples)[about["score"]]
    return found


def speeds(folder: Path, about: dict[str, Any]) -> dict[str, Any]:
    """Return the words a second of each tool, and of elman without confidences."""
    from spacy.tokens import Doc

    texts, others = ([[token.text for token in doc] for doc in gold_docs(folder, part)] for part in ("test", "dev"))
    rates: dict[str, list[float]] = {tool: [] for tool in (*TRAINED, FAST)}
    for _ in range(ROUNDS):
        for tool, rounds in rates.items():
            nlp = loaded(folder, tool)
            for _ in nlp.pipe(Doc(nlp.vocab, words) for words in others[:N_WARM_UP]):
                pass
            start = time.process_time()
            n_words = sum(map(len, nlp.pipe((Doc(nlp.vocab, words) for words in texts), batch_size=BATCH)))
            rounds.append(n_words / (time.process_time() - start))
    return {tool: figure(rounds, "words/s") for tool, rounds in rates.items()}


def train_part(name: str) -> dict[str, Any]:
    """Return each tool's training time, size and score on a set; trains what is not trained yet."""
    folder = files(name)
    found: dict[str, Any] = {}
    for tool, pipeline in TRAINED.items():
        kept = folder / f"{tool.lower()}.json"
        if not (kept.exists() and (folder / pipeline).exists()):
            write_json(kept, run_job("spacy_component", {"set": name, "part": tool.lower(), "threads": 1}))
        found[tool] = read_json(kept) | {"mb": megabytes(folder / pipeline)}
    for tool, score in run_job("spacy_component", {"set": name, "part": "scores", "threads": 1}).items():
        found[tool]["score"] = score
    return found


def speed_part(name: str) -> dict[str, Any]:
    """Return the speeds of the kept pipelines of a set."""
    missing = [pipeline for pipeline in TRAINED.values() if not (WORK / name / pipeline).exists()]
    if missing:
        where = results.shown_path(WORK / name / missing[0])
        sys.exit(f"{where}: no such pipeline; make bench-spacy trains it, half an hour")
    rates = run_job("spacy_component", {"set": name, "part": "speeds", "threads": 1})
    return {tool: {"rate": rate} for tool, rate in rates.items()}


WORKS: dict[str, Callable[[str], dict[str, Any]]] = {"train": train_part, "speed": speed_part}
COLUMNS: dict[str, tuple[str, Callable[[Result], str]]] = {
    "score, %": ("train", lambda own: f"{100 * own['score']:.2f}"),
    "words/s": ("speed", lambda own: f"{own['rate']['median']:,.0f}"),
    "saved pipeline, MB": ("train", lambda own: f"{own['mb']:.1f}"),
    "training, CPU s": ("train", lambda own: f"{own['cpu_seconds']:,.0f}"),
}
"""Of each column the part, and its format."""


def block(result: Result) -> str:
    """Return the table of a result, and where it was measured."""
    rows = [
        [f"{SETS[name]['title']} ({SETS[name]['unit']})", tool, *cells(parts, tool)]
        for name, parts in result["sets"].items()
        for tool in (*TRAINED, FAST)
    ]
    about = [part["about"] for parts in result["sets"].values() for part in parts.values()]
    if not about:
        return results.table(["", "", *COLUMNS], rows)
    versions = {f"spaCy {each['versions']['spacy']}, Python {each['versions']['python']}" for each in about}
    busy = any(parts["speed"]["about"]["busy"] for parts in result["sets"].values() if "speed" in parts)
    notes = results.fill(
        "spacy",
        machine="; ".join(sorted({each["machine"]["processor"] for each in about})),
        versions="; ".join(sorted(versions)),
        rounds=str(ROUNDS),
        busy=BUSY_NOTE if busy else "",
    )
    return results.table(["", "", *COLUMNS], rows) + "\n" + notes


def cells(parts: dict[str, Result], tool: str) -> list[str]:
    """Format the figures of a tool on a set; speeds of a busy machine get a star."""
    found = []
    for part, form in COLUMNS.values():
        own = parts.get(part, {}).get("tools", {})
        star = "\\*" if part == "speed" and own and parts[part]["about"]["busy"] else ""
        found.append(form(own[tool]) + star if tool in own else "" if own else MISSING)
    return found


def kept() -> Result:
    return read_json(RESULT) if RESULT.exists() else {"benchmark": "spacy", "sets": {}}


def keep(name: str, part: str, own: dict[str, Any]) -> None:
    """Replace the figures of a part of a set."""
    result = kept()
    result["sets"].setdefault(name, {})[part] = own
    result["sets"] = {name: result["sets"][name] for name in SETS if name in result["sets"]}
    write_json(RESULT, result)


def main() -> None:
    flags = {
        "sets": (",".join(SETS), "some of these"),
        "speeds": (False, "time the kept pipelines again, three minutes of a quiet machine"),
        "force": (False, "time them on a busy machine too"),
        "page": (False, "write the table from the kept result"),
    }
    given = results.options(__doc__, **flags)
    for name in () if given.page else results.names(given.sets):
        if given.speeds:
            require_quiet(given.force)
        for part in ("speed",) if given.speeds else WORKS:
            others = Others()
            command = f"make bench-spacy OPTIONS='--sets {name}{' --speeds' if given.speeds else ''}'"
            tools = WORKS[part](name)
            keep(name, part, {"command": command, "tools": tools, "about": circumstances(others, ["spacy"])})
    results.write_numbers(PAGE, block(kept()))


if __name__ == "__main__":
    main()
