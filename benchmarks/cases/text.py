"""The text of the speed benchmarks: English EWT, as lines of words, and a large file made of it, in build/bench."""

from __future__ import annotations

import hashlib
import random
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from harness import results

DATA = results.DATA / "ud" / "en_ewt"
WORK = results.BUILD / "bench"
SPLITS = ("train", "dev", "test")
TIMES = 10  # repetitions of the test text
NEW = 300  # one word in this many of the large file never occurred before

Tagged = list[tuple[list[str], list[str]]]  # words and UPOS of each sentence


def treebank(split: str) -> Path:
    """Return the CoNLL-U file of a split. Exits if the data is missing."""
    path = DATA / f"en_ewt-ud-{split}.conllu"
    if not path.is_file():
        sys.exit(
            f"no ../shared/data/ud/en_ewt/{path.name}; "
            "the benchmark needs Universal Dependencies 2.16 English EWT beside the project"
        )
    return path


@cache
def sentences(split: str) -> Tagged:
    """Return words and UPOS, without multiword tokens and empty nodes."""
    blocks = treebank(split).read_text(encoding="utf-8").rstrip("\n").split("\n\n")
    rows = [[line.split("\t") for line in block.split("\n") if line and line[0] != "#"] for block in blocks]
    rows = [[cells for cells in block if cells[0].isdigit()] for block in rows]
    return [([cells[1] for cells in block], [cells[3] for cells in block]) for block in rows if block]


def digest() -> str:
    """Return a digest of all the data; models trained on other text are trained again."""
    return hashlib.sha256(b"".join(treebank(split).read_bytes() for split in SPLITS)).hexdigest()[:12]


def lines(*splits: str) -> list[str]:
    """Return sentences as lines of words. No word in EWT contains a space."""
    return [" ".join(words) + "\n" for split in splits for words, _ in sentences(split)]


def words_in(path: Path) -> int:
    return sum(len(line.split(" ")) for line in path.read_text(encoding="utf-8").split("\n") if line)


def text_file(name: str) -> Path:
    """Return ``test``; ``test10``: the test text ten times; ``all``: all running words; ``one``: a sentence."""
    texts = {
        "test": lambda: lines("test"),
        "test10": lambda: lines("test") * TIMES,
        "all": lambda: lines(*SPLITS),
        "one": lambda: ["The quick brown fox jumps over the lazy dog .\n"],
    }
    path = WORK / f"{name}.txt"
    if not path.exists():
        _write(path, texts[name]())
    return path


def large_file(size: int) -> Path:
    """Return a file of at least ``size`` bytes: EWT's sentences, shuffled again in each pass, with new words."""
    path = WORK / f"large-{size}.txt"
    if not path.exists():
        print(f"writing {size / 1e6:,.0f} MB of text", file=sys.stderr)
        _write(path, _shuffled(size))
    return path


def _shuffled(size: int) -> Iterator[str]:
    rng, some = random.Random(1), lines(*SPLITS)
    new = sum(line.count(" ") + 1 for line in some) // NEW
    written = turn = 0
    while written < size:
        rng.shuffle(some)
        text = some.copy()
        for i in rng.choices(range(len(text)), k=new):
            first, space, rest = text[i].partition(" ")
            text[i] = f"{first}{turn}.{i}{space}{rest}" if space else text[i]
        yield (block := "".join(text))
        written += len(block.encode())
        turn += 1


def _write(path: Path, texts: Iterable[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with part.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(texts)
    part.replace(path)
