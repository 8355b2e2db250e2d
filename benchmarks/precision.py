"""The effect of 8-bit tagging: accuracy on test of one default model for each treebank, exact and in 8 bits.

    python benchmarks/precision.py [--data ../shared/data] [--sets en_ewt,te_mtg]

Writes benchmarks/results/precision.json. Accuracy may change by 0.02 points over all words together, and by one word
on tests of less than 5,000.
"""

from __future__ import annotations

from pathlib import Path

import elman
from harness.machine import record
from harness.results import BUILD, DATA, RESULTS, WIKI, names, parser, treebank, write_json

TREEBANKS = ("en_ewt", "vi_vtb", "th_tud", "ko_gsd", "ug_udt", "cy_ccg", "te_mtg", "mr_ufal")


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--data", type=Path, default=DATA, help="data folder (default ../shared/data)")
    options.add_argument("--sets", type=names, default=["wiki-en", *TREEBANKS], help="default: wiki-en and 8 treebanks")
    given = options.parse_args()
    found = {}
    for name in given.sets:
        files = [WIKI.format(part) if name == "wiki-en" else treebank(name, part) for part in ("train", "test")]
        train, test = (given.data / file for file in files)
        model = BUILD / "precision" / f"{name}.model"
        if not model.exists():
            model.parent.mkdir(parents=True, exist_ok=True)
            elman.train(train, seed=1, on_warning=lambda warning: None).save(model)
        found[name] = {}
        for precision in ("exact", "int8"):
            evaluation = elman.load(model, precision=precision).evaluate(test)
            found[name] |= {"words": evaluation.tokens, precision: evaluation.correct}
        print(name, found[name], flush=True)
    pooled = {key: sum(one[key] for one in found.values()) for key in ("words", "exact", "int8")}
    change = 100 * (pooled["int8"] - pooled["exact"]) / pooled["words"]
    few = {name: one["int8"] - one["exact"] for name, one in found.items() if one["words"] < 5000}
    print(f"all together: {change:+.4f} points; tests of less than 5,000 words: {few}")
    write_json(RESULTS / "precision.json", {"sets": found, "pooled": pooled, "points": change, **record()})


if __name__ == "__main__":
    main()
