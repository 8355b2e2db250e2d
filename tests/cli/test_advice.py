"""What the commands advise when a file or an option is not what it was taken for."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from elman.training.auto_settings import FEW, FEW_TEXT_WORDS, FEW_TEXTS, FEWER_WORDS, resolve

Run = Callable[..., subprocess.CompletedProcess[bytes]]
Refused = Callable[..., str]

TREE = """\
1\tthe\tthe\tDET\t_\t_\t2\tdet\t_\t_
2\tdog\tdog\tNOUN\t_\t_\t3\tnsubj\t_\t_
3\tbarks\tbark\tVERB\t_\t_\t0\troot\t_\t_

"""


@pytest.fixture(scope="module")
def network(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A parser, whose columns are those of CoNLL-U."""
    folder = tmp_path_factory.mktemp("advice")
    (folder / "t.conllu").write_text(TREE, encoding="utf-8")
    settings = [part for item in ("hidden=4", "epochs=1", "ensemble=1") for part in ("--set", item)]
    model = folder / "parse.model"
    assert run("train", folder / "t.conllu", "-o", model, "--task", "parse", *settings).returncode == 0
    return model


def note(run: Run, *arguments: object, stdin: str) -> str:
    done = run(*arguments, "-", stdin=stdin.encode())
    assert done.returncode == 0, done.stderr.decode()
    return str(done.stderr.decode())


def test_a_slash_in_place_of_an_underscore(refused: Refused, tmp_path: Path, model: Path) -> None:
    slash, mixed = tmp_path / "slash.txt", tmp_path / "mixed.txt"
    slash.write_text("the/DET dog/NOUN\n", encoding="utf-8")
    mixed.write_text("the/DET dog\n", encoding="utf-8")
    advice = "slash.txt:1: expected word_TAG, found 'the/DET': no underscore; for word/TAG pass "
    for command in (["train", slash, "-o", tmp_path / "m"], ["evaluate", model, slash], ["check", slash]):
        assert f"{advice}--format word_tag:separator=/\n" in refused(*command, "--format", "word_tag")
    assert refused("check", mixed, "--format", "word_tag").endswith("'the/DET': no underscore\n")
    other = refused("check", tmp_path / "train.txt", "--format", "word_tag:separator=/")
    assert "No such file" in other
    (tmp_path / "train.txt").write_text("a_X b_Y\n", encoding="utf-8")
    other = refused("check", tmp_path / "train.txt", "--format", "word_tag:separator=/")
    assert other.endswith("expected word/TAG, found 'a_X': no /; for word_TAG pass --format word_tag\n")


@pytest.mark.parametrize(
    ("text", "format"), [("our_X car_Y is_X\n", "word_tag"), ("our/X car/Y is/X\n", "word_tag:separator=/")]
)
def test_tagged_words_read_as_text(run: Run, model: Path, text: str, format: str) -> None:
    advice = f"if its words have tags, word{text[3]}TAG, pass --format {format}\n"
    assert note(run, "tag", model, stdin=text).endswith(advice)
    assert "pass --format" not in note(run, "tag", model, "--format", format, stdin=text)
    assert "pass --format" not in note(run, "tag", model, stdin="our_X car is\n")


def test_text_that_begins_with_a_tab(run: Run, refused: Refused, model: Path, network: Path, tmp_path: Path) -> None:
    text = "\tthe dog barks .\n\n\ta cat sleeps .\n"
    said = note(run, "tag", model, stdin=text)
    assert "read as text: no tab, but at the start, where it is part of the first word, in 2 of the" in said
    assert "read as text" in note(run, "states", network, stdin="\tthe dog\n")
    said = refused("tag", network, stdin=b"\tthe dog\n")
    assert (
        "'\\tthe' holds a tab, which columns cannot; only spaces separate the words of text, so write one, or" in said
    )
    (tmp_path / "a.txt").write_text(text, encoding="utf-8")
    for command in (["check"], ["train", "-o", tmp_path / "m"]):
        said = refused(*command, tmp_path / "a.txt")
        assert said.endswith("a.txt:1: the word (column 1) is empty; expected a word before the first tab\n")
    (tmp_path / "b.txt").write_text("the\tdog\n", encoding="utf-8")
    said = refused("tag", network, tmp_path / "b.txt")
    assert "no column 'upos'" in said and said.endswith("; --format text reads the file as plain text\n")


