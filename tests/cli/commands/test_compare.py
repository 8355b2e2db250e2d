"""``elman compare``: two files, models, several runs."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import elman.cli.commands.compare as command
from elman.evaluation.compare import CONLLU_METRICS, METRICS, compare

Run = Callable[..., subprocess.CompletedProcess[bytes]]
Refused = Callable[..., str]

GOLD = "a\tX\nb\tY\n\na\tX\n\n" * 10
A = "a\tX\nb\tX\n\na\tX\n\n" * 10
B = "a\tX\nb\tY\n\na\tX\n\n" * 8 + "a\tX\nb\tX\n\na\tX\n\n" * 2


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in (("gold", GOLD), ("a", A), ("b", B)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def tags(text: str) -> list[list[str]]:
    return [[line.split("\t")[1] for line in sentence.split("\n")] for sentence in text.strip().split("\n\n")]


def test_spans_of_tags_that_mark_none(run: Run, refused: Refused, folder: Path) -> None:
    assert "metric spans: the gold tags mark no spans" in refused(
        "compare", "gold", "a", "b", "--metric", "spans", cwd=folder
    )
    sides = ("gold", "a,b", "a,b", "--runs", "--metric", "spans")
    assert "metric spans: the gold tags mark no spans" in refused("compare", *sides, cwd=folder)
    (folder / "stray").write_text("a\tB-x\nb\tI-x\n\n" * 9 + "a\tB-x\nb\t0\n", encoding="utf-8")
    for options in ((), ("--runs",)):
        files = ("stray", "stray", "stray") if not options else ("stray", "stray,stray", "stray,stray")
        result = run("compare", *files, *options, cwd=folder)
        assert result.stdout.decode().startswith("accuracy,")
        warning = "stray: column 2: the tag '0' (1 word) marks no span, while the others do, so words are compared, not"
        assert warning in result.stderr.decode()


def test_two_files(run: Run, folder: Path) -> None:
    result = run("compare", "gold", "a", "b", cwd=folder)
    assert result.returncode == 0
    lines = result.stdout.decode().splitlines()
    expected = compare(tags(GOLD), tags(A), tags(B))
    low, high = 100 * expected.low, 100 * expected.high
    assert lines[:6] == [
        "accuracy, 20 sentences",
        "  A            66.67 %  a",
        "  B            93.33 %  b",
        f"  difference  +26.67    95 % interval {low:+.2f} to {high:+.2f}",
        "  bootstrap   p = 0.0002  10,000 resamples of the sentences",
        "  McNemar     p = 0.0078  only A right: 0, only B right: 8 words",
    ]
    assert " ".join(lines[7:]) == expected.verdict
    assert max(map(len, lines)) <= 80
    assert result.stderr.decode().count("read as columns") == 3
    assert run("compare", "gold", "a", "b", cwd=folder).stdout == result.stdout


def test_json(run: Run, folder: Path) -> None:
    arguments = ["--json", "--metric", "sentences", "--resamples", "200", "--seed", "7"]
    found = json.loads(run("compare", "gold", "a", "b", *arguments, cwd=folder).stdout)
    expected = compare(tags(GOLD), tags(A), tags(B), metric="sentences", resamples=200, seed=7).to_json()
    assert found == {"files": {"a": "a", "b": "b"}, **expected}


def test_models(run: Run, model: Path, dev_file: Path, tmp_path: Path) -> None:
    (tmp_path / "t").write_bytes(run("tag", model, "--as", "tags", stdin=b"a dog sleeps .\nthe bird sings .\n").stdout)
    result = run("compare", dev_file, model, model)
    assert result.stdout.decode().endswith("\nA and B give the same tags.\n")
    found = json.loads(run("compare", dev_file, model, tmp_path / "t", "--predicted-format", "tags", "--json").stdout)
    assert (found["a"], found["b"], found["verdict"]) == (0.875, 0.875, "A and B give the same tags.")


def test_runs_of_files(run: Run, folder: Path) -> None:
    for i, text in enumerate((A, B, A.replace("X", "Z", 3), GOLD)):
        (folder / f"{'small' if i % 2 == 0 else 'large'}-{i}").write_text(text, encoding="utf-8")
    lines = run("compare", "--runs", "gold", "small-*", "large-1,large-3", cwd=folder).stdout.decode().splitlines()
    assert lines[:3] == [
        "accuracy, mean of the runs ± standard deviation",
        "  A             63.33 ± 4.71 %  2 runs, 60.00 to 66.67",
        "  B             96.67 ± 4.71 %  2 runs, 93.33 to 100.00",
    ]
    assert lines[3].startswith("  difference   +33.33  95 % interval +")
    assert lines[5] == "  permutation  p = 0.3333  all assignments of the runs"
    assert " ".join(lines[7:]).startswith("B is better than A on this text: 33.33 points of accuracy on average")
    arguments = ["--json", "--metric", "sentences"]
    found = json.loads(run("compare", "--runs", "gold", "small-*", "large-*", *arguments, cwd=folder).stdout)
    assert found["files"] == {"a": ["small-0", "small-2"], "b": ["large-1", "large-3"]}
    assert found["metric"] == "sentences"
    assert found["b"]["scores"] == [0.9, 1.0]


def test_runs_of_results(run: Run, refused: Refused, folder: Path) -> None:
    for i, text in enumerate((A, A, B, B)):
        (folder / "p").write_text(text, encoding="utf-8")
        result = run("evaluate", "--predicted", "p", "gold", "--json", cwd=folder)
        (folder / f"{i}.json").write_bytes(result.stdout)
    arguments = ["compare", "--runs", "0.json,1.json", "2.json,3.json"]
    text = run(*arguments, cwd=folder).stdout.decode()
    assert "  Welch        none: no run differs from another of its setting\n" in text
    found = json.loads(run(*arguments, "--json", "--metric", "sentences", cwd=folder).stdout)
    assert found["a"]["mean"] == 0.5
    line = refused(*arguments, "--metric", "spans", cwd=folder)
    assert "0.json: no span F1 in it; expected what elman evaluate --json prints" in line
    (folder / "0.json").write_text("not", encoding="utf-8")
    assert "0.json: expected what elman evaluate --json prints; to compare" in refused(*arguments, cwd=folder)
    for score in ("1" * 400, "NaN", "1e999", "true" * 2000, "[" * 100_000):
        (folder / "0.json").write_text(f'{{"accuracy": {score}}}', encoding="utf-8")
        assert "0.json: " in refused(*arguments, cwd=folder)
    assert "none.json: cannot be read" in refused("compare", "--runs", "none.json,1.json", "2.json", cwd=folder)
    assert "runs of B: expected two or more" in refused("compare", "--runs", "1.json,1.json", "2.json", cwd=folder)


def test_spans_are_compared_where_the_tags_mark_them(run: Run, folder: Path) -> None:
    for name in ("gold", "a", "b"):
        text = (folder / name).read_text(encoding="utf-8")
        (folder / name).write_text(text.replace("X", "O").replace("Y", "B-y"), encoding="utf-8")
        result = run("evaluate", "--predicted", name, "gold", "--json", cwd=folder)
        (folder / f"{name}.json").write_bytes(result.stdout)
    assert b"span F1, 20 sentences" in run("compare", "gold", "a", "b", cwd=folder).stdout
    text = run("compare", "--runs", "a.json,a.json", "b.json,gold.json", cwd=folder).stdout.decode()
    assert text.startswith("span F1, mean of the runs")
    text = run("compare", "--runs", "gold", "a,a", "b,gold", cwd=folder).stdout.decode()
    assert text.startswith("span F1, mean of the runs")


def test_what_cannot_be_compared(refused: Refused, folder: Path) -> None:
    assert "expected GOLD, A and B, found 2; see elman compare --help" in refused("compare", "gold", "a", cwd=folder)
    assert "expected A and B, or GOLD, A and B, found 1" in refused("compare", "--runs", "gold", cwd=folder)
    assert "no such file" in refused("compare", "gold", "a", "none", cwd=folder).lower()
    (folder / "b").write_text(B.replace("b\t", "c\t", 1), encoding="utf-8")
    assert "b:2: expected the word 'b', as in gold:2, found 'c'" in refused("compare", "gold", "a", "b", cwd=folder)
    (folder / "three").write_text("a\tX\tX\n", encoding="utf-8")
    line = refused("compare", "three", "three", "three", "--target", "2,3", cwd=folder)
    assert "one label column at a time; choose with --target from 2, 3" in line
    (folder / "tags").write_text("X\n", encoding="utf-8")
    line = refused("compare", "gold", "tags", "tags", "--predicted-format", "tags", cwd=folder)
    assert "tags:1: expected 2 tags, one for each gold tag, found 1" in line


def test_the_metrics_of_the_command_are_those_of_the_library() -> None:
    """Repeated there, so that ``--help`` does not have to load numpy."""
    assert {**dict.fromkeys(METRICS), **CONLLU_METRICS}.keys() == command._NAMES.keys()
    assert command._CONLLU == CONLLU_METRICS


TREEBANK = (
    "1\tCats\tcat\tNOUN\t_\tNumber=Plur\t2\tnsubj\t_\t_\n"
    "2\tran\trun\tVERB\t_\tTense=Past\t0\troot\t_\t_\n"
    "3\ton\ton\tADP\t_\t_\t4\tcase\t_\t_\n"
    "4\tmats\tmat\tNOUN\t_\tNumber=Plur\t2\tobl\t_\t_\n\n"
) * 12


@pytest.fixture
def treebank(tmp_path: Path) -> Path:
    texts = {"gold": TREEBANK, "a": TREEBANK.replace("obl", "nmod").replace("\tcat\t", "\tdog\t"), "b": TREEBANK}
    texts["flat"] = TREEBANK.replace("\t2\tnsubj", "\t_\tnsubj").replace("\t0\t", "\t_\t").replace("4\tcase", "_\tcase")
    texts["flat"] = texts["flat"].replace("\t2\tobl", "\t_\tobl")
    for name, text in texts.items():
        (tmp_path / f"{name}.conllu").write_text(text, encoding="utf-8")
    return tmp_path


def test_metrics_of_conllu(run: Run, refused: Refused, treebank: Path) -> None:
    files = ["gold.conllu", "a.conllu", "b.conllu"]
    for metric, score in (("las", 0.75), ("uas", 1), ("lemmas", 0.75), ("clas", 2 / 3), ("upos", 1)):
        found = json.loads(run("compare", *files, "--metric", metric, "--json", cwd=treebank).stdout)
        assert (found["metric"], found["a"], found["b"], found["sentences"]) == (metric, pytest.approx(score), 1, 12)
    text = run("compare", *files, "--metric", "las", cwd=treebank).stdout.decode()
    assert text.startswith("LAS, 12 sentences\n")
    assert "only A right: 0, only B right: 12 words" in text
    assert "B is better than A: 25.00 points of LAS on this text" in text
    for options, message in (
        (
            ["--metric", "las", "--target", "upos"],
            "--metric las: says the column itself; leave --target, ",
        ),
        (["--metric", "lsa"], "'lsa': did you mean las?"),
        (["--metric", "las", "--format", "columns"], "gold.conllu: --metric las compares conllu, not columns"),
    ):
        assert message in refused("compare", *files, *options, cwd=treebank)
    assert "flat.conllu:1: HEAD: no tree, which LAS is about; expected one in prediction" in refused(
        "compare", "gold.conllu", "a.conllu", "flat.conllu", "--metric", "las", cwd=treebank
    )
    runs = ["gold.conllu", "a.conllu,b.conllu", "a.conllu,a.conllu", "--runs"]
    found = json.loads(run("compare", *runs, "--metric", "las", "--json", cwd=treebank).stdout)
    assert (found["metric"], found["a"]["scores"], found["b"]["mean"]) == ("las", [0.75, 1], 0.75)
    assert "flat.conllu: no trees, which LAS is about" in refused(
        "compare", "gold.conllu", "a.conllu,flat.conllu", "a.conllu,b.conllu", "--runs", "--metric", "las", cwd=treebank
    )


def test_models_of_conllu(run: Run, refused: Refused, treebank: Path) -> None:
    small = ["--threads", "1", "--set", "hidden=8", "--set", "ensemble=1", "-q"]
    for task, epochs in (("parse", 15), ("pipeline", 1), ("tag", 1)):
        out = treebank / f"{task}.model"
        done = run("train", "gold.conllu", "--task", task, "-o", out, *small, "--set", f"epochs={epochs}", cwd=treebank)
        assert done.returncode == 0, done.stderr.decode()
    result = run("compare", "gold.conllu", "parse.model", "pipeline.model", "--json", cwd=treebank)
    found = json.loads(result.stdout)
    assert found["metric"] == "las"
    assert (
        b"elman: pipeline.model reads the raw text of gold; models of other tasks are given its words" in result.stderr
    )
    for side, model in (("a", "parse.model"), ("b", "pipeline.model")):
        result = json.loads(run("evaluate", model, "gold.conllu", "--json", cwd=treebank).stdout)
        assert found[side] == pytest.approx(result["las"])
        (treebank / f"{side}.json").write_text(json.dumps(result), encoding="utf-8")
    runs = json.loads(run("compare", "--runs", "a.json,b.json", "a.json,a.json", "--json", cwd=treebank).stdout)
    assert runs["metric"] == "las"
    assert runs["a"]["scores"] == [pytest.approx(found["a"]), pytest.approx(found["b"])]
    assert "--metric las: tag.model does not predict it; of this model there is UPOS\n" in refused(
        "compare", "gold.conllu", "tag.model", "b.conllu", "--metric", "las", cwd=treebank
    )
