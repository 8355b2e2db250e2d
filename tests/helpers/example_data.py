"""Small data sets for the examples of the docs, generated: the same files each time, and nobody's data.

python tests/helpers/example_data.py addresses FOLDER
"""

from __future__ import annotations

import csv
import gzip
import json
import random
import sys
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TypeVar

STREETS = (
    "Mill Station York Church Park High Victoria Garden Harbour Castle Forest King River School Bridge Chapel".split()
)
KINDS = "Street Road Lane Avenue St Rd Ave Court".split()
CITIES = "Leeds,York,Bath,Derby,Exeter,Ripon,Truro,Wells,Lincoln,Durham,Market Rasen,Castle Cary".split(",")
NEW_CITIES = "Selby,Ludlow,Kendal,Park Gate".split(",")
Tagged = list[tuple[str, str]]
T = TypeVar("T")


def distinct(make: Callable[[], T]) -> Iterator[T]:
    """Yield what ``make`` returns, each value once: no sentence of dev or test is in train, too."""
    seen: list[T] = []
    while True:
        value = make()
        if value not in seen:
            seen.append(value)
            yield value


def address(draw: random.Random, cities: list[str] = CITIES) -> Tagged:
    """One address with BIO tags of its fields, written in one of several ways; some roads are a name alone."""
    number = f"{draw.randint(1, 240)}{draw.choice(['', '', '', 'a', 'B'])}"
    name = [*draw.sample(STREETS, draw.choice([1, 1, 2])), *([draw.choice(KINDS)] if draw.random() < 0.85 else [])]
    road = [(word, "I-road" if i else "B-road") for i, word in enumerate(name)]
    code = (
        f"{draw.choice('BCDLSY')}{draw.randint(1, 40)} {draw.randint(1, 9)}{draw.choice('ABDEF')}{draw.choice('GHJLN')}"
    )
    postcode = [(part, "I-postcode" if i else "B-postcode") for i, part in enumerate(code.split())]
    unit: Tagged = []
    if draw.random() < 0.4:
        unit = [(draw.choice(["Flat", "Unit", "Apt"]), "B-unit"), (str(draw.randint(1, 60)), "I-unit")]
        unit += [(",", "O")] if draw.random() < 0.5 else []
    city = [(word, "I-city" if i else "B-city") for i, word in enumerate(draw.choice(cities).split())]
    comma: Tagged = [(",", "O")] if draw.random() < 0.6 else []
    if draw.random() < 0.15:
        return [*city, *postcode, *comma, (number, "B-number"), *road]
    return [*unit, (number, "B-number"), *road, *comma, *city, *postcode]


def slip(draw: random.Random, sentence: Tagged) -> Tagged:
    """In one sentence of 20 the annotator has overlooked the city."""
    overlooked = draw.random() < 0.05
    return [(word, "O" if overlooked and tag.endswith("-city") else tag) for word, tag in sentence]


def columns(sentences: Iterable[Tagged]) -> str:
    """A word and its tag a line, a blank line after each sentence."""
    return "".join("".join(f"{word} {tag}\n" for word, tag in sentence) + "\n" for sentence in sentences)


