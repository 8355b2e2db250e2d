"""Text classification on the command line: train, tag, evaluate, inspect, errors, compare."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import elman
from elman.data.formats import open_writer
from elman.data.sentence import Sentence
from texts import requests, several, texts

Run = Callable[..., subprocess.CompletedProcess[bytes]]
Refused = Callable[..., str]
SMALL = {"hidden": 12, "embedding": 12, "feature_embedding": 8, "epochs": 12, "batch": 4, "ensemble": 1}
LABELLED = "".join(f"{label}\t{text}\n" for text, label in texts(80, 1))


def as_columns(sentences: list[Sentence]) -> str:
    writer = open_writer("columns", ("slot",), ("intent",))
    return "".join(str(writer.add(sentence, sentence.columns)) for sentence in sentences)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Models of a label, of several at once and of words and a label; files to train on and to tag."""
    made = tmp_path_factory.mktemp("classify")
    (made / "train.txt").write_text(LABELLED, encoding="utf-8")
    (made / "both.bio").write_text(as_columns(requests(80, 1)), encoding="utf-8")
    (made / "dev.bio").write_text(as_columns(requests(20, 2)), encoding="utf-8")
    quiet = {"on_warning": lambda text: None, "threads": 1}
    elman.train(made / "train.txt", model="linear", **quiet).save(made / "one.model")
    options = {"target": "topic", "task": "classify", "model": "linear"}
    elman.train(several(200, 1, least=0), **options, **quiet).save(made / "several.model")
    joint = elman.train(made / "both.bio", target="tag,intent", settings=SMALL, **quiet)
    joint.save(made / "joint.model")
    return made


def out(run: Run, *arguments: object, stdin: bytes = b"") -> str:
    result = run(*arguments, stdin=stdin)
    assert result.returncode == 0, result.stderr.decode()
    return str(result.stdout.decode())


def test_a_table_with_another_column_named_text(run: Run, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "new.csv").write_text("text,clean\nA?!,a b\n", encoding="utf-8")
    lines = out(run, "tag", folder / "one.model", tmp_path / "new.csv", "--text-column", "clean").splitlines()
    assert lines[0] == "text,clean,label" and lines[1].startswith("A?!,a b,")


