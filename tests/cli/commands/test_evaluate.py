"""``elman evaluate``: with a model, and of a file."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from elman.cli.reports.scores import report
from elman.cli.tables import cell
from elman.evaluation.tagging import evaluate

Run = Callable[..., subprocess.CompletedProcess[bytes]]
Refused = Callable[..., str]


def test_report(run: Run, model: Path, dev_file: Path) -> None:
    result = run("evaluate", model, dev_file)
    assert result.returncode == 0
    text = result.stdout.decode()
    assert max(map(len, text.splitlines())) <= 80
    assert text.startswith("accuracy          87.50 %  7 of 8 words\n")
    assert "unknown words" in text and "words not seen in training" in text
    assert "gold tag" in text and "\x1b" not in text
    assert result.stderr.decode().startswith(f"elman: {dev_file} read as word_tag")


def test_json(run: Run, model: Path, dev_file: Path) -> None:
    found = json.loads(run("evaluate", model, dev_file, "--json").stdout)
    assert (found["tokens"], found["correct"], found["accuracy"]) == (8, 7, 0.875)
    assert (found["unknown_tokens"], found["unknown_accuracy"]) == (2, 0.5)
    assert (found["sentences"], found["sentence_accuracy"]) == (2, 0.5)
    assert found["tags"]["NOUN"] == {"precision": 2 / 3, "recall": 1.0, "f1": 0.8, "support": 2}
    assert found["confusions"] == [{"gold": "VERB", "predicted": "NOUN", "count": 1}]


def test_a_file_of_tags_alone_is_answered_with_its_format(refused: Refused, dev_file: Path, tmp_path: Path) -> None:
    answer = tmp_path / "answer.pos"
    answer.write_text("DET NOUN VERB\n", encoding="utf-8")
    message = refused("evaluate", "--predicted", answer, dev_file)
    assert message.endswith("if it holds nothing but tags, pass --predicted-format tags\n")
    assert "predicted-format" not in refused("evaluate", "--predicted", tmp_path / "none", dev_file)


def test_the_figure_is_that_of_the_tags(run: Run, model: Path, dev_file: Path) -> None:
    lines = [[token.rpartition("_") for token in line.split()] for line in dev_file.read_text("utf-8").splitlines()]
    words = "".join(" ".join(word for word, _, _ in line) + "\n" for line in lines)
    tags = run("tag", model, "--as", "tags", stdin=words.encode()).stdout.decode().split()
    gold = [tag for line in lines for _, _, tag in line]
    correct = sum(a == b for a, b in zip(gold, tags, strict=True))
    assert json.loads(run("evaluate", model, dev_file, "--json").stdout)["correct"] == correct


def test_wiki_en(run: Run, shared_data: Path, tmp_path: Path) -> None:
    data = shared_data / "tutorial" / "data"
    target = tmp_path / "m"
    assert run("train", data / "wiki-en-train.norm_pos", "-o", target, "--model", "hmm").returncode == 0
    tagged = run("tag", target, data / "wiki-en-test.norm", "--as", "tags").stdout.decode().splitlines()
    gold = (data / "wiki-en-test.pos").read_text(encoding="utf-8").splitlines()
    words = (data / "wiki-en-test.norm").read_text(encoding="utf-8").splitlines()
    right = [
        a == b for one, two in zip(gold, tagged, strict=True) for a, b in zip(one.split(), two.split(), strict=True)
    ]
    assert (sum(right), len(right)) == (4144, 4563)
    lines = [
        " ".join(f"{word}_{tag}" for word, tag in zip(a.split(" "), b.split(" "), strict=True))
        for a, b in zip(words, gold, strict=True)
    ]
    (tmp_path / "gold").write_text("\n".join(lines) + "\n", encoding="utf-8")
    found = json.loads(run("evaluate", target, tmp_path / "gold", "--json").stdout)
    assert (found["correct"], found["tokens"], found["unknown_tokens"]) == (4144, 4563, 496)


def test_of_a_file(run: Run, model: Path, dev_file: Path, tmp_path: Path) -> None:
    text = b"a dog sleeps .\n\nthe bird sings .\n"
    (tmp_path / "p").write_bytes(run("tag", model, stdin=text).stdout)
    (tmp_path / "t").write_bytes(run("tag", model, "--as", "tags", stdin=text).stdout)
    (tmp_path / "c").write_bytes(run("tag", model, "--confidence", stdin=text).stdout)
    expected = json.loads(run("evaluate", model, dev_file, "--json").stdout)
    for arguments in (["p"], ["t", "--predicted-format", "tags"], ["c", "--predicted-target", "2"]):
        found = json.loads(run("evaluate", "--predicted", *arguments, dev_file, "--json", cwd=tmp_path).stdout)
        assert found == expected | {"known_accuracy": None, "unknown_tokens": None, "unknown_accuracy": None}
    assert b"unknown" not in run("evaluate", "--predicted", dev_file, dev_file).stdout


def test_target_of_gold_and_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "gold").write_text("a\tX\tO\nb\tY\tO\n", encoding="utf-8")
    (tmp_path / "p").write_text("a\tX\tP\nb\tZ\tP\n", encoding="utf-8")
    result = run("evaluate", "--predicted", tmp_path / "p", tmp_path / "gold", "--target", "2", "--json")
    assert json.loads(result.stdout)["correct"] == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a_X dog_X sleeps_X ._X\nthe_X bird_X sang_X ._X\n", "p:2: expected the word 'sings', as in "),
        ("a_X dog_X sleeps_X\nthe_X bird_X sings_X ._X\n", "p:1: expected a sentence of 4 words"),
        ("a_X dog_X sleeps_X ._X\n", "p: ends before the sentence at "),
        ("a_X dog_X sleeps_X ._X\nthe_X bird_X sings_X ._X\nx_X\n", "p:3: goes on where "),
    ],
)
def test_another_text(refused: Refused, dev_file: Path, tmp_path: Path, text: str, expected: str) -> None:
    (tmp_path / "p").write_text(text, encoding="utf-8")
    assert expected in refused("evaluate", "--predicted", tmp_path / "p", dev_file)


def test_another_word_in_columns_has_its_own_line(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "gold").write_text("a\tX\nb\tY\n", encoding="utf-8")
    (tmp_path / "p").write_text("# comment\na\tX\nc\tZ\n", encoding="utf-8")
    line = refused("evaluate", "--predicted", tmp_path / "p", tmp_path / "gold")
    assert "p:3: expected the word 'b', as in " in line and "gold:2, found 'c'" in line


def test_another_number_of_tags(refused: Refused, dev_file: Path, tmp_path: Path) -> None:
    (tmp_path / "p").write_text("X X X X\nX X X\n", encoding="utf-8")
    arguments = ["--predicted", tmp_path / "p", "--predicted-format", "tags", dev_file]
    assert "p:2: expected 4 tags" in refused("evaluate", *arguments)


def test_number_of_files(refused: Refused, model: Path, dev_file: Path) -> None:
    assert "expected MODEL and GOLD, found 1;" in refused("evaluate", dev_file)
    assert "expected GOLD alone" in refused("evaluate", "--predicted", dev_file, model, dev_file)


def test_bad_gold(refused: Refused, model: Path, tmp_path: Path) -> None:
    for text, expected in ((b"", "is empty"), (b"\n\n", "blank lines"), (b"a_X b\n", ":1: expected word_TAG")):
        (tmp_path / "gold").write_bytes(text)
        assert expected in refused("evaluate", model, tmp_path / "gold")
        assert expected in refused("evaluate", "--predicted", tmp_path / "gold", tmp_path / "gold")


def test_report_of_many_and_wide_tags() -> None:
    gold = [[f"標{i}" + "長" * 40 for i in range(60)] + ["tab\there"]]
    text = report(evaluate(gold, [gold[0][::-1]]))
    import click

    from elman.utils.text_width import cells

    lines = click.unstyle(text).splitlines()
    assert max(map(cells, lines)) <= 80
    assert "and 11 rarer tags, which --json lists" in lines
    assert report(evaluate([["A"]], [["A"]])).endswith("1")  # no errors, no table of them
    assert cell("tab\there", 10) == "tab\\there "


def test_never_an_accuracy_without_gold(run: Run, refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "gold").write_text("a\tX\t_\nb\tY\t_\n", encoding="utf-8")
    arguments = ["evaluate", "--predicted", tmp_path / "gold", tmp_path / "gold"]
    expected = "gold: column 3 holds nothing but _, which is no tag; expected gold tags"
    assert expected in refused(*arguments)
    assert expected in refused(*arguments, "--style", "conlleval")
    assert expected in refused("compare", *[tmp_path / "gold"] * 3)
    result = run(*arguments, "--target", "2,3", "--json")
    assert "targets" not in json.loads(result.stdout)
    assert f"warning: {tmp_path}/{expected}; left out" in result.stderr.decode()


def test_gold_tags_that_are_none(run: Run, tmp_path: Path) -> None:
    text = "a\tB-x\nb\tI-x\nc\tO\n\n" * 9
    (tmp_path / "stray").write_text(text + "a\tB-x\nb\t0\n\n", encoding="utf-8")
    (tmp_path / "partly").write_text(text + "a\tO\nb\t_\n\n", encoding="utf-8")
    (tmp_path / "bmes").write_text(text.replace("I-x", "M-x").replace("\tO", "\tE-x"), encoding="utf-8")
    run("train", tmp_path / "stray", "-o", tmp_path / "m", "--model", "frequent")
    for how in (["--predicted", "stray", "stray"], ["m", "stray"]):
        result = run("evaluate", *how, cwd=tmp_path)
        assert "span F1" not in result.stdout.decode()
        warning = (
            "stray: column 2: the tag '0' (1 word) marks no span, while the others do, so there is no span F1; fix it"
        )
        assert warning in result.stderr.decode()
    error = run("evaluate", "--predicted", "partly", "partly", cwd=tmp_path).stderr.decode()
    assert "partly: column 2: 1 of 29 words have the tag _, which is learned and scored like any other; if it" in error
    assert "the tag '_' (1 word) marks no span" in error
    result = run("evaluate", "--predicted", "bmes", "bmes", cwd=tmp_path)
    assert "span F1          100.00 %" in result.stdout.decode()
    assert b"warning" not in result.stderr


def test_nothing_is_said_of_features_that_are_none(run: Run, tmp_path: Path) -> None:
    lines = ["1\ta\ta\tX\t_\tNumber=Sing\t_\t_\t_\t_", "2\tb\tb\t_\t_\t_\t_\t_\t_\t_"]
    (tmp_path / "t.conllu").write_text("\n".join(lines) + "\n\n", encoding="utf-8")
    arguments = ("evaluate", "--predicted", "t.conllu", "t.conllu", "--target")
    assert b"warning" not in run(*arguments, "feats", cwd=tmp_path).stderr
    assert b"column upos: 1 of 2 words have the tag _" in run(*arguments, "upos", cwd=tmp_path).stderr
