"""The end of a program in which a thread still tags: nothing is said, and its exit status is its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from elman import kernels, train

TEXT = "ağaç dün gece düştü\nthe dog barks\n" * 200

STILL = """
import sys, threading, time
from elman import load
from elman.taggers.fast_lines import load as light

tagger = (light if sys.argv[2] == "light" else load)(sys.argv[1], threads=int(sys.argv[3]))
begun = threading.Event()

def work():
    for number, text in enumerate(tagger.tag_lines({text!r}.encode() for _ in range(1_000_000))):
        begun.set()

threading.Thread(target=work, daemon=True).start()
begun.wait()
print(type(tagger).__name__)
""".replace("{text!r}", repr(TEXT))

ALIVE = """
import sys
from elman import load
tagger = load(sys.argv[1], threads=2)
left = tagger.tag_lines([b"the dog\\n"] * 9)
print(next(left).decode())
raise SystemExit(7)
"""

TOLD = """
import sys
from elman import load
tagger = load(sys.argv[1], threads=2)
left = tagger.tag_lines([b"the dog\\n"] * 9)
next(left)
raise ValueError("kept with all that stands in its frames")
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if kernels.describe()["backend"] != "native":
        pytest.skip("the native kernels are not in use")
    sentences = [[("the", "D"), ("dog", "N"), ("barks", "V")], [("ağaç", "N"), ("düştü", "V")]] * 4
    path = tmp_path_factory.mktemp("model") / "m"
    settings = {"hidden": 16, "epochs": 2, "ensemble": 1}
    train(sentences, settings=settings, on_warning=lambda doubt: None).save(path)
    return path


def ended(code: str, *arguments: object) -> tuple[int, str, str]:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("how", ["light", "whole"])
@pytest.mark.parametrize("threads", [1, 2])
def test_a_daemon_that_tags(model: Path, how: str, threads: int) -> None:
    for _ in range(4):
        status, out, err = ended(STILL, model, how, threads)
        assert (status, err) == (0, "")
    assert out == ("LightTagger\n" if how == "light" else "Tagger\n")


def test_a_generator_that_is_left(model: Path) -> None:
    status, out, err = ended(ALIVE, model)
    assert (status, err) == (7, "") and out.startswith("the_")


def test_an_exception_that_nobody_handles(model: Path) -> None:
    status, _, err = ended(TOLD, model)
    assert status == 1 and err.endswith("ValueError: kept with all that stands in its frames\n")
    assert "leaked" not in err