def test_train(run: Run, folder: Path, tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    arguments = ["train", folder / "train.txt", "--dev", "25%", "-o", tmp_path / "m", "--preset", "fast"]
    result = run(*arguments, "--set", "hidden=8", "--set", "epochs=3", "--log", log)
    shown = result.stdout.decode()
    assert shown.startswith("trained on    60 texts, ") and ", 3 labels (label)\n" in shown
    assert "read as label_text, document labels in label: a label, a tab and several words" in result.stderr.decode()
    assert len(log.read_text().splitlines()) == 3
    by_name = run("train", folder / "both.bio", "-o", tmp_path / "m", "--task", "classify", "--model", "linear")
    assert ", 3 labels (intent)" in by_name.stdout.decode()
    assert "--target" not in by_name.stderr.decode()
    words = run("train", folder / "both.bio", "-o", tmp_path / "m", "--model", "frequent")
    assert ", 2 tags (2)" in words.stdout.decode()
    seen = run("train", folder / "both.bio", "-o", tmp_path / "m", "--set", "hidden=4", "--set", "epochs=1")
    expected = "it has document labels too, intent; --target 2,intent learns both, --task classify the labels alone"
    assert expected in seen.stderr.decode()
    assert ", 2 tags (2)" in seen.stdout.decode()


def test_the_choice_is_said(run: Run, folder: Path, tmp_path: Path) -> None:
    result = run("train", folder / "train.txt", "--dev", "25%", "-o", tmp_path / "m")
    assert "elman: on dev the network has " in result.stderr.decode()
    assert " is kept" in result.stderr.decode()


def test_tag_plain_text(run: Run, folder: Path) -> None:
    text = b"the pasta was good\na  goal\n\nsome song\n"
    result = run("tag", folder / "one.model", stdin=text)
    assert result.stdout.decode() == "food\tthe pasta was good\nsport\ta goal\n\nmusic\tsome song\n"
    assert "1 text has no words, and so no label; the first: standard input:3" in result.stderr.decode()
    found = json.loads(out(run, "tag", folder / "one.model", "--confidence", stdin=b"the pasta\n"))
    assert (found["text"], found["label"]) == ("the pasta", "food") and 0 < found["confidence"] <= 1
    table = out(run, "tag", folder / "one.model", "--as", "csv", stdin=b"the pasta\na goal\n")
    assert table == "text,label\nthe pasta,food\na goal,sport\n"
    assert out(run, "tag", folder / "one.model", "--as", "fasttext", stdin=b"a goal\n") == "__label__sport a goal\n"
    result = run("tag", folder / "one.model", "--min-confidence", "1", stdin=b"the pasta\n")
    assert result.stdout == b"_\tthe pasta\n"
    assert "labelled 0 of 1 texts (0.00 %); the others, with a confidence below 1, are _" in result.stderr.decode()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sport\tthe pasta\n\nfood\ta goal\n", "food\tthe pasta\n\nsport\ta goal\n"),
        ("__label__x the pasta\n", "__label__food the pasta\n"),
        ('{"text": "the pasta", "label": "x", "id": 7}\n', '{"text": "the pasta", "label": "food", "id": 7}\n'),
        ("id,text,label\n1,the pasta,x\n2,a goal,\n", "id,text,label\n1,the pasta,food\n2,a goal,sport\n"),
        ("text,topic\nthe pasta,x\n", "text,topic,label\nthe pasta,x,food\n"),
        ("# label = x\nthe\tD\npasta\tN\n\n", "# label = food\nthe\tD\npasta\tN\n\n"),
        ("# id = 1\nthe\tD\npasta\tN\n\n", "# id = 1\n# label = food\nthe\tD\npasta\tN\n\n"),
    ],
)
def test_tag_in_the_inputs_own_format(run: Run, folder: Path, tmp_path: Path, text: str, expected: str) -> None:
    (tmp_path / "in").write_text(text, encoding="utf-8")
    assert out(run, "tag", folder / "one.model", tmp_path / "in") == expected


def test_tag_under_another_name(run: Run, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "in").write_text('{"text": "the pasta", "label": "x"}\n', encoding="utf-8")
    found = json.loads(out(run, "tag", folder / "one.model", tmp_path / "in", "--target", "topic", "--confidence"))
    confidence = found.pop("confidence")
    assert found == {"text": "the pasta", "label": "x", "topic": "food"} and isinstance(confidence, float)


def test_tag_several_labels(run: Run, folder: Path) -> None:
    text = b"some pasta and a song\nthe good\n"
    assert out(run, "tag", folder / "several.model", "--as", "fasttext", stdin=text) == (
        "__label__food __label__music some pasta and a song\nthe good\n"
    )
    given = b'{"text": "the pasta", "topic": "x"}\n{"text": "a tune and a drum", "topic": ["x", "y"]}\n'
    found = [json.loads(line) for line in out(run, "tag", folder / "several.model", stdin=given).splitlines()]
    assert [one["topic"] for one in found] == ["food", ["music"]]


def test_tag_words_and_label(run: Run, folder: Path) -> None:
    expected = "# intent = food\nthe\tO\npasta\tT\n\n"
    assert out(run, "tag", folder / "joint.model", stdin=b"the pasta\n") == expected
    assert out(run, "tag", folder / "joint.model", "--target", "2", stdin=b"the pasta\n") == "the_O pasta_T\n"
    assert out(run, "tag", folder / "joint.model", "--target", "intent", stdin=b"the pasta\n") == "food\tthe pasta\n"
    given = b"# intent = x\nthe\tx\npasta\tx\n\n"
    assert out(run, "tag", folder / "joint.model", stdin=given) == expected
    sure = out(run, "tag", folder / "joint.model", "--as", "jsonl", "--confidence", stdin=b"the pasta\n")
    found = json.loads(sure)
    assert found["intent"] == "food" and found["tags"] == ["O", "T"] and len(found["confidences"]) == 2


