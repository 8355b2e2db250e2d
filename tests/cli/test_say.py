"""Nothing that a file, a model or an option brings along acts on the terminal of who looks at it: in no command."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from io import StringIO
from itertools import chain
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import click
import pytest

import elman
from elman import cli
from elman.cli import progress, say
from elman.models import file as model_file
from elman.utils.display import visible
from terminal import on_a_terminal

Run = Callable[..., subprocess.CompletedProcess[bytes]]

pytestmark = pytest.mark.skipif(os.name == "nt", reason="files cannot be called so there")

EVIL = "\x1b]0;owned\x07\x1b[31m\x1b[8m\x9b2J\u202e\u2066\u200b\u2028\x85\x7f\x08[red][/]$x^"
"""A word or a tag."""
NAME = "e\x1b]0;owned\x07\x9b2J\u202e\udcff\r\n[red]"
"""Of a file or a folder."""
LINES = f"{EVIL}\nelman: all is well\r"
"""What is possible in JSON alone."""

SETTINGS = {"epochs": 1, "hidden": 4, "embedding": 4, "feature_embedding": 4, "ensemble": 1}
OUR_STYLES = re.compile("\x1b\\[(0|1|31|33|36)m")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files and models in a folder with a name."""
    made = tmp_path_factory.mktemp("say") / NAME
    made.mkdir()
    rows = [{"tokens": ["the", f"dog{i}", EVIL], EVIL: ["D", f"N{EVIL}", LINES if i % 2 else "X"]} for i in range(8)]
    (made / "words.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    spans = "".join(f"in\tO\nRome{i}\tB-{EVIL}\n{EVIL}\tI-{EVIL}\n\n" for i in range(4))
    (made / "spans.tsv").write_text(spans, encoding="utf-8")
    (made / "other.tsv").write_text(spans.replace("I-", "B-"), encoding="utf-8")
    (made / "broken.tsv").write_text(f"in\tO\n{EVIL}\n", encoding="utf-8")
    (made / "words.csv").write_text(f"word,{EVIL}\na,b\n", encoding="utf-8")
    (made / "texts.txt").write_text(f"{EVIL}\tgood film {EVIL}\nneg\tbad film\n" * 6, encoding="utf-8")
    (made / "word_tag.txt").write_text(f"the_D {EVIL}_N\na_{EVIL} cat_N\n" * 4, encoding="utf-8")
    (made / "many.txt").write_text(f"the_D {EVIL}_N\na_{EVIL} cat_N\n" * 40, encoding="utf-8")
    (made / "plain.txt").write_text(f"the {EVIL} dog\nthe dog\n" * 4, encoding="utf-8")
    (made / "settings.toml").write_text('"\\u001b]0;x\\u0007" = 1\n', encoding="utf-8")
    (made / "result.json").write_text(json.dumps({EVIL: EVIL}), encoding="utf-8")
    quiet: dict[str, Any] = {"on_warning": lambda _: None}
    elman.train(made / "words.jsonl", "50%", target=EVIL, settings=SETTINGS, **quiet).save(made / "rnn.model")
    elman.train(made / "spans.tsv", "50%", model="frequent", **quiet).save(made / "spans.model")
    elman.train(made / "texts.txt", "50%", settings=SETTINGS, **quiet).save(made / "texts.model")
    elman.train(made / "plain.txt", task="lm:unit=characters", model="ngram", **quiet).save(made / "lm.model")
    record, tensors = model_file.load(made / "spans.model")
    record["target"], record["format"], record["data"]["held_out"] = LINES, EVIL, LINES
    model_file.save(made / "forged.model", record, tensors)
    return made


DATA = ("tag", "convert", "tutorial")
"""Commands that write data, which nobody may change, to standard output."""
CASES = {
    "train": [
        ["word_tag.txt", "-o", "new.model", "--model", "frequent", "--dev", "50%"],
        ["texts.txt", "-o", "new.model", "--model", "linear"],
        ["words.jsonl", "-o", "new.model", "--set", "hidden=4", "--set", "epochs=1", "--set", "ensemble=1"],
        ["words.csv", "-o", "new.model"],
        ["broken.tsv", "-o", "new.model", "--format", "columns"],
        ["word_tag.txt", "-o", "new.model", "--config", "settings.toml"],
        ["word_tag.txt", "-o", "nowhere/new.model"],
    ],
    "pretrain": [
        ["plain.txt", "--like", "words.jsonl", "-o", "base.model", "--set", "epochs=1", "--set", "hidden=2"],
        ["plain.txt", "--like", EVIL, "-o", "base.model"],
        [EVIL, "-o", "base.model"],
    ],
    "tag": [
        ["rnn.model", "words.jsonl"],
        ["rnn.model", "words.jsonl", "--target", "x"],
        ["rnn.model", "plain.txt", "--confidence", "--as", "columns"],
        ["rnn.model", "words.jsonl", "--as", "html", "-o", "page.html"],
        ["rnn.model", "words.jsonl", "--as", "word_tag"],
        ["rnn.model", "plain.txt", "--nbest", "2", "--as", "jsonl"],
        ["rnn.model", "plain.txt", "--stream"],
        ["rnn.model", "plain.txt", "--min-confidence", "0.9", "--as", "columns"],
        ["texts.model", "texts.txt"],
        ["forged.model", "spans.tsv"],
        ["lm.model", "plain.txt"],
    ],
    "evaluate": [
        ["rnn.model", "words.jsonl"],
        ["rnn.model", "words.jsonl", "--json"],
        ["rnn.model", "words.jsonl", "--calibration", "--min-confidence", "0.5", "--plot", "e.svg"],
        ["rnn.model", "words.jsonl", "--plot", "f.svg"],
        ["spans.model", "spans.tsv", "--style", "conlleval"],
        ["spans.model", "spans.tsv", "--style", "seqeval"],
        ["texts.model", "texts.txt"],
        ["forged.model", "spans.tsv"],
        ["--predicted", "other.tsv", "spans.tsv"],
        ["--predicted", "words.jsonl", "spans.tsv"],
        ["--predicted", "texts.txt", "texts.txt", "--positive", EVIL],
        ["--predicted", "texts.txt", "texts.txt", "--label", EVIL],
        ["lm.model", "plain.txt"],
    ],
    "export": [["rnn.model", "new.onnx"], ["spans.model", "new.onnx"], ["lm.model", EVIL], ["plain.txt", "new.onnx"]],
    "learn": [
        ["rnn.model", "words.jsonl", "-o", "learned.model", "--heldout", "words.jsonl", "--html", "learned.html"],
        ["texts.model", "texts.txt", "-o", "learned.model", "--replay", "texts.txt", "--json"],
        ["rnn.model", "words.jsonl", "-o", "learned.model", "--unlabelled", EVIL],
        ["rnn.model", "spans.tsv", "-o", "learned.model"],
        ["spans.model", "spans.tsv", "-o", "learned.model"],
    ],
    "sample": [["lm.model", "--prompt", EVIL], ["rnn.model"], ["lm.model", "--prompt", LINES, "--length", "300"]],
    "compare": [
        ["spans.tsv", "other.tsv", "other.tsv"],
        ["spans.tsv", "spans.model", "other.tsv", "--json"],
        ["--runs", "result.json", "result.json"],
        ["words.jsonl", "rnn.model", "spans.model"],
    ],
    "check": [
        ["spans.tsv", "other.tsv"],
        ["words.jsonl", "--all"],
        ["words.jsonl", "texts.txt"],
        ["word_tag.txt", "plain.txt"],
        ["--train", "spans.tsv", "--test", "other.tsv", "--json"],
        ["broken.tsv"],
    ],
    "convert": [
        ["words.jsonl", "new.conllu"],
        ["words.jsonl", "-", "--to", "columns"],
        ["spans.tsv", "-", "--to", "jsonl"],
        ["spans.tsv", "new.what"],
        ["texts.txt", "-", "--to", "columns"],
        ["plain.txt", "-", "--to", "tags"],
    ],
    "curve": [
        ["many.txt", "--dev", "50%", "--model", "frequent", "--points", "3", "--seeds", "1"],
        ["broken.tsv", "--dev", "50%"],
    ],
    "errors": [
        ["rnn.model", "words.jsonl"],
        ["rnn.model", "words.jsonl", "--json"],
        ["rnn.model", "words.jsonl", "--html", "errors.html"],
        ["texts.model", "texts.txt"],
        ["forged.model", "spans.tsv"],
    ],
    "gradients": [
        ["rnn.model", "words.jsonl", "--plot", "g.svg"],
        ["rnn.model", "words.jsonl", "--json"],
        ["rnn.model", "--text", f"the {EVIL}"],
        ["rnn.model", "--text", f"the {EVIL}", "--token", "2", "--html", "why.html"],
        ["rnn.model", "words.jsonl", "--sentence", "1", "--json"],
        ["rnn.model", "words.jsonl", "--sentence", "100"],
    ],
    "states": [
        ["rnn.model", "words.jsonl", "--plot", "s.svg", "--html", "states.html"],
        ["rnn.model", "words.jsonl", "--json"],
        ["forged.model", "words.jsonl"],
    ],
    "inspect": [
        ["rnn.model", "--plot", "i.svg"],
        ["rnn.model", "--json"],
        ["spans.model"],
        ["texts.model"],
        ["lm.model"],
        ["forged.model"],
        ["forged.model", "--json"],
        ["plain.txt"],
    ],
    "info": [[], ["--json"], [EVIL]],
    "completion": [["bash"], [EVIL]],
    "demo": [["--folder", EVIL]],
    "tutorial": [
        ["train", "word_tag.txt", "weights", "ids", "--iterations", "1", "--hidden", "2"],
        ["test", "weights", "ids", "plain.txt"],
        ["test", "plain.txt", "ids", "plain.txt"],
        ["hmm", "word_tag.txt"],
        ["hmm", "plain.txt"],
        ["memory", "--list"],
        ["memory", EVIL],
        ["memory", "adding-100", "--cells", EVIL],
        ["template"],
        ["check", "plain.txt"],
        ["check", EVIL],
        ["compare", "word_tag.txt", "word_tag.txt", "--iterations", "1", "--hidden", "2"],
        ["compare", "word_tag.txt", "plain.txt"],
    ],
    "settings": [[], [EVIL]],
    "serve": [["plain.txt"], ["none.model"], [EVIL], ["rnn.model", "--host", EVIL], ["lm.model", "--port", "0"]],
    "corrections": [
        ["export", "plain.txt"],
        ["export", EVIL],
        ["stats", "plain.txt"],
        ["undo", "plain.txt"],
    ],
    "find-lr": [["word_tag.txt", "--set", "hidden=2"]],
    "search": [
        ["word_tag.txt", "--dev", "50%", "--trials", "2", "--set", "hidden=2", "--set", "epochs=1", "--plot", "se.svg"],
        ["texts.txt", "--dev", "50%", "--trials", "1", "--set", "hidden=2", "--set", "epochs=1"],
        ["word_tag.txt", "--space", "settings.toml"],
        ["broken.tsv", "--dev", "50%"],
    ],
}
COMMANDS = cli.group.list_commands(click.Context(cli.group))
SHOWN = {"rnn.model", "spans.model", "texts.model", "forged.model"}


@pytest.fixture
def ran(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> Callable[..., tuple[int, str, bytes]]:
    """Run a command beside the files, as for a terminal that shows colours; what it said, and the data it wrote."""
    monkeypatch.chdir(folder)
    echo = click.echo
    monkeypatch.setattr(click, "echo", lambda *given, **options: echo(*given, **{"color": True} | options))
    monkeypatch.setenv("COLUMNS", "80")

    def run(name: str, *arguments: str) -> tuple[int, str, bytes]:
        status = cli.run([name, *arguments])
        out, err = capsysbinary.readouterr()
        text = err.decode() + ("" if name in DATA and arguments[-1:] != ("--help",) else out.decode())
        assert status in (0, 1, 2), text
        check(text, lines=name != "sample")
        if status == 2:
            assert err.startswith(b"elman: ") and err.count(b"\n") == 1, text
        return status, text, out

    return run


def check(text: str, *, lines: bool = True) -> None:
    """Nothing acts but our own styles, and no line of a stranger's passes for one of ours."""
    assert "\x1b[31m\\x1b[8m" not in text  # a style that is not ours, though we have it too
    plain = OUR_STYLES.sub("", text)
    assert visible(plain, "\n\t"[: 1 + (not lines)]) == plain
    assert not (lines and re.search("^elman: all is well", text, re.MULTILINE))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command(command: str, folder: Path, ran: Callable[..., tuple[int, str, bytes]]) -> None:
    """A new command has to come with cases."""
    statuses = {ran(command, *arguments)[0] for arguments in CASES[command]}
    beside = [str(folder / argument) if "." in argument else argument for argument in CASES[command][0]]
    if command != "tutorial":  # the same with the folder's name in it
        ran(command, *beside)
    # what these need is not there in all tests, or they do not end
    assert 0 in statuses or command in ("corrections", "demo", "export", "serve")


@pytest.mark.parametrize("command", COMMANDS)
def test_values_of_every_option(command: str, ran: Callable[..., tuple[int, str, bytes]]) -> None:
    """Of a stranger's value, and of one that is very long, a bounded part is shown."""
    group = cli.group.get_command(click.Context(cli.group), command)
    assert group is not None
    of_all = [([], group)] if not isinstance(group, click.Group) else [([n], c) for n, c in group.commands.items()]
    for names, one in of_all:
        base = CASES[command][0] if not names else next(case for case in CASES[command] if case[:1] == names)
        base = ["memory", "adding-100", "--cells", "none"] if names == ["memory"] else base  # before there is work
        options = [param for param in one.params if isinstance(param, click.Option) and not param.is_flag]
        for option in chain([["--no-such"], ["-Z"]], ([max(option.opts, key=len)] for option in options)):
            for value in (EVIL, f"hidden={EVIL}", "\u202e" * 200_000, "x" * 200_000):
                _, text, _ = ran(command, *base, *option, value)
                assert len(text) < 8_000 or command == "sample", text[:400]
        ran(command, *base, EVIL)
        ran(command, *(f"{argument}{EVIL}" for argument in base))


def test_an_unknown_command(ran: Callable[..., tuple[int, str, bytes]]) -> None:
    ran(EVIL)
    ran("x" * 1_000_000)


def test_data_stay_as_they_are(ran: Callable[..., tuple[int, str, bytes]]) -> None:
    assert ran("tag", "spans.model", "spans.tsv")[2].count(f"{EVIL}\tI-{EVIL}\n".encode()) == 4
    assert EVIL in json.loads(ran("convert", "spans.tsv", "-", "--to", "jsonl")[2].splitlines()[0])["tokens"]
    assert EVIL.encode() in ran("tutorial", "hmm", "word_tag.txt")[2]


def test_json_reads_as_the_same_values(ran: Callable[..., tuple[int, str, bytes]]) -> None:
    facts = json.loads(ran("inspect", "forged.model", "--json")[2])
    assert (facts["target"], facts["format"], facts["data"]["held_out"]) == (LINES, EVIL, LINES)
    assert EVIL in json.loads(ran("gradients", "rnn.model", "--text", EVIL, "--json")[2])["words"][0]["words"]


def test_json_for_an_encoding_that_lacks_characters(
    ran: Callable[..., tuple[int, str, bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    written = StringIO()
    monkeypatch.setattr(say, "sys", SimpleNamespace(stdout=SimpleNamespace(encoding="latin-1")))
    monkeypatch.setattr(click, "echo", lambda text, err: written.write(text))
    say.say_json({"é": "日本 \U0001f600"})
    assert written.getvalue().isascii() and json.loads(written.getvalue()) == {"é": "日本 \U0001f600"}


def test_pages_and_pictures_hold_no_control_characters(ran: Callable[..., tuple[int, str, bytes]]) -> None:
    made = {}
    for command, cases in CASES.items():
        for case in cases:
            for path in map(Path, case):
                if path.suffix in (".html", ".svg"):
                    made[path] = ran(command, *case)[0]
    assert len(made) == 11 and set(made.values()) == {0}
    for path in made:
        text = path.read_text(encoding="utf-8")
        assert all(c.isprintable() or c in "\n\u00a0" for c in text), path
        if path.suffix == ".svg":
            ElementTree.fromstring(text)


def test_our_own_styles_survive(ran: Callable[..., tuple[int, str, bytes]]) -> None:
    text = ran("check", "spans.tsv", "other.tsv")[1]
    assert "\x1b[1m" in text and "\x1b[0m" in text
    assert ran("errors", "rnn.model", "words.jsonl")[1].count("\x1b[1m") >= 2


def test_a_sample_keeps_its_tabs_and_line_ends(capsys: pytest.CaptureFixture[str]) -> None:
    say.say_text("a\tb\nc\r\x1b[1md")
    say.say("a\tb")
    assert capsys.readouterr().out == "a\tb\nc\\r\\x1b[1md\na\\tb\n"


def test_nothing_else_prints() -> None:
    """Whoever prints past ``say`` prints past its guard."""
    for path in Path(cli.__file__).parent.glob("*.py"):
        if path.name not in ("say.py", "bar.py"):  # the bar has a guard of its own: test_bar.py
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"\b(click\.s?echo|print|sys\.std(out|err)\.write)\(", text), path


def test_progress_reads_no_markup(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    event = SimpleNamespace(
        part=f"[red]{EVIL}[/] [/]",
        epoch=1,
        epochs=2,
        steps=4,
        step=2,
        is_epoch_end=False,
        dev_accuracy=None,
        train_accuracy=0.5,
        loss=1.0,
        words_per_second=1.0,
        rate=0.1,
        seconds_left=1.0,
        gradient_norm=None,
    )
    with progress.progress_bar("training") as bar:
        progress._drawer(bar)(event)  # type: ignore[arg-type]
    with progress.status_line() as tell:
        tell(f"[red]{EVIL}[/] [/]")
    text = terminal.getvalue()
    assert "[red]\\x1b]0;owned" in text
    assert not re.search("\x1b\\]|\x07|\x9b|\u202e", text)


def test_completion_brings_nothing_of_a_stranger(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    from click.shell_completion import shell_complete

    monkeypatch.chdir(folder)
    for words in ("elman ", "elman tr", "elman train --pre", "elman tag --format ", "elman evaluate --style s"):
        monkeypatch.setenv("COMP_WORDS", words)
        monkeypatch.setenv("COMP_CWORD", str(len(words.split(" ")) - 1))
        assert shell_complete(cli.group, {}, "elman", "_ELMAN_COMPLETE", "bash_complete") == 0
    check(capsys.readouterr().out)


def test_a_real_terminal(environment: dict[str, str], folder: Path) -> None:
    status, seen = on_a_terminal(environment, "inspect", folder / "forged.model")
    assert status == 0 and b"\\x1b]0;owned" in seen and b"\x1b" not in seen
    status, seen = on_a_terminal(environment, "tag", folder / "lm.model", folder / "plain.txt")
    assert status == 2 and b"\\r\\n[red]/lm.model: a language model" in seen and b"\x1b" not in seen
