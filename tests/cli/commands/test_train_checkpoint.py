"""``elman train --checkpoint`` and ``--resume``, and ``elman learn``: killed and ended processes, refusals."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[bytes]]
Refused = Callable[..., str]
SMALL = [item for key in ("hidden=8", "embedding=8", "ensemble=1", "batch=1") for item in ("--set", key)]
no_signals = pytest.mark.skipif(os.name == "nt", reason="no such signals there")


def started(environment: dict[str, str], folder: Path, *arguments: object) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "elman", *map(str, arguments)]
    return subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def until(process: subprocess.Popen[bytes], holds: Callable[[], bool]) -> None:
    while not holds():
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)


@pytest.fixture
def arguments(train_file: Path, dev_file: Path) -> list[object]:
    """A run that takes seconds if it writes a checkpoint after every step; the names of its files are relative."""
    common = ["train", train_file.name, "--dev", dev_file.name, "-o", "m", *SMALL, "--set", "epochs=60"]
    return [*common, "--checkpoint", "c"]


@no_signals
@pytest.mark.parametrize("number", ["SIGKILL", "SIGTERM", "SIGINT"])
def test_a_process_that_ends_goes_on(
    run: Run, environment: dict[str, str], arguments: list[object], train_file: Path, number: str
) -> None:
    folder = train_file.parent
    assert run(*arguments[:-2], cwd=folder).returncode == 0
    whole = (folder / "m").read_bytes()
    os.unlink(folder / "m")
    process = started(environment, folder, *arguments, "--every", "0s", "--log", "log", "--threads", "1")
    until(process, lambda: (folder / "log").exists() and (folder / "log").read_bytes().count(b"\n") > 3)
    process.send_signal(getattr(signal, number))
    out, err = process.communicate(timeout=120)
    if number == "SIGKILL":
        assert not (folder / "m").exists()
    else:
        assert process.returncode == {"SIGTERM": 143, "SIGINT": 130}[number]
        line = err.decode().splitlines()[-1]
        assert line.startswith("elman: stopped after epoch ")
        assert line.endswith("; the best model so far is in m; elman train --resume c goes on")
        assert (folder / "m").read_bytes() != whole
    logged = (folder / "log").read_bytes()
    result = run("train", "--resume", "c", "--every", "1h", "--threads", "2", cwd=folder)
    assert result.returncode == 0, result.stderr
    assert (folder / "m").read_bytes() == whole
    assert sorted(os.listdir(folder)) == ["dev.txt", "log", "m", "train.txt"]
    log = (folder / "log").read_bytes()
    assert log.startswith(logged) and json.loads(log.splitlines()[-1])["epoch"] == 60


@no_signals
def test_ended_before_there_is_a_model(
    run: Run, environment: dict[str, str], train_file: Path, arguments: list[object]
) -> None:
    """In the first epoch, which is long: today nothing would be kept."""
    folder = train_file.parent
    train_file.write_text(train_file.read_text(encoding="utf-8") * 100, encoding="utf-8")
    arguments = [*arguments, "--set", "epochs=1", "--every", "0s"]
    process = started(environment, folder, *arguments)
    until(process, lambda: (folder / "c.previous").exists())
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 143
    assert err.decode().splitlines()[-1].endswith("elman train --resume c goes on")
    assert not (folder / "m").exists()
    assert run("train", "--resume", "c", "--every", "30s", cwd=folder).returncode == 0
    resumed = (folder / "m").read_bytes()
    plain = [item for item in arguments if item not in ("--checkpoint", "c", "--every", "0s")]
    assert run(*plain, cwd=folder).returncode == 0
    assert (folder / "m").read_bytes() == resumed


def test_refusals(refused: Refused, run: Run, train_file: Path, tmp_path: Path, arguments: list[object]) -> None:
    def line(*options: object) -> str:
        return refused(*options, cwd=tmp_path).removeprefix("elman: ").rstrip("\n")

    assert line("train", "-o", "m") == "Missing argument 'TRAIN...'; see elman train --help"
    assert line("train", train_file) == "Missing option '-o' / '--output'; see elman train --help"
    assert line("learn", "m", train_file) == "Missing option '-o' / '--output'; see elman learn --help"
    piped = (
        "standard input: a pipe can be read once only, and a run with a checkpoint that goes on reads its data again"
    )
    assert line("train", "-", "-o", "m", "--checkpoint", "c") == f"{piped}; save it"
    assert line("train", train_file, "-o", "m", "--checkpoint", "m").startswith(
        "m: is both the model and the checkpoint"
    )
    assert line("train", train_file, "-o", "m", "--checkpoint", train_file).startswith(
        f"{train_file}: is read and would"
    )
    assert (
        line("train", train_file, "-o", "m", "--every", "1m")
        == "--every and --overwrite: expected --checkpoint FILE with them"
    )
    assert line("train", "--resume", "c").startswith("c: no such checkpoint; elman train --checkpoint FILE writes one")
    both = "--resume: the run goes on with its own checkpoint; leave out --checkpoint and --overwrite"
    assert line("train", "--resume", "c", "--checkpoint", "d") == both
    assert line("learn", "a", "b", "-o", "c", "--checkpoint", "d").startswith(
        "--checkpoint: expected --retrain with it"
    )
    assert sorted(os.listdir(tmp_path)) == ["dev.txt", "train.txt"]
    (tmp_path / "c").write_bytes(b"")
    there = "c: there already; --resume c goes on with that run, --overwrite starts again"
    assert line(*arguments) == there
    assert line(*arguments, "--overwrite", "--set", "hiden=3").startswith("no setting 'hiden'")
    assert (tmp_path / "c").read_bytes() == b""
    assert line("train", "--resume", "c").startswith("c: no whole checkpoint: not a model file, or cut short")
    assert run(*arguments, "--overwrite", "--set", "epochs=1", cwd=tmp_path).returncode == 0
    assert sorted(os.listdir(tmp_path)) == ["dev.txt", "m", "train.txt"]


def test_no_output_has_the_name_of_a_checkpoint(
    refused: Refused, run: Run, train_file: Path, tmp_path: Path, arguments: list[object]
) -> None:
    """FILE.previous is removed at the end, whatever it is; a resumed run may name other outputs, too."""

    def line(*options: object) -> str:
        return refused(*options, cwd=tmp_path).removeprefix("elman: ").rstrip("\n")

    before = "c.previous: is both the {} and the checkpoint; name two files"
    assert line("train", train_file, "-o", "c.previous", "--checkpoint", "c") == before.format("model")
    assert line("train", train_file, "-o", "m", "--log", "c.previous", "--checkpoint", "c") == before.format("log")
    (tmp_path / "c.previous").write_bytes(train_file.read_bytes())
    read = "c.previous: is read and would be written over; name another file"
    assert line("train", "c.previous", "-o", "m", "--checkpoint", "c", "--overwrite") == read
    learn = ["learn", "m", "x", "--replay", train_file, "--heldout", train_file, "--retrain", "--checkpoint", "c"]
    assert line(*learn, "-o", "c") == "c: is both the model and the checkpoint; name two files"
    assert line("search", "c.previous", "--results", "r", "-o", "r.checkpoint").startswith("r.checkpoint: is named for")
    os.unlink(tmp_path / "c.previous")
    code = "import os\n"
    code += "from elman.training import trainer; trainer.Updates.__call__ = lambda *a: os._exit(7)\n"
    code += "from elman.__main__ import main; main()"  # ends in its first step
    assert subprocess.run([sys.executable, "-c", code, *map(str, arguments)], cwd=tmp_path).returncode == 7
    kept = {name: (tmp_path / name).read_bytes() for name in os.listdir(tmp_path)}
    assert line("train", "--resume", "c", "-o", "c") == "c: is both the model and the checkpoint; name two files"
    assert line("train", "--resume", "c", "-o", "train.txt").startswith("train.txt: is read and would")
    assert line("train", "--resume", "c", "--log", "dev.txt").startswith("dev.txt: is read and would")
    assert line("train", "--resume", "c", "-o", "no/m").startswith("no/m: cannot be written: there is no folder")
    assert line("pretrain", "--resume", "c") == "c: a run of elman train; elman train --resume c goes on with it"
    assert line("tag", "c", "dev.txt") == "c: a checkpoint, not a model; --resume goes on with its run"
    assert kept == {name: (tmp_path / name).read_bytes() for name in os.listdir(tmp_path)}
    (tmp_path / "c.previous").write_bytes(kept["c"])
    (tmp_path / "c").write_bytes(b"")
    warned = run("train", "--resume", "c", "--quiet", cwd=tmp_path).stderr.decode()
    assert warned.startswith("elman: warning: c: no whole checkpoint: ") and "goes on from the generation" in warned


@no_signals
@pytest.mark.parametrize("number", ["SIGKILL", "SIGTERM"])
def test_retraining_goes_on(
    run: Run, environment: dict[str, str], arguments: list[object], train_file: Path, number: str
) -> None:
    folder = train_file.parent
    assert run(*arguments[:-2], cwd=folder).returncode == 0
    (folder / "corrected.txt").write_text("the_DET bird_NOUN barks_VERB ._PUNCT\n", encoding="utf-8")
    learn = ["learn", "m", "corrected.txt", "-o", "n", "--replay", "train.txt", "--heldout", "dev.txt", "--retrain"]
    learn.append("--force")
    whole = run(*learn, cwd=folder)
    assert whole.returncode == 0, whole.stderr
    model = (folder / "n").read_bytes()
    os.unlink(folder / "n")
    process = started(environment, folder, *learn, "--checkpoint", "c", "--every", "0s")
    until(process, lambda: (folder / "c.previous").exists())
    process.send_signal(getattr(signal, number))
    _, err = process.communicate(timeout=120)
    if number == "SIGTERM":
        assert process.returncode == 143
        assert err.decode().splitlines()[-1] == "elman: stopped; elman learn --resume c goes on"
    refused = run("learn", "--resume", "c", "--seed", "3", cwd=folder)
    last = refused.stderr.splitlines()[-1]  # stopped between two generations, it warns first
    assert last.startswith(b"elman: seed: the run of c has 1, got 3; leave it out")
    result = run("learn", "--resume", "c", "--every", "1h", cwd=folder)
    assert (result.returncode, result.stdout) == (0, whole.stdout), result.stderr
    assert (folder / "n").read_bytes() == model
    assert sorted(os.listdir(folder)) == ["corrected.txt", "dev.txt", "m", "n", "train.txt"]
