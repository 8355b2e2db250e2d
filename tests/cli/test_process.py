"""A command leaves the process as it found it: others may run in it, a test or a program that calls ``elman.cli``."""

from __future__ import annotations

import codecs
import gc
import locale
import os
import signal
import sys
import threading
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from elman import cli
from elman.utils import signals
from elman.utils.files import OutputFile, scratch_beside


def state() -> dict[str, Any]:
    """What is of the whole process."""
    return {
        "gc": (gc.isenabled(), gc.get_threshold()),
        "switch interval": sys.getswitchinterval(),
        "recursion": sys.getrecursionlimit(),
        "digits": sys.get_int_max_str_digits(),
        "environment": dict(os.environ),
        "numpy": np.geterr(),
        "locale": locale.setlocale(locale.LC_ALL),
        "signals": [signal.getsignal(number) for number in signal.valid_signals()],
        "warnings": list(warnings.filters),
        "streams": (sys.stdin, sys.stdout, sys.stderr),
        "folder": os.getcwd(),
        "threads": threading.active_count(),
        "undo": dict(signals.UNDO),
        "mask": os.umask(os.umask(0o022)),
        "errors": codecs.lookup_error("strict"),
    }


CONLLU = "".join(
    "\t".join([str(i), word, word, tag, "_", "_", str(head), relation, "_", "_"]) + "\n"
    for i, (word, tag, head, relation) in enumerate([("the", "DET", 2, "det"), ("dog", "NOUN", 0, "root")], 1)
)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    (folder / "good.conllu").write_text((CONLLU + "\n") * 20)
    (folder / "bad.conllu").write_text(CONLLU + "three\tfields\n")
    (folder / "text").write_text("the dog\n")
    arguments = ["train", "good.conllu", "--task", "pipeline", "-o", "m", "--set", "epochs=1", "--set", "hidden=8"]
    before = os.getcwd()
    os.chdir(folder)
    try:
        assert cli.run(arguments) == 0
    finally:
        os.chdir(before)
    return folder


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["check", "good.conllu"], 0),
        (["check", "bad.conllu"], 2),
        (["check", "--train", "good.conllu", "--test", "good.conllu"], 1),
        (["evaluate", "m", "good.conllu"], 0),
        (["evaluate", "m", "bad.conllu"], 2),
        (["tag", "m", "text", "-o", "out"], 0),
        (["tag", "m", "nowhere", "-o", "out"], 2),
        (["train", "good.conllu", "-o", "n", "--set", "epochs=1", "--set", "hidden=8", "--threads", "2"], 0),
        (["train", "good.conllu", "-o", "n", "--set", "epochs=1", "--set", "learning_rate=1e30"], 2),
        (["convert", "good.conllu", "out.jsonl", "--drop", "all"], 0),
        (["convert", "bad.conllu", "out.jsonl"], 2),
        (["errors", "m", "good.conllu"], 0),
        (["tutorial", "memory", "reber", "--seeds", "2", "--minutes", "0.0001", "--cells", "gru", "--jobs", "2"], 0),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_command_puts_back_what_it_sets(files: Path, arguments: list[str], status: int) -> None:
    given = [str(files / one) if (files / one).exists() or one in ("m", "n", "out") else one for one in arguments]
    given = [str(files / one) if one == "out.jsonl" else one for one in given]
    before = state()
    assert cli.run(given) == status
    assert state() == before


def test_who_has_turned_the_collector_off_finds_it_so(files: Path) -> None:
    gc.disable()
    try:
        assert cli.run(["evaluate", str(files / "m"), str(files / "good.conllu")]) == 0
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_what_is_begun_can_be_undone_at_any_moment(tmp_path: Path) -> None:
    before = dict(signals.UNDO)
    with (
        pytest.raises(KeyboardInterrupt),
        OutputFile(str(tmp_path / "out")) as file,
        scratch_beside(str(tmp_path / "out")) as scratch,
    ):
        file.write("new")
        Path(scratch).write_text("some")
        for undo in list(signals.UNDO.values()):
            undo()
        assert list(tmp_path.iterdir()) == []
        raise KeyboardInterrupt
    assert signals.UNDO == before
