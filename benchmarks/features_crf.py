"""FEATS by a CRF on the usual features of words, with CRFsuite, to compare with ``elman train --task morphology``.

    python benchmarks/features_crf.py cy_ccg ug_udt mr_ufal

Trains on train by L-BFGS, at most 100 iterations, both penalties chosen on dev (with --perceptron by the averaged
perceptron, which takes minutes where L-BFGS takes hours), and prints a line of JSON for each treebank. Needs
python-crfsuite (benchmarks/requirements.txt).
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cases.text import Tagged
from harness.results import DATA, options, treebank
from peers.taggers import CRFsuite

SETTINGS: dict[str, list[dict[str, Any]]] = {
    "lbfgs": [{"c1": c1, "c2": c2, "max_iterations": 100} for c1, c2 in ((0.0, 1.0), (0.0, 0.1), (0.1, 0.1))],
    "ap": [{"max_iterations": n} for n in (10, 30)],
}
"""Settings tried for each algorithm; ``c1`` and ``c2`` are the L1 and L2 penalties."""
KINDS = {"A": str.isupper, "T": str.istitle, "0": str.isdigit, "a": str.isalpha}


class FeatsCRF(CRFsuite):
    """CRFsuite with the word, neighbours, prefixes and suffixes of 1-5 letters, and kinds of characters."""

    def features(self, words: Sequence[str]) -> list[list[str]]:
        lower = ["<", "<", *(word.lower() for word in words), ">", ">"]
        rows = []
        for i, word in enumerate(words):
            low = lower[i + 2]
            row = ["b", f"w={word}", f"l={low}", *(f"{place}={lower[i + 2 + place]}" for place in (-2, -1, 1, 2))]
            row += [f"-1,0={lower[i + 1]}|{low}", f"0,1={low}|{lower[i + 3]}"]
            row += [f"p={low[:n]}" for n in range(1, min(5, len(low)) + 1)]
            row += [f"s={low[-n:]}" for n in range(1, min(5, len(low)) + 1)]
            row += [f"s-1={lower[i + 1][-3:]}", f"s+1={lower[i + 3][-3:]}"]
            row += [f"k={name}" for name, holds in KINDS.items() if holds(word)]
            rows.append(row + ["k=digit"] * any(c.isdigit() for c in word) + ["k=-"] * ("-" in word))
        return rows


def accuracy(crf: CRFsuite, sentences: Tagged, known: set[str]) -> tuple[float, float]:
    """Return the accuracy in per cent on all words and on unknown ones."""
    predicted = crf.tag(words for words, _ in sentences)
    rows = (zip(*one, tags, strict=True) for one, tags in zip(sentences, predicted, strict=True))
    pairs = [(word in known, tag == guess) for row in rows for word, tag, guess in row]
    unknown = [right for is_known, right in pairs if not is_known]
    shares = sum(right for _, right in pairs) / len(pairs), sum(unknown) / max(len(unknown), 1)
    return round(100 * shares[0], 2), round(100 * shares[1], 2)


def measured(name: str, algorithm: str) -> dict[str, Any]:
    """Return the best of the settings on dev, and its accuracy on test."""
    from elman.data.formats import read_sentences

    def read(part: str) -> Tagged:
        sentences = read_sentences(str(DATA / treebank(name, part)), format="conllu", labelled=False)
        return [(list(one.words), list(one.columns["feats"])) for one in sentences if one.words]

    train, dev, test = map(read, ("train", "dev", "test"))
    known = {word for words, _ in train for word in words}
    tried: list[tuple[float, FeatsCRF, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        for i, settings in enumerate(SETTINGS[algorithm]):
            crf, model, start = FeatsCRF(algorithm=algorithm, **settings), Path(folder, str(i)), time.perf_counter()
            crf.train(train, dev, model)
            seconds = time.perf_counter() - start
            crf.load(model)
            tried.append((accuracy(crf, dev, known)[0], crf, seconds))
        on_dev, best, seconds = max(tried, key=lambda one: one[0])
        on_test, on_unknown = accuracy(best, test, known)
    settings = {key: value for key, value in best.settings.items() if key != "algorithm"}
    found = {"dev": on_dev, "test": on_test, "test_unknown": on_unknown, "seconds": round(seconds, 1)}
    return {"set": name, "column": "feats", **settings, **found, "sentences": len(train)}


if __name__ == "__main__":
    given = options(__doc__, "treebanks*", perceptron=(False, "averaged perceptron instead of L-BFGS"))
    for name in given.treebanks:
        print(json.dumps(measured(name, "ap" if given.perceptron else "lbfgs")), flush=True)
