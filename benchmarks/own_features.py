"""Features of one's own: elman on sklearn-crfsuite's feature dicts, and FEATS with XPOS as an input.

    python benchmarks/own_features.py            # all sets, three seeds; written to results/own-features.json
    python benchmarks/own_features.py wnut --dev # on dev, nothing written

``usaddress`` and ``wnut``: the dicts of the README of sklearn-crfsuite without part-of-speech tags, which these data do
not have; its CRF with c1 = c2 = 0.1 and 100 iterations, as there, and ElmanTagger with its defaults. ``ewt``: FEATS of
English EWT by ``elman.train(..., target="feats")``, with ``inputs="xpos"`` and without. Needs sklearn-crfsuite
(benchmarks/requirements.txt). With --dev, usaddress is scored on each fifth address of train.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from itertools import groupby
from typing import Any

from harness.machine import record
from harness.results import DATA, RESULTS, options, seeds as all_seeds, shown_path, treebank, write_json

FILES = {
    "wnut": ("other/ner_wnut17/train.conll", "other/ner_wnut17/dev.conll", "other/ner_wnut17/test.conll"),
    "usaddress": ("other/addr_usaddress/train.tsv", "", "other/addr_usaddress/test_us50.tsv"),
}
Tagged = tuple[list[list[str]], list[list[str]]]


def word2features(words: Sequence[str], i: int) -> dict[str, Any]:
    """Return the features of a word, as in the README of sklearn-crfsuite, without those of part-of-speech tags."""

    def of(word: str, prefix: str = "") -> dict[str, Any]:
        return {
            f"{prefix}word.lower()": word.lower(),
            f"{prefix}word.istitle()": word.istitle(),
            f"{prefix}word.isupper()": word.isupper(),
        }

    word = words[i]
    features = {"bias": 1.0, **of(word), "word[-3:]": word[-3:], "word[-2:]": word[-2:]}
    features["word.isdigit()"] = word.isdigit()
    features |= of(words[i - 1], "-1:") if i > 0 else {"BOS": True}
    features |= of(words[i + 1], "+1:") if i < len(words) - 1 else {"EOS": True}
    return features


def dicts(sentences: Sequence[Sequence[str]]) -> list[list[dict[str, Any]]]:
    return [[word2features(words, i) for i in range(len(words))] for words in sentences]


def read(path: str) -> Tagged:
    """Return words and tags of a file of two columns."""
    from elman.data.formats import read_sentences

    sentences = [each for each in read_sentences(str(DATA / path), format="columns") if each.words]
    return [list(each.words) for each in sentences], [list(each.columns["2"]) for each in sentences]


def parts(name: str, dev: bool) -> tuple[Tagged, Tagged]:
    """Return train and test; with ``dev``, what is scored in place of test."""
    train, of_dev, test = FILES[name]
    words, tags = read(train)
    if not dev:
        return (words, tags), read(test)
    if of_dev:
        return (words, tags), read(of_dev)
    held, rest = slice(None, None, 5), [i for i in range(len(words)) if i % 5]
    return ([words[i] for i in rest], [tags[i] for i in rest]), (words[held], tags[held])


def spans(tags: Sequence[str]) -> set[tuple[int, int, str]]:
    """Return spans of BIO tags; of others, runs of one tag."""
    found, begin = set(), 0
    marked = [(tag if tag[:2] in ("B-", "I-") else f"I-{tag}") if tag != "O" else tag for tag in tags]
    groups = groupby(enumerate(marked), lambda item: (item[1][2:], sum(t[:2] == "B-" for t in marked[: item[0] + 1])))
    for (kind, _), rows in groups:
        size = len(list(rows))
        if kind:
            found.add((begin, begin + size, kind))
        begin += size
    return found


def scores(gold: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]]) -> dict[str, float]:
    """Return span F1, accuracy of words and of whole sentences, in per cent."""
    rows = [(list(a), list(b)) for a, b in zip(gold, predicted, strict=True)]
    both = [(spans(a), spans(b)) for a, b in rows]
    right, n_gold, n_found = (sum(map(len, each)) for each in zip(*((a & b, a, b) for a, b in both), strict=True))
    words = [x == y for a, b in rows for x, y in zip(a, b, strict=True)]
    found = {"f1": 2 * right / (n_gold + n_found), "words": sum(words) / len(words)}
    found["sentences"] = sum(a == b for a, b in rows) / len(rows)
    return {key: round(100 * value, 2) for key, value in found.items()}


def timed(work: Callable[[], dict[str, float]]) -> dict[str, float]:
    start = time.perf_counter()
    return {**work(), "seconds": round(time.perf_counter() - start, 1)}


def on_dicts(name: str, dev: bool, seeds: Sequence[int], settings: dict[str, Any]) -> dict[str, Any]:
    """Return the scores of CRFsuite, of elman on the same dicts and of elman on words, by seed."""
    import sklearn_crfsuite

    from elman.sklearn import ElmanTagger

    (words, y), (test_words, test_y) = parts(name, dev)
    X, test_X = dicts(words), dicts(test_words)

    def crf() -> dict[str, float]:
        model = sklearn_crfsuite.CRF(
            algorithm="lbfgs", c1=0.1, c2=0.1, max_iterations=100, all_possible_transitions=True
        )
        return scores(test_y, model.fit(X, y).predict(test_X))

    def elman(train: Any, test: Any, seed: int) -> dict[str, float]:
        return scores(test_y, ElmanTagger(seed=seed, threads=1, **settings).fit(train, y).predict(test))

    found: dict[str, Any] = {"crfsuite": timed(crf)}
    print(name, "crfsuite", found["crfsuite"], flush=True)
    for what, train, test in (("elman, dicts", X, test_X), ("elman, words", words, test_words)):
        found[what] = [timed(lambda: elman(train, test, seed)) for seed in seeds]  # noqa: B023
        print(name, what, found[what], flush=True)
    return found


def with_inputs(dev: bool, seeds: Sequence[int], settings: dict[str, Any]) -> dict[str, Any]:
    """Return accuracy of FEATS on EWT with XPOS as an input and without, by seed."""
    import elman

    train, on_dev, test = (str(DATA / treebank("en_ewt", part)) for part in ("train", "dev", "test"))
    found: dict[str, Any] = {}
    for inputs in (None, "xpos"):
        rows = []
        for seed in seeds:
            start = time.perf_counter()
            tagger = elman.train(train, on_dev, target="feats", inputs=inputs, seed=seed, settings=settings, threads=1)
            result = tagger.evaluate(on_dev if dev else test, target="feats")
            rows.append({"words": round(100 * result.accuracy, 2), "seconds": round(time.perf_counter() - start, 1)})
            print("ewt", inputs, rows[-1], flush=True)
        found[f"inputs {inputs}" if inputs else "words alone"] = rows
    return found


def main() -> None:
    given = options(
        __doc__,
        "sets*",
        dev=(False, "score on dev"),
        set=("", "settings of elman, KEY=VALUE,…, to try"),
        seeds=("1-3", "seeds, a range or a list"),
    )
    from elman.cli.options import settings_of

    settings = settings_of(tuple(given.set.split(","))) if given.set else {}
    seeds = all_seeds(given.seeds)
    names = given.sets or [*FILES, "ewt"]
    found = {}
    for name in names:
        found[name] = (with_inputs if name == "ewt" else partial(on_dicts, name))(given.dev, seeds, settings)
    if not given.dev and not given.set and len(names) > 2:
        path = RESULTS / "own-features.json"
        about = record(("elman", "sklearn-crfsuite", "python-crfsuite"))
        write_json(path, {"benchmark": "own-features", **about, "seeds": seeds, "sets": found})
        print(f"written to {shown_path(path)}")


if __name__ == "__main__":
    main()
