"""The time and memory of ``elman tag`` by the formats that are read and written: English EWT test, ten times over.

A job is {"part": "prepare"}, or {"rounds", "threads"}. All formats run in turn in each round, on one core.
"""

from __future__ import annotations

import json
from typing import Any

from cases import text
from cases.models import model_of
from harness.machine import Usage, elman, usage
from harness.measure import figure
from harness.results import DATA, treebank

TEXT, CONLLU, JSONL, PARQUET = "text.txt", "text.conllu", "text.jsonl", "text.parquet"
REFERENCE = "text to word_TAG"
ROWS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    REFERENCE: ("default", TEXT, ()),
    **{f"text to {name}": ("default", TEXT, ("--as", name)) for name in ("tags", "columns", "jsonl", "conllu")},
    "text to columns, confidences": ("default", TEXT, ("--as", "columns", "--confidence")),
    "CoNLL-U to CoNLL-U": ("default", CONLLU, ()),
    "CoNLL-U to CoNLL-U, confidences": ("default", CONLLU, ("--confidence",)),
    "three columns, text to columns": ("three columns", TEXT, ("--as", "columns")),
    "three columns, CoNLL-U to CoNLL-U": ("three columns", CONLLU, ()),
    "JSONL to JSONL": ("default", JSONL, ()),
    "Parquet to Parquet": ("default", PARQUET, ("-o", "out.parquet")),
}
"""Name -> model, input, options."""


def measure(job: dict[str, Any]) -> Any:
    """Return the figures of each row: ``seconds``, ``cpu`` (user and system seconds) and ``memory``."""
    if job.get("part") == "prepare":
        return prepare()
    models = {name: model_of(name)[0] for name in ("default", "three columns")}
    found: dict[str, list[Usage]] = {name: [] for name in ROWS}
    folder = text.WORK / "formats"
    for _ in range(job["rounds"]):
        for name, (model, file, more) in ROWS.items():
            command = elman("tag", models[model], file, *more, "--threads", 1, "--quiet")
            found[name].append(usage(command, folder, cores=1, out=folder / "out"))
    units = {"seconds": "s", "cpu": "s", "memory": "MB"}
    return {
        name: {what: figure([getattr(used, what) for used in each], unit) for what, unit in units.items()}
        for name, each in found.items()
    }


def prepare() -> list[str]:
    """Train the models and write the input in each format."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from elman.data.formats import read_sentences

    folder = text.WORK / "formats"
    folder.mkdir(parents=True, exist_ok=True)
    path = DATA / treebank("en_ewt", "test")
    sentences = [list(sentence.words) for sentence in read_sentences(str(path)) if sentence.words] * text.TIMES
    plain = [" ".join(word.replace(" ", "\u00a0") for word in words) for words in sentences]
    records = [json.dumps({"tokens": words}, ensure_ascii=False) for words in sentences]
    (folder / TEXT).write_text("\n".join(plain) + "\n", encoding="utf-8")
    (folder / JSONL).write_text("\n".join(records) + "\n", encoding="utf-8")
    (folder / CONLLU).write_text(path.read_text(encoding="utf-8") * text.TIMES, encoding="utf-8")
    pq.write_table(pa.table({"tokens": sentences}), folder / PARQUET)
    return [str(model_of(name)[0]) for name in ("default", "three columns")]
