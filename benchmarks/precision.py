"""The effect of 8-bit tagging: accuracy on test of one default model for each treebank, exact and in 8 bits.

Writes benchmarks/results/precision.json. Accuracy may change by 0.02 points over all words together, and by one word
on tests of less than 5,000.
"""

from __future__ import annotations

import elman
from harness.machine import record
from harness.results import BUILD, DATA, RESULTS, WIKI, names, options, treebank, write_json

SETS = ["wiki-en", "en_ewt", "vi_vtb", "th_tud", "ko_gsd", "ug_udt", "cy_ccg", "te_mtg", "mr_ufal"]


def main() -> None:
    found: dict[str, dict[str, int]] = {}
    for name in options(__doc__, sets=(names, f"default: {','.join(SETS)}")).sets or SETS:
        train, test = (DATA / (WIKI.format(p) if name == "wiki-en" else treebank(name, p)) for p in ("train", "test"))
        model = BUILD / "precision" / f"{name}.model"
        if not model.exists():
            model.parent.mkdir(parents=True, exist_ok=True)
            elman.train(train, seed=1, on_warning=lambda warning: None).save(model)
        by = {precision: elman.load(model, precision=precision).evaluate(test) for precision in ("exact", "int8")}
        found[name] = {"words": by["exact"].tokens, **{precision: one.correct for precision, one in by.items()}}
        print(name, found[name], flush=True)
    pooled = {key: sum(one[key] for one in found.values()) for key in ("words", "exact", "int8")}
    change = 100 * (pooled["int8"] - pooled["exact"]) / pooled["words"]
    few = {name: one["int8"] - one["exact"] for name, one in found.items() if one["words"] < 5000}
    print(f"all together: {change:+.4f} points; tests of less than 5,000 words: {few}")
    write_json(RESULTS / "precision.json", {"sets": found, "pooled": pooled, "points": change, **record()})


if __name__ == "__main__":
    main()
