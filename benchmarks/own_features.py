"""Features of one's own: elman on sklearn-crfsuite's feature dicts, and FEATS with XPOS as an input.

    python benchmarks/own_features.py             # three seeds; each set goes to results/own-features.json
    python benchmarks/own_features.py wnut --dev  # on dev, nothing is written
    python benchmarks/own_features.py wnut-words  # elman on the same words, without dicts

``usaddress`` and ``wnut``: the dicts of the tutorial of sklearn-crfsuite without part-of-speech tags, which these data
lack; its CRF with c1 = c2 = 0.1 and 100 iterations, as there, and ElmanTagger with its defaults. ``ewt``: FEATS of
English EWT by ``elman.train(..., target="feats")``, with ``inputs="xpos"`` and without. Needs sklearn-crfsuite
(benchmarks/requirements.txt). With --dev, usaddress is scored on each fifth address of train.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from harness.machine import record
from harness.results import DATA, RESULTS, options, read_json, seeds as all_seeds, treebank, write_json

WNUT, ADDRESSES = "other/ner_wnut17", "other/addr_usaddress"
TRAIN = {"wnut": f"{WNUT}/train.conll", "usaddress": f"{ADDRESSES}/train.tsv"}
DEV = {"wnut": f"{WNUT}/dev.conll"}
TEST = {
    "wnut": {"test": f"{WNUT}/test.conll"},
    "usaddress": {"test": f"{ADDRESSES}/test.tsv", "messy addresses": f"{ADDRESSES}/test_us50.tsv"},
}
Tagged = tuple[list[list[Any]], list[list[str]]]
Rows = dict[str, list[dict[str, Any]]]


def word2features(words: Sequence[str], i: int) -> dict[str, Any]:
    """Return the features of a word, as in the tutorial of sklearn-crfsuite, without those of part-of-speech tags."""

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


def parts(name: str, dev: bool) -> tuple[Tagged, dict[str, Tagged]]:
    """Return train, and what is scored by name: the test sets, or with ``dev`` the dev set."""
    words, tags = read(TRAIN[name])
    if not dev:
        return (words, tags), {part: read(path) for part, path in TEST[name].items()}
    if name in DEV:
        return (words, tags), {"dev": read(DEV[name])}
    held, rest = slice(None, None, 5), [i for i in range(len(words)) if i % 5]
    return ([words[i] for i in rest], [tags[i] for i in rest]), {"dev": (words[held], tags[held])}


def scores(gold: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]]) -> dict[str, float]:
    """Return span F1, accuracy of words and of whole sentences, in per cent."""
    from elman.data.spans import find_spans

    rows = [(list(a), list(b)) for a, b in zip(gold, predicted, strict=True)]
    both = [(set(find_spans(a)), set(find_spans(b))) for a, b in rows]
    right, n_gold, n_found = (sum(map(len, each)) for each in zip(*((a & b, a, b) for a, b in both), strict=True))
    words = [x == y for a, b in rows for x, y in zip(a, b, strict=True)]
    found = {"f1": 2 * right / (n_gold + n_found), "words": sum(words) / len(words)}
    found["sentences"] = sum(a == b for a, b in rows) / len(rows)
    return {key: round(100 * value, 2) for key, value in found.items()}


def timed(work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    start = time.perf_counter()
    return {**work(), "seconds": round(time.perf_counter() - start, 1)}


def fitted(model: Any, train: Tagged, tests: dict[str, Tagged]) -> dict[str, Any]:
    """Train a model with the methods of scikit-learn, and return its scores on each test set."""
    model.fit(*train)
    return {part: scores(gold, model.predict(X)) for part, (X, gold) in tests.items()}


def on_dicts(name: str, dev: bool, seeds: Sequence[int], settings: dict[str, Any]) -> Iterator[Rows]:
    """Yield the scores of CRFsuite, then those of elman on the same dicts, by seed."""
    import sklearn_crfsuite

    (words, y), tests = parts(name, dev)
    train, tests = (dicts(words), y), {part: (dicts(of_test), gold) for part, (of_test, gold) in tests.items()}
    options = {"c1": 0.1, "c2": 0.1, "max_iterations": 100, "all_possible_transitions": True}
    yield {"crfsuite": [timed(lambda: fitted(sklearn_crfsuite.CRF(algorithm="lbfgs", **options), train, tests))]}
    yield from of_seeds(train, tests, seeds, settings)


def on_words(name: str, dev: bool, seeds: Sequence[int], settings: dict[str, Any]) -> Iterator[Rows]:
    """Yield the scores of elman on words, by seed."""
    yield from of_seeds(*parts(name, dev), seeds, settings)


def of_seeds(train: Any, tests: Any, seeds: Sequence[int], settings: dict[str, Any]) -> Iterator[Rows]:
    from elman.sklearn import ElmanTagger

    for seed in seeds:
        tagger = ElmanTagger(seed=seed, threads=1, **settings)
        yield {"elman": [{"seed": seed, **timed(partial(fitted, tagger, train, tests))}]}


def with_inputs(dev: bool, seeds: Sequence[int], settings: dict[str, Any]) -> Iterator[Rows]:
    """Yield the accuracy of FEATS on EWT without inputs and with XPOS, by seed."""
    import elman

    train, on_dev, test = (str(DATA / treebank("en_ewt", part)) for part in ("train", "dev", "test"))
    options: dict[str, Any] = {"target": "feats", "settings": settings, "threads": 1}

    def accuracy(seed: int, inputs: str | None) -> dict[str, Any]:
        tagger = elman.train(train, on_dev, inputs=inputs, seed=seed, **options)
        return {"words": round(100 * tagger.evaluate(on_dev if dev else test, target="feats").accuracy, 2)}

    for seed in seeds:
        for inputs in (None, "xpos"):
            row = timed(partial(accuracy, seed, inputs))
            yield {f"inputs {inputs}" if inputs else "words alone": [{"seed": seed, **row}]}


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
    names = given.sets or [*TRAIN, "ewt"]
    for name in names:
        kinds = {"ewt": with_inputs, **{f"{each}-words": partial(on_words, each) for each in TRAIN}}
        found: Rows = {}
        for rows in kinds.get(name, partial(on_dicts, name))(given.dev, seeds, settings):
            print(name, rows, flush=True)
            found |= {what: [*found.get(what, []), *more] for what, more in rows.items()}
            if not given.dev and not given.set:
                keep(name, {**record(("sklearn-crfsuite", "python-crfsuite")), **found})


def keep(name: str, result: dict[str, Any]) -> None:
    """Write the result of a set beside those of the others."""
    path = RESULTS / "own-features.json"
    others = read_json(path) if path.exists() else {}
    write_json(path, {**others, name: result})


if __name__ == "__main__":
    main()
