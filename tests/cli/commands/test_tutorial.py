"""``elman tutorial`` as a student runs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from elman import cli

TOY = b"a_X b_Y a_Z\na_X c_X b_Y\n"


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    (tmp_path / "train.txt").write_bytes(TOY)
    return tmp_path


def test_the_exercise(run, shared_data: Path, tmp_path: Path) -> None:
    """Default options; answers to the byte."""
    given, weights, ids = shared_data / "tutorial/test", tmp_path / "weights.txt", tmp_path / "ids.txt"
    done = run("tutorial", "train", given / "05-train-input.txt", weights, ids)
    assert done.returncode == 0 and done.stdout == b"", done.stderr
    answer = run("tutorial", "test", weights, ids, given / "05-test-input.txt")
    assert answer.returncode == 0 and answer.stdout == (given / "05-test-answer.txt").read_bytes()
    probabilities = run("tutorial", "hmm", given / "05-train-input.txt")
    assert probabilities.returncode == 0
    assert probabilities.stdout == (given / "05-train-answer.txt").read_bytes()


def test_options_and_standard_input(run, toy: Path) -> None:
    options = ("--hidden", 8, "--learning-rate", 0.3, "--iterations", 40, "--bptt", 2, "--seed", 5)
    files = (toy / "weights.txt", toy / "ids.txt")
    assert run("tutorial", "train", "-", *files, *options, stdin=TOY).returncode == 0
    assert files[0].read_text(encoding="utf-8").split("\n")[1] == "w_rx 8 3"
    answer = run("tutorial", "test", *files, "-", stdin=b"a b a\n\na c b")
    assert answer.stdout == b"X Y Z\n\nX X Y\n" and answer.stderr == b""


def test_odd_characters_come_through(run, toy: Path) -> None:
    odd = "a_\u3000 b_\u0085x c_\u2028\n"
    (toy / "train.txt").write_text(odd, encoding="utf-8", newline="")
    files = (toy / "weights.txt", toy / "ids.txt")
    assert run("tutorial", "train", toy / "train.txt", *files, "--iterations", 60).returncode == 0
    answer = run("tutorial", "test", *files, "-", stdin=b"a b c\n")
    assert answer.stdout == "\u3000 \u0085x \u2028\n".encode()


def test_mistakes_are_one_line(refused, toy: Path) -> None:
    files = (toy / "weights.txt", toy / "ids.txt")
    assert "word_TAG" in refused("tutorial", "train", "-", *files, stdin=b"a b\n")
    assert "no sentence" in refused("tutorial", "hmm", "-")
    assert "standard input: expected UTF-8" in refused("tutorial", "hmm", "-", stdin=b"a\xff_X\n")
    assert "No such file" in refused("tutorial", "test", *files, "-")
    assert "not a weight file" in refused("tutorial", "test", toy / "train.txt", toy / "train.txt", "-")
    assert "--hidden" in refused("tutorial", "train", toy / "train.txt", *files, "--hidden", "0")
    assert not files[0].exists() and not files[1].exists()


def test_iterations_are_shown_on_a_terminal_only(
    toy: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["tutorial", "train", *(str(toy / name) for name in ("train.txt", "w", "i")), "--iterations", "2"]
    assert cli.run(arguments) == 0
    assert "log-likelihood" not in capsys.readouterr().err
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    assert cli.run(arguments) == 0
    assert "iteration 2 of 2: log-likelihood -" in capsys.readouterr().err


def test_help_names_every_option_and_default(run) -> None:
    text = run("tutorial", "train", "--help").stdout.decode()
    for option, default in (
        ("--hidden", 64),
        ("--learning-rate", 0.4),
        ("--iterations", 12),
        ("--bptt", 0),
        ("--seed", 1),
    ):
        assert option in text
        assert f"default: {default}" in " ".join(text.split())


def test_defaults_are_those_of_the_library() -> None:
    from elman.cli.commands.tutorial import train
    from elman.tutorial.slides import Training

    for option in train.params:
        if option.name in Training.__dataclass_fields__:
            assert option.default == getattr(Training(), option.name)


def test_importing_the_command_loads_no_numpy() -> None:
    import os
    import subprocess
    import sys

    import elman

    code = "import sys, elman.cli.commands.tutorial; sys.exit('numpy' in sys.modules)"
    environment = os.environ | {"PYTHONPATH": str(Path(elman.__file__).parents[2])}
    assert subprocess.run([sys.executable, "-c", code], env=environment, check=False).returncode == 0
