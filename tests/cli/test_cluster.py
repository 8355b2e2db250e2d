"""``--cluster`` of the commands that train: the same files and numbers, and what it does not go together with."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import in_process
from cluster_work import gone
from made_up import two_columns

TINY = ["--set", "hidden=8", "--set", "embedding=8", "--set", "epochs=1"]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("cluster") / "train.txt"
    sentences = [
        " ".join(f"{w}_{t}" for w, t in zip(words, tags, strict=True)) for words, tags, _ in two_columns(60, 1)
    ]
    path.write_text("\n".join(sentences) + "\n", encoding="utf-8")
    return path


def run(*arguments: str | Path) -> str:
    done = in_process.run([str(each) for each in arguments], b"")
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def test_an_ensemble_is_the_same_file(data: Path, tmp_path: Path) -> None:
    for name, more in (("here", []), ("there", ["--cluster", "local:2"])):
        files = ["-o", tmp_path / f"{name}.model", "--log", tmp_path / f"{name}.jsonl"]
        run("train", data, "--dev", "20%", *TINY, "--ensemble", "3", *files, *more)
    assert (tmp_path / "here.model").read_bytes() == (tmp_path / "there.model").read_bytes()
    for name in ("here", "there"):
        lines = (tmp_path / f"{name}.jsonl").read_text().splitlines()
        assert sorted(json.loads(line)["member"] for line in lines) == [1, 2, 3]


def test_a_curve_and_a_search_are_the_same(data: Path) -> None:
    curve = ["curve", data, "--dev", "20%", *TINY, "--points", "3", "--seeds", "2", "--json"]
    assert run(*curve, "--cluster", "local:2") == run(*curve)
    search = ["search", data, "--dev", "20%", *TINY, "--trials", "3", "--method", "random"]

    def without_seconds(text: str) -> list[list[str]]:
        rows = [line.split() for line in text.splitlines()]
        return [row[:4] + row[5:] if len(row) > 4 and row[0].isdigit() else row for row in rows]

    assert without_seconds(run(*search, "--cluster", "local:2")) == without_seconds(run(*search))


def test_pretraining_with_workers(tmp_path: Path) -> None:
    (tmp_path / "raw").write_text("The dog barks. A cat sleeps!\n" * 40, encoding="utf-8")
    for name in ("a", "b"):
        run("pretrain", tmp_path / "raw", *TINY, "-o", tmp_path / name, "--cluster", "local:2")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert json.loads(run("inspect", tmp_path / "a", "--json"))["training"]["workers"] == 2
    done = in_process.run(["pretrain", str(tmp_path / "raw"), "-o", "m", "--cluster", "local:2", "--budget", "9s"], b"")
    assert done.returncode == 2 and done.stderr.startswith(b"elman: --cluster: expected no --budget with it; it plans")


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--cluster", "local:0"], "elman: cluster: expected local:N with N from 1 to 1,000, or the address of a Dask"),
        (["--cluster", "local:2", "--budget", "9s"], "elman: --cluster: expected no --budget with it; it plans"),
        (["--cluster", "local:2", "--checkpoint", "c"], "elman: --cluster: expected no --checkpoint with it; it keeps"),
        (["--cluster", "local:2", "--resume", "c"], "elman: --cluster: expected no --resume with it; it goes on"),
    ],
)
def test_what_cannot_be(data: Path, tmp_path: Path, more: list[str], message: str) -> None:
    done = in_process.run(["train", str(data), "-o", str(tmp_path / "m"), *more], b"")
    assert done.returncode == 2 and done.stderr.decode().startswith(message)
    assert done.stderr.count(b"\n") == 1 and not list(tmp_path.iterdir())


@pytest.mark.skipif(not Path("/proc").exists(), reason="looks for processes in /proc")
def test_a_signal_ends_the_command_and_its_workers(data: Path, tmp_path: Path) -> None:
    command = ["train", data, *TINY, "--set", "epochs=10000", "--ensemble", "4", "-o", tmp_path / "m"]
    program = [sys.executable, "-m", "elman", *map(str, command), "--cluster", "local:2"]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as parent:

        def children() -> list[int]:
            listed = Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text().split()
            return [int(pid) for pid in listed]

        end = time.monotonic() + 20
        while len(children()) < 2:
            assert time.monotonic() < end and parent.poll() is None
            time.sleep(0.02)
        workers = children()
        parent.send_signal(signal.SIGTERM)
        _, errors = parent.communicate()
    assert parent.returncode == 143 and errors.startswith(b"elman: stopped") and errors.count(b"\n") == 1
    end = time.monotonic() + 2
    while not all(map(gone, workers)):
        assert time.monotonic() < end, "workers outlive the command"
        time.sleep(0.02)
    assert not (tmp_path / "m").exists()
