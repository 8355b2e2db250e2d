"""Several label columns by the real command: train, tag, evaluate, inspect."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from made_up import two_columns

Run = Callable[..., subprocess.CompletedProcess[bytes]]
Refused = Callable[..., str]
SETTINGS = ("hidden=12", "embedding=8", "epochs=12", "batch=4", "learning_rate=0.02", "unk_dropout=0.02", "ensemble=1")
SMALL = [item for setting in SETTINGS for item in ("--set", setting)]


def conllu(n: int, seed: int, *, bare: bool = False) -> str:
    """upos and xpos in their columns, or ``_``."""
    text = ""
    for words, tags, names in two_columns(n, seed):
        for i, (word, tag, name) in enumerate(zip(words, tags, names, strict=True), start=1):
            text += "\t".join([str(i), word, "_", *(("_", "_") if bare else (tag, name)), *"_____"]) + "\n"
        text += "\n"
    return text


@pytest.fixture(scope="module")
def folder(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("columns")
    (folder / "train.conllu").write_text(conllu(60, 1), encoding="utf-8")
    (folder / "test.conllu").write_text(conllu(20, 2), encoding="utf-8")
    (folder / "new.conllu").write_text(conllu(20, 2, bare=True), encoding="utf-8")
    result = run(
        "train",
        folder / "train.conllu",
        "--dev",
        folder / "test.conllu",
        "-o",
        folder / "m",
        "--target",
        "upos,xpos",
        *SMALL,
    )
    assert result.returncode == 0, result.stderr.decode()
    (folder / "out").write_bytes(result.stdout)
    (folder / "err").write_bytes(result.stderr)
    return folder


def test_train_says_both(folder: Path) -> None:
    out, err = ((folder / name).read_text(encoding="utf-8") for name in ("out", "err"))
    assert " 4 tags (upos), 5 tags (xpos)\n" in out
    assert ", the mean of 2 columns\n" in out
    assert "tags in columns upos, xpos: " in err


def test_tag_writes_both(run: Run, folder: Path) -> None:
    gold = (folder / "test.conllu").read_bytes()
    result = run("tag", folder / "m", folder / "new.conllu")
    assert result.stdout == gold
    only = run("tag", folder / "m", folder / "new.conllu", "--target", "XPOS").stdout.decode().splitlines()
    for mine, whole in zip(only, gold.decode().splitlines(), strict=True):
        wanted = whole.split("\t")
        assert mine.split("\t") == (wanted if not whole else [*wanted[:3], "_", *wanted[4:]])
    sure = run("tag", folder / "m", folder / "new.conllu", "--confidence", "--threads", "2").stdout.decode()
    for name in ("upos", "xpos"):
        assert sure.count(f"Confidence[{name}]=") == sum(map(bool, gold.decode().splitlines()))
    one = run("tag", folder / "m", folder / "new.conllu", "--confidence", "--target", "xpos").stdout.decode()
    assert one.count("\tConfidence=") == sure.count("\tConfidence[upos]=") and "[" not in one
    again = run("tag", folder / "m", "--confidence", stdin=sure.encode()).stdout.decode()
    assert again == sure  # replaced, not added


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--as", "columns"], "the\tD\tO\ndog\tN\tO\n\n"),
        ([], "the\tD\tO\ndog\tN\tO\n\n"),  # word_tag has no room for two
        (["--target", "xpos"], "the_O dog_O\n"),
        (["--as", "jsonl"], '{"tokens": ["the", "dog"], "upos": ["D", "N"], "xpos": ["O", "O"]}\n'),
        (["--as", "jsonl", "--target", "upos"], '{"tokens": ["the", "dog"], "upos": ["D", "N"]}\n'),
        (["--as", "tags", "--target", "upos"], "D N\n"),
        (
            ["--as", "conllu", "--target", "xpos,upos"],
            "1\tthe\t_\tD\tO\t_\t_\t_\t_\t_\n2\tdog\t_\tN\tO\t_\t_\t_\t_\t_\n\n",
        ),
        (["--as", "conllu", "--target", "xpos"], "1\tthe\t_\t_\tO\t_\t_\t_\t_\t_\n2\tdog\t_\t_\tO\t_\t_\t_\t_\t_\n\n"),
    ],
)
def test_plain_text(run: Run, folder: Path, arguments: list[str], expected: str) -> None:
    result = run("tag", folder / "m", *arguments, stdin=b"the dog\n")
    assert (result.returncode, result.stdout.decode()) == (0, expected)


def test_columns_with_confidences(run: Run, folder: Path) -> None:
    line = run("tag", folder / "m", "--confidence", stdin=b"the\n").stdout.decode().splitlines()[0].split("\t")
    assert (line[0], line[1], line[3]) == ("the", "D", "O")
    assert 0 < float(line[2]) <= 1 and 0 < float(line[4]) <= 1 and len(line) == 5
    found = json.loads(run("tag", folder / "m", "--confidence", "--as", "jsonl", stdin=b"the\n").stdout)
    assert found["confidences"] == {"upos": [float(line[2])], "xpos": [float(line[4])]}
    given = json.dumps({"tokens": ["the"], "upos": ["_"], "xpos": ["_"]}).encode()
    assert (
        json.loads(run("tag", folder / "m", "--confidence", stdin=given).stdout)["confidences"] == found["confidences"]
    )


def test_parquet_with_confidences(run: Run, folder: Path, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    for name, options in (("a.parquet", []), ("b.parquet", [tmp_path / "a.parquet"])):
        done = run("tag", folder / "m", *options, "-o", tmp_path / name, "--confidence", stdin=b"the saw\nthe\n")
        assert done.returncode == 0, done.stderr.decode()
        rows = parquet.read_table(tmp_path / name).to_pylist()
        assert [len(row["confidences"]["xpos"]) for row in rows] == [2, 1]
        assert rows[0]["confidences"].keys() == {"upos", "xpos"}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--as", "word_tag"], "word_tag holds one tag a word, got 2 columns; columns, conllu, jsonl, conllup, csv"),
        (["--as", "tags"], "tags holds one tag a word, got 2 columns; columns, conllu, jsonl, conllup, csv"),
        (["--target", "feats"], "target: the model's columns are upos, xpos, got 'feats'"),
        (["--target", "upos,xpos,feats"], "--target: the model's columns are upos, xpos, got upos,xpos,feats"),
        (["--target", "upos,"], "target: expected names of columns, with commas between them, got 'upos,'"),
        (["--format", "columns"], "no column 'upos'; columns go by number, -1 is the last"),
    ],
)
def test_tag_refuses(refused: Refused, folder: Path, arguments: list[str], expected: str) -> None:
    assert expected in refused("tag", folder / "m", *arguments, stdin=b"the\tx\n")


def test_evaluate_shows_both(run: Run, folder: Path) -> None:
    shown = run("evaluate", folder / "m", folder / "test.conllu").stdout.decode()
    first, second = shown.split("\n\ncolumn xpos\n\n")
    assert first.startswith("column upos\n\naccuracy") and second.startswith("accuracy")
    assert "B-LOC" in second and "B-LOC" not in first
    found = json.loads(run("evaluate", folder / "m", folder / "test.conllu", "--json").stdout)
    of_columns = found.pop("targets")
    assert list(of_columns) == ["upos", "xpos"]
    assert of_columns["upos"] == found
    assert found["accuracy"] == of_columns["xpos"]["accuracy"] == 1.0
    alone = json.loads(run("evaluate", folder / "m", folder / "test.conllu", "--json", "--target", "xpos").stdout)
    assert alone == of_columns["xpos"]


def test_evaluate_a_file(run: Run, refused: Refused, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "p").write_bytes(run("tag", folder / "m", folder / "new.conllu").stdout)
    gold = folder / "test.conllu"
    found = json.loads(run("evaluate", "--predicted", tmp_path / "p", gold, "--target", "upos,xpos", "--json").stdout)
    assert {name: result["accuracy"] for name, result in found["targets"].items()} == {"upos": 1.0, "xpos": 1.0}
    swapped = ["--target", "upos,xpos", "--predicted-target", "xpos,upos", "--json"]
    found = json.loads(run("evaluate", "--predicted", tmp_path / "p", gold, *swapped).stdout)
    assert {name: result["accuracy"] for name, result in found["targets"].items()} == {"upos": 0.0, "xpos": 0.0}
    line = refused(
        "evaluate", "--predicted", tmp_path / "p", gold, "--target", "upos,xpos", "--predicted-target", "upos"
    )
    assert f"--target names 2 columns of tags, and of {tmp_path / 'p'} there are 1" in line


def test_evaluate_refuses(refused: Refused, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "gold").write_text("the\tD\tO\n", encoding="utf-8")
    assert "no column 'upos'; columns go by number" in refused("evaluate", folder / "m", tmp_path / "gold")
    line = refused("evaluate", folder / "m", folder / "test.conllu", "--target", "upos,feats")
    assert "target: the model's columns are upos, xpos, got 'feats'" in line


def test_inspect_lists_both(run: Run, folder: Path) -> None:
    shown = run("inspect", folder / "m").stdout.decode()
    assert "column       upos of conllu\n4 tags       D N P V\n" in shown
    assert "column       xpos of conllu\n5 tags       B-LOC B-PER I-LOC I-PER O\n" in shown
    found = json.loads(run("inspect", folder / "m", "--json").stdout)
    assert (found["target"], list(found["targets"])) == ("upos", ["upos", "xpos"])


def test_columns_by_number(run: Run, refused: Refused, folder: Path, tmp_path: Path) -> None:
    text = "".join(
        "".join("\t".join(row) + "\n" for row in zip(*sentence, strict=True)) + "\n" for sentence in two_columns(60, 1)
    )
    (tmp_path / "train").write_text(text, encoding="utf-8")
    result = run("train", tmp_path / "train", "-o", tmp_path / "m", "--target", "2,-1", *SMALL)
    assert result.returncode == 0, result.stderr.decode()
    for new, expected in (("the\t\ndog\t\n", "the\tD\tO\ndog\tN\tO\n"), ("the\ndog\n", "the\tD\tO\ndog\tN\tO\n")):
        found = run("tag", tmp_path / "m", "--format", "columns", stdin=new.encode())
        assert found.stdout.decode() == expected, found.stderr
    last = run("tag", tmp_path / "m", "--format", "columns", "--target", "-1", stdin=b"the\t_\t_\n").stdout
    assert last == b"the\t_\tO\n"
    assert "conllu has lemma, upos" in refused("tag", tmp_path / "m", "--as", "conllu", stdin=b"the saw\n")
    assert "no column '2'; word_tag has one, tag" in refused(
        "tag", tmp_path / "m", "--format", "word_tag", "--as", "word_tag", "--target", "2", stdin=b"the_X\n"
    )


def test_train_refuses(refused: Refused, folder: Path, tmp_path: Path) -> None:
    common = ["train", folder / "train.conllu", "-o", tmp_path / "m"]
    for target, expected in (
        ("upos,ner", "no column 'ner' to tag; conllu has lemma, upos"),
        ("upos,UPOS", "column upos is named twice; name each column once"),
        (",", "target: expected names of columns, with commas between them, got ','"),
    ):
        assert expected in refused(*common, "--target", target)
    assert "the model hmm learns one label column" in refused(*common, "--target", "upos,xpos", "--model", "hmm")
    assert not (tmp_path / "m").exists()


def test_a_column_with_one_tag(run: Run, folder: Path, tmp_path: Path) -> None:
    result = run("train", folder / "train.conllu", "-o", tmp_path / "m", "--target", "upos,feats", *SMALL)
    assert result.returncode == 0
    assert "column feats: every tag is '_'; is it the right column?" in result.stderr.decode()
    assert run("tag", tmp_path / "m", "--as", "columns", stdin=b"the\n").stdout == b"the\tD\t_\n\n"


def test_span_tags_in_misc(run: Run, tmp_path: Path) -> None:
    rows = [("Ann", "PROPN", "name=B-PER"), ("Lee", "PROPN", "SpaceAfter=No|name=I-PER"), ("ran", "VERB", "name=O")]
    lines = [f"{i}\t{form}\t_\t{upos}\t_\t_\t_\t_\t_\t{misc}\n" for i, (form, upos, misc) in enumerate(rows, 1)]
    text = "".join(lines) + "\n"
    (tmp_path / "t.conllu").write_text(text * 9, encoding="utf-8")
    for command in (("train", "t.conllu", "-o", "m", "--model", "hmm"), ("check", "t.conllu")):
        said = run(*command, cwd=tmp_path).stderr.decode()
        assert "t.conllu: it has span tags too, --target misc.name" in said
    run("train", "t.conllu", "-o", "m", "--model", "hmm", "--target", "misc.name", cwd=tmp_path)
    bare = text.replace("name=B-PER", "_").replace("|name=I-PER", "").replace("name=O", "_")
    assert run("tag", "m", stdin=bare.encode(), cwd=tmp_path).stdout.decode() == text
    assert b"span F1          100.00 %" in run("evaluate", "m", "t.conllu", cwd=tmp_path).stdout
    arguments = ("--predicted", "t.conllu", "t.conllu", "--target", "misc.name")
    assert b"span F1          100.00 %" in run("evaluate", *arguments, cwd=tmp_path).stdout
    done = run("convert", "t.conllu", "-", "--target", "misc.name", "--to", "columns", cwd=tmp_path)
    assert done.stdout.decode() == "Ann\tB-PER\nLee\tI-PER\nran\tO\n\n" * 9
    done = run("convert", "t.conllu", "-", "--target", "misc.name", "--to", "conllu", "--scheme", "bioes", cwd=tmp_path)
    assert done.stdout.decode() == text.replace("I-PER", "E-PER") * 9
