"""``elman tag --tokenize``: raw text, cut as the training text was."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import elman

Run = Callable[..., subprocess.CompletedProcess[bytes]]
Refused = Callable[..., str]
RAW = "\ufeffIt isn't Tom's, is it? He left.\n\nSo - (it) is\n"
CONLLU = """\
1-2\tisn't\t_\t_\t_\t_\t_\t_\t_\t_
1\tis\t_\tVERB\t_\t_\t_\t_\t_\t_
2\tn't\t_\tPART\t_\t_\t_\t_\t_\t_
3\tTom\t_\tNOUN\t_\t_\t_\t_\t_\tSpaceAfter=No
4\t.\t_\tPUNCT\t_\t_\t_\t_\t_\t_

"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tokenized")
    tags = {".": ".", "?": ".", ",": ",", "(": "-", ")": "-", "-": "-", "n't": "R", "'s": "P"}
    lines = ["It is n't so , is it ?", "Tom 's ( dog ) left ."] * 3
    data = [[(word, tags.get(word, "X")) for word in line.split(" ")] for line in lines]
    elman.train(data, model="frequent", on_warning=print).save(folder / "words.model")
    (folder / "train.conllu").write_text(CONLLU * 5, encoding="utf-8")
    elman.train(folder / "train.conllu", model="frequent", on_warning=print).save(folder / "conllu.model")
    documents = [("a good film", "pos"), ("a bad film", "neg")] * 4
    elman.train(documents, task="classify", settings={"epochs": 1}, on_warning=print).save(folder / "texts.model")
    (folder / "raw.txt").write_text(RAW, encoding="utf-8")
    (folder / "raw.csv").write_text('id,text\n1,"It isn\'t Tom\'s."\n2,"He left. So?"\n', encoding="utf-8")
    return folder


def tagged(run: Run, folder: Path, *arguments: object, model: str = "words.model") -> str:
    result = run("tag", folder / model, *arguments, "--tokenize", "--quiet")
    assert (result.returncode, result.stderr) == (0, b"")
    return result.stdout.decode()


def test_sentences_are_lines(run: Run, folder: Path) -> None:
    assert tagged(run, folder, folder / "raw.txt") == (
        "It_X is_X n't_R Tom_X 's_P ,_, is_X it_X ?_.\nHe_X left_X ._.\n\nSo_X -_X (_- it_X )_- is_X\n"
    )


def test_columns_and_json(run: Run, folder: Path) -> None:
    text = tagged(run, folder, folder / "raw.txt", "--as", "columns", "--confidence")
    assert text.startswith("It\tX\t0.") and "\n\nHe\tX\t" in text
    found = [json.loads(line) for line in tagged(run, folder, folder / "raw.txt", "--as", "jsonl").splitlines()]
    assert [row["tokens"] for row in found][1:3] == [["He", "left", "."], []]


def test_conllu_has_text_spaces_and_numbers(run: Run, folder: Path) -> None:
    text = tagged(run, folder, folder / "raw.txt", folder / "raw.txt", "--as", "conllu")
    assert text.startswith("# sent_id = 1\n# text = It isn't Tom's, is it?\n1\tIt\t")
    assert "3\tn't\t" in text and "\tTom\t" in text and text.count("SpaceAfter=No") == 2 * 7
    assert text.count("# sent_id") == 6 and "# sent_id = 6\n# text = So - (it) is\n" in text


def test_multiword_tokens_as_in_training(run: Run, folder: Path) -> None:
    assert tagged(run, folder, folder / "raw.txt", "--as", "conllu", model="conllu.model").splitlines()[3:6] == [
        "2-3\tisn't" + "\t_" * 8,
        "2\tis\t_\tVERB" + "\t_" * 6,
        "3\tn't\t_\tPART" + "\t_" * 6,
    ]


def test_a_table_of_texts(run: Run, folder: Path) -> None:
    text = tagged(run, folder, folder / "raw.csv")
    assert text.startswith("# id = 1\nIt\tX\n") and text.count("# id = 2\n") == 2 and text.endswith("?\t.\n\n")
    assert "# id = 2\n" in tagged(run, folder, folder / "raw.csv", "--as", "conllu")
    assert tagged(run, folder, folder / "raw.csv", "--as", "word_tag").split("\n")[:1] == [
        "It_X is_X n't_R Tom_X 's_P ._."
    ]
    rows = tagged(run, folder, folder / "raw.csv", "--as", "fields", "-o", folder / "out.csv") or "out.csv"
    assert "It isn't Tom's." in (folder / rows).read_text()


def test_the_parts_of_a_field_stand_as_in_the_text(run: Run, tmp_path: Path) -> None:
    data = [
        [("High", "B-road"), ("St.", "I-road"), (",", "O"), ("York", "B-city"), ("-", "I-city"), ("East", "I-city")]
    ]
    elman.train(data * 3, model="frequent", on_warning=print).save(tmp_path / "m")
    (tmp_path / "new.csv").write_text('text\n"High St., York-East"\n', encoding="utf-8")
    found = run("tag", tmp_path / "m", tmp_path / "new.csv", "--as", "fields", "--tokenize", "--quiet").stdout.decode()
    assert found == 'text,city,road\n"High St., York-East",York-East,High St.\n'


def test_what_is_refused(refused: Refused, folder: Path) -> None:
    said = refused("tag", folder / "words.model", folder / "train.conllu", "--tokenize")
    assert "train.conllu: --tokenize: expected plain text or a table of texts, found conllu" in said
    said = refused("tag", folder / "texts.model", folder / "raw.txt", "--tokenize")
    assert "tokenize: this model labels whole texts" in said
    said = refused("tag", folder / "words.model", folder / "raw.txt", "--tokenize", "--stream")
    assert "--tokenize: not with --stream" in said


def test_inspect_says_how(run: Run, folder: Path) -> None:
    text = " ".join(run("inspect", folder / "words.model").stdout.decode().split())
    assert "raw text with --tokenize: punctuation marks are words of their own; whole: " in text
    assert "cut off the end of words: 's n't" in text
    assert "raw text" not in run("inspect", folder / "texts.model").stdout.decode()


def test_the_warning_names_it(run: Run, folder: Path) -> None:
    said = run("tag", folder / "words.model", stdin=b"It is so, is it? Yes, it is.\n").stderr.decode()
    assert said.rstrip().endswith("--tokenize cuts it off")
