"""``elman evaluate --style``: as other programs count and print, of a file and of a model."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[bytes]]
Refused = Callable[..., str]

GOLD = "B-NP\nB-NP\nI-NP\nI-NP\nO\n\nB-NP\nB-VP\nB-NP\nI-NP\nO\n"
PREDICTED = "B-NP\nB-NP\nI-NP\nB-NP\nO\n\nB-NP\nB-VP\nB-PP\nI-NP\nO\n"
CONLLEVAL = """\
processed 10 tokens with 5 phrases; found: 7 phrases; correct: 3.
accuracy:  80.00%; precision:  42.86%; recall:  60.00%; FB1:  50.00
               NP: precision:  40.00%; recall:  50.00%; FB1:  44.44  5
               PP: precision:   0.00%; recall:   0.00%; FB1:   0.00  1
               VP: precision: 100.00%; recall: 100.00%; FB1: 100.00  1
"""

TREEBANK = """\
1\tthe\tthe\tDET\tD\t_\t2\tdet\t_\t_
2\tdog\tdog\tNOUN\tN\tNumber=Sing\t3\tnsubj\t_\t_
3\tbarks\tbark\tVERB\tV\t_\t0\troot\t_\t_

1\tdogs\tdog\tNOUN\tN\tNumber=Plur\t2\tnsubj\t_\t_
2\tbark\tbark\tVERB\tV\t_\t0\troot\t_\t_

