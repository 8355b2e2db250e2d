"""Tasks beyond tags by the real command: segment, lemma, morphology, parse, pipeline."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[bytes]]
Refused = Callable[..., str]
ROWS = [
    ("Cats", "cat", "NOUN", "Number=Plur", "2", "nsubj", "_"),
    ("ran", "run", "VERB", "Tense=Past", "0", "root", "_"),
    ("on", "on", "ADP", "_", "4", "case", "_"),
    ("mats", "mat", "NOUN", "Number=Plur", "2", "obl", "SpaceAfter=No"),
    (".", ".", "PUNCT", "_", "2", "punct", "_"),
]
SENTENCE = "".join(
    f"{i}\t{form}\t{lemma}\t{upos}\t_\t{feats}\t{head}\t{deprel}\t_\t{misc}\n"
    for i, (form, lemma, upos, feats, head, deprel, misc) in enumerate(ROWS, 1)
)
SMALL = ["--threads", "1", *(f"--set={setting}" for setting in ("hidden=16", "epochs=20", "batch=2", "ensemble=1"))]


def trained(run: Run, folder: Path, task: str, *, train: str = "train.conllu") -> Path:
    path = folder / f"{task.partition(':')[0]}.model"
    result = run("train", folder / train, "--task", task, "-o", path, *SMALL)
    assert result.returncode == 0, result.stderr.decode()
    assert f"elman tag {path} TEXT" in result.stdout.decode()
    return path


@pytest.fixture(scope="module")
def folder(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("raw")
    (folder / "train.conllu").write_text(("# newpar\n" + SENTENCE + "\n") * 12, encoding="utf-8")
    (folder / "words.conllu").write_text(SENTENCE.replace("Plur", "Sing") + "\n", encoding="utf-8")
    (folder / "words.txt").write_text("ab c ab\nc ab c\n" * 12, encoding="utf-8")
    (folder / "raw.txt").write_text("\ufeffCats ran on\nmats.\n\nCats ran on mats.\n", encoding="utf-8")
    for task in ("pipeline", "segment"):
        trained(run, folder, task)
    return folder


def test_a_pipeline_parses_raw_text(run: Run, folder: Path) -> None:
    result = run("tag", folder / "pipeline.model", folder / "raw.txt", folder / "raw.txt")
    assert result.returncode == 0
    text = result.stdout.decode()
    first = "# newdoc\n# newpar\n# sent_id = {}\n# text = Cats ran on mats.\n" + SENTENCE + "\n"
    second = "# newpar\n# sent_id = {}\n# text = Cats ran on mats.\n" + SENTENCE + "\n"
    assert text == first.format(1) + second.format(2) + first.format(3) + second.format(4)


def test_and_words_that_are_given(run: Run, folder: Path) -> None:
    result = run("tag", folder / "pipeline.model", folder / "words.conllu")
    assert result.stdout.decode() == SENTENCE + "\n"


def test_other_formats(run: Run, folder: Path) -> None:
    text = run("tag", folder / "pipeline.model", "--as", "jsonl", stdin=b"Cats ran").stdout.decode()
    assert json.loads(text)["tokens"] == ["Cats", "ran"]
    words = run("tag", folder / "segment.model", "--as", "text", stdin=b"Cats ran on mats. ").stdout
    assert words == b"Cats ran on mats .\n"


def test_confidence(run: Run, folder: Path) -> None:
    text = run("tag", folder / "segment.model", "--confidence", stdin=b"Cats ran").stdout.decode()
    assert text.count("Confidence=0.") + text.count("Confidence=1.") == 2


def test_nbest_of_a_pipeline(run: Run, refused: Refused, folder: Path) -> None:
    model, words = folder / "pipeline.model", SENTENCE.encode() + b"\n"
    record = json.loads(run("tag", model, "--nbest", "2", "--as", "jsonl", stdin=words).stdout)
    assert record["nbest"].keys() == {"upos", "feats"}
    assert record["nbest"]["upos"][0]["tags"] == ["NOUN", "VERB", "ADP", "NOUN", "PUNCT"]
    message = "--nbest: column lemma has one answer; of this model upos, feats have several\n"
    assert message in refused("tag", model, "--nbest", "2", "--target", "upos,lemma", stdin=words)
    assert "--nbest: not for raw text" in refused("tag", model, "--nbest", "2", stdin=b"Cats ran\n")


def test_confidences_of_each_column(run: Run, folder: Path) -> None:
    names = ["upos", "feats", "lemma", "head", "deprel"]
    text = run("tag", folder / "pipeline.model", "--confidence", stdin=b"Cats ran on mats.").stdout.decode()
    (misc,) = [line.split("\t")[9] for line in text.splitlines() if line.startswith("5\t")]
    assert [item.partition("=")[0] for item in misc.split("|")] == [f"Confidence[{name}]" for name in names]
    words = run("tag", folder / "pipeline.model", "--confidence", stdin=SENTENCE.encode() + b"\n").stdout.decode()
    assert misc in words
    record = run("tag", folder / "pipeline.model", "--confidence", "--as", "jsonl", stdin=b"Cats ran on mats.").stdout
    found = json.loads(record)["confidences"]
    assert list(found) == names
    assert all(f"Confidence[{name}]={found[name][4]:.4f}" in misc for name in names)


@pytest.mark.parametrize("model", ["segment", "pipeline"])
def test_an_empty_text_is_nothing(run: Run, folder: Path, model: str) -> None:
    for text in (b"", b" \n\n"):
        result = run("tag", folder / f"{model}.model", stdin=text)
        assert (result.returncode, result.stdout) == (0, b"")
        assert result.stderr.decode().endswith("an empty text, without words\n")


@pytest.mark.parametrize("model", ["segment", "pipeline"])
def test_a_text_without_spaces_is_strange_where_there_were_some(run: Run, folder: Path, model: str) -> None:
    for text, strange in (("Catsranonmats." * 3, True), ("Cats", False), ("Cats ran on mats.", False)):
        said = run("tag", folder / f"{model}.model", stdin=text.encode()).stderr.decode()
        assert ("no spaces in it; the text this model learned from has some" in said) == strange


def test_what_is_no_tag_is_not_looked_at(refused: Refused, folder: Path) -> None:
    message = "elman: a model of the task segment has no tags of words; elman evaluate says how good it is\n"
    model, gold = folder / "segment.model", folder / "train.conllu"
    assert refused("errors", model, gold) == refused("compare", gold, model, model) == message


def test_evaluation(run: Run, folder: Path) -> None:
    arguments = ["evaluate", folder / "pipeline.model", folder / "train.conllu"]
    result = run(*arguments)
    table = result.stdout.decode()
    assert "evaluated on the raw text of gold; --target upos shows a column tag by tag" in result.stderr.decode()
    assert (
        table
        == run("evaluate", folder / "pipeline.model", folder / "train.conllu", "--style", "conll18").stdout.decode()
    )
    names = [line.split()[0] for line in table.splitlines()[2:]]
    assert names == "Tokens Sentences Words UPOS UFeats Lemmas UAS LAS CLAS MLAS BLEX".split()
    assert table.count("100.00 |    100.00 |    100.00 ") >= 10
    found = json.loads(run("evaluate", folder / "segment.model", folder / "train.conllu", "--json").stdout)
    assert found["metrics"]["Tokens"]["f1"] == 1
    found = json.loads(run(*arguments, "--json").stdout)
    assert list(found)[1:-1] == "upos feats lemmas uas las clas mlas blex".split()
    assert found["las"] == found["metrics"]["LAS"]["f1"] == 1


def test_columns_of_a_pipeline_on_the_words_of_gold(run: Run, refused: Refused, folder: Path, tmp_path: Path) -> None:
    model = folder / "pipeline.model"
    columns = json.loads(run("evaluate", model, folder / "train.conllu", "--calibration", "--json").stdout)
    assert columns["targets"].keys() == {"upos", "feats", "lemma", "head", "deprel"}
    text = run("evaluate", model, folder / "train.conllu", "--target", "head,deprel").stdout.decode()
    head, deprel = text.split("column deprel")
    assert "100.00 %  60 of 60 words" in head and "nsubj" in deprel
    assert "precision" not in head  # a head is a number of a word, no tag
    (tmp_path / "gold.tsv").write_text("Cats\tNOUN\nran\tVERB\n", encoding="utf-8")
    assert "gold.tsv: the raw text of a pipeline's gold is that of conllu, found columns; --target upos" in refused(
        "evaluate", model, tmp_path / "gold.tsv"
    )


def test_predictions_of_several_columns(run: Run, folder: Path, tmp_path: Path) -> None:
    gold = (folder / "train.conllu").read_text(encoding="utf-8")
    predicted = tmp_path / "p.conllu"
    arguments = ["evaluate", "--predicted", predicted, folder / "train.conllu"]
    predicted.write_text(gold.replace("\tobl\t", "\tnmod\t").replace("ADP", "ADV"), encoding="utf-8")
    result = run(*arguments)
    assert "LAS        |     80.00 |" in result.stdout.decode()
    assert "all columns compared; --target upos shows a column tag by tag" in result.stderr.decode()
    found = json.loads(run(*arguments, "--json").stdout)
    assert (found["style"], found["upos"], found["las"]) == ("conll18", 0.8, 0.8)
    assert "accuracy          80.00 %  48 of 60 words" in run(*arguments, "--target", "upos").stdout.decode()
    # only UPOS differs, or has values at all: tags
    predicted.write_text(gold.replace("ADP", "ADV").replace("Number=Plur", "_").replace("Tense=Past", "_"))
    assert "accuracy          80.00 %  48 of 60 words" in run(*arguments).stdout.decode()
    # other words of the same text, and of another
    predicted.write_text(gold.replace("Cats", "Ca ts"), encoding="utf-8")
    assert run(*arguments).stdout.decode().startswith("Metric ")
    predicted.write_text(gold.replace("ran\trun", "ra\trun"), encoding="utf-8")
    assert "p.conllu:3: expected the word 'ran', as in " in run(*arguments).stderr.decode()


def test_a_list_of_words(run: Run, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_bytes((folder / "words.txt").read_bytes())
    model = trained(run, tmp_path, "segment", train="words.txt")
    assert run("tag", model, stdin=b"cabc\n\nab cc").stdout == b"c ab c\n\nab c c\n"
    table = run("evaluate", model, folder / "words.txt").stdout.decode()
    assert [line.split()[0] for line in table.splitlines()[2:]] == ["Words"]


@pytest.mark.parametrize("task", ["lemma", "morphology:features=each", "parse"])
def test_one_column(run: Run, folder: Path, tmp_path: Path, task: str) -> None:
    (tmp_path / "train.conllu").write_bytes((folder / "train.conllu").read_bytes())
    model = trained(run, tmp_path, task)
    assert run("tag", model, folder / "train.conllu").stdout == (folder / "train.conllu").read_bytes()
    assert (b"LAS" if task == "parse" else b"accuracy") in run("evaluate", model, folder / "train.conllu").stdout
    assert task.partition(":")[0] in run("inspect", model).stdout.decode()
    assert json.loads(run("inspect", model, "--json").stdout)["task"] == task.partition(":")[0]


def test_inspect(run: Run, folder: Path) -> None:
    for name in ("segment", "pipeline"):
        text = run("inspect", folder / f"{name}.model").stdout.decode()
        assert f"task         {name}" in text
        assert "12 sentences, 60 words" in text


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--nbest", "2"], "--nbest: the task segment has one answer; taggers (task tag) have n-best lists"),
        (["--target", "upos"], "--target: not for raw text, which this model of the task segment reads"),
        (["--as", "jsonl", "--confidence"], "jsonl cannot hold confidences of raw text; conllu can"),
        (
            ["--format", "columns"],
            "standard input: expected raw text, which a model of the task segment reads, found columns; "
            "--format text reads any file as that",
        ),
    ],
)
def test_options_that_will_not_do(refused: Refused, folder: Path, options: list[str], message: str) -> None:
    assert refused("tag", folder / "segment.model", *options, stdin=b"a") == f"elman: {message}\n"


def test_tasks_that_will_not_do(refused: Refused, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "m"
    assert "task: expected " in refused("train", folder / "words.txt", "--task", "x", "-o", out)
    assert "expected conllu" in refused("train", folder / "words.txt", "--task", "pipeline", "-o", out)
    assert "expected the column 'lemma'" in refused("train", folder / "words.txt", "--task", "lemma", "-o", out)