def test_evaluate(run: Run, folder: Path, tmp_path: Path) -> None:
    gold = tmp_path / "gold.txt"
    gold.write_text("".join(f"{label}\t{text}\n" for text, label in texts(20, 3)) + "food\ta ball\n", encoding="utf-8")
    lines = out(run, "evaluate", folder / "one.model", gold).splitlines()
    assert lines[0].endswith(" of 21 texts") and lines[1].startswith("macro F1")
    assert "label  precision   recall       F1     texts" in lines
    found = json.loads(out(run, "evaluate", folder / "one.model", gold, "--json"))
    assert (found["label"], found["texts"]) == ("label", 21)
    assert found["correct"] == elman.load(folder / "one.model").evaluate(gold).correct  # type: ignore[union-attr]
    shown = out(run, "evaluate", folder / "one.model", gold, "--calibration", "--min-confidence", "0.5")
    assert "texts are labelled" in shown and "confidence     texts" in shown
    # the same from a file
    tagged = tmp_path / "tagged.txt"
    tagged.write_text(out(run, "tag", folder / "one.model", gold), encoding="utf-8")
    assert out(run, "evaluate", "--predicted", tagged, gold).splitlines() == lines


def test_evaluate_both(run: Run, folder: Path, tmp_path: Path) -> None:
    shown = out(run, "evaluate", folder / "joint.model", folder / "dev.bio")
    assert shown.startswith("column 2\n\naccuracy") and "\n\ncolumn intent\n\naccuracy" in shown
    found = json.loads(out(run, "evaluate", folder / "joint.model", folder / "dev.bio", "--json"))
    assert list(found["targets"]) == ["2", "intent"] and found["targets"]["intent"]["texts"] == 20
    (one,) = (out(run, "evaluate", folder / "joint.model", folder / "dev.bio", "--label", "intent"),)
    assert " of 20 texts" in one and "column" not in one
    tagged = tmp_path / "tagged.bio"
    tagged.write_text(out(run, "tag", folder / "joint.model", folder / "dev.bio"), encoding="utf-8")
    again = out(run, "evaluate", "--predicted", tagged, folder / "dev.bio", "--target", "2,intent", "--json")
    of_file = json.loads(again)["targets"]
    assert of_file["intent"]["correct"] == found["targets"]["intent"]["correct"]
    assert of_file["2"]["correct"] == found["targets"]["2"]["correct"]


def test_evaluate_several(run: Run, folder: Path, tmp_path: Path) -> None:
    gold = tmp_path / "gold"
    gold.write_text(
        "__label__food __label__music a pasta song\nthe good\n__label__sport pasta goal\n", encoding="utf-8"
    )
    lines = out(run, "evaluate", folder / "several.model", gold).splitlines()
    assert lines[0].endswith("2 of 3 texts with all their labels and no other")
    assert lines[1] == "micro F1          85.71 %  over 3 labels in gold"
    found = json.loads(out(run, "evaluate", folder / "several.model", gold, "--json"))
    assert found["several"] is True and found["averages"]["micro"]["support"] == 3


def test_inspect(run: Run, folder: Path) -> None:
    shown = out(run, "inspect", folder / "joint.model")
    assert "2 tags       O T\n" in shown and "3 labels     food music sport; one for each text\n" in shown
    assert "kind         linear, linear model of n-grams\n" in out(run, "inspect", folder / "one.model")
    assert "3 labels     food music sport; none or several\n" in out(run, "inspect", folder / "several.model")
    assert json.loads(out(run, "inspect", folder / "joint.model", "--json"))["tasks"] == {
        "2": "tag",
        "intent": "classify",
    }