def addresses(folder: Path) -> None:
    """train.conll, dev.conll, test.conll; new.csv with addresses that nobody has labelled, as people write them."""
    draw = random.Random(7)
    for name, count in (("train", 200), ("dev", 60), ("test", 60)):
        cities = CITIES if name == "train" else CITIES + NEW_CITIES
        (folder / f"{name}.conll").write_text(columns(slip(draw, address(draw, cities)) for _ in range(count)))
    lines = [" ".join(word for word, _ in address(draw, CITIES + NEW_CITIES)) for _ in range(200)]
    with open(folder / "new.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["customer", "address"])
        writer.writerows((f"C{i:03}", line.replace(" ,", ",")) for i, line in enumerate(lines, 1))


NOUNS = {"dog": "dogs", "cat": "cats", "bird": "birds", "child": "children", "farmer": "farmers", "teacher": "teachers"}
NOUNS |= {"guide": "guides", "judge": "judges"}  # verbs, too
VERBS = {
    "guide": ("guides", "guided"),
    "judge": ("judges", "judged"),
    "see": ("sees", "saw"),
    "hear": ("hears", "heard"),
    "follow": ("follows", "followed"),
    "like": ("likes", "liked"),
}
INTRANSITIVE = {"sleep": ("sleeps", "slept"), "sing": ("sings", "sang"), "wait": ("waits", "waited")}
ADJECTIVES = "old young big small quiet happy".split()
Row = tuple[str, str, str, str, int, str]  # form, lemma, UPOS, FEATS, head, relation


RARE = {"heron": "herons", "nurse": "nurses", "watch": "watches", "call": "calls"}


def clause(draw: random.Random, nouns: dict[str, str] = NOUNS) -> list[Row]:
    """A sentence with its tree; heads count from 1."""
    rows: list[Row] = []

    def phrase(relation: str) -> tuple[int, bool]:
        plural, noun = draw.random() < 0.4, draw.choice(list(nouns))
        first = len(rows)
        if not plural or draw.random() < 0.6:
            determiner = "the" if plural or draw.random() < 0.6 else "a"
            definite = "Def" if determiner == "the" else "Ind"
            rows.append((determiner, determiner, "DET", f"Definite={definite}", -1, "det"))
        if draw.random() < 0.4:
            adjective = draw.choice(ADJECTIVES)
            rows.append((adjective, adjective, "ADJ", "Degree=Pos", -1, "amod"))
        number = "Plur" if plural else "Sing"
        rows.append((nouns[noun] if plural else noun, noun, "NOUN", f"Number={number}", 0, relation))
        head = len(rows)
        for i in range(first, head - 1):
            rows[i] = (*rows[i][:4], head, rows[i][5])
        return head, plural

    subject, plural = phrase("nsubj")
    transitive, past = draw.random() < 0.6, draw.random() < 0.5
    lemma = draw.choice(list(VERBS if transitive else INTRANSITIVE))
    singular, preterite = (VERBS | INTRANSITIVE)[lemma]
    form = preterite if past else lemma if plural else singular
    rows.append((form, lemma, "VERB", f"Tense={'Past' if past else 'Pres'}", 0, "root"))
    verb = len(rows)
    rows[subject - 1] = (*rows[subject - 1][:4], verb, "nsubj")
    if transitive:
        target, _ = phrase("obj")
        rows[target - 1] = (*rows[target - 1][:4], verb, "obj")
    rows.append((".", ".", "PUNCT", "_", verb, "punct"))
    return rows


def conllu(rows: list[Row], number: int) -> str:
    """A sentence in CoNLL-U with its text."""
    words = [row[0] for row in rows]
    words[0] = words[0].capitalize()
    lines = [f"# sent_id = {number}", f"# text = {' '.join(words[:-1])}."]
    for i, (_, lemma, upos, feats, head, relation) in enumerate(rows, 1):
        space = "SpaceAfter=No" if i == len(rows) - 1 else "_"
        lines.append("\t".join([str(i), words[i - 1], lemma, upos, "_", feats, str(head), relation, "_", space]))
    return "\n".join(lines) + "\n\n"


def treebank(folder: Path) -> None:
    """train.conllu, dev.conllu, test.conllu, and raw.txt, text as it comes."""
    draw = random.Random(3)
    nouns = NOUNS
    trees = distinct(lambda: clause(draw, nouns))
    for name, count in (("train", 200), ("dev", 50), ("test", 50)):
        nouns = NOUNS if name == "train" else NOUNS | RARE
        sentences = (conllu(rows, i) for i, rows in enumerate(islice(trees, count), 1))
        (folder / f"{name}.conllu").write_text("".join(sentences))
    texts = [conllu(clause(draw), 1).split("\n")[1].removeprefix("# text = ") for _ in range(30)]
    (folder / "raw.txt").write_text(" ".join(texts[:15]) + "\n\n" + " ".join(texts[15:]) + "\n")


PARTS = {
    "billing": ["I was charged twice", "the invoice is wrong", "please refund my payment", "my card was declined"],
    "delivery": ["my parcel has not arrived", "the box came damaged", "where is my order", "the courier left no note"],
    "account": ["I cannot log in", "please reset my password", "close my account", "my email address has changed"],
}
NEW_PARTS = {
    "billing": ["you took the money two times", "I want my money back"],
    "delivery": ["nothing has come yet", "the driver never rang"],
    "account": ["the login page rejects me", "I forgot my password"],
}
FILLERS = ["hello", "good morning", "thanks in advance", "this is urgent", "for the second time", "since last week"]


def ticket(draw: random.Random, new: float = 0.0) -> tuple[str, str]:
    """A label and a customer's message; with probability ``new`` in words that train does not have.

    One message of eight has a second request, of another label."""
    label, other = draw.sample(list(PARTS), 2)
    pieces = [draw.choice((NEW_PARTS if draw.random() < new else PARTS)[label]), *draw.sample(FILLERS, 2)]
    draw.shuffle(pieces)
    return label, ", ".join(pieces + ([draw.choice(PARTS[other])] if draw.random() < 0.125 else []))


def tickets(folder: Path) -> None:
    """train.csv, dev.csv, test.csv (label, text), new.csv (id, text), and its texts with their labels, labelled.csv."""
    draw = random.Random(5)
    new = 0.0
    drawn = distinct(lambda: ticket(draw, new))
    for name, count in (("train", 180), ("dev", 60), ("test", 60)):
        new = 0.0 if name == "train" else 0.3
        with open(folder / f"{name}.csv", "w", newline="") as file:
            csv.writer(file).writerows([("label", "text"), *islice(drawn, count)])
    messages = list(islice(drawn, 40))
    with open(folder / "new.csv", "w", newline="") as file:
        csv.writer(file).writerows([("id", "text"), *((i, text) for i, (_, text) in enumerate(messages, 1))])
    with open(folder / "labelled.csv", "w", newline="") as file:
        csv.writer(file).writerows([("label", "text"), *messages])


PRODUCTS = ["Aero", "Nimbus", "Terra", "Vela", "Orbit", "Pico"]
PEOPLE = ["Maria", "Jonas", "Aisha", "Chen", "Olga", "Peter"]
SURNAMES = ["Lind", "Okafor", "Novak", "Silva"]
UNSEEN = {"PRODUCT": ["Zenit", "Luma"], "PERSON": ["Fatima", "Henk"]}
SHAPES = [
    "PERSON says the PRODUCT stopped working",
    "the PRODUCT of PERSON is back",
    "sold a PRODUCT to PERSON",
    "COMPANY wants two PRODUCT by Friday",
    "PERSON of COMPANY called about the PRODUCT",
    "PERSON was here on Monday",
    "PRODUCT was here on Monday",
    "COMPANY called again",
    "PERSON called again",
]


def report(draw: random.Random, unseen: float = 0.0) -> tuple[str, list[tuple[int, int, str]]]:
    """A sentence, and its spans of characters; ``unseen``: how often a name is one that train does not have."""

    def name(label: str, names: list[str]) -> str:
        return draw.choice(UNSEEN[label] if draw.random() < unseen else names)

    model = draw.choice(["", f" {draw.choice(['X', 'Pro', 'Mini'])}{draw.randint(1, 9)}"])
    names = {
        "PRODUCT": name("PRODUCT", PRODUCTS) + model,
        "PERSON": name("PERSON", PEOPLE) + draw.choice(["", "", f" {draw.choice(SURNAMES)}"]),
        "COMPANY": f"{draw.choice(SURNAMES + PEOPLE)} {draw.choice(['Ltd', '& Sons', 'Bakery', 'Stores'])}",
    }
    text, spans = "", []
    for word in draw.choice(SHAPES).split():
        spans += [(len(text), len(text) + len(names[word]), word)] if word in names else []
        text += names.get(word, word) + " "
    return text.rstrip(), spans


def reports(folder: Path) -> None:
    """train.jsonl, dev.jsonl, test.jsonl (text, spans), and new.txt."""
    draw = random.Random(11)
    unseen = 0.0
    drawn = distinct(lambda: report(draw, unseen))
    for name, count in (("train", 160), ("dev", 50), ("test", 50)):
        unseen = 0.0 if name == "train" else 0.3
        lines = [json.dumps({"text": text, "spans": spans}) for text, spans in islice(drawn, count)]
        (folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n")
    (folder / "new.txt").write_text("".join(f"{text}\n" for text, _ in islice(drawn, 20)))


def corpus(folder: Path) -> None:
    """A treebank, and corpus/*.txt.gz: 3 files of 2,000 sentences, words separated by spaces."""
    treebank(folder)
    draw = random.Random(13)
    (folder / "corpus").mkdir()
    for i in range(1, 4):
        sentences = (" ".join(row[0] for row in clause(draw)) for _ in range(2000))
        with gzip.open(folder / "corpus" / f"part{i}.txt.gz", "wt") as file:
            file.write("\n".join(sentences) + "\n")


DATA: dict[str, Callable[[Path], None]] = {
    "addresses": addresses,
    "treebank": treebank,
    "tickets": tickets,
    "reports": reports,
    "corpus": corpus,
    "none": lambda folder: None,
}

if __name__ == "__main__":
    DATA[sys.argv[1]](Path(sys.argv[2]))
