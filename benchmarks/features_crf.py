"""FEATS by a CRF on the usual features of words, with CRFsuite, beside ``elman train --task morphology``.

    python benchmarks/features_crf.py --data ../shared/data cy_ccg ug_udt mr_ufal

Trains on train, with CRFsuite's own settings (L-BFGS, 100 iterations at most, both penalties chosen on dev; with
--perceptron as an averaged perceptron, which takes minutes where L-BFGS takes hours), and prints a line of JSON for
each treebank. Needs python-crfsuite (benchmarks/requirements.txt) and elman.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Sequence
from typing import Any

import pycrfsuite

from elman.data.formats import read_sentences

ITERATIONS = 100
PENALTIES = [{"c1": c1, "c2": c2, "max_iterations": ITERATIONS} for c1, c2 in ((0.0, 1.0), (0.0, 0.1), (0.1, 0.1))]
"""Of L1 and L2."""
PERCEPTRON = [{"max_iterations": n} for n in (10, 30)]


def features(words: Sequence[str]) -> list[list[str]]:
    """Of each word: itself, its neighbours, prefixes and suffixes of 1-5 letters, what kind of characters it has."""
    lower = ["<", "<", *(word.lower() for word in words), ">", ">"]
    found = []
    for i, word in enumerate(words):
        low = lower[i + 2]
        own = ["b", f"w={word}", f"l={low}"]
        own += [f"{place}={lower[i + 2 + place]}" for place in (-2, -1, 1, 2)]
        own += [f"-1,0={lower[i + 1]}|{low}", f"0,1={low}|{lower[i + 3]}"]
        own += [f"p={low[:n]}" for n in range(1, min(5, len(low)) + 1)]
        own += [f"s={low[-n:]}" for n in range(1, min(5, len(low)) + 1)]
        own += [f"s-1={lower[i + 1][-3:]}", f"s+1={lower[i + 3][-3:]}"]
        kinds = {"A": str.isupper, "T": str.istitle, "0": str.isdigit, "a": str.isalpha}
        own += [f"k={name}" for name, holds in kinds.items() if holds(word)]
        own += ["k=digit"] * any(c.isdigit() for c in word) + ["k=-"] * ("-" in word)
        found.append(own)
    return found


def read(path: str) -> list[tuple[list[list[str]], tuple[str, ...], tuple[str, ...]]]:
    """Features, FEATS and words of each sentence."""
    sentences = read_sentences(path, format="conllu", labelled=False)
    return [(features(one.words), one.columns["feats"], one.words) for one in sentences if one.words]


def accuracy(model: str, sentences: Any, known: set[str]) -> tuple[float, float]:
    """In per cent, of all words and of unknown ones."""
    tagger = pycrfsuite.Tagger()
    tagger.open(model)
    right, right_unknown, unknown, total = 0, 0, 0, 0
    for rows, gold, words in sentences:
        for word, tag, found in zip(words, gold, tagger.tag(rows), strict=True):
            total += 1
            right += tag == found
            if word not in known:
                unknown += 1
                right_unknown += tag == found
    return round(100 * right / total, 2), round(100 * right_unknown / max(unknown, 1), 2)


def measured(folder: str, treebank: str, perceptron: bool) -> dict[str, Any]:
    """The best of the settings on dev, and its accuracy on test."""
    train, dev, test = (
        read(f"{folder}/ud/{treebank}/{treebank}-ud-{part}.conllu") for part in ("train", "dev", "test")
    )
    known = {word for _, _, words in train for word in words}
    tried: list[tuple[float, dict[str, Any], float]] = []
    with tempfile.TemporaryDirectory() as place:
        for i, settings in enumerate(PERCEPTRON if perceptron else PENALTIES):
            trainer = pycrfsuite.Trainer("ap" if perceptron else "lbfgs", verbose=False)
            for rows, tags, _ in train:
                trainer.append(rows, tags)
            trainer.set_params(settings)
            begun = time.perf_counter()
            trainer.train(os.path.join(place, str(i)))
            tried.append((accuracy(os.path.join(place, str(i)), dev, known)[0], settings, time.perf_counter() - begun))
        best = max(range(len(tried)), key=lambda i: tried[i][0])
        on_test, on_unknown = accuracy(os.path.join(place, str(best)), test, known)
    on_dev, settings, seconds = tried[best]
    found = {"dev": on_dev, "test": on_test, "test_unknown": on_unknown, "seconds": round(seconds, 1)}
    return {"set": treebank, "column": "feats", **settings, **found, "sentences": len(train)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("treebanks", nargs="+")
    parser.add_argument("--data", default="../shared/data", help="the folder of the data")
    parser.add_argument("--perceptron", action="store_true", help="an averaged perceptron in place of L-BFGS")
    options = parser.parse_args()
    for treebank in options.treebanks:
        print(json.dumps(measured(options.data, treebank, options.perceptron)), flush=True)


if __name__ == "__main__":
    main()
