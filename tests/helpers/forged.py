"""Forged model files: small models of every task and kind, changed in one place, with a right checksum."""

from __future__ import annotations

import copy
import json
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import elman
from elman.data.sentence import Sentence
from elman.models import file as model_file
from elman.models.file import Stored
from elman.taggers.tagger import Tagger
from texts import requests, texts

Content = tuple[dict[str, Any], dict[str, Stored]]
Place = tuple[str | int, ...]

SMALL: dict[str, Any] = {"hidden": 4, "embedding": 3, "feature_embedding": 2, "epochs": 1, "ensemble": 1}
QUIET: dict[str, Any] = {"on_warning": lambda text: None, "threads": 1}
ROWS = [
    ("Cats", "cat", "NOUN", "NN", "Number=Plur", "2", "nsubj", "_"),
    ("ran", "run", "VERB", "VB", "Tense=Past", "0", "root", "_"),
    ("on", "on", "ADP", "IN", "_", "4", "case", "_"),
    ("mats", "mat", "NOUN", "NN", "Number=Plur", "2", "obl", "SpaceAfter=No"),
    (".", ".", "PUNCT", "SENT", "_", "2", "punct", "_"),
]
CONLLU = "# newpar\n# text = Cats ran on mats.\n"
CONLLU += "".join("\t".join([str(i), *row[:-1], "_", row[-1]]) + "\n" for i, row in enumerate(ROWS, 1)) + "\n"
TREES = "(S (NP (D the) (N cat)) (VP (V sees) (NP (N mats))))\n(S (NP (N cats)) (VP (V sleep)))\n"
TAGGED = [[("the", "D"), ("old", "A"), ("cats", "N"), ("sleep", "V")], [("a", "D"), ("cat", "N")]] * 2
SPANS = [[("in", "O"), ("New", "B-X"), ("York", "I-X")], [("the", "O"), ("York", "B-X")]] * 2


class Trained(NamedTuple):
    """A model's content, and text that it takes."""

    content: Content
    gold: Any  # what ``evaluate`` takes

    @property
    def record(self) -> dict[str, Any]:
        """A copy of the configuration."""
        return copy.deepcopy(self.content[0])

    @property
    def tensors(self) -> dict[str, Stored]:
        """The tensors, in a dictionary of one's own."""
        return dict(self.content[1])


