"""Builds the data sets for classification that no file holds as it is, into build/tasks.

``subjectivity``  a label and a text a line; test has the lines of either file whose number mod 10 is 9, train the rest
``trec``          the question types without what stands behind the colon, in UTF-8
``language``      pieces of raw text, each labelled with its language: train pieces of 10, 20, 40 and 60 characters in
                  turn, dev and test files of one length each; every part of its own split of the treebanks

    python benchmarks/classify_data.py [DATA]
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from itertools import cycle
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TREEBANKS = ("cy_ccg", "en_ewt", "ko_gsd", "mr_ufal", "te_mtg", "th_tud", "ug_udt", "vi_vtb")
LENGTHS = (10, 20, 40, 60)  # characters
MOST_TRAIN, MOST_TEST = 4_000, 500  # pieces of a language, in a file


def build(data: Path, out: Path) -> None:
    """Write all of them; the same data makes the same bytes."""
    out.mkdir(parents=True, exist_ok=True)
    _subjectivity(data / "other" / "cls_subjectivity", out)
    for part in ("train", "test"):
        lines = _lines(data / "other" / "cls_trec_qc" / f"{part}.txt", "latin-1")
        _write(out / f"trec-{part}.txt", (_coarse(line) for line in lines))
    train: list[str] = []
    for treebank in TREEBANKS:
        pieces = _pieces(_raw(data, treebank, "train"), LENGTHS)
        train += (f"{treebank[:2]}\t{piece}" for piece, _ in zip(pieces, range(MOST_TRAIN), strict=False))
    _write(out / "language-train.txt", train)
    for part in ("dev", "test"):
        for length in LENGTHS:
            found = (
                f"{treebank[:2]}\t{piece}"
                for treebank in TREEBANKS
                for piece, _ in zip(_pieces(_raw(data, treebank, part), (length,)), range(MOST_TEST), strict=False)
            )
            _write(out / f"language-{part}-{length}.txt", found)


def _subjectivity(folder: Path, out: Path) -> None:
    parts: dict[str, list[str]] = {"train": [], "test": []}
    for label, name in (("subjective", "quote.tok.gt9.5000"), ("objective", "plot.tok.gt9.5000")):
        for number, line in enumerate(_lines(folder / name, "utf-8")):
            parts["test" if number % 10 == 9 else "train"].append(f"{label}\t{line.strip(' ')}")
    for part, lines in parts.items():
        _write(out / f"subjectivity-{part}.txt", lines)


def _coarse(line: str) -> str:
    label, text = line.split(" ", 1)
    return f"{label.split(':')[0]}\t{text}"


def _raw(data: Path, treebank: str, part: str) -> str:
    """The sentences of a treebank as running text, with one space between them."""
    lines = _lines(data / "ud" / treebank / f"{treebank}-ud-{part}.conllu", "utf-8")
    texts = (line.split("=", 1)[1] for line in lines if line.startswith("# text ="))
    return " ".join(" ".join(texts).split())


def _pieces(text: str, lengths: Sequence[int]) -> Iterator[str]:
    """The text cut into pieces of these lengths, in turn, wherever that is in a word; none begins with a space."""
    at = 0
    for length in cycle(lengths):
        at += text[at : at + 1] == " "
        if at + length > len(text):
            return
        yield text[at : at + length]
        at += length


def _lines(path: Path, encoding: str) -> list[str]:
    return path.read_bytes().decode(encoding).removesuffix("\n").split("\n")


def _write(path: Path, lines: Iterator[str] | list[str]) -> None:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    build(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT.parent / "shared" / "data", ROOT / "build" / "tasks")
