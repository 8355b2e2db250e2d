"""Small models of every task and cell: where their bits are the same, results of another version of the code count.

A result's key has a digest of the code (``runs.code_version``), and much code changes without changing a figure. The
digest of these models' tensors and of the tags they give is kept for each version of the code and instruction set, in
``results/same-bits.json``. Settings that depend on the size of the data are out of reach of small models, so the files
that decide them are part of the digest.
"""

from __future__ import annotations

import hashlib
import json
import random
import struct
import tempfile
from collections.abc import Iterator
from pathlib import Path

from harness.machine import run_elman
from harness.results import RESULTS, ROOT, read_json, write_json

KNOWN = RESULTS / "same-bits.json"
BY_SIZE = ("config.py", "settings.py", "training/auto_settings.py")
SMALL = ("hidden=12", "embedding=8", "feature_embedding=8", "epochs=2", "ensemble=1")
TREES, LINES, RAW, LABELLED = "words.conllu", "words.txt", "raw.txt", "texts.tsv"
MODELS = {
    "tags": (TREES, TREES, ()),
    "three columns": (TREES, TREES, ("--preset", "fast", "--target", "upos,xpos,feats")),
    "two networks": (TREES, LINES, ("--set", "ensemble=2", "--set", "cell=gru", "--set", "decoder=softmax")),
    "one sentence at a time": (TREES, LINES, ("--preset", "tutorial", "--set", "cell=elman")),
    "parallel cells": (TREES, LINES, ("--set", "cell=sru", "--set", "layers=2", "--set", "residual=highway")),
    "texts": (LABELLED, LABELLED, ("--task", "classify", "--set", "cell=mingru")),
    "segmentation": (TREES, RAW, ("--task", "segment")),
    "lemmas": (TREES, TREES, ("--task", "lemma")),
    "morphology": (TREES, TREES, ("--task", "morphology")),
    "trees": (TREES, TREES, ("--task", "parse")),
    "pipeline": (TREES, RAW, ("--task", "pipeline")),
    "language": (LINES, LINES, ("--task", "lm")),
}
"""Name -> the file it is trained on, the one it tags (a language model scores it), and options of ``elman train``."""


def alike(version: str, other: str) -> bool:
    """Return whether two versions of the code are one, or give the same bits on an instruction set."""
    if version == other:
        return True
    bits = known()
    return bool(bits.get(version, {}).items() & bits.get(other, {}).items())


def known() -> dict[str, dict[str, str]]:
    """Return by version of the code and instruction set the digest of the small models."""
    return read_json(KNOWN) if KNOWN.exists() else {}


def remember(version: str) -> None:
    """Keep the digest of this code, the version given, unless it is known for the instruction set used here."""
    from elman.kernels import describe

    bits, isa = known(), describe()["isa"]
    if isa not in bits.get(version, {}):
        bits.setdefault(version, {})[isa] = digest()
        write_json(KNOWN, bits)


def digest() -> str:
    """Return a digest of the tensors and tags of all small models, half a minute; and of what decides by size."""
    found = hashlib.sha256()
    for name in BY_SIZE:
        found.update((ROOT / "src" / "elman" / name).read_bytes())
    with tempfile.TemporaryDirectory() as folder:
        for name in MODELS:
            for part in bits(name, Path(folder)):
                found.update(part)
    return found.hexdigest()[:16]


def bits(name: str, folder: Path) -> Iterator[bytes]:
    """Train a small model in the folder and yield its tensors by name, and what it makes of the text."""
    train, test, options = MODELS[name]
    model = folder / "small.model"
    write_texts(folder)
    small = [word for setting in SMALL for word in ("--set", setting)]
    run_elman("train", folder / train, "-o", model, *small, *options, "--quiet", "--threads", 1)
    with model.open("rb") as file:
        (size,) = struct.unpack("<Q", file.read(8))
        head, body = json.loads(file.read(size)), file.read()
    for key in sorted(head.keys() - {"__metadata__"}):
        begin, end = head[key]["data_offsets"]
        yield key.encode() + body[begin:end]
    command = ("evaluate", "--json") if "lm" in options else ("tag",)
    yield run_elman(*command, model, folder / test, "--threads", 1).encode()


def write_texts(folder: Path) -> None:
    """Write a made-up treebank, its sentences as words, as raw text, and with a label."""
    draw = random.Random(1)
    texts: dict[str, list[str]] = {name: [] for name in (TREES, LINES, RAW, LABELLED)}
    for _ in range(80):
        words = sentence(draw)
        text = " ".join(word for word, *_ in words[:-1]) + words[-1][0]
        rows = [
            "\t".join([str(i), *row, "_", "SpaceAfter=No" if i == len(words) - 1 else "_"])
            for i, row in enumerate(words, start=1)
        ]
        texts[TREES].append("\n".join([f"# text = {text}", *rows, "\n"]))
        texts[LINES].append(f"{' '.join(word for word, *_ in words)}\n")
        texts[RAW].append(f"{text}\n")
        texts[LABELLED].append(f"{'many' if words[1][4] == 'Number=Plur' else 'one'}\t{text}\n")
    for name, parts in texts.items():
        (folder / name).write_text("".join(parts), encoding="utf-8")


def sentence(draw: random.Random) -> list[tuple[str, ...]]:
    """Return the words of a sentence: form, lemma, upos, xpos, feats, head, deprel."""

    def noun(head: str, relation: str, at: int) -> list[tuple[str, ...]]:
        stem, many = draw.choice(("dog", "cat", "Zoë", "rat")), draw.random() < 0.5
        form, number = (f"{stem}s", "Plur") if many else (stem, "Sing")
        article = draw.choice(("the", "The", "all"))
        return [
            (article, article.lower(), "DET", "DT", "_", str(at + 1), "det"),
            (form, stem, "NOUN", "NNS" if many else "NN", f"Number={number}", head, relation),
        ]

    verb = draw.choice(("see", "hear", "like"))
    second = noun("3", "obj", 4) if draw.random() < 0.7 else []
    end = (draw.choice(".!"),) * 2 + ("PUNCT", ".", "_", "3", "punct")
    return [*noun("3", "nsubj", 1), (f"{verb}s", verb, "VERB", "VBZ", "_", "0", "root"), *second, end]
