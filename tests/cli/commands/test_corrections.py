"""``elman corrections``."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import elman
from elman.server.events import CORRECTION, Event, Values
from elman.server.learner import LearnOptions
from elman.server.service import Service, ServiceOptions

Run = Callable[..., subprocess.CompletedProcess[bytes]]
Refused = Callable[..., str]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A database of two files, three corrections by two annotators."""
    rows = [[("the", "D"), ("dog", "N")]] * 3
    elman.train(rows, model="frequent", on_warning=lambda doubt: None).save(tmp_path / "my.model")
    for name in ("a.tsv", "b.tsv"):
        (tmp_path / name).write_text(f"the\tD\n{name}\tN\n\nx\tN\n", encoding="utf-8")
    files = [str(tmp_path / name) for name in ("a.tsv", "b.tsv")]
    options = {"model": str(tmp_path / "my.model"), "database": str(tmp_path / "my.sqlite"), "files": files}
    service = Service(ServiceOptions(**options, learn=LearnOptions(off="x")))  # type: ignore[arg-type]
    for annotator, place, tag in (("anna", 0, "A"), ("ben", 0, "B"), ("anna", 3, "C")):
        item = service.documents.items[place]
        before = Values({"tag": item.given.columns["tag"]})
        after = Values({"tag": (tag, *before.columns["tag"][1:])})
        service.store.correct(Event(CORRECTION, annotator, item.id, item.words, before, after, 30.0, "m"), 0).result()
    service.close()
    return tmp_path


def test_export(run: Run, refused: Refused, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert "expected the name of one file (--file), or -o DIR/ for all; it has a.tsv, b.tsv" in refused(
        "corrections", "export", "my.sqlite"
    )
    done = run("corrections", "export", "my.sqlite", "--file", "a.tsv")
    assert (done.stdout, done.stderr, done.returncode) == (b"the\tB\na.tsv\tN\n\nx\tN\n", b"", 0)
    done = run("corrections", "export", "my.sqlite", "--file", "a.tsv", "--annotator", "anna", "--corrected")
    assert done.stdout == b"the\tA\na.tsv\tN\n\n"
    assert run("corrections", "export", "my.sqlite", "-o", "out/").returncode == 0
    assert (folder / "out" / "b.tsv").read_bytes() == b"the\tD\nb.tsv\tN\n\nx\tC\n".replace(b"x\tC", b"x\tC")
    done = run("corrections", "export", "my.sqlite", "--file", "b.tsv", "--as", "jsonl")
    assert json.loads(done.stdout)["answer"] == "accept"
    assert "as: expected own, conllu" in refused("corrections", "export", "my.sqlite", "--as", "xml")
    assert "expected the name of one file" in refused("corrections", "export", "my.sqlite", "--file", "c.tsv")
    assert "no such database" in refused("corrections", "export", "none.sqlite")


def test_files_of_the_same_name_are_not_half_written(
    refused: Refused, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    (folder / "other").mkdir()
    (folder / "other" / "a.tsv").write_text("y\tN\n", encoding="utf-8")
    options = ServiceOptions(model="my.model", database="my.sqlite", files=["other/a.tsv"], learn=LearnOptions(off="x"))
    Service(options).close()
    assert "two files are called a.tsv" in refused("corrections", "export", "my.sqlite", "-o", "out/")
    assert not (folder / "out").exists()


def test_stats(run: Run, folder: Path) -> None:
    text = run("corrections", "stats", "my.sqlite", cwd=folder).stdout.decode()
    assert text.splitlines() == [
        "corrected   2 of 4 sentences, 2 of them changed",
        "models      0 patched, 0 retrained, 0 not adopted",
        "",
        "annotator  corrected  skipped  minutes  a sentence",
        "anna               2        0      1.0      30.0 s",
        "ben                1        0      0.5      30.0 s",
        "",
        "both                  sentences    items    agreed   kappa",
        "anna       ben                1        2   50.00 %   0.333",
    ]
    found = json.loads(run("corrections", "stats", "my.sqlite", "--json", cwd=folder).stdout)
    assert found["corrected"] == 2 and [Path(name).name for name in found["files"]] == ["a.tsv", "b.tsv"]
    assert [model["kind"] for model in found["models"]] == ["first"]


def test_undo_and_redo(run: Run, refused: Refused, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    done = run("corrections", "undo", "my.sqlite", "--annotator", "ben")
    assert (done.stderr, done.returncode) == (b"elman: event 2 undone: the a.tsv\n", 0)
    assert b"the\tA" in run("corrections", "export", "my.sqlite", "--file", "a.tsv").stdout
    assert "nothing to undo" in refused("corrections", "undo", "my.sqlite", "--annotator", "ben")
    done = run("corrections", "undo", "my.sqlite", "--annotator", "ben", "--redo", "--quiet")
    assert (done.stderr, done.returncode) == (b"", 0)
    assert b"the\tB" in run("corrections", "export", "my.sqlite", "--file", "a.tsv").stdout
    assert "no such database" in refused("corrections", "undo", "none.sqlite")
