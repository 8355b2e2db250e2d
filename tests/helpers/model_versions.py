"""Model files of each format version: how they are made, and what they answer.

``python tests/helpers/model_versions.py`` writes a model of each kind, the texts that they tag and ``expected.json``,
their answers, into ``tests/models/versions/N``, where N is the format version of the current code. Run it once for
a new version. Never make a folder again that was in a release: its files stand for those that people have.

All text is made up here. The models are tiny, but trained until their answers do not depend on the instruction set;
the script asks them with several and refuses a model whose answers differ.
"""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import chdir
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import elman
from elman.config import settings_fields
from elman.models.file import FORMAT_VERSION
from in_process import run

VERSIONS = Path(__file__).resolve().parents[1] / "models" / "versions"
KERNELS = ({}, {"ELMAN_KERNELS": "reference"}, {"ELMAN_ISA": "baseline"}, {"ELMAN_ISA": "avx2"})
NUMBER = re.compile(r"\d+\.\d+")

NOUNS = {"cat": "cats", "dog": "dogs", "bird": "birds", "girl": "girls"}
VERBS = {"sees": "see", "ran": "run", "saw": "see", "hears": "hear"}
TENSE = {"ran": "Tense=Past", "saw": "Tense=Past"}
WORDS = "Cats ran .\nThe dog sees Paris .\nShe saw Mr Lee .\n"
RAW = "Cats ran. The dog sees Paris. She saw dogs!\n"
ROOT, SUBJECT, OBJECT, DETERMINER, DOT = "root", "nsubj", "obj", "det", "punct"


class Word(NamedTuple):
    """A word as a line of CoNLL-U has it; ``head`` is a number from 1, 0 for the root."""

    form: str
    lemma: str
    upos: str
    xpos: str
    feats: str
    head: int
    deprel: str
    glued: bool = False
    """Whether no space follows."""


def noun_phrase(draw: random.Random, at: int, verb: int, relation: str) -> list[Word]:
    """A subject or object that begins with word ``at`` of its sentence."""
    match draw.randrange(4):
        case 0:
            return [Word("she", "she", "PRON", "PRP", "Number=Sing", verb, relation)]
        case 1:
            return [Word("Paris", "Paris", "PROPN", "NNP", "Number=Sing", verb, relation)]
    word = draw.choice(list(NOUNS))
    several = draw.random() < 0.5
    noun = Word(NOUNS[word] if several else word, word, "NOUN", "NN", f"Number={'Plur' if several else 'Sing'}", 0, "")
    if several:
        return [noun._replace(head=verb, deprel=relation)]
    return [
        Word("the", "the", "DET", "DT", "_", at + 1, DETERMINER),
        noun._replace(head=verb, deprel=relation),
    ]


def sentences(n: int, seed: int) -> Iterator[list[Word]]:
    """Yield n sentences: somebody does something, or sees somebody."""
    draw = random.Random(seed)
    for _ in range(n):
        subject = noun_phrase(draw, 1, 0, SUBJECT)
        at = len(subject) + 1
        verb = draw.choice(list(VERBS))
        tail = [] if verb == "ran" else noun_phrase(draw, at + 1, at, OBJECT)
        words = [word if word.head else word._replace(head=at) for word in subject]
        words.append(Word(verb, VERBS[verb], "VERB", "VB", TENSE.get(verb, "Tense=Pres"), 0, ROOT))
        words += tail
        words[-1] = words[-1]._replace(glued=True)
        words[0] = words[0]._replace(form=words[0].form.capitalize())
        yield [*words, Word(".", ".", "PUNCT", ".", "_", at, DOT)]


def conllu(texts: list[list[Word]]) -> str:
    parts = []
    for words in texts:
        raw = "".join(word.form + ("" if word.glued else " ") for word in words).rstrip()
        lines = [f"# text = {raw}"]
        for i, word in enumerate(words, start=1):
            space = "SpaceAfter=No" if word.glued else "_"
            fields = (i, word.form, word.lemma, word.upos, word.xpos, word.feats, word.head, word.deprel, "_", space)
            lines.append("\t".join(map(str, fields)))
        parts.append("\n".join(lines) + "\n\n")
    return "".join(parts)


