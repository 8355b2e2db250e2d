"""Commands and options that do not exist: what was probably meant."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click
import pytest

from elman.cli import group
from elman.settings import NETWORK, OTHER_NAMES, TRAINING

Refused = Callable[..., str]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("trian x", "no command 'trian': did you mean train?; see elman --help"),
        ("predict m x", "no command 'predict': did you mean tag?; see elman --help"),
        ("version", "no command 'version': did you mean --version?; see elman --help"),
        ("qqq", "no command 'qqq'; see elman --help"),
        ("tutorial trian", "no command 'trian': did you mean train?; see elman tutorial --help"),
        ("train x --epochs 5 -o m", "no option --epochs: epochs is a setting, pass --set epochs=5; "),
        ("train x --epochs=5 -o m", "no option --epochs: epochs is a setting, pass --set epochs=5; "),
        ("train x -o m --epochs", "epochs is a setting, pass --set epochs=VALUE; "),
        ("train x --epochs -o m", "epochs is a setting, pass --set epochs=VALUE; "),
        ("train x -epochs 5 -o m", "no option -epochs: epochs is a setting, pass --set epochs=5; "),
        ("train x --lr 0.1 -o m", "learning_rate is a setting, pass --set learning_rate=0.1; "),
        ("train x --batch-size 8 -o m", "batch is a setting, pass --set batch=8; "),
        ("find-lr x --hiddn 9", "no option --hiddn: hidden is a setting, pass --set hidden=9; "),
        ("tag m x --epochs 5", "epochs is a setting of training: elman train --set epochs=5; see elman tag --help"),
        ("tag m x --nbset 3", "no option --nbset: did you mean --nbest?; "),
        ("train x -dev y -o m", "no option -dev: did you mean --dev?; "),
        ("train --train x -o m", "no option --train; TRAIN... are given without an option; "),
        ("tag --model m", "no option --model; MODEL [FILE]... are given without an option; "),
        ("inspect -x m", "no option -x; MODEL is given without an option; "),
        ("train x --test y -o m", "no option --test; see elman train --help"),
        ("-v", "no option -v; see elman --help"),
    ],
)
def test_what_was_meant(refused: Refused, line: str, expected: str) -> None:
    assert expected in refused(*line.split())


def test_values_are_shown_escaped(refused: Refused) -> None:
    text = refused("train", "x", "--epochs", "\x1b[2J" * 1000)
    assert "\x1b" not in text and len(text) < 250


@pytest.mark.parametrize("command", ["train", "curve"])
@pytest.mark.parametrize(
    ("dev", "share"), [("10", "10%"), ("0.1", "10%"), ("0,25", "25%"), ("10%%", "10%"), ("0", "10%")]
)
def test_a_share_without_a_percent_sign(refused: Refused, train_file: Path, command: str, dev: str, share: str) -> None:
    text = refused(command, train_file, "--dev", dev, *(["-o", train_file.parent / "m"] if command == "train" else []))
    assert text == f"elman: dev: no file is called '{dev}'; a share of TRAIN has a percent sign: {share}\n"


def test_a_file_whose_name_is_a_number(
    run: Callable[..., object], train_file: Path, dev_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(train_file.parent)
    dev_file.rename("10")
    assert run("train", train_file, "--dev", "10", "-o", "m", "--model", "frequent").returncode == 0  # type: ignore[attr-defined]


def test_no_option_is_cut_in_two_at_the_end_of_a_line() -> None:
    above = group.context_class(group, info_name="elman", **group.context_settings)
    for name in group.list_commands(above):
        command = group.get_command(above, name)
        assert command is not None
        for width in range(60, 121):
            text = command.get_help(command.context_class(command, above, name, terminal_width=width))
            assert not [line for line in text.splitlines() if line.endswith("-") and not line.endswith(" -")], width
            assert "\u2011" not in text


def test_other_names_are_of_commands_and_settings() -> None:
    from elman.cli import unknown

    assert set(unknown._OTHER_NAMES.values()) <= {*group.list_commands(click.Context(group)), "--help", "--version"}
    assert set(OTHER_NAMES.values()) <= {*NETWORK, *TRAINING}
    assert not set(OTHER_NAMES) & {*NETWORK, *TRAINING}
