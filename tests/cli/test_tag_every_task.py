"""``elman tag`` with models of every task, every option and every format: it works, or is refused in one line.

What is refused leaves the output as it was, and nothing behind it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from elman.cli import run
from elman.data.formats import OUTPUT_FORMATS

ROWS = [
    ("Cats", "cat", "NOUN", "Number=Plur", "2", "nsubj"),
    ("ran", "run", "VERB", "Tense=Past", "0", "root"),
    ("mats", "mat", "NOUN", "Number=Plur", "2", "obl"),
]
LINES = [
    f"{i}\t{form}\t{lemma}\t{upos}\t{upos}x\t{feats}\t{head}\t{deprel}\t_\t_\n"
    for i, (form, lemma, upos, feats, head, deprel) in enumerate(ROWS, 1)
]
FILES = {
    "a.conllu": ("# text = Cats ran mats\n" + "".join(LINES) + "\n") * 6,
    "a.trees": "(S (NP (N Cats)) (VP (V ran) (NP (N mats))))\n" * 6,
    "a.txt": "Cats_N ran_V mats_N\n" * 6,
    "classes.tsv": "pos\tgood film\nneg\tbad film\n" * 4,
    "several.jsonl": '{"text":"good film","labels":["a","b"]}\n{"text":"bad film","labels":["b"]}\n' * 4,
    "both.jsonl": "".join(
        f'{{"tokens":["{word}","b"],"tags":["{tag}","N"],"intent":"{label}"}}\n'
        for word, tag, label in (("a", "A", "p"), ("c", "B", "q"))
    )
    * 4,
    "numbers.txt": "1\t2\n2\t4\n\n" * 6,
    "new.txt": "Cats ran mats\nran mats\n",
}
SMALL = ("--set", "epochs=1", "--set", "hidden=4", "--set", "ensemble=1")
TINY = (*SMALL, "--set", "embedding=4", "--set", "feature_embedding=4")
MODELS: dict[str, Sequence[str]] = {
    "rnn": ("a.txt", *TINY),
    "hmm": ("a.txt", "--model", "hmm"),
    "columns": ("a.conllu", "--target", "upos,xpos", *TINY),
    "classes": ("classes.tsv", *TINY),
    "several": ("several.jsonl", "--target", "labels", *TINY),
    "both": ("both.jsonl", "--target", "tags,intent", *TINY),
    "segment": ("a.conllu", "--task", "segment", *SMALL),
    "lemma": ("a.conllu", "--task", "lemma", *TINY),
    "feats": ("a.conllu", "--task", "morphology:features=each", *TINY),
    "parse": ("a.conllu", "--task", "parse", *TINY),
    "trees": ("a.trees", "--task", "parse", *TINY),
    "pipeline": ("a.conllu", "--task", "pipeline", *TINY),
    "lm": ("a.txt", "--task", "lm", *SMALL),
    "regress": ("numbers.txt", "--task", "regress", "--format", "columns", *SMALL),
}
OPTIONS = {
    "nothing": (),
    "confidence": ("--confidence",),
    "least": ("--min-confidence", "0.9"),
    "nbest": ("--nbest", "2"),
    "stream": ("--stream",),
    "target": ("--target", "nonsense,more"),
}
WORKS = {
    "rnn": "nothing confidence least nbest stream",
    "hmm": "nothing confidence least",
    "columns": "nothing confidence least nbest",  # a stream has one column, which is to be named
    "classes": "nothing confidence least",
    "several": "nothing confidence least",
    "both": "nothing confidence least nbest stream",
    "segment": "nothing confidence",
    "lemma": "nothing confidence least",
    "feats": "nothing confidence least",
    "parse": "nothing confidence least nbest",  # of the tags beside the tree
    "trees": "nothing confidence",
    "pipeline": "nothing confidence",
    "lm": "",
    "regress": "nothing",
}
"""What must work on plain text; all else is to be refused."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files, and a model of each kind."""
    path = tmp_path_factory.mktemp("tasks")
    for name, text in FILES.items():
        (path / name).write_text(text, encoding="utf-8")
    for name, (file, *rest) in MODELS.items():
        assert run(["train", str(path / file), *rest, "-o", str(path / f"{name}.model")]) == 0
    return path