def bracketed(words: list[Word]) -> str:
    """A tree of the subject, the verb with its object, and the full stop."""
    verb = next(i for i, word in enumerate(words) if word.head == 0)
    leaves = [f"({word.xpos} {word.form})" for word in words]
    rest = f" (NP {' '.join(leaves[verb + 1 : -1])})" if verb + 2 < len(words) else ""
    return f"(S (NP {' '.join(leaves[:verb])}) (VP {leaves[verb]}{rest}) {leaves[-1]})\n"


SPANS = {
    "bio": ("B", "I", "I", "B"),
    "bioes": ("B", "I", "E", "S"),
    "bilou": ("B", "I", "L", "U"),
    "bmes": ("B", "M", "E", "S"),
}
"""The marks of a span's first, middle and last word, and of a word that is a span."""


def spans(scheme: str) -> str:
    """Names of persons and places in a scheme, with the kind of the sentence as a label of it."""
    first, middle, last, single = SPANS[scheme]
    persons = (["Mr", "Lee"], ["Ada", "May", "Lee"], ["Ada"])
    parts = []
    for i in range(24):
        person, place = persons[i % 3], ("Paris", "Rome")[i % 2]
        marks = [single] if len(person) == 1 else [first, *[middle] * (len(person) - 2), last]
        pairs = [*zip(person, [f"{mark}-PER" for mark in marks], strict=True)]
        pairs += [(("sees", "saw")[i // 2 % 2], "O"), (place, f"{single}-LOC"), (".", "O")]
        parts.append(f"# kind = {('now', 'then')[i // 2 % 2]}\n" + "".join(f"{w}\t{t}\n" for w, t in pairs) + "\n")
    return "".join(parts)


def write_texts(folder: Path) -> None:
    """Write the training files."""
    texts, few = list(sentences(40, 1)), list(sentences(20, 2))
    lines = [" ".join(word.form for word in words) for words in texts]
    good = [line for line in lines if "Paris" in line][:20] + [line for line in lines if "Paris" not in line][:20]
    marked = [("good" if "Paris" in line else "bad", line) for line in good]
    vectors = {"cat": "1 0 0", "dog": "1 0.2 0", "sees": "0 1 0", "saw": "0 1 0.3", "lee": "0 0 1", ".": "0.5 0.5 -1"}
    contents = {
        "train.conllu": conllu(texts),
        "dev.conllu": conllu(few),
        "texts.tsv": "".join(f"{label}\t{line}\n" for label, line in marked),
        "several.txt": "".join(f"__label__{label} __label__{len(line) % 2} {line}\n" for label, line in marked),
        "trees.parse": "".join(map(bracketed, texts)),
        "lines.txt": "".join(line + "\n" for line in lines),
        "glued.txt": "".join(f"{line}\n" for line in lines if len(line) < 30),
        "n.train": "".join(f"{i / 20}\t{(i / 20) ** 2:.4f}\n" + "\n" * (i % 5 == 4) for i in range(20)),
        "vectors.txt": "".join(f"{word} {numbers}\n" for word, numbers in vectors.items()),
        "known.txt": "".join(f"{verb}\tV;{TENSE.get(verb, 'Tense=Pres')}\n" for verb in VERBS) + "lee\tN\nPARIS\tN\n",
        "right.conllu": "1\tLee\t_\tPROPN" + "\t_" * 6 + "\n2\tran\t_\tVERB" + "\t_" * 6 + "\n\n",
        **{f"{scheme}.columns": spans(scheme) for scheme in SPANS},
    }
    for name, text in contents.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")


def write_inputs(folder: Path) -> None:
    """Write what the models are asked."""
    contents = {
        "words.txt": WORDS,
        "raw.txt": RAW,
        "n.tsv": "0.1\t0.2\n0.3\t0.4\n\n0.5\t0.5\n",
        "inputs.conllu": conllu(list(sentences(3, 3))),
    }
    for name, text in contents.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")


SMALL = {"hidden": 4, "embedding": 4, "feature_embedding": 4, "ensemble": 1, "epochs": 16, "batch": 2}
UPOS = ("train.conllu", "--target", "upos")
TEXTS = ("texts.tsv", "--model", "rnn")


def trained(*arguments: str, **settings: Any) -> list[str]:
    """The command that trains with small settings and these; a setting that is None has its default."""
    chosen = {**SMALL, "learning_rate": 0.05, **settings}
    sets = [part for key, value in chosen.items() if value is not None for part in ("--set", f"{key}={value}")]
    return ["train", *arguments, *sets]


def task(name: str, *files: str, **settings: Any) -> list[str]:
    return trained(*(files or ("train.conllu",)), "--task", name, **settings)


COMMANDS: dict[str, list[str]] = {
    "frequent": ["train", *UPOS, "--model", "frequent"],
    "hmm": ["train", *UPOS, "--model", "hmm"],
    "tutorial": ["train", *UPOS, "--preset", "tutorial", "--set", "hidden=4"],
    "elman": trained(*UPOS, cell="elman", direction="forward"),
    "gru": trained(*UPOS, cell="gru", layers=2, residual="add"),
    "lstm": trained(*UPOS, "--dev", "dev.conllu"),
    "sru": trained(*UPOS, cell="sru", layers=2, residual="highway"),
    "mingru": trained(*UPOS, cell="mingru", decoder="softmax"),
    "chars": trained(*UPOS, characters=4, character_embedding=4),
    "ngrams": trained(*UPOS, features="ngrams", feature_embedding=2),
    "both": trained(*UPOS, features="both", feature_embedding=2),
    "rare": trained(*UPOS, vocabulary=4),
    "float32": trained(*UPOS, dtype="float32"),
    "chunk": trained(*UPOS, chunk=3, direction="forward", decoder="softmax"),
    "distill": trained(*UPOS, distill_teachers=2, decoder="softmax"),
    "ensemble": trained(*UPOS, ensemble=2),
    "vectors": trained(*UPOS, "--vectors", "vectors.txt"),
    "tuned": trained(*UPOS, "--vectors", "vectors.txt", vectors="tuned"),
    "lexicon": trained(*UPOS, "--lexicon", "known.txt"),
    "columns": trained("train.conllu", "--target", "upos,feats", "--dev", "dev.conllu"),
    "inputs": trained(*UPOS, "--inputs", "xpos"),
    "spans": trained("bio.columns", "--target", "2"),
    "bioes": trained("bioes.columns", "--target", "2"),
    "bilou": trained("bilou.columns", "--target", "2"),
    "bmes": trained("bmes.columns", "--target", "2"),
    "joint": trained("bio.columns", "--target", "2,kind", text_ngrams="none"),
    "texts": trained(*TEXTS, text_ngrams="words"),
    "both_models": trained(*TEXTS, "--dev", "texts.tsv", text_ngrams="words", linear_share=0.5),
    "attention": trained(*TEXTS, pooling="attention", text_ngrams="none"),
    "last": trained(*TEXTS, pooling="last", text_ngrams="characters"),
    "mean": trained(*TEXTS, pooling="mean", text_ngrams="none"),
    "ngrams_alone": trained(*TEXTS, pooling="none", text_ngrams="words", text_skips=1),
    "several": trained("several.txt", "--model", "rnn", text_ngrams="none"),
    "linear": ["train", "texts.tsv", "--model", "linear", "--set", "text_ngrams=words"],
    "segment": task("segment"),
    "lines": task("segment", "glued.txt"),
    "lemma": task("lemma"),
    "morph": task("morphology"),
    "morph_each": task("morphology:features=each"),
    "parse": task("parse", epochs=24),
    "relative": task("parse:heads=relative"),
    "brackets": task("parse:heads=brackets"),
    "trees": task("parse", "trees.parse"),
    "pipeline": task("pipeline", epochs=30),
    "pipeline_relative": task("pipeline:heads=relative,features=each", epochs=30),
    "lm": task("lm", "lines.txt", features=None, feature_embedding=None, ensemble=None, epochs=4),
    "lm_chars": task("lm:unit=characters", "lines.txt", features=None, feature_embedding=None, ensemble=None, epochs=4),
    "ngram": ["train", "lines.txt", "--task", "lm", "--model", "ngram"],
    "regress": task("regress", "n.train", embedding=None, feature_embedding=None, ensemble=None),
    "base": ["pretrain", "lines.txt", *trained(ensemble=None, batch=None, epochs=2)[1:]],
    "based": ["train", *UPOS, "--from", "base.elman", "--set", "epochs=16", "--set", "ensemble=1"],
    "replay": trained(*UPOS, "--keep-replay", "3"),
    "learned": ["learn", "replay.elman", "right.conllu"],
}
"""How each file is made by the command line, in this order; ``features`` is made in Python."""
ASKED: dict[str, list[str]] = {
    **dict.fromkeys(("lm", "lm_chars", "ngram"), ["sample", "--seed", "1"]),
    **dict.fromkeys(("segment", "lines", "pipeline", "pipeline_relative"), ["tag", "raw.txt"]),
    "regress": ["tag", "n.tsv"],
    "inputs": ["tag", "inputs.conllu"],
}
"""The command whose output is expected of a model; others get ``tag words.txt``. A name keeps it in all versions."""


def features_of(word: str) -> dict[str, Any]:
    return {"word": word, "initial": word[0].isupper(), "length": len(word)}


def with_features() -> elman.Predictor:
    """A tagger of words with features of their own, some of them numbers."""
    train = [
        [
            ({"word": word.form, "initial": word.form[0].isupper(), "length": len(word.form)}, word.upos)
            for word in words
        ]
        for words in sentences(40, 1)
    ]
    return elman.train(train, settings={**SMALL, "learning_rate": 0.05}, seed=1, on_warning=lambda doubt: None)


def features_answer(path: Path) -> str:
    model = elman.load(path)
    assert isinstance(model, elman.Tagger)
    return " ".join(model.tag([features_of(word) for word in WORDS.split()])) + "\n"


def base_answer(path: Path) -> str:
    """The words that a base model fills in; it predicts nothing."""
    return " ".join(elman.load(path, base=True).tag_sets["word"]) + "\n"


IN_PYTHON: dict[str, Callable[[Path], str]] = {"features": features_answer, "base": base_answer}


def answer(path: Path) -> str:
    """Return what a model answers; the texts that it is asked are beside it."""
    if path.stem in IN_PYTHON:
        return IN_PYTHON[path.stem](path)
    command, *rest = ASKED.get(path.stem, ["tag", "words.txt"])
    done = run([command, path.name, *rest, "--quiet"], b"", path.parent)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def answers(folder: Path) -> dict[str, str]:
    """Return the answers of all models in a folder by their names."""
    return {path.stem: answer(path) for path in sorted(folder.glob("*.elman"))}


def alike(model: str, one: str, other: str) -> bool:
    """Return whether two answers are the same; the last digits of numbers depend on the instruction set."""
    if model != "regress":
        return one == other
    return NUMBER.sub("", one) == NUMBER.sub("", other) and all(
        abs(float(a) - float(b)) < 1e-4 for a, b in zip(NUMBER.findall(one), NUMBER.findall(other), strict=True)
    )


def small_segmenter() -> Any:
    """Let the sizes of a pipeline's words apply to its segmenter, too, which would take 700 kB."""
    fields = [("training" if field.name in SMALL else section, field) for section, field in settings_fields()]
    return mock.patch("elman.taggers.train_pipeline.settings_fields", lambda: fields)


def make(folder: Path) -> None:
    """Write models, texts and answers into a new folder."""
    folder.mkdir()
    write_inputs(folder)
    with tempfile.TemporaryDirectory() as name, chdir(name), small_segmenter():
        write_texts(Path())
        for model, command in COMMANDS.items():
            done = run([*command, "-o", f"{model}.elman", "--threads", "1", "--quiet"], b"")
            assert done.returncode == 0, (model, done.stderr.decode())
            (folder / f"{model}.elman").write_bytes(Path(f"{model}.elman").read_bytes())
    with_features().save(folder / "features.elman")
    expected = answers(folder)
    for kernels in KERNELS:
        environment = {**os.environ, "ELMAN_ISA": "", **kernels}
        done = subprocess.run(
            [sys.executable, __file__, str(folder)], env=environment, check=True, stdout=subprocess.PIPE
        )
        others = json.loads(done.stdout)
        different = [model for model in expected if not alike(model, others[model], expected[model])]
        assert not different, f"{kernels}: other answers of {different}; train these longer or with another seed"
    text = json.dumps(expected, ensure_ascii=False, indent=0) + "\n"
    (folder / "expected.json").write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(answers(Path(sys.argv[1]))))
    else:
        make(VERSIONS / str(FORMAT_VERSION))
