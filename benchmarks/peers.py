"""The taggers that elman is measured against: trained here on the same split, kept under build/bench, and timed.

    python peers.py train NAME          its record: accuracy on test, seconds of training; at once where it is kept
    python peers.py tag NAME IN OUT     tags word lines; {"load": seconds, "seconds": from opening IN to closing OUT}

Both print JSON. They run on one core, which speed.py sees to; nothing is downloaded.
"""

from __future__ import annotations

import hashlib
import json
import random
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

import speed_data
from speed_data import Tagged


class Peer(Protocol):
    library: str
    settings: dict[str, Any]

    def train(self, train: Tagged, path: Path) -> None: ...

    def load(self, path: Path) -> None: ...

    def tag(self, sentences: Iterable[Sequence[str]]) -> Iterator[Sequence[str]]: ...


class CRFsuite:
    """A linear-chain CRF, L-BFGS, on words, affixes up to four letters and shapes, two neighbours on each side, and
    pairs of words. Features and settings were chosen on dev, of a few that were tried."""

    library = "python-crfsuite"
    settings = {"algorithm": "lbfgs", "c1": 0.2, "c2": 0.05, "max_iterations": 100}

    def __init__(self) -> None:
        self._own: dict[str, list[str]] = {}  # of a word, what it is itself
        self._beside: dict[str, list[str]] = {}  # what it is to its neighbours

    def train(self, train: Tagged, path: Path) -> None:
        import pycrfsuite

        parameters = {key: value for key, value in self.settings.items() if key != "algorithm"}
        trainer = pycrfsuite.Trainer(algorithm=self.settings["algorithm"], params=parameters, verbose=False)
        for words, tags in train:
            trainer.append(self.features(words), tags)
        trainer.train(str(path))

    def load(self, path: Path) -> None:
        import pycrfsuite

        self._tagger = pycrfsuite.Tagger()
        self._tagger.open(str(path))

    def tag(self, sentences: Iterable[Sequence[str]]) -> Iterator[Sequence[str]]:
        for words in sentences:
            yield self._tagger.tag(self.features(words))

    def features(self, words: Sequence[str]) -> list[list[str]]:
        """Of each word the names of what is true of it; those of a word alone are made once."""
        for word in words:
            if word not in self._own:
                self._own[word], self._beside[word] = of_word(word), beside(word)
        around = [["<"], *(self._beside[word] for word in words), [">"]]
        lower = ["<", "<", *map(str.lower, words), ">", ">"]
        return [
            [
                *self._own[word],
                *["-" + name for name in around[i]],
                *["+" + name for name in around[i + 2]],
                "-2=" + lower[i],
                "+2=" + lower[i + 4],
                f"-l+l={lower[i + 1]} {lower[i + 2]}",
                f"l+l={lower[i + 2]} {lower[i + 3]}",
            ]
            for i, word in enumerate(words)
        ]


def of_word(word: str) -> list[str]:
    """A word, its affixes and its shape, as names of features."""
    lower = word.lower()
    names = ["w=" + word, "l=" + lower, "s=" + shape(word)]
    for n in range(1, 1 + min(4, len(lower))):
        names += ["p=" + lower[:n], "e=" + lower[-n:]]
    return names


def beside(word: str) -> list[str]:
    """What its neighbours see of a word."""
    return ["l=" + word.lower(), "e=" + word.lower()[-3:], "s=" + shape(word)]


def shape(word: str) -> str:
    """``Xxd-``: capitals, small letters, digits, others; a run of the same once."""
    found = ""
    for c in word:
        kind = "X" if c.isupper() else "x" if c.islower() else "d" if c.isdigit() else "-"
        if not found.endswith(kind):
            found += kind
    return found


class NLTK:
    """The averaged perceptron, greedy, as NLTK has it."""

    library = "nltk"
    settings = {"nr_iter": 5}

    def train(self, train: Tagged, path: Path) -> None:
        from nltk.tag.perceptron import PerceptronTagger

        random.seed(1)
        tagger = PerceptronTagger(load=False)
        tagger.train([list(zip(*sentence, strict=True)) for sentence in train], nr_iter=self.settings["nr_iter"])
        kept = {"weights": tagger.model.weights, "tagdict": tagger.tagdict, "classes": sorted(tagger.classes)}
        path.write_text(json.dumps(kept), encoding="utf-8")

    def load(self, path: Path) -> None:
        from nltk.tag.perceptron import PerceptronTagger

        kept = json.loads(path.read_text(encoding="utf-8"))
        self._tagger = PerceptronTagger(load=False)
        self._tagger.model.weights, self._tagger.tagdict = kept["weights"], kept["tagdict"]
        self._tagger.classes = self._tagger.model.classes = set(kept["classes"])

    def tag(self, sentences: Iterable[Sequence[str]]) -> Iterator[Sequence[str]]:
        for words in sentences:
            yield [tag for _, tag in self._tagger.tag(words)]


