"""The line at the bottom of the terminal: it fits, it is plain, it is erased, and nothing waits for it."""

from __future__ import annotations

import io
import os
import re
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from elman.cli import say
from elman.cli.bar import Bar
from elman.cli.progress import TrainingProgress, status_line
from elman.utils.text_width import cells
from terminal import on_a_terminal, screen

SMALL = ("--set", "epochs=3", "--set", "hidden=4", "--set", "ensemble=1")
NUMBERS = "loss 1.235  dev 87.50 %  123k words/s  rate 0.0029  1:01 left"
terminals = pytest.mark.skipif(os.name == "nt", reason="no pseudo-terminals there")


class Terminal(io.StringIO):
    encoding = "utf-8"  # type: ignore[assignment]

    def isatty(self) -> bool:
        return True


def opened(monkeypatch: pytest.MonkeyPatch, columns: int = 80) -> Terminal:
    """Make standard error a terminal; a fixture cannot, since pytest replaces the stream before each test."""
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", str(columns))
    return stream


def drawings(text: str) -> list[str]:
    return re.split("[\r\n]+", text)


def train(environment: dict[str, str], folder: Path, **terminal: Any) -> str:
    environment = {name: value for name, value in environment.items() if name != "COLUMNS"}
    (folder / "train.txt").write_text("the_DET dog_NOUN barks_VERB\n" * 300, encoding="utf-8")
    status, seen = on_a_terminal(environment, "train", folder / "train.txt", "-o", folder / "m", *SMALL, **terminal)
    assert status == 0, seen
    text = seen.decode()
    assert "\x1b" not in text
    return text


@terminals
@pytest.mark.parametrize(("columns", "lines"), [(80, 24), (40, 10), (10, 3), (5, 1), (0, 0)])
def test_a_line_fits_the_terminal_and_is_erased(
    environment: dict[str, str], tmp_path: Path, columns: int, lines: int
) -> None:
    text = train(environment, tmp_path, columns=columns, lines=lines)
    width = (columns or 80) - 1
    bars = [line for line in re.findall("\r([^\r\n]+)", text) if line.startswith("epoch 3/3 "[:width])]
    assert bars and max(map(cells, bars)) <= width
    assert columns < 40 or all("left" in line for line in bars)
    assert not any(line.startswith("epoch") for line in screen(text)) and screen(text)[-1] == ""


@terminals
def test_ascii_alone_in_the_posix_locale(environment: dict[str, str], tmp_path: Path) -> None:
    plain = {"LC_ALL": "POSIX", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    text = train(environment | plain, tmp_path)
    assert text.isascii() and re.search("epoch 3/3 [#0-9]+ *loss", text)


@terminals
def test_a_terminal_that_cannot_erase_has_no_bar(environment: dict[str, str], tmp_path: Path) -> None:
    assert "epoch 1/3" not in train(environment, tmp_path, term="dumb")


@terminals
def test_variables_of_tqdm(environment: dict[str, str], tmp_path: Path) -> None:
    names = ("GUI", "WRITE_BYTES", "DISABLE", "LEAVE", "DYNAMIC_NCOLS", "UNIT_SCALE", "LOCK_ARGS", "INITIAL", "NROWS")
    variables = {f"TQDM_{name}": "1" for name in names} | {"TQDM_COLOUR": "green", "TQDM_DELAY": "9"}
    assert "epoch 3/3" in train(environment | variables, tmp_path)
    status, seen = on_a_terminal(
        environment | {"TQDM_NCOLS": "x"}, "train", tmp_path / "train.txt", "-o", tmp_path / "n"
    )
    refused = b"a variable of the environment, TQDM_...: invalid literal" in seen
    assert status == 2 * refused and b"Traceback" not in seen  # tqdm reads variables from 4.66 on


def test_numbers_are_left_out_from_the_middle(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = opened(monkeypatch)
    with Bar() as bar:
        for columns in range(1, 140):
            monkeypatch.setenv("COLUMNS", str(columns))
            bar.show("epoch 1/2", 3, 4, NUMBERS, at_once=True)
            drawn = terminal.getvalue().rpartition("\r")[2].rstrip()
            assert cells(drawn) <= max(1, columns - 1)
            if columns in (40, 80, 100):
                assert drawn.startswith("epoch 1/2 █") and "loss 1.235" in drawn and drawn.endswith("1:01 left")
            assert ("rate" in drawn) == (columns > 76)


def test_wide_and_control_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = opened(monkeypatch, columns=20)
    with status_line() as show:
        show("東京都千代田区東京都千代田区")
        show("a\x1b]0;owned\x07\n{0}[red]")
    lines = drawings(terminal.getvalue())
    assert "東京都千代田区東京" in lines and max(map(cells, lines)) < 20
    assert r"a\x1b]0;owned\x07\n" in lines and screen(terminal.getvalue()) == [""]


def test_braces_are_text(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = opened(monkeypatch)
    with status_line() as show:
        show("{desc} {0} %s")
    assert "{desc} {0} %s" in drawings(terminal.getvalue())


def test_a_message_stands_on_a_line_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = opened(monkeypatch)
    with TrainingProgress() as progress:
        assert "training" in terminal.getvalue() and progress._draw is not None
        say.tell("elman: warning: it diverges")
    assert screen(terminal.getvalue()) == ["elman: warning: it diverges", ""]
    assert not say.ERASE


def test_no_thread_and_no_setting_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    opened(monkeypatch)
    from tqdm import tqdm

    before = threading.active_count(), tqdm.monitor_interval, tqdm.monitor
    with Bar("a") as bar:
        bar.show("b", 1, 2, "", at_once=True)
        assert threading.active_count() == before[0] and bar.monitor is None
        assert bar not in tqdm._instances
    assert (threading.active_count(), tqdm.monitor_interval, tqdm.monitor) == before


@pytest.mark.parametrize(
    "error", [OSError(5, "gone"), OSError(32, "broken"), ValueError("I/O operation on closed file")]
)
def test_a_terminal_that_is_gone_costs_nothing(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    terminal = opened(monkeypatch)

    def fail(*_: object) -> None:
        raise error

    with Bar("a") as bar:
        monkeypatch.setattr(terminal, "write", fail)
        monkeypatch.setattr(terminal, "flush", fail)
        bar.show("b", 1, 2, at_once=True)
    monkeypatch.setattr(sys, "stderr", None)
    with Bar("c") as bar:
        bar.show("d", at_once=True)
