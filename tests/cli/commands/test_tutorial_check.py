"""``elman tutorial check`` and ``template`` as a student runs them."""

from __future__ import annotations

from pathlib import Path

from elman.tutorial.check import template

SOME = """
import numpy as np
def sigmoid(a):
    return np.exp(a) / (1 + np.exp(a))
def softmax(a):
    return np.exp(a)
"""


def test_from_template_to_agreement(run, tmp_path: Path) -> None:
    done = run("tutorial", "template")
    assert done.returncode == 0 and done.stdout.decode() == template()
    (tmp_path / "my_rnn.py").write_bytes(done.stdout)
    assert run("tutorial", "check", tmp_path / "my_rnn.py").returncode == 1
    (tmp_path / "my_rnn.py").write_text("from elman.tutorial.slides import *\n", encoding="utf-8")
    done = run("tutorial", "check", tmp_path / "my_rnn.py")
    assert done.returncode == 0 and done.stdout.endswith(b"\n14 of 14 functions agree\n")


def test_what_is_shown(run, tmp_path: Path) -> None:
    (tmp_path / "my_rnn.py").write_text(SOME, encoding="utf-8")
    done = run("tutorial", "check", tmp_path / "my_rnn.py", "--slide", "8-10")
    assert done.returncode == 1
    assert done.stdout.decode() == (
        "slide 8      sigmoid            agrees\n"
        "             for scores of ±1000 the exponential overflows; elman's does not\n"
        "slide 9      softmax            differs\n"
        "             [3]: got 7.38906, expected 0.816888\n"
        "             Hint: the sum is missing: divide by the sum of all exponentials\n"
        "slide 10     find_best          is missing\n"
        "\n1 of 3 functions agree\n"
    )
    done = run("tutorial", "check", tmp_path / "my_rnn.py", "--slide", 8)
    assert done.returncode == 0 and done.stdout.endswith(b"\n1 of 1 function agrees\n")


def test_a_loop_without_an_end_does_not_keep_the_command(process, tmp_path: Path) -> None:
    endless = "def find_best(p):\n    while True: pass\n"
    (tmp_path / "my_rnn.py").write_text(endless, encoding="utf-8")
    done = process("tutorial", "check", tmp_path / "my_rnn.py", "--slide", 10, "--seconds", 0.2)
    assert done.returncode == 1 and b"takes too long" in done.stdout


def test_mistakes_are_one_line(refused, tmp_path: Path) -> None:
    (tmp_path / "my_rnn.py").write_text(SOME, encoding="utf-8")
    path = tmp_path / "my_rnn.py"
    assert "No such file" in refused("tutorial", "check", tmp_path / "none.py")
    assert "such as 8-12; got 'eight'" in refused("tutorial", "check", path, "--slide", "eight")
    assert "expected one with a function" in refused("tutorial", "check", path, "--slide", "33")
    assert "my_rnn.py:7: cannot be run" in refused("tutorial", "check", written(path, SOME + "import none"))
    assert "some of the functions" in refused("tutorial", "check", written(path, "x = 1\n"))


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path
