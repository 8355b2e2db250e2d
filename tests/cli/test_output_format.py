"""What ``elman tag`` writes: the format by the output's name, whether it holds the tags, what of the input stays."""

from __future__ import annotations

import gzip
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import elman
from elman.data.formats import read_sentences
from texts import requests, several

Run = Callable[..., subprocess.CompletedProcess[bytes]]
Refused = Callable[..., str]
QUIET = {"on_warning": lambda text: None, "threads": 1}
SMALL = {"hidden": 8, "embedding": 8, "feature_embedding": 6, "epochs": 2, "ensemble": 1}
JOBS = [[("head", "B-job_title"), ("chef", "I-job_title"), ("left", "O")], [("it", "O"), ("rains", "O")]] * 3


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network that plain text is tagged with natively, tags with underscores and with spaces, labels of texts."""
    made = tmp_path_factory.mktemp("models")
    plain = [[("the", "D"), ("dog", "N"), ("barks", "V")], [("a", "D"), ("cat", "N")]] * 3
    elman.train(plain, settings=SMALL, **QUIET).save(made / "light.model")
    elman.train(JOBS, model="frequent", **QUIET).save(made / "jobs.model")
    spaces = [[(word, tag.replace("_", " ")) for word, tag in sentence] for sentence in JOBS]
    elman.train(spaces, model="frequent", **QUIET).save(made / "spaces.model")
    options = {"target": "topic", "task": "classify", "model": "linear"}
    elman.train(several(200, 1, least=0), **options, **QUIET).save(made / "any.model")
    elman.train(requests(60, 1), target="slot,intent", settings=SMALL, **QUIET).save(made / "joint.model")
    return made


def read(path: Path) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    reading = read_sentences(str(path))
    target = reading.target()
    return [(one.words, one.columns[target]) for one in reading if one.words]


@pytest.mark.parametrize("name", ["light.model", "jobs.model"])
@pytest.mark.parametrize("ending", ["conllu", "jsonl", "json", "parquet", "csv", "tsv", "trees", "conll", "jsonl.gz"])
def test_the_name_says_the_format(run: Run, models: Path, tmp_path: Path, name: str, ending: str) -> None:
    pytest.importorskip("pyarrow") if ending == "parquet" else None
    target = tmp_path / f"out.{ending}"
    assert run("tag", models / name, "-o", target, stdin=b"the dog\nit rains\n").returncode == 0
    reading = read_sentences(str(target), labelled=False)
    wanted = {"conll": "columns", "jsonl.gz": "jsonl"}.get(ending, ending)
    assert reading.format == wanted
    loaded = elman.load(models / name)
    expected = [(words, tuple(loaded.tag(words))) for words in (("the", "dog"), ("it", "rains"))]  # type: ignore[union-attr]
    assert read(target) == expected


def test_other_names_say_nothing(run: Run, models: Path, tmp_path: Path) -> None:
    for name in ("out.txt", "out.out", "out", "out.txt.gz"):
        assert run("tag", models / "light.model", "-o", tmp_path / name, stdin=b"the dog\n").returncode == 0
        data = (tmp_path / name).read_bytes()
        assert (gzip.decompress(data) if name.endswith(".gz") else data).startswith(b"the_")
    page = tmp_path / "page.html"
    assert run("tag", models / "light.model", "-o", page, stdin=b"the dog\n").returncode == 0
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_where_both_are_given_they_agree(run: Run, refused: Refused, models: Path, tmp_path: Path) -> None:
    target, model = tmp_path / "out.jsonl", models / "light.model"
    message = (
        f"{target}: the name stands for jsonl, and --as asks for columns; leave out --as, or choose another name\n"
    )
    assert refused("tag", model, "--as", "columns", "-o", target, stdin=b"a\n") == f"elman: {message}"
    assert "--stream asks for word_tag" in refused("tag", model, "--stream", "-o", target, stdin=b"a\n")
    assert not list(tmp_path.iterdir())
    assert run("tag", model, "--as", "doccano", "-o", target, stdin=b"a\n").returncode == 2  # D, N: no spans
    assert run("tag", model, "--as", "columns", "-o", tmp_path / "out.tsv", stdin=b"a\n").returncode == 0
    assert run("tag", model, "--as", "columns", stdin=b"a\n").stdout.startswith(b"a\t")
    assert "--nbest: csv holds one sequence" in refused("tag", model, "--nbest", "2", "-o", tmp_path / "x.csv")


def test_an_input_of_the_same_ending_keeps_its_format(run: Run, models: Path, tmp_path: Path) -> None:
    given, target = tmp_path / "in.tsv", tmp_path / "out.tsv"
    given.write_text("head\tX\tO\nchef\tX\tO\n\n", encoding="utf-8")
    assert run("tag", models / "jobs.model", given, "-o", target).returncode == 0
    assert target.read_text(encoding="utf-8") == "head\tX\tB-job_title\nchef\tX\tI-job_title\n\n"
    (tmp_path / "text.tsv").write_text("head chef\n", encoding="utf-8")
    assert run("tag", models / "jobs.model", tmp_path / "text.tsv", "-o", target).returncode == 0
    assert target.read_text(encoding="utf-8") == "word\ttag\nhead\tB-job_title\nchef\tI-job_title\n\n"


def test_tags_that_word_tag_cannot_hold(run: Run, refused: Refused, models: Path, tmp_path: Path) -> None:
    text = b"it rains\n" * 50 + b"head chef\n"
    done = run("tag", models / "jobs.model", stdin=text)
    assert done.stdout == b"it\tO\nrains\tO\n\n" * 50 + b"head\tB-job_title\nchef\tI-job_title\n\n"
    said = "elman: written as columns: the tag 'B-job_title' holds an underscore, which word_tag cannot\n"
    assert done.stderr.decode().endswith(said)
    for way in (["--as", "word_tag"], ["--as", "word_tag", "-o", tmp_path / "x.txt"]):
        message = refused("tag", models / "jobs.model", *way, stdin=b"it rains\n")  # which has no such tag
        assert message == (
            "elman: the model's tag 'B-job_title' holds an underscore, which word_tag cannot; try --as columns\n"
        )
    assert not list(tmp_path.iterdir())
    assert "the model's tag 'B-job title' holds a space, which tags cannot" in refused(
        "tag", models / "spaces.model", "--as", "tags", stdin=b"it\n"
    )
    assert "the model's tag 'B-job title' holds a space, which columns cannot" in refused(
        "tag", models / "spaces.model", "--format", "columns", stdin=b"it X\nrains X\n\n"
    )
    assert run("tag", models / "spaces.model", stdin=b"chef\n").stdout == b"chef\tI-job title\n\n"
    assert "holds spans, marked by" in refused("tag", models / "light.model", "--as", "prodigy", stdin=b"a\n")


def test_what_train_suggests_works(run: Run, tmp_path: Path) -> None:
    (tmp_path / "t.tsv").write_text("head\tB-job_title\nleft\tO\n\n" * 3, encoding="utf-8")
    (tmp_path / "TEXT").write_text("it left\nhead left\n", encoding="utf-8")
    done = run("train", "t.tsv", "-o", "m", "--model", "hmm", cwd=tmp_path)
    command = done.stdout.decode().splitlines()[-1].split()
    assert command[:2] == ["elman", "tag"]
    done = run(*command[1:], cwd=tmp_path)
    assert done.returncode == 0 and b"\nhead\tB-job_title\nleft\tO\n" in done.stdout


@pytest.mark.parametrize("task", ["lemma", "morphology"])
def test_values_that_are_made_of_the_words(run: Run, tmp_path: Path, task: str) -> None:
    rows = "".join(
        f"{i}\t{word}\t{word[:3]}\tN\t_\tA={i}|B=x\t" + "_\t" * 3 + "_\n" for i, word in ((1, "dogs"), (2, "cats"))
    )
    (tmp_path / "t.conllu").write_text((rows + "\n") * 3 + "1\tof\tof\tP\t_\t_\t_\t_\t_\t_\n\n", encoding="utf-8")
    elman.train(tmp_path / "t.conllu", task=task, settings=SMALL, **QUIET).save(tmp_path / "m")
    done = run("tag", tmp_path / "m", stdin=b"of snake_case\n")
    assert done.returncode == 0 and done.stdout.startswith(b"of\t"), done.stderr
    assert f"written as columns: a model of the task {task} may predict an underscore" in done.stderr.decode()


@pytest.mark.parametrize(
    ("format", "text"),
    [
        ("fasttext", "__label__a __label__b the dog\n"),
        ("label_text", "a|b\tthe dog\n"),
        ("csv", "text,label\nthe dog,a|b\n"),
    ],
)
def test_texts_keep_their_labels(run: Run, models: Path, format: str, text: str) -> None:
    done = run("tag", models / "light.model", "--format", format, stdin=text.encode())
    lines = done.stdout.decode().splitlines()
    assert lines[0] == "# label = a|b" and [line.split("\t")[0] for line in lines[1:]] == ["the", "dog", ""]


def test_an_array_keeps_its_keys(run: Run, models: Path, tmp_path: Path) -> None:
    given = '[{"id": 1.50, "tokens": ["head", "left"],\n  "more": {"x": [1]}, "kind": "k"}]'
    kept = '{"id": 1.50, "tokens": ["head", "left"],%s  "more": {"x": [1]}, "kind": "k", "tags": ["B-job_title", "O"]}'
    done = run("tag", models / "jobs.model", stdin=given.encode())
    assert done.stdout.decode() == "[\n" + kept % "\n" + "\n]\n"
    (tmp_path / "in.json").write_text(given, encoding="utf-8")
    run("tag", models / "jobs.model", tmp_path / "in.json", "-o", tmp_path / "out.jsonl")
    assert (tmp_path / "out.jsonl").read_text(encoding="utf-8") == kept % " " + "\n"
    done = run("tag", models / "jobs.model", tmp_path / "in.json", "--as", "columns")
    assert done.stdout == b"# kind = k\nhead\tB-job_title\nleft\tO\n\n"
    assert b"left out of what is written as columns: fields (id, more); in the input's own format" in done.stderr


def test_a_row_keeps_its_columns(run: Run, models: Path, tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    names = {"class": {"names": ["x", "y"], "_type": "ClassLabel"}}
    table = pa.table(
        {
            "id": pa.array([2, None, 1], pa.int8()),
            "tokens": [["head", "left"], ["it"], []],
            "class": [0, 1, 1],
            "when": pa.array([0, 1, None], pa.date32()),
            "nested": [{"a": [1, None]}, None, {"a": []}],
            "note": ["n", None, ""],
        }
    ).replace_schema_metadata({"huggingface": json.dumps({"info": {"features": names}}), "own": "o"})
    given, out, again = tmp_path / "in.parquet", tmp_path / "out.parquet", tmp_path / "again.parquet"
    pq.write_table(table, given)
    before = pq.read_table(given)
    assert run("tag", models / "jobs.model", given, "-o", out).returncode == 0
    found = pq.read_table(out)
    assert found.column("tags").to_pylist() == [["B-job_title", "O"], ["O"], []]
    rest = found.drop_columns(["tags"])
    assert rest.equals(before) and rest.schema.field("class").equals(before.schema.field("class"))
    assert found.schema.metadata[b"own"] == b"o" and b"ClassLabel" in found.schema.metadata[b"huggingface"]
    # standard output, and another scheme
    assert run("tag", models / "jobs.model", given).stdout == out.read_bytes()
    assert run("convert", out, again, "--scheme", "bioes").returncode == 0
    assert pq.read_table(again).column("tags").to_pylist() == [["S-job_title", "O"], ["O"], []]
    assert pq.read_table(again).drop_columns(["tags"]).equals(before)
    # where they cannot stand
    done = run("tag", models / "jobs.model", given, "--as", "columns")
    assert b"left out of what is written as columns: fields (id, when, nested)" in done.stderr
    assert b"# class = x" in done.stdout
    done = run("convert", given, tmp_path / "out.txt", "--to", "text")
    assert done.returncode == 2 and b"text cannot hold fields (id, when, nested), labels of" in done.stderr
    done = run("convert", given, tmp_path / "out.jsonl")
    assert b"jsonl cannot hold fields (when); to leave that out, pass --drop fields" in done.stderr
    run("convert", given, tmp_path / "out.jsonl", "--drop", "fields")
    first = json.loads((tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert first == {
        "text": "head left",
        "tokens": ["head", "left"],
        "id": 2,
        "class": "x",
        "nested": {"a": [1, None]},
    } | {"note": "n"}
    done = run("tag", models / "jobs.model", given, "-o", tmp_path / "tagged.jsonl")
    first = json.loads((tmp_path / "tagged.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert first.pop("tags") == ["B-job_title", "O"] and first == {
        **table.slice(0, 1).drop_columns(["when"]).to_pylist()[0],
        "class": "x",  # JSON has no metadata for the names of classes
    }
    assert b"left out of what is written as jsonl: fields (when)" in done.stderr


def test_what_is_left_out_is_said(run: Run, models: Path, tmp_path: Path) -> None:
    given = tmp_path / "in.conllu"
    rows = ["1\thead\thead\tX", "2-3\tleft it\t_\t_", "2\tleft\tleave\tX"]
    text = "".join(row + "\t_" * 6 + "\n" for row in rows)
    given.write_text(f"# sent_id = 1\n# intent = go\n{text}\n", encoding="utf-8")
    done = run("tag", models / "jobs.model", given, "-o", tmp_path / "out.csv")
    said = (
        "left out of what is written as csv: comments (1), multiword tokens (1), columns (lemma), labels of sentences"
    )
    assert f"elman: {said} (intent); in the input's own format all stays" in done.stderr.decode()
    assert b"left out" not in run("tag", models / "jobs.model", given).stderr
    assert b"left out" not in run("tag", models / "jobs.model", given, "--as", "html").stderr
    done = run("tag", models / "jobs.model", "-o", tmp_path / "out.csv", stdin=b"head left\n")
    assert b"left out" not in done.stderr


def test_texts_that_may_have_no_label(run: Run, refused: Refused, models: Path) -> None:
    text = b"some pasta and a song\nthe good\n"
    done = run("tag", models / "any.model", stdin=text)
    assert [json.loads(line).get("topic") for line in done.stdout.splitlines()] == ["food|music", None]
    assert b"written as jsonl: an empty label, which label_text cannot hold" in done.stderr
    assert "of the model's tags: an empty label, which label_text cannot hold" in refused(
        "tag", models / "any.model", "--as", "label_text", stdin=text
    )
    given = b"# topic = x\nthe\tX\ngood\tX\n\n# topic = x\nsome\tX\npasta\tX\n\n"
    done = run("tag", models / "any.model", stdin=given)
    assert done.stdout == b"the\tX\ngood\tX\n\n# topic = food\nsome\tX\npasta\tX\n\n"


def test_words_and_labels_together(run: Run, models: Path, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    given = tmp_path / "in.jsonl"
    given.write_text('{"tokens": ["the", "pasta"], "source": "mail", "n": 3}\n', encoding="utf-8")
    done = run("tag", models / "joint.model", given, "-o", tmp_path / "out.parquet")
    assert done.returncode == 0, done.stderr
    (row,) = read_sentences(str(tmp_path / "out.parquet"))
    assert list(row.columns) == ["slot"] or list(row.columns) == ["tags"]
    assert row.labels["source"] == "mail" and row.labels["intent"] in ("food", "music", "sport")
    assert b"left out of what is written as parquet: fields (n)" in done.stderr
