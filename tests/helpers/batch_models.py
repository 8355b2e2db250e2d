"""Small models of several tasks for ``BatchTagger``, trained when they are first asked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import elman
from elman.data.sentence import Sentence
from light_models import BASE, models_in, sentences


def batch_models_in(folder: Path) -> Callable[[str], Path]:
    """Return a function from the name of a model, one of ``light_models`` or of those here, to its file."""
    light = models_in(folder)
    (folder / "text.txt").write_text("the old dogs sleep\n" * 20, encoding="utf-8")
    (folder / "labels.txt").write_text("A\tthe old dogs\nB\teBay sleep\n" * 20, encoding="utf-8")
    pairs = [tuple(zip(*sentence, strict=True)) for sentence in sentences()]
    heads, relations = ("0", *["1"] * 9), ("root", *["dep"] * 9)
    makers: dict[str, Callable[[], Any]] = {
        "columns": lambda: elman.train(
            [Sentence(words, {"upos": tags, "x": tuple(tag[0] for tag in tags)}) for words, tags in pairs],
            target="upos,x",
            settings={**BASE, "decoder": "crf"},
        ),
        "hmm": lambda: elman.train(sentences(), model="hmm"),
        "both": lambda: elman.train(
            [Sentence(words, {"upos": tags}, labels={"kind": tags[0][0]}) for words, tags in pairs],
            target="upos,kind",
            settings=BASE,
        ),
        "classify": lambda: elman.train(str(folder / "labels.txt"), task="classify", model="linear"),
        "lemma": lambda: elman.train(
            [Sentence(words, {"lemma": tuple(word.lower().rstrip("s") for word in words)}) for words, _ in pairs],
            task="lemma",
            settings=BASE,
        ),
        "parse": lambda: elman.train(
            [
                Sentence(words, {"upos": tags, "head": heads[: len(words)], "deprel": relations[: len(words)]})
                for words, tags in pairs
            ],
            task="parse",
            settings=BASE,
        ),
        "lm": lambda: elman.train(str(folder / "text.txt"), task="lm", model="ngram"),
    }

    def path(name: str) -> Path:
        if name not in makers:
            return light(name)
        if not (folder / name).exists():
            makers[name]().save(folder / name)
        return folder / name

    return path
