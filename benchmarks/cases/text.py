"""The text of the speed benchmarks: English EWT, as lines of words, and a large file made of it, in build/bench."""

from __future__ import annotations

import hashlib
import lzma
import random
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from itertools import cycle
from pathlib import Path

from harness import results

DATA = results.DATA / "ud" / "en_ewt"
WORK = results.BUILD / "bench"
SPLITS = ("train", "dev", "test")
TIMES = 10  # repetitions of the test text
LARGE = 1_000_000_000  # bytes of the large file
UNSEEN = 5_000_000  # words
WIKI_WORDS = 250_000
NEW = 300  # one word in this many of the large file never occurred before

WORD = re.compile(r"\w+(?:[-.]\w+)*|['’]\w+|\.{2,}|[^\w\s]")
END = (".", "!", "?", "...")

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
    found = hashlib.sha256()
    for split in SPLITS:
        for block in _blocks(treebank(split)):
            found.update(block)
    return found.hexdigest()[:12]


def _blocks(path: Path) -> Iterator[bytes]:
    """Yield a file in pieces; a process that measures the memory of others stays small."""
    with path.open("rb") as file:
        yield from iter(partial(file.read, 1 << 20), b"")


def lines(*splits: str) -> list[str]:
    """Return sentences as lines of words. No word in EWT contains a space."""
    return [" ".join(words) + "\n" for split in splits for words, _ in sentences(split)]


def words_in(path: Path) -> int:
    """Count the words of lines of words, none of them empty."""
    return sum(block.count(b" ") + block.count(b"\n") for block in _blocks(path))


def text_file(name: str) -> Path:
    """Return one of the texts below, or of ``words-N``: at least N words as in the large file."""
    texts: dict[str, Callable[[], Iterable[str]]] = {
        "test": lambda: lines("test"),
        "test10": lambda: lines("test") * TIMES,
        "test40": lambda: lines("test") * 4 * TIMES,
        "all": lambda: lines(*SPLITS),
        "one": lambda: ["The quick brown fox jumps over the lazy dog .\n"],
        "wiki-en": lambda: _until(WIKI_WORDS, cycle(wiki_lines())),
        "unseen": lambda: _until(UNSEEN, reviews()),
    }
    path = WORK / f"{name}.txt"
    if not path.exists():
        words = name.removeprefix("words-")
        shuffled = (line for block in _shuffled(LARGE) for line in block.splitlines(keepends=True))
        _write(path, _until(int(words), shuffled) if words.isdecimal() else texts[name]())
    return path


def _until(words: int, some: Iterable[str]) -> Iterator[str]:
    """Yield lines until there are so many words."""
    for line in some:
        yield line
        words -= line.count(" ") + 1
        if words <= 0:
            return


def wiki_lines() -> list[str]:
    """Return the words of the tutorial's test part."""
    path = results.DATA / results.WIKI.format("test")
    rows = path.read_text(encoding="utf-8").splitlines()
    return [" ".join(cell.rpartition("_")[0] for cell in row.split(" ")) + "\n" for row in rows if row]


def reviews() -> Iterator[str]:
    """Yield film reviews that no model has seen, as sentences of words."""
    with lzma.open(results.DATA / "raw" / "imdb-reviews.txt.xz", "rt", encoding="utf-8") as paragraphs:
        for paragraph in paragraphs:
            yield from cut(paragraph)


def cut(paragraph: str) -> Iterator[str]:
    """Cut running text into words and sentences, by plain rules."""
    words: list[str] = []
    for word in WORD.findall(paragraph):
        words.append(word)
        if word in END:
            yield " ".join(words) + "\n"
            words = []
    if words:
        yield " ".join(words) + "\n"


def large_file(size: int = LARGE) -> Path:
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
