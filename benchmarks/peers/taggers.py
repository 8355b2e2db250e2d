"""Other taggers, trained here on the same split of EWT, kept in build/bench, and timed on one core.

A job is {"name"}, to train a tagger, or {"name", "source", "out"}, to tag a file of word lines with it.
"""

from __future__ import annotations

import hashlib
import inspect
import pickle
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

from cases import text
from harness.machine import version_of
from harness.measure import cpu_seconds
from harness.results import megabytes, read_json, write_json


class CRFsuite:
    """A linear-chain CRF on words, affixes up to four letters, shapes, two neighbours on each side, and word pairs.

    Trained by L-BFGS; features and settings were chosen on dev, of a few that were tried.
    """

    library = "python-crfsuite"
    needs_dev = False
    settings = {"algorithm": "lbfgs", "c1": 0.2, "c2": 0.05, "max_iterations": 100}

    def __init__(self, **settings: Any) -> None:
        self.settings = settings or self.settings
        self._own: dict[str, list[str]] = {}  # features of each word type
        self._context: dict[str, list[str]] = {}  # and what its neighbours see of it

    def train(self, train: text.Tagged, dev: text.Tagged, path: Path) -> None:
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
        return (self._tagger.tag(self.features(words)) for words in sentences)

    def features(self, words: Sequence[str]) -> list[list[str]]:
        """Return the features of each word; those of a word type are made once."""
        for word in words:
            if word not in self._own:
                self._own[word], self._context[word] = word_features(word), context_features(word)
        around = [["<"], *(self._context[word] for word in words), [">"]]
        lower = ["<", "<", *map(str.lower, words), ">", ">"]
        rows = []
        for i, word in enumerate(words):
            row = [*self._own[word], *("-" + name for name in around[i]), *("+" + name for name in around[i + 2])]
            pairs = [f"-l+l={lower[i + 1]} {lower[i + 2]}", f"l+l={lower[i + 2]} {lower[i + 3]}"]
            rows.append([*row, f"-2={lower[i]}", f"+2={lower[i + 4]}", *pairs])
        return rows


def word_features(word: str) -> list[str]:
    """Return a word, its affixes and its shape, as names of features."""
    lower = word.lower()
    names = ["w=" + word, "l=" + lower, "s=" + shape(word)]
    for n in range(1, 1 + min(4, len(lower))):
        names += ["p=" + lower[:n], "e=" + lower[-n:]]
    return names


def context_features(word: str) -> list[str]:
    """Return what the neighbours see of a word."""
    return ["l=" + word.lower(), "e=" + word.lower()[-3:], "s=" + shape(word)]


def shape(word: str) -> str:
    """Map capitals, small letters, digits and others to ``Xxd-``; a run of the same counts once."""
    found = ""
    for c in word:
        kind = "X" if c.isupper() else "x" if c.islower() else "d" if c.isdigit() else "-"
        if not found.endswith(kind):
            found += kind
    return found


class NLTK:
    """NLTK's greedy averaged perceptron."""

    library = "nltk"
    needs_dev = False
    settings = {"nr_iter": 5}

    def train(self, train: text.Tagged, dev: text.Tagged, path: Path) -> None:
        from nltk.tag.perceptron import PerceptronTagger

        random.seed(1)
        tagger = PerceptronTagger(load=False)
        tagger.train([list(zip(*sentence, strict=True)) for sentence in train], **self.settings)
        path.write_bytes(pickle.dumps(tagger))

    def load(self, path: Path) -> None:
        self._tagger = pickle.loads(path.read_bytes())

    def tag(self, sentences: Iterable[Sequence[str]]) -> Iterator[Sequence[str]]:
        return ([tag for _, tag in self._tagger.tag(words)] for words in sentences)


class SpaCy:
    """spaCy's tok2vec and tagger, trained by ``spacy train`` with the configuration that ``spacy init config`` writes.

    Its steps, and early stopping on dev, are the configuration's own.
    """

    library = "spacy"
    needs_dev = True
    settings = {"pipeline": "tagger", "optimize": "efficiency"}

    def train(self, train: text.Tagged, dev: text.Tagged, path: Path) -> None:
        import spacy
        from spacy.tokens import Doc, DocBin

        def run(*arguments: object) -> None:
            subprocess.run([sys.executable, "-m", "spacy", *map(str, arguments)], check=True, stdout=sys.stderr)

        vocab, files = spacy.blank("en").vocab, {}
        for part, sentences in (("train", train), ("dev", dev)):
            files[part] = path.with_name(f"{part}.spacy")
            DocBin(docs=[Doc(vocab, words=words, tags=tags) for words, tags in sentences]).to_disk(files[part])
        config, out = path.with_name("config.cfg"), path.with_name("trained")
        options = [word for name, value in self.settings.items() for word in (f"--{name}", value)]
        run("init", "config", config, "--lang", "en", "--force", *options)
        run("train", config, "--output", out, "--paths.train", files["train"], "--paths.dev", files["dev"])
        shutil.rmtree(path, ignore_errors=True)
        (out / "model-best").rename(path)

    def load(self, path: Path) -> None:
        import spacy

        self._nlp = spacy.load(path)

    def tag(self, sentences: Iterable[Sequence[str]]) -> Iterator[Sequence[str]]:
        from spacy.tokens import Doc

        docs = (Doc(self._nlp.vocab, words=words) for words in sentences)
        return ([token.tag_ for token in doc] for doc in self._nlp.pipe(docs, batch_size=256))


