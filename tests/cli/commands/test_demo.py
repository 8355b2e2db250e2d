"""``elman demo``, on a few sentences; `make demo` runs it on all."""

from __future__ import annotations

import sys
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pytest

from elman import cli, kernels
from elman.cli.commands import demo as command, demo_data as demo
from elman.data.sentence import Sentence
from elman.errors import MissingExtraError
from elman.taggers import load as loading

SENTENCE = Sentence(
    ("bu", "bir", "ev", "ve", "bir", "ok", "."), {"upos": ("PRON", "DET", "NOUN", "C", "DET", "N", "P")}
)
HELD_OUT = Sentence(SENTENCE.words, {"upos": ("X", *SENTENCE.columns["upos"][1:])})
OTHER = Sentence(("bu", "ağaç", "."), {"upos": ("PRON", "NOUN", "P")})


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    data = demo.Treebank("1.0.0", [SENTENCE] * 9, [OTHER, HELD_OUT], "the two below")
    monkeypatch.setattr(demo, "treebank", lambda: data)
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("small")
def test_demo(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert cli.run(["demo"]) == 0
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 80
    for expected in ("inflectional groups", "Apache-2.0", "the two below", "unknown", "hidden Markov model"):
        assert expected in " ".join(out.split())
    assert "  ev                   NOUN" in out
    assert "in the treebank X" in out  # no tagger can know this tag
    assert "tag elman-demo.model --confidence" in out
    assert loading.load(tmp_path / "elman-demo.model").kind == "rnn"


@pytest.mark.usefixtures("small")
def test_missing_kernels_are_said_once(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(kernels, "shortcoming", lambda: "slow")
    assert cli.run(["demo"]) == 0
    assert capsys.readouterr().err == "elman: slow\n"


@pytest.mark.usefixtures("small")
def test_target_is_checked_first(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["demo", "--folder", "nowhere"]) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.count("\n") == 1


@pytest.mark.usefixtures("small")
def test_ctrl_c(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    stopped = (SimpleNamespace(interrupted=True), None)
    monkeypatch.setattr(demo, "taggers", lambda data, progress, note, threads: iter([stopped]))
    assert cli.run(["demo"]) == 130
    assert capsys.readouterr().err == "elman: stopped; nothing is written\n"
    assert not list(tmp_path.iterdir())


def test_treebank() -> None:
    try:
        metadata.files(demo.PACKAGE)
    except metadata.PackageNotFoundError:
        pytest.skip("the package turkish-treebanks (extra [demo]) is not installed")
    data = demo.treebank()
    assert (len(data.train), len(data.held_out)) == (4366, 485)
    assert data.rule.startswith("every 10th sentence")
    assert "turkish_treebanks" not in sys.modules
    assert 7 <= len(demo.example(data.held_out)) <= 12
    assert demo.example([OTHER]) == OTHER


def test_treebank_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "PACKAGE", "no-such-package-anywhere")
    with pytest.raises(MissingExtraError, match=r"pip install '\.\[demo\]' in"):
        demo.treebank()
    monkeypatch.setattr(demo, "PACKAGE", "click")  # a package without treebanks
    with pytest.raises(MissingExtraError):
        demo.treebank()


@pytest.mark.parametrize(
    ("called", "found", "expected"),
    [
        ("/usr/bin/elman", "/usr/bin/elman", "elman"),
        (".venv/bin/elman", None, ".venv/bin/elman"),
        ("/x/elman/__main__.py", None, "python -m elman"),
    ],
)
def test_what_to_type(monkeypatch: pytest.MonkeyPatch, called: str, found: str | None, expected: str) -> None:
    monkeypatch.setattr(sys, "argv", [called])
    monkeypatch.setattr(command.shutil, "which", lambda name: found)
    assert command._command() == expected
