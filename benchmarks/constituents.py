"""Ten-fold labelled bracket F1 of constituents: every tree is parsed by a model that was trained on other trees.

    python benchmarks/constituents.py ../shared/data/tutorial/data/wiki-en-test.parse [--seeds 5] [--set hidden=192 …]

Fold f holds the trees whose number, from 0, is f modulo 10. Settings are those of ``elman train --task parse``, but for
``--set``. Words are gold, tags are the model's own. Prints one line a seed, all brackets of the ten folds together, and
on standard error the figure so far after each fold.
"""

from __future__ import annotations

import argparse
import sys
import time

import elman
from elman.data.formats import read_sentences
from elman.data.formats.trees import parse_sentence_tree
from elman.data.sentence import Sentence
from elman.data.trees import Tree, from_pieces, parse_tree
from elman.evaluation.evalb import brackets, evaluate_brackets


def parsed(sentences: list[Sentence], fold: int, folds: int, seed: int, settings: dict[str, str]) -> list[Tree]:
    """The trees of the sentences of one fold, by a model of all others."""
    train = [sentence for i, sentence in enumerate(sentences) if i % folds != fold]
    own = [sentence for i, sentence in enumerate(sentences) if i % folds == fold]
    model = elman.train(train, task="parse", settings=settings, seed=seed, threads=1, on_warning=lambda text: None)
    found = model.pipe(own)
    return [parse_tree(from_pieces(pieces, one.words)) for pieces, one in zip(found, own, strict=True)]


def main() -> None:
    """Parse every tree by a model of others, and count brackets."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("trees")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--folds", type=int, default=10)
    parser.add_argument("--first", type=int, help="of the folds, try only so many")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    given = parser.parse_args()
    settings = dict(item.split("=", 1) for item in given.set)
    sentences = [sentence for sentence in read_sentences(given.trees, format="trees") if sentence.words]
    for seed in range(1, given.seeds + 1):
        start = time.perf_counter()
        gold: list[Tree] = []
        found: list[Tree] = []
        for fold in range(given.first or given.folds):
            gold += [parse_sentence_tree(one) for one in sentences[fold :: given.folds]]
            found += parsed(sentences, fold, given.folds, seed, settings)
            so_far = evaluate_brackets(map(brackets, gold), map(brackets, found)).micro.f1
            print(f"seed {seed}, {fold + 1} folds: F1 {100 * so_far:.2f}", file=sys.stderr, flush=True)
        result = evaluate_brackets(map(brackets, gold), map(brackets, found))
        pairs = [
            (a[0], b[0])
            for one, two in zip(gold, found, strict=True)
            for a, b in zip(one.tagged(), two.tagged(), strict=True)
        ]
        tags = sum(a == b for a, b in pairs) / len(pairs)
        micro = result.micro
        rates = f"P {100 * micro.precision:.2f}  R {100 * micro.recall:.2f}  F1 {100 * micro.f1:.2f}"
        whole = f"whole trees {result.exact} of {result.trees}"
        took = f"{time.perf_counter() - start:.0f} s"
        print(f"seed {seed}  {rates}  {whole}  tags {100 * tags:.2f}  {took}", flush=True)


if __name__ == "__main__":
    main()
