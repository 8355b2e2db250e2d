"""The text of the speed benchmarks: English EWT, as word lines, and a large file made of it. Kept under build/bench."""

from __future__ import annotations

import hashlib
import random
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data" / "ud" / "en_ewt"
WORK = ROOT / "build" / "bench"
SPLITS = ("train", "dev", "test")
TIMES = 10  # what the test text is repeated
NEW = 300  # of the large file, one word in so many is one that never stood there before

Tagged = list[tuple[list[str], list[str]]]  # of each sentence its words and their UPOS


def treebank(split: str) -> Path:
    """The CoNLL-U file of a split; exits where the data are not there."""
    path = DATA / f"en_ewt-ud-{split}.conllu"
    if not path.is_file():
        sys.exit(
            f"speed.py: no ../shared/data/ud/en_ewt/{path.name}; "
            "the benchmark needs Universal Dependencies 2.16 English EWT beside the project"
        )
    return path


@cache
def sentences(split: str) -> Tagged:
    """Words and UPOS; multiword tokens and empty nodes are no words."""
    found: Tagged = []
    words: list[str] = []
    tags: list[str] = []
    for line in treebank(split).read_text(encoding="utf-8").split("\n"):
        if not line:
            if words:
                found.append((words, tags))
            words, tags = [], []
        elif line[0] != "#":
            cells = line.split("\t")
            if cells[0].isdigit():
                words.append(cells[1])
                tags.append(cells[3])
    return found


def digest() -> str:
    """Of all the data; a model that was trained on other text is trained again."""
    return hashlib.sha256(b"".join(treebank(split).read_bytes() for split in SPLITS)).hexdigest()[:12]


def lines(splits: tuple[str, ...]) -> list[str]:
    """Sentences as lines of words. A word with a space inside is not in EWT."""
    return [" ".join(words) + "\n" for split in splits for words, _ in sentences(split)]


def text_file(name: str) -> Path:
    """``test``, ``test10``: the test text, ten times; ``all``: all running words once; ``one``: a sentence."""
    texts = {
        "test": lambda: lines(("test",)),
        "test10": lambda: lines(("test",)) * TIMES,
        "all": lambda: lines(SPLITS),
        "one": lambda: ["The quick brown fox jumps over the lazy dog .\n"],
    }
    path = WORK / f"{name}.txt"
    if not path.exists():
        _write(path, texts[name]())
    return path


def large_file(size: int) -> Path:
    """At least ``size`` bytes of EWT's sentences, shuffled anew each time around, with new words among them."""
    path = WORK / f"large-{size}.txt"
    if not path.exists():
        print(f"speed.py: writing {size / 1e6:,.0f} MB of text", file=sys.stderr)
        _write(path, _shuffled(size))
    return path


def _shuffled(size: int) -> Iterator[str]:
    rng = random.Random(1)
    some = lines(SPLITS)
    new = sum(line.count(" ") + 1 for line in some) // NEW
    written = 0
    for turn in range(size):
        rng.shuffle(some)
        text = some.copy()
        for i in rng.choices(range(len(text)), k=new):
            first, space, rest = text[i].partition(" ")
            text[i] = f"{first}{turn}.{i}{space}{rest}" if space else text[i]
        block = "".join(text)
        yield block
        written += len(block.encode())
        if written >= size:
            return


def _write(path: Path, texts: Iterator[str] | list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with part.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(texts)
    part.replace(path)
