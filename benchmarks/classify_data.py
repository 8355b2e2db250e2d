"""Builds the data sets for text classification that are not files of the data folder, in build/tasks.

``subjectivity``  a label and a text a line; test has the lines of either file whose number mod 10 is 9, train the rest
``trec``          the question types without what follows the colon, in UTF-8
``language``      pieces of raw text labelled with their language: train has pieces of 10, 20, 40 and 60 characters in
                  turn, dev and test have a file for each length; each from its own split of the treebanks

    python benchmarks/classify_data.py [DATA]
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import cycle, islice
from pathlib import Path

from harness.results import BUILD, DATA, treebank

TREEBANKS = ("cy_ccg", "en_ewt", "ko_gsd", "mr_ufal", "te_mtg", "th_tud", "ug_udt", "vi_vtb")
LENGTHS = (10, 20, 40, 60)  # characters
MOST_TRAIN, MOST_TEST = 4_000, 500  # pieces of a language in a file


def build(data: Path, out: Path) -> None:
    """Write all of them; the same data makes the same bytes."""
    out.mkdir(parents=True, exist_ok=True)
    parts: dict[str, list[str]] = {"train": [], "test": []}
    for label, name in (("subjective", "quote.tok.gt9.5000"), ("objective", "plot.tok.gt9.5000")):
        for number, line in enumerate(_lines(data / "other" / "cls_subjectivity" / name, "utf-8")):
            parts["test" if number % 10 == 9 else "train"].append(f"{label}\t{line.strip(' ')}")
    for part, lines in parts.items():
        _write(out / f"subjectivity-{part}.txt", lines)
        questions = (line.split(" ", 1) for line in _lines(data / "other" / "cls_trec_qc" / f"{part}.txt", "latin-1"))
        _write(out / f"trec-{part}.txt", (f"{label.split(':')[0]}\t{text}" for label, text in questions))
    _write(out / "language-train.txt", _languages(data, "train", LENGTHS, MOST_TRAIN))
    for part in ("dev", "test"):
        for length in LENGTHS:
            _write(out / f"language-{part}-{length}.txt", _languages(data, part, (length,), MOST_TEST))


def _languages(data: Path, part: str, lengths: Sequence[int], most: int) -> Iterator[str]:
    """Yield labelled pieces of every treebank, whose sentences are joined by one space."""
    for name in TREEBANKS:
        lines = _lines(data / treebank(name, part), "utf-8")
        texts = (line.split("=", 1)[1] for line in lines if line.startswith("# text ="))
        for piece in islice(_pieces(" ".join(" ".join(texts).split()), lengths), most):
            yield f"{name[:2]}\t{piece}"


def _pieces(text: str, lengths: Sequence[int]) -> Iterator[str]:
    """Cut the text into pieces of these lengths in turn, also inside words; none begins with a space."""
    at = 0
    for length in cycle(lengths):
        at += text[at : at + 1] == " "
        if at + length > len(text):
            return
        yield text[at : at + length]
        at += length


def _lines(path: Path, encoding: str) -> list[str]:
    return path.read_bytes().decode(encoding).removesuffix("\n").split("\n")


def _write(path: Path, lines: Iterable[str]) -> None:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    build(Path(sys.argv[1]) if len(sys.argv) > 1 else DATA, BUILD / "tasks")