class UDPipe:
    """UDPipe 1: its averaged perceptron, trained on UPOS alone; dev chooses the best of 8 iterations.

    Its default of 20 iterations takes an hour; the best one comes early.
    """

    library = "ufal.udpipe"
    needs_dev = True
    settings = {f"{use}_{column}": 0 for column in ("lemma", "xpostag", "feats") for use in ("use", "provide")}
    settings |= {"iterations": 8}

    def train(self, train: text.Tagged, dev: text.Tagged, path: Path) -> None:
        from ufal.udpipe import ProcessingError, Trainer

        parts = self._sentences(train), self._sentences(dev)
        options, error = ";".join(f"{name}={value}" for name, value in self.settings.items()), ProcessingError()
        model = Trainer.train("morphodita_parsito", *parts, Trainer.NONE, options, Trainer.NONE, error)
        if error.occurred():
            raise RuntimeError(f"UDPipe: {error.message}")
        path.write_bytes(model)

    @staticmethod
    def _sentences(tagged: text.Tagged) -> Any:
        from ufal.udpipe import Sentence, Sentences

        found = Sentences()
        for words, tags in tagged:
            sentence = Sentence()
            for word, tag in zip(words, tags, strict=True):
                sentence.addWord(word).upostag = tag
            found.append(sentence)
        return found

    def load(self, path: Path) -> None:
        from ufal.udpipe import Model

        self._model = Model.load(str(path))

    def tag(self, sentences: Iterable[Sequence[str]]) -> Iterator[Sequence[str]]:
        from ufal.udpipe import Model, Sentence

        for words in sentences:
            sentence = Sentence()
            for word in words:
                sentence.addWord(word)
            self._model.tag(sentence, Model.DEFAULT)
            yield [word.upostag for word in sentence.words][1:]  # the first one is the root


class Elman:
    """elman itself, by the same calls as the others."""

    library = "elman"
    needs_dev = False
    settings = {"preset": "default", "seed": 1}

    def train(self, train: text.Tagged, dev: text.Tagged, path: Path) -> None:
        import elman

        parts = ([list(zip(*one, strict=True)) for one in some] for some in (train, dev))
        elman.train(*parts, threads=1, on_warning=lambda warning: None, **self.settings).save(path)

    def load(self, path: Path) -> None:
        import elman

        self._tagger = elman.load(path, threads=1)

    def tag(self, sentences: Iterable[Sequence[str]]) -> Iterator[Sequence[str]]:
        return self._tagger.pipe(sentences)


PEERS: dict[str, type[Any]] = {"elman": Elman, "CRFsuite": CRFsuite, "UDPipe 1": UDPipe, "spaCy": SpaCy, "NLTK": NLTK}
"""With ``library``, ``settings``, ``needs_dev``, ``train(train, dev, path)``, ``load(path)``, ``tag(sentences)``."""

OTHERS = {name: peer for name, peer in PEERS.items() if peer is not Elman}


def measure(job: dict[str, Any]) -> dict[str, Any]:
    """Return the record of a trained peer, or the seconds of tagging a file with it."""
    peer, folder = PEERS[job["name"]](), text.WORK / "peers" / job["name"]
    if "source" in job:
        return tag_file(peer, folder / "model", Path(job["source"]), Path(job["out"]))
    return trained(peer, folder, job.get("again", False))


def trained(peer: Any, folder: Path, again: bool) -> dict[str, Any]:
    """Return a peer's record: accuracy on test, seconds of training, its model. Trains it unless it is kept."""
    key = {**identity(peer), "settings": peer.settings, "data": text.digest()}
    folder.mkdir(parents=True, exist_ok=True)
    record, model = folder / "record.json", folder / "model"
    if record.exists() and not again:
        kept = read_json(record)
        if {part: kept.get(part) for part in key} == key:
            return {**kept, "kept": True}
    start, cpu = time.perf_counter(), cpu_seconds()
    peer.train(text.sentences("train"), text.sentences("dev"), model)
    seconds, cpu = time.perf_counter() - start, cpu_seconds() - cpu
    peer.load(model)
    test = text.sentences("test")
    found = peer.tag([words for words, _ in test])
    right = sum(a == b for tags, (_, gold) in zip(found, test, strict=True) for a, b in zip(tags, gold, strict=True))
    accuracy = right / sum(len(gold) for _, gold in test)
    made = {**key, "accuracy": accuracy, "seconds": seconds, "cpu_seconds": cpu, "model_mb": megabytes(model)}
    write_json(record, made)
    return {**made, "kept": False}


def is_installed(peer: Any) -> bool:
    try:
        return bool(version_of(peer.library))
    except PackageNotFoundError:
        return False


def identity(peer: Any) -> dict[str, str]:
    """Return the version of a peer's library, and a digest of the code that trains it here."""
    code = (type(peer), word_features, context_features, shape)
    sources = hashlib.sha256("".join(map(inspect.getsource, code)).encode()).hexdigest()[:12]
    return {"library": f"{peer.library} {version_of(peer.library)}", "code": sources}


def tag_file(peer: Any, model: Path, source: Path, out: Path) -> dict[str, float]:
    """Tag word lines one by one; return the seconds of loading, and from opening the source to closing the output."""
    start = time.perf_counter()
    peer.load(model)
    loaded = time.perf_counter()
    with source.open(encoding="utf-8", newline="\n") as lines, out.open("w", encoding="utf-8", newline="\n") as to:
        waiting: list[list[str]] = []  # read, not written yet: spaCy reads ahead

        def read() -> Iterator[list[str]]:
            for line in lines:
                waiting.append(line.rstrip("\n").split(" "))
                yield waiting[-1]

        for tags in peer.tag(read()):
            to.write(" ".join(f"{word}_{tag}" for word, tag in zip(waiting.pop(0), tags, strict=True)) + "\n")
    return {"load": loaded - start, "seconds": time.perf_counter() - loaded}
