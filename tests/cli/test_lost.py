"""What cannot be read or written is named, and no result is lost because something beside it cannot be written."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from elman import cli
from elman.cli.progress import TrainingProgress
from elman.data.formats import parquet
from elman.errors import OutputError
from elman.training.disk_corpus import TaggedTextWriter

if os.name != "nt":
    import resource

pytestmark = pytest.mark.skipif(os.name == "nt", reason="no such limits there")

Run = Callable[..., CompletedProcess[bytes]]
Refused = Callable[..., str]
SMALL = ["--ensemble", "1", "--set", "hidden=8", "--set", "epochs=2"]
TOO_LARGE = "^a temporary file in .*: cannot be written: File too large$"
MEMORY = "/proc/self/mem"
"""A file that opens and cannot be read."""


def limited(n_bytes: int = 100) -> None:
    """No file of this process may be longer: to who writes, a full disk."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))


@contextmanager
def short_files(n_bytes: int = 100) -> Iterator[None]:
    """This process writes no long file for a while, which would stop pytest too, outside of a test."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    limited(n_bytes)
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture
def bare(environment: dict[str, str]) -> dict[str, str]:
    """The environment of a limited process: coverage would write a longer file in it, too."""
    return {name: value for name, value in environment.items() if not name.startswith("COVERAGE_PROCESS")}


@pytest.fixture(scope="module")
def network(run: Run, model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("network") / "m"
    assert run("train", model.parent / "train.txt", "-o", path, *SMALL).returncode == 0
    return path


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full on this machine")
def test_a_full_disk_under_the_log_does_not_cost_the_model(
    run: Run, refused: Refused, train_file: Path, tmp_path: Path
) -> None:
    assert run("train", train_file, "-o", tmp_path / "m", *SMALL).returncode == 0
    line = refused("train", train_file, "-o", tmp_path / "n", "--log", "/dev/full", *SMALL)
    why = "No space left on device; it ends before epoch 1/2, and the model is whole"
    assert line == f"elman: /dev/full: the log cannot be written: {why}\n"
    assert (tmp_path / "n").read_bytes() == (tmp_path / "m").read_bytes()


def test_a_log_that_cannot_be_begun_is_refused_at_once(train_file: Path, tmp_path: Path) -> None:
    with TrainingProgress(str(tmp_path / "nowhere" / "log")) as progress, pytest.raises(OutputError, match="cannot be"):
        progress(event(1))


def test_a_disk_that_takes_a_part_of_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Slow(FileIO):
        left = 400

        def write(self, data: Any) -> int:
            if not self.left:
                raise OSError(28, "No space left on device")
            some = min(7, self.left, len(data))
            Slow.left -= some
            return super().write(data[:some])

    monkeypatch.setattr("elman.cli.progress.open_direct", lambda path: Slow(path, "w"))
    log = tmp_path / "log"
    with TrainingProgress(str(log)) as progress:
        progress(event(1))
        assert json.loads(log.read_bytes())["epoch"] == 1
        progress.check_log()
        for epoch in (2, 3):
            progress(event(epoch))
    assert log.stat().st_size == 400
    with pytest.raises(OutputError, match="log: the log cannot be written: No space .* it ends before epoch 2/3, and"):
        progress.check_log()


def event(epoch: int) -> Any:
    from elman.training.progress import Progress

    facts: dict[str, Any] = dict.fromkeys(Progress.__slots__, None) | {"member": 1, "members": 1, "part": ""}
    return Progress(**facts | {"epoch": epoch, "epochs": 3, "seconds": 1.0, "loss": 1.0, "is_epoch_end": True})


@pytest.mark.parametrize(
    "arguments",
    [
        ["curve", "TRAIN", "--dev", "TRAIN", "--model", "frequent", "--points", "3", "--plot", "x.svg"],
        ["curve", "TRAIN", "--dev", "TRAIN", "--model", "frequent", "--points", "3", "--plot", "x.png", "--json"],
        [
            "search",
            "TRAIN",
            "--dev",
            "TRAIN",
            "--trials",
            "1",
            "--set",
            "epochs=1",
            "--set",
            "hidden=2",
            "--plot",
            "x.svg",
        ],
        ["evaluate", "NETWORK", "TRAIN", "--plot", "x.svg"],
        ["evaluate", "NETWORK", "TRAIN", "--calibration", "--json", "--plot", "x.svg"],
        ["errors", "NETWORK", "TRAIN", "--html", "x.html"],
        ["inspect", "NETWORK", "--plot", "x.svg"],
        ["states", "NETWORK", "TRAIN", "--plot", "x.svg"],
        ["states", "NETWORK", "TRAIN", "--html", "x.html"],
        ["gradients", "NETWORK", "TRAIN", "--plot", "x.svg"],
        ["gradients", "NETWORK", "--text", "the dog", "--html", "x.html"],
        ["tutorial", "memory", "reber", "--minutes", "0.0001", "--seeds", "1", "--cells", "gru", "--results", "."],
        [
            "tutorial",
            "memory",
            "reber",
            "--minutes",
            "0.0001",
            "--seeds",
            "2",
            "--cells",
            "gru",
            "--results",
            ".",
            "--jobs",
            "2",
        ],
    ],
    ids=" ".join,
)
def test_results_are_shown_although_a_file_cannot_be_written(
    run: Run, network: Path, train_file: Path, tmp_path: Path, arguments: list[str], bare: dict[str, str]
) -> None:
    given = [{"NETWORK": str(network), "TRAIN": str(train_file)}.get(one, one) for one in arguments]
    whole = run(*given, cwd=tmp_path)
    assert whole.returncode == 0, whole.stderr.decode()
    for path in tmp_path.glob("[xr]*"):
        path.unlink()
    if arguments[1] == "memory":  # its file may be shorter than what it shows
        result = run(*given, cwd=tmp_path, preexec_fn=limited, env=bare)
    else:
        with short_files(len(whole.stdout) + 200):  # what it shows goes to a file here, too
            result = run(*given, cwd=tmp_path)
    assert result.returncode == 2
    if "memory" not in arguments and "search" not in arguments:  # which show times
        assert result.stdout == whole.stdout
    assert result.stdout.count(b"\n") == whole.stdout.count(b"\n") > 0
    *before, line = result.stderr.decode().splitlines()
    assert line.startswith("elman: ") and line.endswith(": cannot be written: File too large")
    assert all(one.startswith("reber gru seed") for one in before)
    assert {path.name for path in tmp_path.iterdir()} == {"train.txt"}


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["convert", "train.txt", "out.jsonl"], "a temporary file in {here}"),
        (["convert", "train.txt", "-", "--to", "jsonl"], "a temporary file in {here}/tmp"),
        (["convert", "-", "out.jsonl"], "a temporary file in {here}/tmp"),
        (["convert", "-", "out.jsonl", "--from", "parquet"], "a temporary file in {here}/tmp"),
        (["tag", "NETWORK", "train.txt", "-o", "out"], "out"),
        (["tag", "NETWORK", "train.txt", "-o", "out.gz"], "out.gz"),
        (["train", "train.txt", "-o", "out", "--model", "frequent"], "out"),
        (["tutorial", "train", "train.txt", "out", "ids", "--iterations", "1"], "out"),
    ],
)
def test_what_cannot_be_written_is_named(
    refused: Refused,
    network: Path,
    train_file: Path,
    tmp_path: Path,
    arguments: list[str],
    named: str,
    bare: dict[str, str],
) -> None:
    (tmp_path / "tmp").mkdir()
    given = [str(network) if one == "NETWORK" else one for one in arguments]
    text = train_file.read_bytes() * 10  # more than any buffer before the file
    train_file.write_bytes(text)
    before = {path.name for path in tmp_path.iterdir()}
    environment = bare | {"TMPDIR": str(tmp_path / "tmp"), "PYTHONPATH": str(Path(cli.__file__).parents[2])}
    line = refused(*given, stdin=text * 20, cwd=tmp_path, preexec_fn=limited, env=environment)
    assert line == f"elman: {named.format(here=tmp_path)}: cannot be written: File too large\n"
    assert {path.name for path in tmp_path.iterdir()} == before and not list((tmp_path / "tmp").iterdir())


def test_text_that_is_kept_on_disk() -> None:
    recorder = TaggedTextWriter()
    with short_files(), pytest.raises(OutputError, match=TOO_LARGE):
        recorder.add(["a", "b"] * 10_000, ["X", "Y"] * 10_000)


def test_parquet_that_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pyarrow")
    reader, writer = os.pipe()
    with os.fdopen(reader) as given:
        monkeypatch.setattr("sys.stdin", given)
        with os.fdopen(writer, "wb") as file:
            file.write(b"PAR1" * 10_000)
        with short_files(), pytest.raises(OutputError, match=TOO_LARGE):
            parquet.open_binary("-")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="no such file there")
@pytest.mark.parametrize(
    "arguments",
    [
        ["tag", "NETWORK", MEMORY],
        ["tag", "NETWORK", MEMORY, "--stream"],
        ["tag", "NETWORK", MEMORY, "--format", "parquet"],
        ["tag", MEMORY, "TRAIN"],
        ["train", MEMORY, "-o", "out"],
        ["train", "TRAIN", "--dev", MEMORY, "-o", "out"],
        ["train", "TRAIN", "-o", "out", "--config", MEMORY],
        ["train", "TRAIN", "-o", "out", "--vectors", MEMORY],
        ["evaluate", "NETWORK", MEMORY],
        ["evaluate", "--predicted", MEMORY, "TRAIN"],
        ["compare", "TRAIN", MEMORY, "NETWORK"],
        ["check", MEMORY],
        ["convert", MEMORY, "out.jsonl"],
        ["tutorial", "hmm", MEMORY],
    ],
    ids=" ".join,
)
def test_what_cannot_be_read_is_named(
    refused: Refused, network: Path, train_file: Path, tmp_path: Path, arguments: list[str]
) -> None:
    given = [{"NETWORK": str(network), "TRAIN": str(train_file)}.get(one, one) for one in arguments]
    line = refused(*given, cwd=tmp_path)
    if arguments[0] == "convert":  # which reads it several times
        assert line.startswith(f"elman: {MEMORY}: ")
    else:
        assert line == f"elman: {MEMORY}: cannot be read: Input/output error\n"
