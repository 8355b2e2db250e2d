"""``elman tag --as fields``: a row a text, a column a field, all other columns as they were."""

from __future__ import annotations

import csv
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import elman
from elman.data.fields import fields_of
from elman.data.formats import read_sentences

Run = Callable[..., subprocess.CompletedProcess[bytes]]
Refused = Callable[..., str]

TRAIN = [
    [("22", "B-number"), ("Station", "B-road"), ("Road", "I-road"), (",", "O"), ("York", "B-city")],
    [("1b", "B-number"), ("Low", "B-road"), ("Lane", "I-road"), ("Derby", "B-city")],
]
CSV = 'id;"the address";note\r\n7;22 Station Road , York;"a;b"\r\n8;York;\r\n'


@pytest.fixture(scope="module")
def addresses(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("fields") / "addresses.model"
    elman.train(TRAIN, model="frequent", on_warning=lambda text: None).save(path)
    return path


def tag(run: Run, model: Path, *arguments: object, stdin: str = "") -> str:
    result = run("tag", model, "--as", "fields", "--quiet", *arguments, stdin=stdin.encode())
    assert (result.returncode, result.stderr) == (0, b"")
    return result.stdout.decode()


def test_csv_comes_back_with_further_columns(run: Run, addresses: Path) -> None:
    found = tag(run, addresses, "--text-column", "the address", stdin=CSV)
    assert found.split("\r\n") == [
        'id;"the address";note;city;number;road',
        '7;22 Station Road , York;"a;b";York;22;Station Road',
        "8;York;;York;;",
        "",
    ]


@pytest.mark.parametrize("ending", ["tsv", "jsonl", "json", "parquet"])
def test_csv_becomes_another_format(run: Run, addresses: Path, tmp_path: Path, ending: str) -> None:
    out = tmp_path / f"out.{ending}"
    tag(run, addresses, "--text-column", "the address", "-o", out, stdin=CSV)
    expected = [
        {"id": "7", "the address": "22 Station Road , York", "note": "a;b"}
        | {"city": "York", "number": "22", "road": "Station Road"},
        {"id": "8", "the address": "York", "note": "", "city": "York", "number": "", "road": ""},
    ]
    if ending == "parquet":
        found = pytest.importorskip("pyarrow.parquet").read_table(out).to_pylist()
    elif ending == "tsv":
        found = list(csv.DictReader(out.read_text("utf-8").splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))
    else:
        text = out.read_text("utf-8")
        found = json.loads(text) if ending == "json" else [json.loads(line) for line in text.splitlines()]
    assert found == expected


def test_records_keep_their_other_values(run: Run, addresses: Path, tmp_path: Path) -> None:
    record = '{"text": "York", "n": 2.50, "nested": {"a": [1, 2]}}\n'
    found = tag(run, addresses, stdin=record)
    assert found == record[:-2] + ', "city": "York", "number": "", "road": ""}\n'
    parquet = pytest.importorskip("pyarrow.parquet")
    tag(run, addresses, "-o", tmp_path / "a.parquet", stdin=record)
    table = parquet.read_table(tmp_path / "a.parquet")
    assert table.to_pylist() == [json.loads(found)]
    parquet.write_table(table.select(["text", "n", "nested"]), tmp_path / "b.parquet")
    tag(run, addresses, tmp_path / "b.parquet", "-o", tmp_path / "c.parquet")
    assert parquet.read_table(tmp_path / "c.parquet").to_pylist() == table.to_pylist()
    assert tag(run, addresses, "-o", tmp_path / "a.csv", stdin=record) == ""
    assert (tmp_path / "a.csv").read_text() == 'text,n,nested,city,number,road\nYork,2.5,"{""a"": [1, 2]}",York,,\n'


def test_plain_text_and_labelled_words_become_csv(run: Run, addresses: Path) -> None:
    assert (
        tag(run, addresses, stdin="1b Low Lane\n\nYork\n")
        == "text,city,number,road\n1b Low Lane,,1b,Low Lane\n,,,\nYork,York,,\n"
    )
    words = "# id = 7\n22\tX\nYork\tX\n\n"
    assert tag(run, addresses, stdin=words) == "text,id,city,number,road\n22 York,7,York,22,\n"
    assert tag(run, addresses, stdin="") == "text,city,number,road\n"


def test_confidence_is_the_lowest_and_doubtful_words_are_left_out(run: Run, addresses: Path) -> None:
    found = tag(run, addresses, "--confidence", stdin="York Lane\n")
    confidences = elman.load(addresses).predict([["York", "Lane"]], confidence=True)[0][1]  # type: ignore[attr-defined]
    assert found == f"text,city,number,road,confidence\nYork Lane,York,,Lane,{round(min(confidences), 4)}\n"
    assert tag(run, addresses, "--min-confidence", "0.999", stdin="York Lane\n").endswith("York Lane,,,\n")


def test_a_doubtful_field_is_left_out_as_a_whole(run: Run, tmp_path: Path) -> None:
    doubtful = [[("High", "B-road"), ("Lane", tag)] for tag in ("I-road", "I-road", "B-city")]
    elman.train(doubtful, model="frequent", on_warning=print).save(tmp_path / "m")
    assert tag(run, tmp_path / "m", stdin="High Lane\n").endswith("High Lane,,High Lane\n")
    assert tag(run, tmp_path / "m", "--min-confidence", "0.65", stdin="High Lane\n").endswith("High Lane,,\n")


def test_rows_without_a_text_have_empty_fields(run: Run, addresses: Path) -> None:
    table = "id,text\n1,\n2,York\n,\n3, \n"
    found = tag(run, addresses, "--format", "csv", stdin=table)
    assert found == "id,text,city,number,road\n1,,,,\n2,York,York,,\n,\n3, ,,,\n"
    found = tag(run, addresses, "--format", "csv", "--confidence", "-o", "-", stdin="id,text\n1,\n")
    assert found == "id,text,city,number,road,confidence\n1,,,,,0.0000\n"


def test_records_without_a_text_have_empty_fields(run: Run, addresses: Path, tmp_path: Path) -> None:
    records = '{"text":"","id":null}\n{"names":["a"]}\n\n{"text":"York","id":2}\n'
    fields = '"city": "", "number": "", "road": ""'
    found = tag(run, addresses, "--format", "jsonl", stdin=records)
    assert found.split("\n")[:3] == [f'{{"text":"","id":null, {fields}}}', '{"names":["a"]}', ""]
    tag(run, addresses, "--format", "jsonl", "-o", tmp_path / "out.csv", stdin=records)
    assert (tmp_path / "out.csv").read_text() == "text,id,city,number,road\n,,,,\nYork,2,York,,\n"
    found = tag(run, addresses, "--format", "json", stdin='[{"text":""}, {"text":"York"}]')
    assert [row["city"] for row in json.loads(found)] == ["", "York"]


def test_several_files(run: Run, addresses: Path, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text\nYork\n")
    (tmp_path / "b.csv").write_text("text\nDerby\n")
    found = tag(run, addresses, tmp_path / "a.csv", tmp_path / "b.csv")
    assert found == "text,city,number,road\nYork,York,,\nDerby,Derby,,\n"


@pytest.mark.parametrize(
    ("arguments", "stdin", "message"),
    [
        (["-o", "x.conllu"], "York\n", "x.conllu: fields are written as csv, tsv, jsonl, json, parquet, not as conllu"),
        (["-o", "x/"], "York\n", "x/: --as fields writes one file; expected the name of a file"),
        (["--nbest", "2"], "York\n", "--nbest: not with --as fields, which writes no tags"),
        (["--target", "upos"], "York\n", "target: the model's columns are tag, got 'upos'"),
        (["--text-column", "text"], "text,city\nYork,x\n", "it has a column city already, the name of a field too"),
    ],
)
def test_what_is_refused(refused: Refused, addresses: Path, arguments: list[str], stdin: str, message: str) -> None:
    assert message in refused("tag", addresses, "--as", "fields", *arguments, stdin=stdin.encode())


def test_a_model_without_tags_is_refused(refused: Refused, tmp_path: Path) -> None:
    texts = [("good film", "p"), ("bad film", "n")] * 5
    elman.train(texts, model="linear", on_warning=lambda text: None).save(tmp_path / "m")
    message = refused("tag", tmp_path / "m", "--as", "fields", stdin=b"good\n")
    assert "fields: expected a tagger of words (task tag), got a model of the task classify" in message


def test_rows_wholly_right_as_sentences_wholly_right(run: Run, shared_data: Path, tmp_path: Path) -> None:
    """What is written for real addresses, compared with the gold fields, is right as often as all tags are."""
    folder = shared_data / "other/addr_usaddress"
    tagger = elman.train(folder / "train.tsv", model="hmm", format="columns", on_warning=lambda text: None)
    tagger.save(tmp_path / "m")
    reading = read_sentences(str(folder / "test_us50.tsv"), format="columns")
    target = reading.target()
    sentences = [sentence for sentence in reading if sentence.words]
    text = "".join(" ".join(sentence.words) + "\n" for sentence in sentences)
    rows = list(csv.DictReader(tag(run, tmp_path / "m", "--format", "text", stdin=text).splitlines()))
    gold = [fields_of(zip(sentence.words, sentence.columns[target], strict=True)) for sentence in sentences]
    found = [{name: value for name, value in row.items() if value and name != "text"} for row in rows]
    scores = tagger.evaluate(folder / "test_us50.tsv", format="columns")  # type: ignore[attr-defined]
    assert len(rows) == 687
    assert sum(a == b for a, b in zip(found, gold, strict=True)) == scores.sentences_correct > 0
