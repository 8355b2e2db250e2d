"""``elman tag --only-empty``: what a person has filled in stays."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest

from elman.cli.only_empty import joined_heads

Run = Callable[..., subprocess.CompletedProcess[bytes]]
Refused = Callable[..., str]

ROWS = [
    ("Cats", "cat", "NOUN", "2", "nsubj"),
    ("ran", "run", "VERB", "0", "root"),
    ("home", "home", "ADV", "2", "advmod"),
]


def conllu(rows: list[tuple[str, ...]]) -> str:
    lines = [
        f"{i}\t{form}\t{lemma}\t{upos}\t_\t_\t{head}\t{rel}\t_\t_\n"
        for i, (form, lemma, upos, head, rel) in rows_of(rows)
    ]
    return "# text = Cats ran home\n" + "".join(lines) + "\n"


def rows_of(rows: list[tuple[str, ...]]) -> list[tuple[int, tuple[str, ...]]]:
    return list(enumerate(rows, 1))


@pytest.fixture(scope="module")
def pipeline(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pipeline")
    (folder / "train.conllu").write_text(conllu(ROWS) * 12, encoding="utf-8")
    settings = [f"--set={setting}" for setting in ("hidden=16", "epochs=20", "batch=2", "ensemble=1")]
    done = run("train", folder / "train.conllu", "--task", "pipeline", "-o", folder / "m", "--threads", "1", *settings)
    assert done.returncode == 0, done.stderr.decode()
    assert run("tag", folder / "m", folder / "train.conllu").stdout == (folder / "train.conllu").read_bytes()
    return folder / "m"


def test_every_column_of_words(run: Run, pipeline: Path) -> None:
    given = conllu([("Cats", "CAT", "_", "_", "_"), ("ran", "_", "AUX", "_", "_"), ("home", "_", "_", "2", "obl")])
    result = run("tag", pipeline, "--only-empty", stdin=given.encode())
    wanted = [
        ("Cats", "CAT", "NOUN", "2", "nsubj"),
        ("ran", "run", "AUX", "0", "root"),
        ("home", "home", "ADV", "2", "obl"),
    ]
    assert result.stdout.decode() == conllu(wanted)
    assert "column upos: filled in 2 of 3; the others were there" in result.stderr.decode()
    whole = conllu(wanted).encode()
    assert run("tag", pipeline, "--only-empty", stdin=whole).stdout == whole
    only = run("tag", pipeline, "--only-empty", "--target", "upos", stdin=given.encode()).stdout.decode()
    assert only == given.replace("CAT\t_", "CAT\tNOUN").replace("home\t_\t_", "home\t_\tADV")
    unsure = run("tag", pipeline, "--only-empty", "--min-confidence", "1", stdin=whole).stdout
    assert unsure == whole


def test_heads_that_were_there_are_joined_to_a_tree(run: Run, pipeline: Path) -> None:
    for given in ([("_", "_"), ("3", "_"), ("0", "_")], [("_", "_"), ("_", "_"), ("_", "root")]):
        rows = [(form, "_", "_", *pair) for (form, *_), pair in zip(ROWS, given, strict=True)]
        result = run("tag", pipeline, "--only-empty", stdin=conllu(rows).encode())
        found = [tuple(line.split("\t")[6:8]) for line in result.stdout.decode().splitlines()[1:4]]
        assert is_tree(tuple(int(head) for head, _ in found)), found
        assert found[2] == ("0", "root")
        assert [relation for _, relation in found].count("root") == 1
    assert "1 predicted head was changed to form trees with the heads that were there" in result.stderr.decode()


def test_other_formats(run: Run, refused: Refused, model: Path, pipeline: Path, tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("the\t_\ndog\tX\nbarks\t_\n", encoding="utf-8")
    assert run("tag", model, tmp_path / "a.tsv", "--only-empty").stdout == b"the\tDET\ndog\tX\nbarks\tVERB\n"
    record = json.dumps({"tokens": ["the", "dog"], "tags": ["_", "X"]}).encode()
    assert json.loads(run("tag", model, "--only-empty", stdin=record).stdout)["tags"] == ["DET", "X"]
    words = run("tag", model, "--only-empty", "--format", "word_tag", stdin=b"the_? dog_X barks_?\n").stdout
    assert words == b"the_DET dog_X barks_VERB\n"
    new = run("tag", model, "--only-empty", "--format", "columns", stdin=b"the\ndog\n").stdout  # a new column
    assert new == b"the\tDET\ndog\tNOUN\n"
    message = "--only-empty: standard input is read as text, which has no tags to keep; --format names another format"
    assert message in refused("tag", model, "--only-empty", stdin=b"the dog\n")
    assert "--only-empty: not for raw text" in refused("tag", pipeline, "--only-empty", stdin=b"Cats ran\n")
    message = "--only-empty: tags are kept in the input's own format, columns; they cannot be written as jsonl"
    assert message in refused("tag", model, tmp_path / "a.tsv", "--only-empty", "--as", "jsonl")
    for option in (["--confidence"], ["--nbest", "2"]):
        assert f"{option[0]}: not with --only-empty" in refused(
            "tag", model, tmp_path / "a.tsv", "--only-empty", *option
        )
    assert "--only-empty: not with --stream" in refused("tag", model, "--only-empty", "--stream")


def test_document_labels(run: Run, tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text("text,label\n" + "good day,pos\nbad day,neg\n" * 5, encoding="utf-8")
    done = run("train", tmp_path / "train.csv", "-o", tmp_path / "m", "--set", "epochs=2", "--set", "hidden=4")
    assert done.returncode == 0, done.stderr.decode()
    (tmp_path / "new.csv").write_text("text,label\ngood day,mine\nbad day,_\n", encoding="utf-8")
    lines = run("tag", tmp_path / "m", tmp_path / "new.csv", "--only-empty").stdout.decode().splitlines()
    assert lines[1] == "good day,mine"
    assert lines[2].rpartition(",")[2] in ("pos", "neg")


def test_joined_heads_are_trees_if_the_kept_ones_can_be() -> None:
    """Of all predicted trees of three words, and all heads that a person may have set."""
    n = 3
    everything = list(product(range(n + 1), repeat=n))
    trees = [heads for heads in everything if is_tree(heads)]
    for predicted, kept in product(trees, product((True, False), repeat=n)):
        for gold in trees:
            heads = [str(g if keeps else p) for g, p, keeps in zip(gold, predicted, kept, strict=True)]
            joined = joined_heads(heads, kept)
            assert is_tree(tuple(map(int, joined))), (heads, kept, joined)
            assert all(new == old for new, old, keeps in zip(joined, heads, kept, strict=True) if keeps)


def test_joined_heads_of_a_long_chain_and_of_a_number_too_long_for_int() -> None:
    n = 50_000
    heads = [str(i) for i in range(n)]  # each word below the one before
    heads[0] = str(n)
    assert joined_heads(heads, [True] * (n - 1) + [False]) == [*heads[:-1], "0"]
    assert joined_heads(["9" * 5_000, "0"], [True, False]) == ["9" * 5_000, "0"]


def is_tree(heads: tuple[int, ...]) -> bool:
    reached = {0}
    for _ in heads:
        reached |= {word for word, head in enumerate(heads, 1) if head in reached}
    return heads.count(0) == 1 and len(reached) == len(heads) + 1
