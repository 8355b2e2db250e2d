"""Commands with ``--resume`` that are stopped: files and models for them, and what stops them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from elman.cli import chunks, run as command_line
from elman.utils import resumable

ROWS = [
    ("Cats", "cat", "NOUN", "Number=Plur", "2", "nsubj", "_"),
    ("ran", "run", "VERB", "Tense=Past", "0", "root", "_"),
    ("mats", "mat", "NOUN", "Number=Plur", "2", "obl", "SpaceAfter=No"),
    (".", ".", "PUNCT", "_", "2", "punct", "_"),
]
SENTENCE = "".join(
    f"{i}\t{form}\t{lemma}\t{upos}\tX{upos}\t{feats}\t{head}\t{deprel}\t_\t{misc}\n"
    for i, (form, lemma, upos, feats, head, deprel, misc) in enumerate(ROWS, 1)
)
WORDS = "Cats ran mats. Dogs ran. A film of cats on mats, and dogs."
BOTH = '{"tokens":["%s","b"],"tags":["%s","N"],"intent":"%s"}\n'
FILES = {
    "train.conllu": ("# newpar\n# text = Cats ran mats.\n" + SENTENCE + "\n") * 12,
    "train.txt": "Cats_N ran_V mats_N\n" * 8,
    "train.trees": "(S (NP (N Cats)) (VP (V ran) (NP (N mats))))\n" * 8,
    "train.tsv": "pos\tgood film\nneg\tbad film\n" * 6,
    "train.jsonl": (BOTH % ("a", "A", "p") + BOTH % ("c", "B", "q")) * 5,
    "lines.csv": "text,year\n" + "".join(f'"{WORDS[: 9 + i % 7]}, {i}",19{i:02}\n' for i in range(24)),
    "new.txt": "".join(f"Cats ran {'mats ' * (i % 5)}w{i}\n" + "\n" * (i % 7 == 3) for i in range(40)) + "mats",
    "bom.txt": "\ufeff" + "".join(f"Cats {i}\n" for i in range(30)),
    "raw.txt": "".join("Cats ran\nmats. Cats ran mats. " * (1 + i % 3) + "\n" * (1 + i % 3) for i in range(9)),
    "new.conllu": "".join(
        f"# n = {i}\n" + SENTENCE.replace("Cats", f"W{i}").replace("NOUN", "_" if i % 2 else "NOUN") + "\n"
        for i in range(24)
    ),
    "new.conllup": "# global.columns = ID FORM UPOS\n" + "".join(f"1\tW{i}\t_\n2\tran\tV\n\n" for i in range(24)),
    "new.columns": "-DOCSTART-\tO\n\n" + "".join(f"w{i}\tN\nran\tV\n\n" for i in range(30)),
    "spans.columns": "".join(f"w{i}\tB-PER\nran\tI-PER\nw\tO\n\n" for i in range(30)),
    "texts.csv": "text,label\n" + "".join(f'"a film, {i}",{"np"[i % 2]}\n' for i in range(24)),
    "words.csv": "id,word,upos\n" + "".join(f"{i},w{i},\n{i},ran,\n\n" for i in range(24)),
    "new.jsonl": "".join(f'{{"id": {i}, "tokens": ["w{i}", "ran"], "intent": "p"}}\n' for i in range(24)),
    "new.json": json.dumps([{"id": i, "tokens": ["ran", f"w{i}"]} for i in range(24)], indent=1),
}
FILES["more.txt"] = FILES["new.txt"].replace("Cats", "ran")
FILES["more.csv"] = FILES["lines.csv"].replace("Cats", "Dogs")
SMALL = ("--set", "epochs=1", "--set", "hidden=4", "--set", "ensemble=1", "--set", "embedding=4", "--threads", "1")
RAW = ("--set", "epochs=20", "--set", "hidden=16", "--set", "batch=2", "--set", "ensemble=1", "--threads", "1")
MODELS: dict[str, Sequence[str]] = {
    "fast": ("train.txt", "--set", "epochs=1", "--set", "hidden=8", "--set", "ensemble=1", "--threads", "1"),
    "spans": ("spans.columns", "--model", "frequent"),
    "frequent": ("train.txt", "--model", "frequent"),
    "columns": ("train.conllu", "--target", "upos,xpos", *SMALL),
    "parse": ("train.conllu", "--task", "parse", *SMALL),
    "trees": ("train.trees", "--task", "parse", *SMALL),
    "classes": ("train.tsv", *SMALL),
    "both": ("train.jsonl", "--target", "tags,intent", *SMALL),
    "pipeline": ("train.conllu", "--task", "pipeline", *RAW),
    "segment": ("train.conllu", "--task", "segment", *RAW),
}
TAG: dict[str, Sequence[str]] = {
    "fast lines": ("fast", "new.txt", "more.txt", "-o", "out.txt"),
    "threads": ("fast", "new.txt", "-o", "out.txt", "--threads", "2"),
    "bom": ("fast", "bom.txt", "new.txt", "-o", "out.txt"),
    "text": ("frequent", "new.txt", "more.txt", "-o", "out.txt"),
    "tags": ("frequent", "new.txt", "-o", "out", "--as", "tags"),
    "columns": ("frequent", "new.columns", "new.columns", "-o", "out.conll"),
    "to columns": ("columns", "new.txt", "more.txt", "-o", "out.conll", "--as", "columns"),
    "utf-16": ("fast", "utf16.txt", "-o", "out.txt", "--encoding", "utf-16"),
    "conllu": ("columns", "new.conllu", "-o", "out.conllu"),
    "new conllu": ("columns", "new.txt", "new.txt", "-o", "out.conllu"),
    "conllup": ("frequent", "new.conllup", "-o", "out.conllup"),
    "new conllup": ("frequent", "new.txt", "-o", "out.conllup"),
    "csv": ("frequent", "words.csv", "words.csv", "-o", "out.csv"),
    "new csv": ("frequent", "new.txt", "more.txt", "-o", "out.csv"),
    "new tsv": ("frequent", "new.txt", "-o", "out.tsv", "--as", "tsv"),
    "jsonl": ("both", "new.jsonl", "-o", "out.jsonl"),
    "json": ("frequent", "new.json", "-o", "out.json"),
    "new json": ("frequent", "new.txt", "more.txt", "-o", "out.json"),
    "prodigy": ("spans", "new.txt", "-o", "out.jsonl", "--as", "prodigy"),
    "doccano": ("spans", "new.txt", "-o", "out.jsonl", "--as", "doccano"),
    "trees": ("trees", "new.txt", "-o", "out.trees"),
    "tree": ("parse", "new.txt", "-o", "out.tree", "--as", "tree"),
    "page": ("frequent", "new.txt", "more.txt", "-o", "out.html"),
    "page of trees": ("parse", "new.conllu", "-o", "out.html"),
    "labels": ("classes", "new.txt", "-o", "out"),
    "labels of csv": ("classes", "lines.csv", "more.csv", "-o", "out.csv"),
    "fasttext": ("classes", "new.txt", "-o", "out", "--as", "fasttext"),
    "confidence": ("columns", "new.conllu", "-o", "out.conllu", "--confidence"),
    "least": ("columns", "new.conllu", "-o", "out.conllu", "--min-confidence", "0.5"),
    "n-best": ("fast", "new.txt", "-o", "out.jsonl", "--nbest", "2", "--as", "jsonl"),
    "only empty": ("columns", "new.conllu", "-o", "out.conllu", "--only-empty"),
    "tokenize": ("fast", "raw.txt", "new.txt", "-o", "out.txt", "--tokenize"),
    "tokenize conllu": ("fast", "raw.txt", "new.txt", "-o", "out.conllu", "--tokenize"),
    "tokenize csv": ("fast", "lines.csv", "-o", "out.conll", "--tokenize", "--as", "columns"),
    "pipeline": ("pipeline", "raw.txt", "new.txt", "-o", "out.conllu"),
    "pipeline confidence": ("pipeline", "raw.txt", "raw.txt", "-o", "out.conllu", "--confidence"),
    "segment": ("segment", "raw.txt", "-o", "out.conllu"),
    "segment text": ("segment", "raw.txt", "new.txt", "-o", "out", "--as", "text"),
    "fields": ("fast", "lines.csv", "more.csv", "-o", "out.csv", "--as", "fields", "--text-column", "text"),
    "fields json": ("fast", "lines.csv", "-o", "out.json", "--as", "fields", "--text-column", "text"),
    "fields jsonl": ("fast", "new.txt", "-o", "out.jsonl", "--as", "fields"),
}
CONVERT: dict[str, Sequence[str]] = {
    "conllu": ("new.conllu", "new.conllu", "out.conllu"),
    "jsonl": ("new.conllu", "out.jsonl", "--drop", "all"),
    "json": ("new.jsonl", "out.json", "--drop", "all"),
    "json again": ("new.json", "new.json", "out.json"),
    "csv": ("new.columns", "new.columns", "out.csv", "--drop", "all"),
    "csv again": ("texts.csv", "texts.csv", "out.csv"),
    "tsv": ("texts.csv", "out.tsv", "--to", "tsv"),
    "label_text": ("texts.csv", "out.tsv", "--to", "label_text"),
    "fasttext": ("texts.csv", "out", "--to", "fasttext"),
    "doccano": ("spans.columns", "out.jsonl", "--to", "doccano", "--drop", "words"),
    "columns": ("new.conllup", "out.conll", "--to", "columns", "--drop", "all"),
    "conllup": ("new.conllu", "out.conllup", "--drop", "all"),
    "conllup again": ("new.conllup", "new.conllup", "out.conllup"),
    "word_tag": ("new.columns", "out", "--to", "word_tag", "--drop", "all"),
    "text": ("new.conllu", "out", "--to", "text", "--drop", "all"),
    "prodigy": ("spans.columns", "out.jsonl", "--to", "prodigy"),
    "trees": ("train.trees", "train.trees", "out.trees"),
    "tree": ("new.conllu", "out", "--to", "tree", "--drop", "all", "--target", "head,deprel"),
    "html": ("new.conllu", "out.html", "--drop", "all"),
}


class Stopped(BaseException):
    """What no command catches."""


def make_files(folder: Path, models: Sequence[str] = tuple(MODELS)) -> Path:
    """Write the files, and train models."""
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "utf16.txt").write_text(FILES["new.txt"], encoding="utf-16")
    for name in models:
        file, *rest = MODELS[name]
        assert command_line(["train", str(folder / file), *rest, "-o", str(folder / f"{name}.model")]) == 0
    return folder


def stopping_often(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Journals at every mark, in small pieces; a function that stops the command at the n-th mark, never at 0."""
    for module, values in ((resumable, {"SECONDS": 0, "MEMBER": 300, "_BETWEEN": 0}), (chunks, {"CHUNK_WORDS": 12})):
        for name, value in values.items():
            monkeypatch.setattr(module, name, value)
    monkeypatch.setattr(chunks, "CHUNK_BYTES", 60)
    monkeypatch.setattr(os, "fsync", lambda number: None)
    mark, left = resumable.ResumableFile.mark, [0]

    def stopping(self: resumable.ResumableFile, state: Any, **options: Any) -> None:
        mark(self, state, **options)
        left[0] -= 1
        if left[0] == 0:
            raise Stopped

    def stop_at(n: int) -> None:
        left[0] = n

    monkeypatch.setattr(resumable.ResumableFile, "mark", stopping)
    return stop_at