def trained(folder: Path) -> dict[str, Trained]:
    """A model of each task and kind."""
    conllu, trees, text = folder / "train.conllu", folder / "train.trees", folder / "train.txt"
    conllu.write_text(CONLLU * 6, encoding="utf-8")
    trees.write_text(TREES * 6, encoding="utf-8")
    text.write_text("the cat sleeps\nthe cats sleep\n" * 20, encoding="utf-8")
    (folder / "vectors.txt").write_text("the 1 0\ncats 0 1\n", encoding="utf-8")
    (folder / "kinds.tsv").write_text(
        "the\tart\na\tart\ncat\tanimal;tame\ncats\tanimal;tame\nsleep\trest\n", encoding="utf-8"
    )
    several = []
    for own in TAGGED:
        words, tags = zip(*own, strict=True)
        several.append(Sentence(words, {"upos": tags, "low": tuple(map(str.lower, tags))}))
    dicts = [[({"word": word, "n": i, "last": word[-1]}, tag) for i, (word, tag) in enumerate(one)] for one in TAGGED]
    numbers = [Sentence(("1", "2", "3"), {"b": ("0", "1", "0"), "sum": ("1", "3", "_")})] * 4
    speech = {"hidden": 4, "embedding": 3, "epochs": 1, "chunk": 4, "ensemble": 1}
    made: dict[str, tuple[Any, dict[str, Any]]] = {
        "rnn": (TAGGED, {"settings": {"decoder": "softmax"}, "dev": TAGGED[:2]}),
        "crf": (SPANS, {"settings": {"decoder": "crf", "constraints": "bio", "dtype": "float32"}}),
        "ensemble": (TAGGED, {"settings": {"ensemble": 2, "decoder": "crf"}, "dev": TAGGED[:2]}),
        "lexicon": (TAGGED, {"lexicon": folder / "kinds.tsv"}),
        "gru": (TAGGED, {"settings": {"cell": "gru", "characters": 2}, "vectors": folder / "vectors.txt"}),
        "sru": (TAGGED, {"settings": {"cell": "sru", "layers": 2, "residual": "highway"}}),
        "tutorial": (TAGGED, {"preset": "tutorial", "settings": {"hidden": 4, "epochs": 1, "embedding": 0}}),
        "columns": (several, {"dev": several[:2], "target": "upos,low"}),
        "inputs": (several, {"dev": several[:2], "target": "upos", "inputs": "low"}),
        "dicts": (dicts, {"settings": {"decoder": "softmax"}}),
        "learned": (TAGGED, {"settings": {"decoder": "softmax"}, "keep_replay": 2}),
        "hmm": (TAGGED, {"model": "hmm"}),
        "frequent": (TAGGED, {"model": "frequent", "dev": TAGGED[:2]}),
        "classify": (texts(40, 1), {"settings": {"pooling": "attention"}, "dev": texts(9, 2), "model": "rnn"}),
        "linear": (texts(40, 1), {"model": "linear", "settings": {}}),
        "joint": (requests(40, 1), {"target": "slot,intent"}),
        "segment": (str(conllu), {"task": "segment"}),
        "lemma": (str(conllu), {"task": "lemma"}),
        "lemma hmm": (str(conllu), {"task": "lemma", "model": "hmm"}),
        "morphology": (str(conllu), {"task": "morphology:features=each"}),
        "parse": (str(conllu), {"task": "parse:heads=relative"}),
        "brackets": (str(conllu), {"task": "parse:heads=brackets"}),
        "graph": (str(conllu), {"task": "parse"}),
        "constituents": (str(trees), {"task": "parse"}),
        "pipeline": (str(conllu), {"task": "pipeline"}),
        "lm": (str(text), {"task": "lm", "settings": speech}),
        "characters": (str(text), {"task": "lm:unit=characters", "settings": {**speech, "embedding": 0}}),
        "ngram": (str(text), {"task": "lm", "model": "ngram"}),
        "regress": (numbers, {"task": "regress", "target": "sum", "settings": {"hidden": 4, "epochs": 1}}),
    }
    found = {}
    for name, (data, how) in made.items():
        of_network = how.get("model", "rnn") == "rnn" and how.get("task") not in ("lm", "regress", "lm:unit=characters")
        own = {**(SMALL if of_network else {}), **how.pop("settings", {})}
        model = elman.train(data, how.pop("dev", None), settings=own, **{**QUIET, **how})
        if name == "learned":
            model, _ = elman.learn.update(model, TAGGED[:1], naive=False)
        if name == "pipeline":  # whose own segmenter has the size that a treebank needs
            model = elman.Pipeline(elman.load(folder / "segment.model"), model.words)  # type: ignore[arg-type, attr-defined]
        model.save(folder / f"{name}.model")
        found[name] = Trained(model_file.read(folder / f"{name}.model"), data)
    return found


def write(path: Path, record: dict[str, Any], tensors: dict[str, Stored]) -> Path:
    """A model file with this content, whatever it is, and a right checksum."""
    bare = model_file._bare(record)
    text = model_file._with_sum(bare, model_file._sum(bare, tensors))
    header: dict[str, Any] = {"__metadata__": {model_file.KEY: text}}
    at = 0
    for name, one in sorted(tensors.items(), key=lambda item: (-int(item[1].dtype[1:]), item[0])):
        header[name] = {"dtype": one.dtype, "shape": list(one.shape), "data_offsets": [at, at + len(one.data)]}
        at += len(one.data)
    head = json.dumps(header).encode()
    head += b" " * (-len(head) % 8)
    order = sorted(tensors.items(), key=lambda item: (-int(item[1].dtype[1:]), item[0]))
    path.write_bytes(struct.pack("<Q", len(head)) + head + b"".join(one.data for _, one in order))
    return path


