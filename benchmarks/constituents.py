"""Ten-fold labelled bracket F1 of constituency parsing: every tree is parsed by a model trained on other trees.

    python benchmarks/constituents.py ../shared/data/tutorial/data/wiki-en-test.parse [--seeds 5] [--set hidden=192,…]

Fold f holds the trees whose number, from 0, is f modulo 10. Settings are those of ``elman train --task parse``, except
for ``--set``. Words are gold, tags are predicted. Prints a line a seed, over all brackets of the ten folds, and on
standard error the figure so far after each fold.
"""

from __future__ import annotations

import sys
import time

import elman
from elman.data.formats import read_sentences
from elman.data.formats.trees import parse_sentence_tree
from elman.data.sentence import Sentence
from elman.data.trees import Tree, from_pieces, parse_tree
from elman.evaluation.evalb import brackets, evaluate_brackets
from harness.results import key_value, names, options

FOLDS = 10


def parse_fold(sentences: list[Sentence], fold: int, seed: int, settings: dict[str, str]) -> list[Tree]:
    """Parse the sentences of one fold by a model of all others."""
    train = [sentence for i, sentence in enumerate(sentences) if i % FOLDS != fold]
    test = sentences[fold::FOLDS]
    model = elman.train(train, task="parse", settings=settings, seed=seed, threads=1, on_warning=lambda warning: None)
    return [parse_tree(from_pieces(own, one.words)) for own, one in zip(model.pipe(test), test, strict=True)]


def main() -> None:
    flags = {"seeds": (1, "how many"), "first": (FOLDS, "parse only this many of the folds")}
    given = options(__doc__, "trees", **flags, set=(names, "changed settings, KEY=VALUE,…"))
    settings = dict(map(key_value, given.set or ()))
    sentences = [sentence for sentence in read_sentences(given.trees, format="trees") if sentence.words]
    for seed in range(1, given.seeds + 1):
        start = time.perf_counter()
        gold: list[Tree] = []
        predicted: list[Tree] = []
        for fold in range(given.first):
            gold += map(parse_sentence_tree, sentences[fold::FOLDS])
            predicted += parse_fold(sentences, fold, seed, settings)
            result = evaluate_brackets(map(brackets, gold), map(brackets, predicted))
            print(f"seed {seed}, {fold + 1} folds: F1 {100 * result.micro.f1:.2f}", file=sys.stderr, flush=True)
        pairs = [
            pair
            for trees in zip(gold, predicted, strict=True)
            for pair in zip(*(t.tagged() for t in trees), strict=True)
        ]
        tags, micro = sum(a[0] == b[0] for a, b in pairs) / len(pairs), result.micro
        rates = f"P {100 * micro.precision:.2f}  R {100 * micro.recall:.2f}  F1 {100 * micro.f1:.2f}"
        whole = f"whole trees {result.exact} of {result.trees}  tags {100 * tags:.2f}"
        print(f"seed {seed}  {rates}  {whole}  {time.perf_counter() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main()
