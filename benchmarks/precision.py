"""What 8-bit tagging changes: accuracy of one default model a treebank, exact and in 8 bits, on test.

    python benchmarks/precision.py [--data ../shared/data] [--sets en_ewt,te_mtg]

Writes benchmarks/results/precision.json. Accuracy may change by 0.02 points over all words together, and by one word
on tests of less than 5,000.
"""

from __future__ import annotations

import argparse
import json
import platform
from pathlib import Path

import elman
from elman.kernels import describe

ROOT = Path(__file__).resolve().parents[1]
TREEBANKS = ("en_ewt", "vi_vtb", "th_tud", "ko_gsd", "ug_udt", "cy_ccg", "te_mtg", "mr_ufal")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--sets", default=",".join(("wiki-en", *TREEBANKS)))
    options = parser.parse_args()
    found = {}
    for name in options.sets.split(","):
        train, test = files(options.data, name)
        model = ROOT / "build" / "precision" / f"{name}.model"
        if not model.exists():
            model.parent.mkdir(parents=True, exist_ok=True)
            elman.train(train, seed=1, on_warning=lambda doubt: None).save(model)
        right = {}
        for precision in ("exact", "int8"):
            evaluation = elman.load(model, precision=precision).evaluate(test)
            right[precision] = evaluation.correct
        found[name] = {"words": evaluation.tokens, **right}
        print(name, found[name], flush=True)
    pooled = {key: sum(one[key] for one in found.values()) for key in ("words", "exact", "int8")}
    change = 100 * (pooled["int8"] - pooled["exact"]) / pooled["words"]
    few = {name: one["int8"] - one["exact"] for name, one in found.items() if one["words"] < 5000}
    print(f"all together: {change:+.4f} points; tests of less than 5,000 words: {few}")
    result = {"sets": found, "pooled": pooled, "points": change, "kernels": describe(), "machine": platform.machine()}
    target = ROOT / "benchmarks" / "results" / "precision.json"
    target.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def files(data: Path, name: str) -> tuple[Path, Path]:
    """Train and test of a data set."""
    if name == "wiki-en":
        folder = data / "tutorial" / "data"
        return folder / "wiki-en-train.norm_pos", folder / "wiki-en-test.norm_pos"
    return tuple(data / "ud" / name / f"{name}-ud-{part}.conllu" for part in ("train", "test"))  # type: ignore[return-value]


if __name__ == "__main__":
    main()