def places(value: Any, wanted: Callable[[Any], bool], here: Place = (), first: int = 1) -> Iterator[Place]:
    """Where values of a record stand that are ``wanted``; of each list the ``first`` alone."""
    if wanted(value):
        yield here
    if isinstance(value, dict):
        for key, own in value.items():
            yield from places(own, wanted, (*here, key), first)
    elif isinstance(value, list):
        for i, own in enumerate(value[:first]):
            yield from places(own, wanted, (*here, i), first)


def changed(record: Any, place: Place, value: Any) -> Any:
    """The record with another value at a place; what stands elsewhere is shared."""
    if not place:
        return value
    found = copy.copy(record)
    old = record.get(place[0]) if isinstance(record, dict) else record[place[0]]
    found[place[0]] = changed(old, place[1:], value)
    return found


def as_stored(w: Any) -> Stored:
    """An array as it stands in a file."""
    names = {np.dtype(dtype): name for name, dtype in model_file.DTYPES.items()}
    return Stored(names[w.dtype], w.shape, w.tobytes())


def tensors_changed(tensors: dict[str, Stored]) -> Iterator[tuple[str, dict[str, Stored]]]:
    """Each tensor away, of another shape, type or count, or with numbers that do not belong there; and one more.

    Where there are many, some of them: they are checked by their names alone.
    """
    for name, one in list(tensors.items())[:: 1 if len(tensors) < 20 else 6]:
        w = np.frombuffer(one.data, model_file.DTYPES[one.dtype]).reshape(one.shape)
        others: dict[str, Any] = {"shorter": w[:-1], "longer": np.concatenate([w, w[:1]]), "an axis more": w[None]}
        others |= {"flat": w.reshape(-1)} if w.ndim > 1 else {}
        others |= {"turned": np.ascontiguousarray(w.T)} if w.ndim > 1 and w.shape[0] != w.shape[1] else {}
        others |= {f"as {dtype}": (w * 0).astype(dtype) for dtype in ("f2", "f4", "f8", "i4", "i8") if w.dtype != dtype}
        kept = {key: tensor for key, tensor in tensors.items() if key != name}
        yield f"{name} away", kept
        for what, other in others.items():
            yield f"{name} {what}", {**kept, name: as_stored(other)}
        yield f"{name} empty and huge", {**kept, name: Stored(one.dtype, (2**62, 0), b"")}
        if w.dtype.kind == "f" and w.size:
            for number in (np.nan, np.inf, -np.inf):
                other = w.copy()
                other.flat[-1] = number
                yield f"{name} with {number}", {**kept, name: as_stored(other)}
        elif w.size:
            for number in (-1, 0, 2**31 - 1, -(2**31), 2**62):
                if abs(number) <= np.iinfo(w.dtype).max:
                    other = w.copy()
                    other.flat[-1] = number
                    yield f"{name} with {number}", {**kept, name: as_stored(other)}
    yield "one more", {**tensors, "more": as_stored(np.zeros((2, 2), np.float32))}


def use(model: Tagger, gold: Any) -> None:
    """All that is asked of a model in its usual life."""
    for one in uses(model, gold):
        one()


def uses(model: Any, gold: Any) -> list[Callable[[], object]]:
    """What is asked of a model in its usual life, one by one."""
    found: list[Callable[[], object]] = [model.describe]
    rows = [["the", "cats", "sleep", "Zürich"], ["York"]]
    if model.task in ("segment", "pipeline"):
        found.append(lambda: list(model.sentences(["Cats ran on mats. the cat", ""], confidence=True)))
    if model.task == "lm":
        found += [lambda: model.sample(5, seed=1), lambda: model.evaluate(gold)]
    elif model.task == "regress":
        found.append(lambda: list(model.pipe(gold, columns=model.targets)))
    elif model.text_targets:
        found.append(lambda: list(model.pipe(["the good song", "Zürich"], confidence=True)))
        found.append(lambda: model.evaluate(gold))
    elif model.task != "segment":
        found.append(lambda: list(model.pipe(rows, columns=model.targets)))
        found.append(lambda: list(model.pipe(rows, confidence=True, columns=model.targets)))
        if "tree" not in model.targets:
            found.append(lambda: model.evaluate(gold))
    if model.task == "tag" and model.kind == "rnn" and model.word_targets:
        found.append(lambda: model.nbest(["the", "cats"], 3))
    return found
