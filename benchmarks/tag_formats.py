"""The time and memory of ``elman tag`` by the formats that are read and written, against plain text and word_TAG.

    python benchmarks/tag_formats.py MODEL MODEL_OF_SEVERAL [--rounds 5]

English EWT test, ten times over (250,940 words), one thread, whole processes: CPU seconds (user and system) and the
largest resident memory, all formats in turn in each round. MODEL is trained on upos, the other on upos,xpos,feats.
Writes benchmarks/results/tag-formats.json. Refuses to run while the machine is busy.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from multiprocessing import get_context
from pathlib import Path

from harness.machine import THREAD_SETTINGS, clean_environment, record, require_quiet
from harness.measure import figure
from harness.results import DATA, RESULTS, options, treebank, write_json

TIMES = 10
TEXT, CONLLU, JSONL, PARQUET = "text.txt", "text.conllu", "text.jsonl", "text.parquet"
REFERENCE = "text to word_tag"
ROWS: dict[str, tuple[int, str, tuple[str, ...]]] = {
    REFERENCE: (0, TEXT, ()),
    **{f"text to {name}": (0, TEXT, ("--as", name)) for name in ("tags", "columns", "jsonl", "conllu")},
    "text to columns, confidences": (0, TEXT, ("--as", "columns", "--confidence")),
    "conllu to conllu": (0, CONLLU, ()),
    "conllu to conllu, confidences": (0, CONLLU, ("--confidence",)),
    "three columns, text to columns": (1, TEXT, ("--as", "columns")),
    "three columns, conllu to conllu": (1, CONLLU, ()),
    "jsonl to jsonl": (0, JSONL, ()),
    "parquet to parquet": (0, PARQUET, ("-o", "out.parquet")),
}
"""Name -> number of the model, input, options."""


def prepare(folder: Path) -> None:
    """Write the input in each format."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from elman.data.formats import read_sentences

    path = DATA / treebank("en_ewt", "test")
    sentences = [list(sentence.words) for sentence in read_sentences(str(path)) if sentence.words] * TIMES
    plain = [" ".join(word.replace(" ", "\u00a0") for word in words) for words in sentences]
    records = [json.dumps({"tokens": words}, ensure_ascii=False) for words in sentences]
    (folder / TEXT).write_text("\n".join(plain) + "\n", encoding="utf-8")
    (folder / JSONL).write_text("\n".join(records) + "\n", encoding="utf-8")
    (folder / CONLLU).write_text(path.read_text(encoding="utf-8") * TIMES, encoding="utf-8")
    pq.write_table(pa.table({"tokens": sentences}), folder / PARQUET)


def run(folder: Path, model: str, file: str, more: tuple[str, ...]) -> tuple[float, float]:
    """Return the CPU seconds and the megabytes of one command."""
    environment = clean_environment(**dict.fromkeys(THREAD_SETTINGS, "1"))
    command = [sys.executable, "-m", "elman", "tag", model, file, *more, "--threads", "1", "--quiet"]
    with (
        (folder / "out").open("wb") as out,
        subprocess.Popen(command, cwd=folder, stdout=out, env=environment) as started,
    ):
        _, status, used = os.wait4(started.pid, 0)
        started.returncode = os.waitstatus_to_exitcode(status)
    if started.returncode:
        raise RuntimeError(f"{' '.join(command)}: status {started.returncode}")
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def main() -> None:
    asked = options(__doc__, "model", "several", rounds=(5, "rounds"), force=(False, "also on a busy machine"))
    require_quiet(asked.force)
    models = [os.path.abspath(asked.model), os.path.abspath(asked.several)]
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in ROWS}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        # in another process: the peak of a process counts what its parent held when it was started
        preparing = get_context("spawn").Process(target=prepare, args=(folder,))
        preparing.start()
        preparing.join()
        for _ in range(asked.rounds):
            for name, (number, file, more) in ROWS.items():
                found[name].append(run(folder, models[number], file, more))
    rows = {
        name: {"cpu": figure([s for s, _ in each], "s"), "memory": figure([mb for _, mb in each], "MB")}
        for name, each in found.items()
    }
    write_json(RESULTS / "tag-formats.json", {**record(("pyarrow",)), "rows": rows})
    reference = rows[REFERENCE]["cpu"]["median"]
    for name, row in rows.items():
        times = row["cpu"]["median"] / reference
        print(f"{name:32} {row['cpu']['median']:.2f} s  {times:.2f}  {row['memory']['median']:.0f} MB")


if __name__ == "__main__":
    main()
