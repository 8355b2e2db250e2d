"""How well taggers find the words of raw text by rules (``elman tag --tokenize``), as the CoNLL 2018 task counts them.

    python benchmarks/raw_text.py                  all treebanks of the shared data
    python benchmarks/raw_text.py --sets en_ewt

The raw text is that of the gold file, one paragraph a line, as for a segmenter. A model is trained on the treebank,
whose spaces it sees, and one on the words alone (JSONL), for which it guesses them; the network does not matter, so it
is the most frequent tag of each word.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from elman.data.formats import read_sentences
from elman.data.sentence import Sentence
from elman.tasks.segmentation import Segmentation
from harness import results
from harness.machine import record, run_elman
from harness.results import DATA, RESULTS, names, write_json

SETS = ("en_ewt", "cy_ccg", "ko_gsd", "mr_ufal", "te_mtg", "th_tud", "ug_udt", "vi_vtb")
METRICS = ("Tokens", "Sentences", "Words")


def raw_text(gold: Path) -> str:
    """Return the raw text of a CoNLL-U file, a paragraph a line."""
    return "".join(f"{marked.text}\n" for marked in Segmentation(True).marked(sentences_of(gold)))


def sentences_of(path: Path) -> list[Sentence]:
    return [sentence for sentence in read_sentences(str(path), format="conllu", labelled=False) if sentence.words]


def words_alone(sentence: Sentence) -> str:
    """Return a sentence as a line of JSON, without what CoNLL-U says of its text."""
    return json.dumps({"tokens": sentence.words, "tags": sentence.columns["upos"]}) + "\n"


def measure(name: str, split: str, folder: Path) -> dict[str, Any]:
    """Return F1 in percent of a treebank, with the spaces of its text and from its words alone."""
    train, gold = (DATA / "ud" / name / f"{name}-ud-{part}.conllu" for part in ("train", split))
    (folder / "raw.txt").write_text(raw_text(gold), encoding="utf-8", newline="\n")
    words = folder / "words.jsonl"
    words.write_text("".join(map(words_alone, sentences_of(train))), encoding="utf-8")
    found: dict[str, Any] = {}
    for kind, data in (("text", train), ("words", words)):
        model, out = folder / "m.model", folder / "out.conllu"
        run_elman("train", data, "--model", "frequent", "-o", model)
        run_elman("tag", model, folder / "raw.txt", "--tokenize", "--as", "conllu", "-o", out)
        output = run_elman("evaluate", "--predicted", out, gold, "--style", "conll18", "--json")
        metrics = json.loads(output)["metrics"]
        found[kind] = {metric: round(100 * metrics[metric]["f1"], 2) for metric in METRICS}
    return found


def main() -> None:
    parser = results.parser(__doc__)
    parser.add_argument("--sets", type=names, default=list(SETS), help="names of treebanks (default: all)")
    parser.add_argument("--split", default="test", choices=("dev", "test"))
    parser.add_argument("--json", type=Path, default=RESULTS / "raw-text.json")
    options = parser.parse_args()
    found = {}
    for name in options.sets:
        with tempfile.TemporaryDirectory() as folder:
            found[name] = measure(name, options.split, Path(folder))
        for kind, metrics in found[name].items():
            print(f"{name:8} {kind:6}", *(f"{metric} {value:.2f}" for metric, value in metrics.items()), flush=True)
    write_json(options.json, {"split": options.split, **record(), "f1": found})


if __name__ == "__main__":
    main()
