"""``elman tutorial`` as a student runs it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
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
    tagged = run("tutorial", "test", *files, "-", stdin=b"a_X b_Y\n")
    assert tagged.returncode == 0 and b"none of its words is in" in tagged.stderr


def test_odd_characters_come_through(run, toy: Path) -> None:
    odd = "a_\u3000 b_\u0085x c_\u2028\n"
    (toy / "train.txt").write_text(odd, encoding="utf-8", newline="")
    files = (toy / "weights.txt", toy / "ids.txt")
    assert run("tutorial", "train", toy / "train.txt", *files, "--iterations", 60).returncode == 0
    answer = run("tutorial", "test", *files, "-", stdin=b"a b c\n")
    assert answer.stdout == "\u3000 \u0085x \u2028\n".encode()


def test_as_printed_is_the_slide(run, toy: Path) -> None:
    """Slide 32 with the functions of slides 16, 30 and 31: the same numbers in the file of weights."""
    from elman.tutorial import exercise, slides

    files = [str(toy / name) for name in ("weights.txt", "ids.txt")]
    options = ("--as-printed", "--hidden", 5, "--iterations", 3, "--seed", 2)
    assert run("tutorial", "train", toy / "train.txt", *files, *options).returncode == 0
    net, x_ids, y_ids = exercise.read_net(*files)
    expected = slides.create_net(3, 5, 3, seed=2, memory=0, random_biases=False)
    for _ in range(3):
        for words, tags in exercise.read_labelled(str(toy / "train.txt")):
            x, y_true = [slides.create_one_hot(x_ids[word], 3) for word in words], [y_ids[tag] for tag in tags]
            h, p, _ = slides.forward_rnn(expected, x)
            slides.update_weights(expected, slides.gradient_rnn(expected, x, h, p, y_true), 0.005)
    assert all(np.allclose(a, b, rtol=1e-12, atol=1e-15) for a, b in zip(net, expected, strict=True))
    assert run("tutorial", "train", toy / "train.txt", *files, *options, "--learning-rate", 0.005).returncode == 0
    assert all(np.array_equal(a, b) for a, b in zip(net, exercise.read_net(*files)[0], strict=True))


def test_the_hmm_tags(run, toy: Path, shared_data: Path) -> None:
    assert run("tutorial", "hmm", toy / "train.txt", "-", stdin=b"a b a\n\na c b\n").stdout == b"X Y Z\n\nX X Y\n"
    data = shared_data / "tutorial/data"
    tags = run("tutorial", "hmm", data / "wiki-en-train.norm_pos", data / "wiki-en-test.norm").stdout.split()
    gold = (data / "wiki-en-test.pos").read_bytes().split()
    assert sum(a == b for a, b in zip(tags, gold, strict=True)) == 4144  # the tutorial's own figure, 90.82 %


def test_an_answer_is_scored_by_evaluate(run, toy: Path) -> None:
    (toy / "answer.pos").write_bytes(b"X Y Z\nX Y Y\n")
    done = run("evaluate", "--predicted", toy / "answer.pos", "--predicted-format", "tags", toy / "train.txt")
    assert done.returncode == 0 and b"83.33 %" in done.stdout


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
    environment = os.environ | {"PYTHONPATH": str(Path(elman.__file__).parents[1])}
    assert subprocess.run([sys.executable, "-c", code], env=environment, check=False).returncode == 0
