"""Data, models and scores of the benchmark of learning from corrections."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from harness.results import BUILD, DATA, WIKI, treebank

MODELS = BUILD / "learn"
"""Folder of trained models; a model that is there is not trained again."""
FILES = {
    "snips": {"train": "other/slots_snips/train.bio", "test": "other/slots_snips/valid.bio"},
    "ewt": {split: treebank("en_ewt", split) for split in ("train", "dev", "test")},
    "wiki-en": {split: WIKI.format(split) for split in ("train", "test")},
    "usaddress": {split: f"other/addr_usaddress/{split}.tsv" for split in ("train", "test")},
    "wnut": {split: f"other/ner_wnut17/{split}.conll" for split in ("train", "dev", "test")},
}
FORMATS = {"ewt": "conllu", "wiki-en": "word_tag"}
"""The others are ``columns``."""
PARTS = {"snips": r"# intent = (\w+)", "ewt": r"# sent_id = ([a-z]+)"}
"""Patterns of the part of a data set that a sentence is of, in its comments."""
SPANS = ("snips", "wnut")
"""Scored by the F1 of spans; others by the accuracy of words."""


@dataclass(frozen=True)
class Text:
    """A sentence with its tags, and the intent or genre that it is of."""

    words: tuple[str, ...]
    tags: tuple[str, ...]
    part: str

    @property
    def labels(self) -> dict[str, tuple[str, ...]]:
        return {"tag": self.tags}


@cache
def read(name: str, split: str) -> list[Text]:
    """Return the sentences of a split; ``dev`` where there is none is every tenth of train, which ``train`` lacks."""
    from elman.data.corpus import ReadOptions, read_corpus
    from elman.data.formats import column_names

    files = FILES[name]
    form, target = FORMATS.get(name, "columns"), "upos" if name == "ewt" else None
    corpus = read_corpus(str(DATA / files.get(split, files["train"])), ReadOptions(column_names(target), form))
    texts = []
    for number, sentence in enumerate(corpus.sentences, start=1):
        found = re.search(PARTS.get(name, "^()"), "".join(sentence.lines))
        if split == "test" or "dev" in files or (split == "dev") == (number % 10 == 0):
            texts.append(Text(sentence.words, tuple(sentence.columns[corpus.targets[0]]), found[1] if found else ""))
    return texts


def trained(texts: Sequence[Text], seed: int, preset: str) -> Any:
    """Return the predictor trained on texts, from MODELS if it is there."""
    import elman

    digest = hashlib.sha256(repr([(text.words, text.tags) for text in texts]).encode()).hexdigest()[:16]
    file = MODELS / f"{preset}-{seed}-{digest}.model"
    if not file.exists():
        MODELS.mkdir(parents=True, exist_ok=True)
        pairs = [list(zip(text.words, text.tags, strict=True)) for text in texts]
        elman.train(pairs, preset=preset, seed=seed, threads=1, on_warning=lambda _: None).save(file)
    return elman.load(file, threads=1)


def patch(
    predictor: Any,
    new: Sequence[Text],
    earlier: Sequence[Text],
    replay: Sequence[Text],
    heldout: Sequence[Text],
    seed: int,
) -> Any:
    """Return the predictor after the new corrections."""
    from elman.learn.learner import learn
    from elman.learn.patch import PatchOptions
    from elman.taggers.tagger import predictor_of

    model = predictor._model
    options = PatchOptions()
    done = learn(model, ["tag"], new, earlier, replay, heldout, options=options, seed=seed, threads=1)
    return predictor_of(done.model, targets=("tag",), format="word_tag", data={})


def predicted(model: Any, texts: Sequence[Text]) -> list[list[str]]:
    return list(model.pipe([text.words for text in texts]))


def score(model: Any, texts: Sequence[Text], name: str) -> float:
    """Return the accuracy of words in per cent, or the F1 of spans."""
    from elman.data.spans import evaluate_spans

    tags = predicted(model, texts)
    if name in SPANS:
        return 100 * evaluate_spans([text.tags for text in texts], tags).f1
    return 100 * float(np.mean([a == b for text, of in zip(texts, tags, strict=True) for a, b in zip(text.tags, of)]))


def drawn(texts: Sequence[Text], n: int, seed: int) -> list[Text]:
    """Return n random texts."""
    return [texts[i] for i in np.random.default_rng(seed).permutation(len(texts))[:n]]
