"""``elman tag --stream``, ``elman train --task lm`` and ``elman sample`` on the command line."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

import elman
from elman.cli import run
from elman.cli.commands.tag_stream import Delays
from made_up import two_columns


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("models") / "m.model"
    data = [list(zip(words, tags, strict=True)) for words, tags, _ in two_columns(30, 1)]
    settings = {"hidden": 8, "epochs": 2, "direction": "forward", "decoder": "softmax", "ensemble": 1}
    elman.train(data, settings=settings, threads=1, on_warning=lambda doubt: None).save(path)
    return str(path)


def test_lines_and_spaces_stay_as_they_are(model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "\ufeffthe dog\n\n saw  Mr\r\nYork " + "saw the dog " * 200
    (tmp_path / "a.txt").write_bytes(text.encode())
    for k in (0, 3):
        assert run(["tag", model, "--stream", "--lookahead", str(k), str(tmp_path / "a.txt")]) == 0
        out, err = capsys.readouterr()
        assert " ".join(token.rpartition("_")[0] for token in out.split()) == " ".join(text.split())
        tags = elman.load(model, precision="exact").tag(text.removeprefix("\ufeff").split())
        assert [token.rpartition("_")[2] for token in out.split()] == tags
        assert out.startswith("\ufeffthe_") and "\n\n saw_" in out and "\r\nYork_" in out and out.endswith(" ")
        assert err.startswith("elman: stream: 605 words") and f"a tag came {k} words behind its word" in err


def test_columns_are_tagged_line_by_line(model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.txt").write_text("# a comment\nthe\n\ndog", encoding="utf-8")
    assert run(["tag", model, "--stream", "--lookahead", "1", "--format", "columns", str(tmp_path / "a.txt")]) == 0
    lines = capsys.readouterr().out.split("\n")
    assert (
        lines[0] == "# a comment" and lines[2] == "" and lines[1].startswith("the\t") and lines[3].startswith("dog\t")
    )
    (tmp_path / "b.txt").write_text("the\tX\ndog\n", encoding="utf-8")
    assert run(["tag", model, "--stream", "--format", "columns", str(tmp_path / "b.txt")]) == 2
    assert "b.txt:2: expected 2 columns separated by tabs" in capsys.readouterr().err


def test_a_pipe(model: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"the dog\n")))
    assert run(["tag", model, "--stream"]) == 0
    assert capsys.readouterr().out.startswith("the_")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--lookahead", "2"], "--lookahead: goes with --stream"),
        (["--stream", "--nbest", "2"], "--nbest: not with --stream"),
        (["--stream", "--as", "jsonl"], "--as: not with --stream"),
        (["--stream", "--format", "conllu"], "--stream: expected --format text or columns"),
    ],
)
def test_options_that_need_sentences(
    model: str, options: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["tag", model, *options, model]) == 2
    assert message in capsys.readouterr().err


def test_columns_and_tags_that_do_not_fit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    several = [
        elman.Sentence(tuple(words), {"upos": tuple(tags), "ner": tuple(f"{tag}_" for tag in spans)})
        for words, tags, spans in two_columns(20, 1)
    ]
    how = {"settings": {"hidden": 4, "epochs": 1, "ensemble": 1}, "threads": 1, "on_warning": lambda doubt: None}
    elman.train(several, target="upos,ner", **how).save(tmp_path / "m.model")  # type: ignore[arg-type]
    (tmp_path / "a.txt").write_text("the dog\n")
    command = ["tag", str(tmp_path / "m.model"), "--stream", str(tmp_path / "a.txt")]
    assert run(command) == 2
    assert "--stream: it writes one column; name it, --target upos or ner" in capsys.readouterr().err
    assert run([*command, "--target", "ner"]) == 2
    assert "--format columns has it" in capsys.readouterr().err
    assert run([*command, "--target", "upos"]) == 0


def test_delays() -> None:
    delays = Delays()
    for seconds in (1e-5, 1e-3, 1e-3, 2.0):
        delays.add(seconds, 10)
    assert 1e-3 <= delays.share(0.5) < 1.2e-3 and delays.share(1.0) == delays.longest == 2.0


@pytest.mark.parametrize("kind", ["rnn", "ngram"])
def test_a_language_model_from_train_to_sample(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text, path = tmp_path / "t.txt", str(tmp_path / "m.model")
    text.write_text("the dog sees us\nthe cat sees them\n" * 30)
    more = ["--set", "epochs=1", "--dev", str(text)] if kind == "rnn" else []
    assert run(["train", str(text), "--task", "lm:unit=characters", "--model", kind, "-o", path, *more]) == 0
    out = capsys.readouterr().out
    assert "1,020 characters" in out and "elman sample" in out and ("dev perplexity" in out) == (kind == "rnn")
    assert run(["evaluate", path, str(text)]) == 0
    assert "a character" in capsys.readouterr().out
    assert run(["evaluate", path, str(text), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["unit"] == "characters"
    assert run(["sample", path, "--length", "9", "--prompt", "the "]) == 0
    assert len(capsys.readouterr().out) == 14
    assert run(["tag", path, str(text)]) == 2
    assert "a language model, which has no tags" in capsys.readouterr().err
    assert run(["tag", path, str(text), "--stream"]) == 2
    assert "expected a recurrent network that tags words, got the task lm" in capsys.readouterr().err
    assert run(["inspect", path, "--json"]) == 0


def test_what_is_no_language_model(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["sample", model]) == 2
    assert "no language model; elman train TEXT --task lm makes one" in capsys.readouterr().err


def test_columns_are_not_taken_for_text(model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.txt").write_text("# a comment\nthe\tX\ndog\tX\n", encoding="utf-8")
    assert run(["tag", model, "--stream", str(tmp_path / "a.txt")]) == 2
    out, err = capsys.readouterr()
    assert out == "" and "a.txt has tabs in most lines; say what it is: --format columns, --format text" in err
    assert run(["tag", model, "--stream", "--format", "text", str(tmp_path / "a.txt")]) == 0
