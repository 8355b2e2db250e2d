"""``--task parse`` from file to result, both kinds of trees; and trees that are none."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[bytes]]
Refused = Callable[..., str]
SMALL = ["--threads", "1", *(f"--set={setting}" for setting in ("hidden=16", "epochs=25", "batch=2", "ensemble=1"))]
TREES = """(ROOT (S (NP (PRP She)) (VP (VBZ reads) (NP (JJ old) (NNS books))) (. .)))
(ROOT (S (NP (NNS Books)) (VP (VBP age)) (. .)))
"""
READS = [
    ("She", "PRON", 2, "nsubj"),
    ("reads", "VERB", 0, "root"),
    ("old", "ADJ", 4, "amod"),
    ("books", "NOUN", 2, "obj"),
]
AGE = [("Books", "NOUN", 2, "nsubj"), ("age", "VERB", 0, "root")]


def conllu(*sentences: Sequence[tuple[str, str, int, str]]) -> str:
    lines = [
        "".join(
            f"{i}\t{form}\t_\t{tag}\t_\t_\t{head}\t{deprel}\t_\t_\n"
            for i, (form, tag, head, deprel) in enumerate(one, 1)
        )
        for one in sentences
    ]
    return "".join(f"{one}\n" for one in lines)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, run: Run) -> Path:
    """A model of each kind of trees, and what it was trained on."""
    path = tmp_path_factory.mktemp("parse")
    (path / "gold.trees").write_text(TREES * 8, encoding="utf-8")
    (path / "gold.conllu").write_text(conllu(READS, AGE) * 8, encoding="utf-8")
    for kind in ("trees", "conllu"):
        result = run("train", path / f"gold.{kind}", "--task", "parse", "-o", path / f"{kind}.model", *SMALL)
        assert result.returncode == 0, result.stderr.decode()
    (path / "text").write_text("She reads old books\nBooks age\n", encoding="utf-8")
    return path


def said(run: Run, *arguments: object, **options: object) -> str:
    result = run(*arguments, **options)
    assert result.returncode == 0, result.stderr.decode()
    return result.stdout.decode()


def test_bracketed_trees(run: Run, folder: Path) -> None:
    model, gold = folder / "trees.model", folder / "gold.trees"
    assert said(run, "tag", model, gold) == TREES * 8
    assert said(run, "tag", model, stdin=b"She reads old books .\nBooks age .\n") == TREES
    columns = b"She\tx\nreads\tx\nold\tx\nbooks\tx\n.\tx\n\n"
    assert said(run, "tag", model, "--format", "columns", stdin=columns) == TREES.splitlines()[0] + "\n"
    drawn = said(run, "tag", model, "--as", "tree", stdin=b"Books age .\n")
    assert drawn == "ROOT > S\n├─ NP > NNS  Books\n├─ VP > VBP  age\n└─ .         .\n"
    rows = said(run, "tag", model, "--confidence", stdin=b"Books age .\n").splitlines()
    assert [row.split("\t")[:2] for row in rows[:3]] == [
        ["Books", "(ROOT(S(NP(NNS*))"],
        ["age", "(VP(VBP*))"],
        [".", "(.*)))"],
    ]
    assert all(0 < float(row.split("\t")[2]) <= 1 for row in rows[:3])


def test_how_well_brackets_are_found(run: Run, folder: Path, refused: Refused) -> None:
    model, gold = folder / "trees.model", folder / "gold.trees"
    lines = said(run, "evaluate", model, gold, gold).splitlines()
    assert lines[0] == "bracket precision  100.00 %  112 of 112 predicted brackets"
    assert lines[3:5] == [
        "whole trees        100.00 %  32 of 32 trees",
        "tags               100.00 %  128 of 128 words",
    ]
    found = json.loads(said(run, "evaluate", model, gold, "--json"))
    assert (found["style"], found["f1"], found["tag_accuracy"]) == ("evalb", 1, 1)
    assert ": --style evalb compares trees, not conllu" in refused(
        "evaluate", model, folder / "gold.conllu", "--format", "conllu"
    )
    (folder / "nothing").write_text("\n", encoding="utf-8")
    assert "nothing: no trees; expected some to compare with" in refused(
        "evaluate", model, folder / "nothing", "--format", "trees"
    )


def test_dependencies(run: Run, folder: Path) -> None:
    model, gold = folder / "conllu.model", folder / "gold.conllu"
    assert said(run, "tag", model, gold) == gold.read_text(encoding="utf-8")
    assert said(run, "tag", model, folder / "text", "--as", "tree") == (
        " ╭──── She    PRON  nsubj\n─┼──── reads  VERB  root\n │ ╭── old    ADJ   amod\n ╰─┴── books  NOUN  obj\n\n"
        " ╭── Books  NOUN  nsubj\n─┴── age    VERB  root\n"
    )
    table = said(run, "evaluate", model, gold, gold)
    assert "LAS        |    100.00 |" in table and "Sentences" not in table
    assert json.loads(said(run, "evaluate", model, gold, "--json"))["metrics"]["UAS"]["f1"] == 1
    assert "accuracy         100.00 %" in said(run, "evaluate", model, gold, "--target", "deprel")


@pytest.mark.parametrize(("kind", "marks"), [("trees", ">NP</text>"), ("conllu", ">nsubj</text>")])
def test_pages(run: Run, folder: Path, kind: str, marks: str) -> None:
    said(run, "tag", folder / f"{kind}.model", folder / "text", "--as", "html", "-o", folder / "page.html")
    page = (folder / "page.html").read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>") and page.endswith("</html>\n")
    assert page.count("<svg ") == 2 and marks in page


TWO_ROOTS = [("a", "X", 0, "x"), ("b", "X", 0, "x")]
BAD = {
    "open.trees": (
        "(S (N a) (V b))\n(S (N a)\n(S (N a))\n",
        2,
        "the tree that begins here does not close: 1 bracket is open where",
    ),
    "end.trees": ("(S (N a) (V b", 1, "the tree that begins here does not close: 2 brackets are open"),
    "bare.trees": ("(S (N a) (V b) c)\n", 1, "the word 'c' has no tag: expected it in brackets of its own"),
    "circle.conllu": (
        conllu([("a", "X", 2, "x"), ("b", "X", 1, "x")]),
        1,
        "the heads go in a circle: 1 -> 2 -> 1; expected a tree",
    ),
    "roots.conllu": (conllu(AGE, TWO_ROOTS), 5, "a second root (HEAD is 0); the first is on line 4; expected one"),
    "head.conllu": (
        conllu([("a", "X", 3, "x"), ("b", "X", 0, "x")]),
        1,
        "HEAD: expected 0 to 2, a word of the sentence, found '3'",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_trees_that_are_none(refused: Refused, folder: Path, tmp_path: Path, name: str) -> None:
    """One line with the place, wherever the file goes; and nothing is written."""
    text, line, problem = BAD[name]
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    model = folder / f"{name.partition('.')[2]}.model"
    format = ("--format", name.partition(".")[2])
    for arguments in (("train", path, "--task", "parse", "-o", tmp_path / "m"), ("evaluate", model, path)):
        message = refused(*arguments, *format)
        assert message.startswith(f"elman: {path}:{line}: {problem}") and message.count("\n") == 1
    assert not (tmp_path / "m").exists()


def test_arcs_that_cross(run: Run, tmp_path: Path) -> None:
    crossing = [("a", "X", 3, "x"), ("b", "X", 4, "x"), ("c", "X", 0, "root"), ("d", "X", 3, "x")]
    (tmp_path / "a.conllu").write_text(conllu(AGE, crossing), encoding="utf-8")
    for task, lost in (("parse", False), ("parse:heads=brackets", True)):
        given = ("train", tmp_path / "a.conllu", "--task", task, "-o", tmp_path / "m", *SMALL, "--set=epochs=1")
        result = run(*given)
        assert result.returncode == 0
        note = "elman: 1 of 2 trees have crossing arcs of one direction, which heads=relative"
        whole = f"{note} can encode and heads=brackets cannot; the first: {tmp_path}/a.conllu:4, the arc from 3 to 1"
        assert (whole in result.stderr.decode()) == lost


def test_what_is_no_treebank(refused: Refused, tmp_path: Path) -> None:
    rows = "1\ta\ta\tX\tX\t_\t2\tx\n2\tb\tb\tX\tX\t_\t0\tx\n\n"
    (tmp_path / "a.dep").write_text(rows * 3, encoding="utf-8")
    message = refused("train", tmp_path / "a.dep", "--task", "parse", "-o", tmp_path / "m")
    assert "a.dep: the task parse learns from conllu or trees, found columns; with two more, _ and _, the 8" in message
    (tmp_path / "a.txt").write_text("a_X b_Y\n", encoding="utf-8")
    message = refused("train", tmp_path / "a.txt", "--task", "parse", "-o", tmp_path / "m")
    assert "a.txt: expected the column 'deprel'" in message
