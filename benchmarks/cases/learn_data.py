"""Data, models and scores of the benchmark of learning from corrections."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from harness.results import BUILD, DATA, WIKI, treebank

MODELS = BUILD / "learn"
"""Folder of trained models; a model that is there is not trained again."""
FILES = {
    "snips": "other/slots_snips/{}.bio",
    "ewt": treebank("en_ewt", "{}"),
    "wiki-en": WIKI,
    "usaddress": "other/addr_usaddress/{}.tsv",
    "wnut": "other/ner_wnut17/{}.conll",
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
    """Return the sentences of a split."""
    from elman.data.corpus import ReadOptions, read_corpus
    from elman.data.formats import column_names

    target = column_names("upos" if name == "ewt" else None)
    file = FILES[name].format("valid" if (name, split) == ("snips", "test") else split)
    corpus = read_corpus(str(DATA / file), ReadOptions(target, FORMATS.get(name, "columns")))
    texts = []
    for sentence in corpus.sentences:
        found = re.search(PARTS.get(name, "^()"), "".join(sentence.lines))
        texts.append(Text(sentence.words, tuple(sentence.columns[corpus.targets[0]]), found[1] if found else ""))
    return texts


def trained(texts: Sequence[Text], seed: int, preset: str) -> Any:
    """Return the predictor trained on texts, from MODELS if it is there."""
    import elman

    digest = hashlib.sha256(repr([(text.words, text.tags) for text in texts]).encode()).hexdigest()[:16]
    file = MODELS / f"{preset}-{seed}-{digest}.model"
    if not file.exists():
        MODELS.mkdir(parents=True, exist_ok=True)
        elman.train(pairs(texts), preset=preset, seed=seed, threads=1, on_warning=lambda _: None).save(file)
    return elman.load(file, threads=1)


def pairs(texts: Sequence[Text]) -> list[list[tuple[str, str]]]:
    return [list(zip(text.words, text.tags, strict=True)) for text in texts]


def learner(model: Any, replay: Sequence[Text], heldout: Sequence[Text], seed: int, naive: int = 0) -> Any:
    """Return a learner; ``naive``: of that many corrections alone, by fine-tuning without replay."""
    from elman.learn import Learner
    from elman.learn.patch import PatchOptions

    if naive:
        return Learner(model, seed=seed, options=replace(PatchOptions.of(naive), alphas=(1.0,)))
    texts = {name: pairs(some) for name, some in (("replay", replay), ("heldout", heldout)) if some}
    return Learner(model, **texts, seed=seed)


def predicted(model: Any, texts: Sequence[Text]) -> list[list[str]]:
    return list(model.pipe([text.words for text in texts]))


def score(model: Any, texts: Sequence[Text], name: str) -> float:
    """Return the accuracy of words in per cent, or the F1 of spans."""
    from elman.evaluation.span_scores import evaluate_spans

    tags = predicted(model, texts)
    if name in SPANS:
        return 100 * evaluate_spans([text.tags for text in texts], tags).f1
    right = [a == b for text, of in zip(texts, tags, strict=True) for a, b in zip(text.tags, of, strict=True)]
    return 100 * float(np.mean(right))


def drawn(texts: Sequence[Text], n: int, seed: int) -> list[Text]:
    """Return n random texts."""
    return [texts[i] for i in np.random.default_rng(seed).permutation(len(texts))[:n]]