class SpaCy:
    """spaCy's tagger on its default network for hashed word features, alone in the pipeline."""

    library = "spacy"
    settings = {"epochs": 3, "batch_words": 1000, "dropout": 0.1}

    def train(self, train: Tagged, path: Path) -> None:
        import spacy
        from spacy.tokens import Doc
        from spacy.training import Example
        from spacy.training.batchers import minibatch_by_words
        from spacy.util import fix_random_seed

        fix_random_seed(1)
        nlp = spacy.blank("en")
        nlp.add_pipe("tagger")
        examples = [Example(Doc(nlp.vocab, words=w), Doc(nlp.vocab, words=w, tags=t)) for w, t in train]
        optimizer = nlp.initialize(lambda: examples)
        for _ in range(self.settings["epochs"]):
            random.shuffle(examples)
            for batch in minibatch_by_words(examples, size=self.settings["batch_words"]):
                nlp.update(list(batch), sgd=optimizer, drop=self.settings["dropout"])
        with nlp.use_params(optimizer.averages):
            nlp.to_disk(path)

    def load(self, path: Path) -> None:
        import spacy

        self._nlp = spacy.load(path)

    def tag(self, sentences: Iterable[Sequence[str]]) -> Iterator[Sequence[str]]:
        from spacy.tokens import Doc

        vocab = self._nlp.vocab
        for doc in self._nlp.pipe((Doc(vocab, words=words) for words in sentences), batch_size=256):
            yield [token.tag_ for token in doc]


PEERS: dict[str, Callable[[], Peer]] = {"CRFsuite": CRFsuite, "NLTK": NLTK, "spaCy": SpaCy}


def trained(name: str, *, quick: bool = False) -> dict[str, Any]:
    """A peer's record and where its model is; trained now if it is not kept. ``quick``: on a tenth of the text."""
    peer = PEERS[name]()
    key = {
        "library": f"{peer.library} {version(peer.library)}",
        "settings": peer.settings,
        "data": speed_data.digest(),
        "quick": quick,
        "code": hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12],
    }
    folder = speed_data.WORK / "peers" / (name + "-quick" * quick)
    folder.mkdir(parents=True, exist_ok=True)
    record, model = folder / "record.json", folder / "model"
    if record.exists():
        kept = json.loads(record.read_text(encoding="utf-8"))
        if {part: kept.get(part) for part in key} == key:
            return {**kept, "kept": True}
    train = speed_data.sentences("train")[:: 10 if quick else 1]
    start = time.perf_counter()
    peer.train(train, model)
    seconds = time.perf_counter() - start
    peer.load(model)
    test = speed_data.sentences("test")
    found = peer.tag([words for words, _ in test])
    right = sum(a == b for tags, (_, gold) in zip(found, test, strict=True) for a, b in zip(tags, gold, strict=True))
    accuracy = right / sum(len(gold) for _, gold in test)
    made = {**key, "accuracy": accuracy, "seconds": seconds, "model": str(model.relative_to(speed_data.ROOT))}
    record.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    return {**made, "kept": False}


def tag_file(name: str, model: Path, source: Path, out: Path) -> dict[str, float]:
    """Tags word lines, a line at a time as they are read; seconds of loading and of all the rest."""
    peer = PEERS[name]()
    start = time.perf_counter()
    peer.load(model)
    loaded = time.perf_counter()
    with source.open(encoding="utf-8", newline="\n") as lines, out.open("w", encoding="utf-8", newline="\n") as to:
        kept: list[list[str]] = []  # read, not written yet: spaCy reads ahead

        def read() -> Iterator[list[str]]:
            for line in lines:
                kept.append(line.rstrip("\n").split(" "))
                yield kept[-1]

        for tags in peer.tag(read()):
            to.write(" ".join(f"{word}_{tag}" for word, tag in zip(kept.pop(0), tags, strict=True)) + "\n")
    return {"load": loaded - start, "seconds": time.perf_counter() - loaded}


def main() -> None:
    what, name, *rest = [word for word in sys.argv[1:] if word != "--quick"]
    record = trained(name, quick="--quick" in sys.argv)
    if what == "tag":
        record = tag_file(name, speed_data.ROOT / record["model"], Path(rest[0]), Path(rest[1]))
    print(json.dumps(record))


if __name__ == "__main__":
    main()