"""


def in_columns(tags: str) -> str:
    return "".join(f"w\t{tag}\n" if tag else "\n" for tag in tags.splitlines())


@pytest.fixture
def files(tmp_path: Path) -> list[object]:
    (tmp_path / "gold").write_text(in_columns(GOLD), encoding="utf-8")
    (tmp_path / "p").write_text(in_columns(PREDICTED), encoding="utf-8")
    return ["--predicted", tmp_path / "p", tmp_path / "gold"]


def test_conlleval(run: Run, files: list[object]) -> None:
    assert run("evaluate", *files, "--style", "conlleval").stdout.decode() == CONLLEVAL
    found = json.loads(run("evaluate", *files, "--style", "conlleval", "--json").stdout)
    assert found["style"] == "conlleval"
    assert (found["tokens"], found["correct"], found["spans"]["correct"], found["spans"]["f1"]) == (10, 8, 3, 0.5)


def test_conlleval_of_one_file_in_its_own_layout(run: Run, tmp_path: Path) -> None:
    rows = zip(GOLD.splitlines(), PREDICTED.splitlines(), strict=True)
    text = "".join(f"w X {gold} {predicted}\n" if gold else "\n" for gold, predicted in rows)
    (tmp_path / "out").write_text(text, encoding="utf-8")
    columns = ["--target", "-2", "--predicted-target", "-1"]
    result = run("evaluate", "--predicted", "out", "out", *columns, "--style", "conlleval", cwd=tmp_path)
    assert result.stdout.decode() == CONLLEVAL


def test_seqeval(run: Run, files: list[object]) -> None:
    lines = run("evaluate", *files, "--style", "seqeval").stdout.decode().splitlines()
    assert lines[0] == "              precision    recall  f1-score   support"
    assert lines[2] == "          NP       0.40      0.50      0.44         4"
    assert lines[-1].split() == ["weighted", "avg", "0.52", "0.60", "0.56", "5"]
    found = json.loads(run("evaluate", *files, "--style", "seqeval", "--json").stdout)
    assert (found["style"], found["mode"], found["scheme"]) == ("seqeval", "default", None)
    found = json.loads(run("evaluate", *files, "--style", "seqeval", "--scheme", "BIO", "--json").stdout)
    assert (found["mode"], found["scheme"], found["accuracy"]) == ("strict", "iob2", 0.8)
    assert found["spans"]["predicted"] == 6  # I-NP after B-PP is no span


def test_spans_in_the_usual_style(run: Run, files: list[object]) -> None:
    text = run("evaluate", *files).stdout.decode()
    assert "span F1           50.00 %\n  precision       42.86 %  3 of 7 spans found\n" in text
    assert "\ntype  precision   recall       F1     spans\nNP        40.00    50.00    44.44         4\n" in text
    assert max(map(len, text.splitlines())) <= 80
    assert json.loads(run("evaluate", *files, "--json").stdout)["spans"]["averages"]["micro"]["f1"] == 0.5


def test_several_columns(run: Run, tmp_path: Path) -> None:
    (tmp_path / "gold").write_text("w\tB-x\tB-y\n", encoding="utf-8")
    arguments = ["--predicted", tmp_path / "gold", tmp_path / "gold", "--target", "2,3", "--style", "conlleval"]
    text = run("evaluate", *arguments).stdout.decode()
    assert text.startswith("column 2\n\nprocessed 1 tokens") and "\n\ncolumn 3\n\nprocessed" in text
    found = json.loads(run("evaluate", *arguments, "--json").stdout)
    assert list(found["targets"]) == ["2", "3"]
    assert found["spans"] == found["targets"]["2"]["spans"]


def test_spans_of_a_model(run: Run, tmp_path: Path) -> None:
    text = "a\tB-x\nb\tI-x\nc\tO\n\na\tB-x\nc\tO\n"
    (tmp_path / "train").write_text(text, encoding="utf-8")
    run("train", tmp_path / "train", "-o", tmp_path / "m", "--model", "frequent")
    result = run("evaluate", tmp_path / "m", tmp_path / "train", "--style", "conlleval")
    assert result.stdout.startswith(b"processed 5 tokens with 2 phrases; found: 2 phrases; correct: 2.")


def test_tags_that_mark_no_spans(run: Run, refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "pos").write_text("a\tDET\nb\tNOUN\n", encoding="utf-8")
    (tmp_path / "stray").write_text("a\tB-x\nb\tI-x\n\n" * 9 + "a\tB-x\nb\t0\n", encoding="utf-8")
    (tmp_path / "outside").write_text("a\tO\nb\tO\n", encoding="utf-8")
    for style in ("conlleval", "seqeval"):
        error = refused("evaluate", "--predicted", "pos", "pos", "--style", style, cwd=tmp_path)
        assert f"--style {style}: pos: column 2: the gold tags mark no spans (O, B-type, I-type …): DET, NOUN;" in error
        result = run("evaluate", "--predicted", "stray", "stray", "--style", style, cwd=tmp_path)
        assert result.returncode == 0
        assert f"stray: column 2: the tag '0' (1 word) marks no span, while the others do; {style} counts spans" in (
            result.stderr.decode()
        )
        result = run("evaluate", "--predicted", "outside", "outside", "--style", style, cwd=tmp_path)
        assert (result.returncode, b"warning" in result.stderr) == (0, False)


@pytest.fixture
def treebank(tmp_path: Path) -> Path:
    path = tmp_path / "gold.conllu"
    path.write_text(TREEBANK, encoding="utf-8")
    return path


def test_conll18(run: Run, treebank: Path) -> None:
    predicted = treebank.with_name("p.conllu")
    predicted.write_text(TREEBANK.replace("3\tnsubj", "3\tobj"), encoding="utf-8")
    arguments = ["--predicted", predicted, treebank, "--style", "conll18"]
    lines = run("evaluate", *arguments).stdout.decode().splitlines()
    assert len(lines) == 15
    assert lines[11] == "LAS        |     80.00 |     80.00 |     80.00 |     80.00"
    found = json.loads(run("evaluate", *arguments, "--json").stdout)
    assert found["style"] == "conll18"
    assert found["metrics"]["LAS"]["correct"] == 4


def test_conll18_of_a_model_says_nothing_of_what_it_does_not_tag(run: Run, treebank: Path, tmp_path: Path) -> None:
    for target, names in (
        ("upos", ["UPOS"]),
        ("upos,xpos,feats", ["UPOS", "XPOS", "UFeats", "AllTags"]),
    ):
        options = ["--model", "frequent"] if target == "upos" else ["--set", "epochs=1", "--set", "hidden=4"]
        done = run("train", treebank, "-o", tmp_path / "m", "--target", target, *options)
        assert done.returncode == 0, done.stderr.decode()
        result = run("evaluate", tmp_path / "m", treebank, "--style", "conll18", "--json")
        assert list(json.loads(result.stdout)["metrics"]) == names


def test_conll18_is_of_trees_that_are_whole(refused: Refused, treebank: Path) -> None:
    predicted = treebank.with_name("p.conllu")
    predicted.write_text(TREEBANK.replace("3\tnsubj", "0\tnsubj"), encoding="utf-8")
    arguments = ["evaluate", "--predicted", predicted, treebank, "--style", "conll18"]
    assert "p.conllu:3: a second root (HEAD is 0); the first is on line 2;" in refused(*arguments)
    assert "--style conll18 compares conllu, not columns" in refused(*arguments, "--format", "columns")


def test_evalb(run: Run, refused: Refused, tmp_path: Path) -> None:
    gold = "(TOP (S (NP (D the) (N cat)) (VP (V sleeps) (PP (P on) (NP (D the) (N mat))))))\n(TOP (S (V go)))\n"
    (tmp_path / "gold").write_text(gold, encoding="utf-8")
    predicted = gold.replace("(PP (P on) (NP (D the) (N mat)))", "(P on) (NP (D the) (N mat))")
    (tmp_path / "p").write_text(predicted, encoding="utf-8")
    arguments = ["evaluate", "--predicted", tmp_path / "p", tmp_path / "gold", "--style", "evalb"]
    lines = run(*arguments).stdout.decode().splitlines()
    assert lines[:4] == [
        "bracket precision  100.00 %  5 of 5 predicted brackets",
        "bracket recall      83.33 %  5 of 6 gold brackets",
        "bracket F1          90.91 %",
        "whole trees         50.00 %  1 of 2 trees",
    ]
    found = json.loads(run(*arguments, "--json").stdout)
    assert (found["style"], found["trees"], found["exact"]) == ("evalb", 2, 1)
    (tmp_path / "p").write_text(predicted.splitlines()[0] + "\n", encoding="utf-8")
    assert "p: ends before the sentence at " in refused(*arguments)
    (tmp_path / "p").write_text("(S (V a) (V b))\n" + predicted.splitlines()[1], encoding="utf-8")
    assert "p:1: expected the word 'the', as in " in refused(*arguments)
    assert "--style evalb compares trees, not word_tag" in refused(*arguments, "--format", "word_tag")


def test_what_does_not_go_together(refused: Refused, model: Path, files: list[object], tmp_path: Path) -> None:
    gold, two = files[-1], tmp_path / "two"
    two.write_text("w\tB-x\tB-y\n", encoding="utf-8")
    assert "--scheme: goes with --style seqeval" in refused("evaluate", *files, "--scheme", "iob2")
    assert "'IO' has no strict mode" in refused("evaluate", *files, "--style", "seqeval", "--scheme", "IO")
    assert "--style evalb: the model gives no bracketed trees" in refused("evaluate", model, gold, "--style", "evalb")
    assert "--style conlleval: expected one GOLD, found 2" in refused(
        "evaluate", model, gold, gold, "--style", "conlleval"
    )
    assert "the model has one column, " in refused("evaluate", model, two, "--target", "2,3", "--style", "conlleval")
    arguments = [model, gold, "--style", "conlleval", "--calibration"]
    assert "--style conlleval: shows no confidences" in refused("evaluate", *arguments)
    assert "--style conll18: expected a model of upos" in refused("evaluate", model, gold, "--style", "conll18")
    (tmp_path / "t").write_text("O O\nO O O O O\n", encoding="utf-8")
    arguments = ["--predicted", tmp_path / "t", "--predicted-format", "tags", gold, "--style", "seqeval"]
    assert "t:1: expected 5 tags, one for each gold tag, found 2" in refused("evaluate", *arguments)
    (tmp_path / "t").write_text("O O O O O\nS-x O O O O\n", encoding="utf-8")
    assert "t:2: the tag 'S-x' is not of IOB2" in refused("evaluate", *arguments, "--scheme", "iob2")