@pytest.mark.parametrize("text", ["the dog\n\na cat\n", "the dog barks\n\na cat sleeps\n", "wait\n\nstop\n"])
def test_two_lines_of_text_with_a_blank_line_between(run: Run, network: Path, text: str) -> None:
    for sentence, line in enumerate(text.split("\n\n"), start=1):
        done = run("states", network, "-", "--sentence", sentence, "--json", stdin=text.encode())
        assert json.loads(done.stdout)["words"] == line.split()
        assert done.stderr.decode().startswith("elman: standard input read as text: ")


SPANS = {
    "zh": ('{"text": "我住在北京市，他在Berlin。", "spans": [[3, 6, "LOC"], [9, 15, "LOC"]]}', "我住在北京市"),
    "th": ('{"text": "ฉันอยู่กรุงเทพ", "spans": [[7, 14, "LOC"]]}', "ฉันอยู่กรุงเทพ"),
    "ja": ('{"text": "私は東京に住む。", "spans": [[2, 4, "LOC"]]}', "私は東京に住む"),
}


@pytest.mark.parametrize("language", SPANS)
def test_spans_in_text_without_spaces(run: Run, refused: Refused, tmp_path: Path, language: str) -> None:
    line, clause = SPANS[language]
    file = tmp_path / "spans.jsonl"
    file.write_text(line + "\n", encoding="utf-8")
    said = refused("convert", file, "-", "--to", "columns")
    assert f"'{clause}': words are not separated by spaces here; --format jsonl:words=characters makes each" in said
    assert "widen" not in said
    done = run("convert", file, "-", "--to", "columns", "--format", "jsonl:words=characters")
    rows = [row.split("\t") for row in done.stdout.decode().splitlines() if row]
    assert done.returncode == 0 and "".join(word for word, _ in rows) == json.loads(line)["text"]
    assert (["Berlin", "B-LOC"] in rows) == (language == "zh")  # letters of other scripts stay together


def test_sentences_in_text_without_spaces(run: Run, model: Path, tmp_path: Path) -> None:
    advice = "no spaces in it, so each line is one word: a model of --task segment finds words in such text"
    assert advice in note(run, "tag", model, stdin="我住在北京市，他在上海。\n他在上海。\n")
    for text in ("我 住在 北京市 ， 他 在 上海 。\n", "上海\n北京市\n", "Donaudampfschifffahrt\n"):
        assert advice not in note(run, "tag", model, stdin=text)
    file = tmp_path / "clauses.txt"
    file.write_text("我住在北京市他在上海\tX\n\n他在上海我住在北京市\tY\n\n", encoding="utf-8")
    advice = "2 of 2 sentences have one word only, and no spaces: is it a whole clause? label words or characters"
    assert advice in run("train", file, "-o", tmp_path / "m", "--model", "frequent").stderr.decode()
    assert "only, and no spaces: is it" in run("check", file).stdout.decode()


def test_shares_in_check_stand_apart_from_counts(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "one.txt"
    file.write_text("a_X b_X\n", encoding="utf-8")
    (row,) = [line for line in run("check", file).stdout.decode().splitlines() if line.startswith("X ")]
    assert row.split() == ["X", "2", "100.00", "%"]


def test_what_settings_says_of_ensemble(run: Run) -> None:
    from elman.config import PRESETS

    text = " ".join(run("settings").stdout.decode().split())
    assert (
        f"0: one from {FEW} sentences on or with --budget (texts to classify: from {FEW_TEXTS:,} texts or "
        f"{FEW_TEXT_WORDS:,} words on); for fewer four if they have under {FEWER_WORDS:,} words, "
        "else three for spans and texts, else two"
    ) in text

    def networks(sentences: int, words: int, tags: tuple[str, ...], *, single: bool = False) -> int:
        train = [(("w",) * words, tags * (words // len(tags)))] * sentences
        return resolve(PRESETS["default"], train, single=single).network.ensemble

    assert networks(FEW, 2, ("X", "Y")) == 1 and networks(10, 2, ("X", "Y"), single=True) == 1
    assert networks(FEW - 1, 2, ("X", "Y")) == 4
    assert networks(FEW - 1, 10, ("X", "Y")) == 2 and networks(FEW - 1, 10, ("B-X", "I-X")) == 3


def test_a_loss_of_nothing_does_not_rise(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "same.tsv"
    file.write_text("".join(f"{i}\t5\n" for i in range(9)) + "\n", encoding="utf-8")
    done = run("train", file, "--task", "regress", "-o", tmp_path / "m", "--set", "epochs=5")
    assert done.returncode == 0 and b"risen" not in done.stderr
