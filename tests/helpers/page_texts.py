"""Made-up sentences of every kind that the page shows: spans, several columns, labels of texts, right to left, odd."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Sequence
from pathlib import Path

import elman
from elman.data.sentence import Sentence
from example_data import NEW_CITIES, address, ticket

UPOS = {
    "DET": "the a every", "ADJ": "old small green", "NOUN": "mill river lane", "VERB": "sleeps runs waits",
    "ADP": "in near behind", "PROPN": "York Ripon Derby", "NUM": "one two seven", "PUNCT": ". ! ?", "ADV": "here often",
    "AUX": "has will", "PRON": "she it", "CCONJ": "and or", "PART": "not", "INTJ": "oh",
}  # fmt: skip
"""Parts of speech, more than there are digits, and words of each."""
HEBREW = {"NOUN": "הילד ספר נהר", "VERB": "קרא ישן חיכה", "ADJ": "טוב ישן קטן", "NUM": "3 12"}
HOSTILE = [
    "<script>window.hacked=1</script>",
    "<img src=x onerror=window.hacked=1>",
    '"><svg onload=window.hacked=1>',
    "javascript:window.hacked=1",
    "{{constructor.constructor('window.hacked=1')()}}",
    "</textarea><script>window.hacked=1</script>",
    "<iframe srcdoc='<script>parent.hacked=1</script>'>",
    "&lt;script&gt;window.hacked=1&lt;/script&gt;",
    "${window.hacked=1}",
    "\u202egnp.exe",
    "__proto__",
    "constructor",
]
"""Words and tags that would run, if anything read them as HTML, as code or as a key."""
ODD = [
    ["a" * 10_000, "b"],
    ["\u0301e\u0301\u0302\u0303", "नमस्ते", "\u200b", "👩‍👩‍👧‍👦", "b"],
    HOSTILE,
    ["x"] * 400,
]
SETTINGS = {"hidden": 16, "embedding": 16, "epochs": 8, "ensemble": 1}


def spans(n: int, seed: int, cities: Sequence[str] = ("York", "Leeds", "Market Rasen")) -> list[Sentence]:
    draw = random.Random(seed)
    return [sentence(zip(*address(draw, list(cities)), strict=True), "ner") for _ in range(n)]


def sentence(rows: Iterable[Sequence[str]], *names: str) -> Sentence:
    words, *columns = rows
    return Sentence(tuple(words), {name: tuple(tags) for name, tags in zip(names, columns, strict=True)})


def several(n: int, seed: int) -> list[Sentence]:
    draw = random.Random(seed)
    made = []
    for _ in range(n):
        tags = draw.choices(list(UPOS), k=draw.randint(4, 9))
        words = [draw.choice(UPOS[tag].split()) for tag in tags]
        made.append(sentence((words, tags, ["B-city" if tag == "PROPN" else "O" for tag in tags]), "upos", "ner"))
    return made


def texts(n: int, seed: int) -> list[Sentence]:
    draw = random.Random(seed)
    drawn = [ticket(draw, 0.2) for _ in range(n)]
    return [Sentence(tuple(text.split()), labels={"topic": label}) for label, text in drawn]


def right_to_left(n: int, seed: int) -> list[Sentence]:
    draw = random.Random(seed)
    made = []
    for _ in range(n):
        tags = ["NOUN", *draw.choices(list(HEBREW), k=draw.randint(3, 6))]
        made.append(sentence(([draw.choice(HEBREW[tag].split()) for tag in tags], tags), "upos"))
    return made


def odd(n: int, seed: int) -> list[Sentence]:
    """Sentences of hostile words, each with itself as its tag, and of other odd words."""
    made = [sentence((words, words if words is HOSTILE else ["NOUN"] * len(words)), "upos") for words in ODD]
    return made if n < 10 else made * 5


KINDS = {"spans": spans, "several": several, "texts": texts, "rtl": right_to_left, "odd": odd}


def write(sentences: Sequence[Sentence], path: Path, labelled: bool = True) -> Path:
    """Write sentences as JSON lines, for which no word and no tag is too odd."""
    with open(path, "w", encoding="utf-8") as file:
        for made in sentences:
            tags = {**made.columns, **made.labels} if labelled else {}
            file.write(json.dumps({"tokens": made.words, **tags}) + "\n")
    return path


def prepare(kind: str, folder: Path) -> None:
    """Put small.model, its training file, and new.jsonl, sentences without tags, into a folder."""
    train = KINDS[kind](60, 1)
    new = spans(40, 2, NEW_CITIES) if kind == "spans" else KINDS[kind](9 if kind == "odd" else 40, 2)
    write(train, folder / "train.jsonl")
    write(new, folder / "new.jsonl", labelled=False)
    target = list(train[0].columns) or None
    elman.train(train, target=target, settings=SETTINGS, on_warning=lambda doubt: None).save(folder / "small.model")