@pytest.fixture
def tagged(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    """A function: name of a model and options -> exit status and the output file, which is as it was if refused."""
    monkeypatch.chdir(folder)
    out = folder / "out"

    def tag(model: str, *options: str) -> tuple[int, bytes]:
        out.write_bytes(b"before")
        there = sorted(path.name for path in folder.iterdir())
        of_numbers = ("numbers.txt", "--format", "columns") if model == "regress" else ("new.txt",)
        capsys.readouterr()
        status = run(["tag", f"{model}.model", *of_numbers, *options, "-o", "out"])
        err, data = capsys.readouterr().err, out.read_bytes()
        assert sorted(path.name for path in folder.iterdir()) == there
        assert status in (0, 2)
        if status == 2:
            assert data == b"before" and err.count("\n") == 1 and err.startswith("elman: "), err
        return status, data

    return tag


@pytest.mark.parametrize("model", MODELS)
def test_options(tagged, model: str) -> None:
    for name, options in OPTIONS.items():
        if model == "regress" and name == "stream":
            continue  # of columns, of which it is one
        assert (tagged(model, *options)[0] == 0) == (name in WORKS[model].split()), name
    assert tagged(model, "--nbest", "2", "--confidence")[0] == 2


@pytest.mark.parametrize("model", MODELS)
def test_formats(tagged, model: str) -> None:
    for format in OUTPUT_FORMATS:
        for name in ("nothing", "confidence", "least", "nbest"):
            status, data = tagged(model, "--as", format, *OPTIONS[name])
            assert status == 2 or (name in WORKS[model].split() and data != b"before"), (format, name)
        if format == "jsonl" and status == 0:
            assert all(map(json.loads, data.decode().splitlines()))


@pytest.mark.parametrize("model", MODELS)
def test_targets(tagged, model: str) -> None:
    for target in ("upos", "head", "labels", "tag", "2", "intent", "tree", "upos,head"):
        for format in ("columns", "conllu", "jsonl", "trees"):
            for name in ("nothing", "least"):
                tagged(model, "--as", format, "--target", target, *OPTIONS[name])


def test_a_tree_is_left_whole(tagged, capsys: pytest.CaptureFixture[str]) -> None:
    assert tagged("trees", "--confidence", "--as", "jsonl")[0] == 0
    assert tagged("trees", "--min-confidence", "0")[0] == 2
    assert tagged("parse", "--min-confidence", "0.9", "--as", "html")[0] == 2
    assert tagged("parse", "--min-confidence", "0.9", "--as", "html", "--target", "upos")[0] == 0


def test_a_confidence_of_texts_in_parquet(tagged, folder: Path) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    assert tagged("classes", "--confidence", "--as", "parquet")[0] == 0
    rows = pq.read_table(folder / "out").to_pylist()
    assert [type(row["confidence"]) for row in rows] == [float, float] and rows[0]["text"] == "Cats ran mats"


def test_nothing_is_a_value_of_some_columns(tagged, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where ``_`` is a value too, a warning says so; of labels that are no values nothing is said."""
    for model, file, warned in (("feats", "a.conllu", False), ("lemma", "a.conllu", False)):
        assert run(["tag", f"{model}.model", file, "--min-confidence", "0.9", "-o", "out"]) == 0
        assert ("is a tag of column" in capsys.readouterr().err) == warned
    (folder / "b.conllu").write_text(FILES["a.conllu"].replace("Tense=Past", "_"), encoding="utf-8")
    arguments = ["--task", "morphology:features=each", *TINY, "-o", "b.model"]
    assert run(["train", "b.conllu", *arguments]) == 0
    assert run(["tag", "b.model", "b.conllu", "--min-confidence", "0.9", "-o", "out"]) == 0
    assert "warning: _ is a tag of column feats too" in capsys.readouterr().err