def test_errors(run: Run, folder: Path, tmp_path: Path) -> None:
    gold = tmp_path / "gold"
    gold.write_text("food\ta goal here\nsport\tthe goal\n", encoding="utf-8")
    shown = out(run, "errors", folder / "one.model", gold, "--html", tmp_path / "page.html")
    assert shown.startswith("label label: 1 of 2 texts wrong, 50.00 % right\n")
    assert f"    a goal here\n    {gold}:1\n" in shown
    assert "unknown" not in shown and "[" not in shown
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "<dt>texts</dt><dd>2</dd>" in page and "unknown" not in page and "a goal here" in page
    found = json.loads(out(run, "errors", folder / "one.model", gold, "--json"))
    assert found["of_texts"] is True and found["sentences"][0]["words"][0]["gold"] == "food"
    both = out(run, "errors", folder / "joint.model", folder / "dev.bio", "--target", "intent")
    assert both.startswith("label intent: ")


def test_compare(run: Run, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "a").write_text(LABELLED, encoding="utf-8")
    shown = out(run, "compare", folder / "train.txt", folder / "one.model", tmp_path / "a")
    assert "accuracy, 80 texts" in shown and "only B right: 0 texts" in shown


def test_curve_and_rate(run: Run, folder: Path) -> None:
    arguments = ["--points", "3", "--seeds", "1", "--model", "linear"]
    assert "twice the labels" in out(run, "curve", folder / "train.txt", "--dev", "20%", *arguments)
    assert "there the loss falls fastest" in out(run, "find-lr", folder / "train.txt", "--set", "hidden=8")


def test_labels_of_single_words(run: Run, refused: Refused, tmp_path: Path) -> None:
    file = write(tmp_path, "ja\t自然言語\nja\t自然処理\nzh\t我们要学\nzh\t我们学习\n")
    out_of = tmp_path / "m"
    message = refused("train", file, "--task", "classify", "-o", out_of)
    assert "no document labels in columns" in message and "--format label_text" in message
    out(run, "train", file, "--model", "linear", "--format", "label_text", "-o", out_of)
    assert out(run, "tag", out_of, stdin="自然学\n".encode()) == "ja\t自然学\n"


def test_what_is_refused(refused: Refused, folder: Path, tmp_path: Path) -> None:
    one, joint = folder / "one.model", folder / "joint.model"
    assert "label_text cannot hold confidences" in refused("tag", joint, "--as", "label_text", "--confidence")
    assert "label_text holds one label of a sentence, got 2" in refused(
        "tag", one, "--as", "label_text", "--confidence"
    )
    assert "word_tag holds no labels of a sentence, got 1" in refused("tag", one, "--as", "word_tag", stdin=b"a\n")
    assert "--nbest: label is a document label" in refused("tag", one, "--nbest", "2", stdin=b"a\n")
    assert "--target: the model's columns are label, got a,b" in refused("tag", one, "--target", "a,b", stdin=b"a\n")
    assert "counts tags of words; intent is a document label" in refused(
        "evaluate", joint, folder / "dev.bio", "--style", "conlleval"
    )
    assert "no document labels in columns" in refused("evaluate", one, write(tmp_path, "a\tX\nb\tY\n\n"))
    assert "an empty text with a label" in refused(
        "train", write(tmp_path, '{"text": "a b", "label": "x"}\n{"text": " ", "label": "y"}\n'), "-o", tmp_path / "m"
    )
    assert "expected LABEL, a tab and a text, found no text" in refused(
        "train", write(tmp_path, "x\ta b\ny\tc d\nz\t\n"), "-o", tmp_path / "m", "--format", "label_text"
    )
    free = "text,label\n" + "".join(f"text {i},my review number {i}\n" for i in range(3000))
    assert "3,000 distinct labels of 3,000 texts, 3,000 of them on one text only; is it free text?" in refused(
        "train", write(tmp_path, free), "-o", tmp_path / "m"
    )
    assert "document labels are intent" in refused(
        "train", folder / "both.bio", "-o", tmp_path / "m", "--target", "mood"
    )
    assert "--log: a line an epoch" in refused(
        "train", folder / "both.bio", "-o", tmp_path / "m", "--model", "hmm", "--log", tmp_path / "l"
    )


def write(folder: Path, text: str) -> Path:
    path = folder / "given"
    path.write_text(text, encoding="utf-8")
    return path
