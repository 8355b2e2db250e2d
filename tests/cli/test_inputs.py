"""``elman train --inputs``: further columns that are read with each word, by every command."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[bytes]]
Refused = Callable[..., str]
TINY = [*("--set", "hidden=16", "--set", "ensemble=1", "--set", "epochs=25", "--set", "batch=2"), "--seed", "1", "-q"]


def rows(*, target: bool = True) -> str:
    """Sentences whose last column is known from the one before alone: all words are the same."""
    kinds = ["ab", "ba", "aab", "bba", "abab"] * 4
    lines = (["\t".join(["x", kind, f"TAG-{kind}"][: 2 + target]) for kind in word] for word in kinds)
    return "\n\n".join("\n".join(sentence) for sentence in lines) + "\n"


@pytest.fixture(scope="module")
def folder(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("inputs")
    (made / "train.conll").write_text(rows(), encoding="utf-8")
    (made / "new.conll").write_text(rows(target=False), encoding="utf-8")
    (made / "plain.txt").write_text("x x\n", encoding="utf-8")
    files = made / "train.conll", "--dev", made / "train.conll"
    assert run("train", *files, "--inputs", "2", *TINY, "-o", made / "my.model").returncode == 0
    assert run("train", *files, *TINY, "-o", made / "words.model").returncode == 0
    return made


def out(run: Run, *arguments: object) -> str:
    result = run(*arguments)
    assert result.returncode == 0, result.stderr.decode()
    return str(result.stdout.decode())


def test_the_column_is_read(run: Run, folder: Path) -> None:
    assert out(run, "tag", folder / "my.model", folder / "new.conll", "-q") == rows()
    my, words = (
        json.loads(out(run, "evaluate", folder / f"{name}.model", folder / "train.conll", "--json"))["accuracy"]
        for name in ("my", "words")
    )
    assert my == 1 > words


def test_every_command_reads_it(run: Run, folder: Path) -> None:
    model, gold = folder / "my.model", folder / "train.conll"
    assert "inputs       2; 2 known\n" in out(run, "inspect", model)
    found = json.loads(out(run, "inspect", model, "--json"))
    assert (found["inputs"], found["token_features"], found["numbers"]) == (["2"], 2, [])
    assert "0 of 56 words wrong" in out(run, "errors", model, gold)
    assert "A           100.00 %" in out(run, "compare", gold, model, folder / "words.model")
    assert "0.00" not in out(run, "gradients", model, gold, "--sentence", "1").splitlines()[0]
    assert "lag" in out(run, "gradients", model, gold)
    words = json.dumps([{"word": word, "2": value} for word, value in (("x", "a"), ("y", "b"))])
    assert out(run, "gradients", model, "--text", words).count("x") >= 1
    assert out(run, "tag", model, folder / "new.conll", "-q", "--nbest", "2").count("TAG-a") > 20
    assert "TAG-b\t" in out(run, "tag", model, folder / "new.conll", "-q", "--confidence")
    few = [*("--points", "3", "--seeds", "1"), *("--set", "hidden=4", "--set", "epochs=1", "--set", "ensemble=1")]
    assert "20  " in out(run, "curve", gold, "--dev", gold, "--inputs", "2", *few)


def test_other_formats(run: Run, tmp_path: Path) -> None:
    line = {"tokens": ["x", "x"], "pos": ["a", "b"], "case": ["K=1|L=2", "K=2|L=2"], "tags": ["A", "B"]}
    (tmp_path / "t.jsonl").write_text(f"{json.dumps(line)}\n" * 9, encoding="utf-8")
    (tmp_path / "t.csv").write_text("word,Pos,tag\nx,a,A\nx,b,B\n\n" * 9, encoding="utf-8")
    for name, inputs in (("t.jsonl", "pos,case"), ("t.csv", "pos")):
        path = tmp_path / name
        out(
            run,
            "train",
            path,
            "--inputs",
            inputs,
            "--target",
            "tags" if name == "t.jsonl" else "tag",
            *TINY,
            "-o",
            tmp_path / "m",
        )
        assert json.loads(out(run, "evaluate", tmp_path / "m", path, "--json"))["accuracy"] == 1
    found = json.loads(out(run, "inspect", tmp_path / "m", "--json"))
    assert found["inputs"] == ["Pos"]


def test_what_is_missing_is_said(folder: Path, refused: Refused) -> None:
    model = folder / "my.model"
    expected = "plain.txt:1: no column '2': expected the inputs 2 of each word, found words alone"
    assert expected in refused("tag", model, folder / "plain.txt", "-q")
    expected = "expected words with the columns 2, which the model reads, got the word 'x' alone"
    assert expected in refused("gradients", model, "--text", "x y", "-q")
    assert expected in refused("gradients", model, "--text", '["x"]', "-q")
    assert "as a list of dicts in JSON, got '[x'" in refused("gradients", model, "--text", "[x", "-q")
    assert "my.model reads features with each word" in refused("tag", model, folder / "plain.txt", "--stream", "-q")


def test_what_cannot_be_trained(folder: Path, tmp_path: Path, refused: Refused) -> None:
    arguments = ["train", folder / "train.conll", "-o", tmp_path / "m", "-q", "--inputs"]
    assert "no column 9; there are 3 columns" in refused(*arguments, "9")
    assert "column 3 is both an input and the target" in refused(*arguments, "3")
    assert "column 2 is named twice" in refused(*arguments, "2,2")
    for task in ("segment", "pipeline", "lm", "regress"):
        assert f"task {task}: it takes no inputs; leave out 2" in refused(*arguments, "2", "--task", task)
    assert "the model hmm reads words alone" in refused(*arguments, "2", "--model", "hmm")
    assert "embedding: expected 1 or more with features of the words' own" in refused(
        *arguments, "2", "--preset", "tutorial"
    )


def conllu(word: str = "x") -> str:
    """Sentences whose features are known from the language-specific tag alone."""
    kinds = ["ab", "ba", "aab", "bba"] * 4
    line = "{}\t" + f"{word}\t{word}\tX\t" + "{}\tKind={}\t0\troot\t_\t_\n"
    return "\n".join("".join(line.format(i, kind, kind) for i, kind in enumerate(row, 1)) for row in kinds) + "\n"


def test_tasks_that_encode_columns(run: Run, tmp_path: Path, refused: Refused) -> None:
    train, model = tmp_path / "t.conllu", tmp_path / "m"
    train.write_text(conllu(), encoding="utf-8")
    out(run, "train", train, "--dev", train, "--task", "morphology", "--inputs", "XPOS", *TINY, "-o", model)
    assert json.loads(out(run, "inspect", model, "--json"))["inputs"] == ["xpos"]
    assert json.loads(out(run, "evaluate", model, train, "--json"))["accuracy"] == 1
    assert "Kind=a" in out(run, "gradients", model, train, "--sentence", "1")
    other = tmp_path / "t.conll"
    other.write_text(rows(), encoding="utf-8")
    assert f"{other}:1: no column 'xpos': expected the inputs xpos of each word, found 2, 3" in refused(
        "tag", model, other, "--as", "jsonl", "-q"
    )
    arguments = ["train", train, "-o", model, "-q", "--inputs"]
    assert "task morphology: it predicts the column feats, which cannot be an input" in refused(
        *arguments, "feats", "--task", "morphology"
    )
    assert "no input column 'case'; there is: lemma" in refused(*arguments, "case", "--task", "lemma")
    (tmp_path / "t.csv").write_text("word,XPOS,feats\nx,a,Kind=a\n", encoding="utf-8")
    expected = f"{tmp_path / 't.csv'}:1: expected the inputs xpos, as in the training data, found XPOS"
    assert expected in refused(*arguments, "xpos", "--target", "feats", "--dev", tmp_path / "t.csv")
