"""Ctrl-C, SIGTERM and SIGHUP at any moment: the status says which, one line at most, nothing half done is left."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from terminal import screen

pytestmark = pytest.mark.skipif(os.name == "nt", reason="no such signals there")

Run = Callable[..., subprocess.CompletedProcess[bytes]]
STATUS = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129} if os.name != "nt" else {}
OLD = b"old"
START = """
import os, sys
from elman.utils import signals
signals.install()  # before this, as Python itself starts, nothing can be done
told = int(sys.argv.pop(1))
{}
os.write(told, b".")
from elman.__main__ import main
main()
"""
FSYNC = """
import time
fsync = os.fsync
def wait(number):
    os.write(told, b"f")
    time.sleep(1.5)
    fsync(number)
os.fsync = wait
"""


class Process:
    """elman, from the moment on at which it hears signals. ``before``: what it does first."""

    def __init__(self, environment: dict[str, str], *arguments: object, before: str = "", **options: object) -> None:
        self.told, there = os.pipe()
        command = [sys.executable, "-c", START.format(before), str(there), *map(str, arguments)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
        self.process = subprocess.Popen(command, pass_fds=[there], env=environment, **pipes)  # type: ignore[call-overload]
        os.close(there)
        assert os.read(self.told, 1) == b"."

    def send(self, number: int) -> None:
        """A signal, and no second one by subprocess."""
        self.process.send_signal(number)

    def end(self, stdin: bytes | None = None) -> tuple[int, bytes, bytes]:
        """Status, output and errors at the end."""
        out, err = self.process.communicate(stdin, timeout=120)
        os.close(self.told)
        return self.process.returncode, out, err


Begin = Callable[..., Process]


@pytest.fixture
def begin(environment: dict[str, str]) -> Iterator[Begin]:
    begun: list[Process] = []

    def start(*arguments: object, **options: object) -> Process:
        begun.append(Process(environment, *arguments, **options))  # type: ignore[arg-type]
        return begun[-1]

    yield start
    for one in begun:
        with one.process:  # closes its pipes
            one.process.kill()


@pytest.fixture(scope="module")
def network(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small network, which tags by threads in native code."""
    folder = tmp_path_factory.mktemp("network")
    (folder / "train").write_text("".join(f"{line}\n" for line in tagged(60)), encoding="utf-8")
    path = folder / "m"
    small = ["--ensemble", "1", "--set", "hidden=8", "--set", "epochs=2"]
    assert run("train", folder / "train", "-o", path, *small).returncode == 0
    return path


def tagged(n: int) -> Iterator[str]:
    """Sentences of made-up words, many of which are not ASCII: their features are found by Python."""
    draw = random.Random(3)
    for _ in range(n):
        words = ["".join(draw.choices("abcdefgçğşü", k=draw.randint(2, 7))) for _ in range(draw.randint(2, 12))]
        yield " ".join(f"{word}_{'NVA'[len(word) % 3]}" for word in words)


def untagged(n: int) -> str:
    return "".join(" ".join(token.partition("_")[0] for token in line.split()) + "\n" for line in tagged(n))


@pytest.mark.parametrize("number", list(STATUS))
def test_while_waiting_for_input(begin: Begin, model: Path, number: signal.Signals) -> None:
    process = begin("tag", model)
    assert process.process.stdin is not None and process.process.stdout is not None
    process.process.stdin.write(b"the dog barks .\n")
    process.process.stdin.flush()
    # the answer does not wait for the end
    assert process.process.stdout.readline() == b"the_DET dog_NOUN barks_VERB ._PUNCT\n"
    process.send(number)
    assert process.end() == (STATUS[number], b"", b"elman: stopped\n")


@pytest.mark.parametrize("number", list(STATUS))
def test_while_python_still_loads(environment: dict[str, str], number: signal.Signals) -> None:
    code = (
        "import signal, sys\n"
        "class Stop:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'click':\n"
        f"            signal.raise_signal({int(number)})\n"
        "sys.meta_path.insert(0, Stop())\n"
        "from elman.__main__ import main\n"
        "main()\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False)
    assert (result.returncode, result.stdout, result.stderr) == (STATUS[number], "", "elman: stopped\n")


def test_signals_are_heard_before_anything_else_is_loaded(environment: dict[str, str]) -> None:
    """Not even ``typing`` and ``signal``, which take longer than Python takes to start."""
    code = "import sys; before = set(sys.modules); import elman.__main__; print(*sorted(set(sys.modules) - before))"
    result = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, env=environment)
    new = set(result.stdout.split()) - {"os", "stat", "_stat", "posixpath", "genericpath", "os.path", "abc", "_abc"}
    assert new <= {
        "__future__",
        "_collections_abc",
        "atexit",
        "elman",
        "elman.__main__",
        "elman.utils",
        "elman.utils.signals",
        "time",
    }


def test_while_the_interpreter_ends(begin: Begin, model: Path) -> None:
    late = "import atexit, signal; atexit.register(lambda: signal.raise_signal(signal.SIGINT))"
    status, out, _ = begin("tag", model, before=late).end(b"the dog\n")
    assert (status, out) == (0, b"the_DET dog_NOUN\n")


def test_nohup(begin: Begin, model: Path) -> None:
    ignored = lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)  # noqa: E731
    process = begin("tag", model, preexec_fn=ignored)
    process.send(signal.SIGHUP)
    status, out, err = process.end(b"the dog\n")
    assert (status, out) == (0, b"the_DET dog_NOUN\n")


COMMANDS = {
    "tag": (["tag", "NETWORK", "text", "--threads", "2", "-o", "out"], 14),
    "tag --stream": (["tag", "NETWORK", "text", "--stream", "-o", "out"], 4),
    "convert": (["convert", "tagged", "out", "--to", "jsonl"], 8),
    "check": (["check", "tagged"], 4),
    "evaluate": (["evaluate", "NETWORK", "tagged"], 4),
    "train": (
        ["train", "tagged", "-o", "out", "--set", "hidden=8", "--set", "epochs=3", "--ensemble", "2", "--threads", "2"],
        8,
    ),
}


@pytest.mark.parametrize("name", list(COMMANDS))
def test_at_any_moment(begin: Begin, run: Run, network: Path, tmp_path: Path, name: str) -> None:
    arguments, times = COMMANDS[name]
    times = times if os.environ.get("CI") else max(len(STATUS), times // 2)
    arguments = [str(network) if argument == "NETWORK" else argument for argument in arguments]
    (tmp_path / "text").write_text(untagged(4_000), encoding="utf-8")
    lines = tagged(300 if name == "train" else 2_000)
    (tmp_path / "tagged").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    began = time.monotonic()
    assert run(*arguments, cwd=tmp_path).returncode == 0
    took = time.monotonic() - began
    out = tmp_path / "out"
    whole = out.read_bytes() if out.exists() else OLD
    draw = random.Random(1)
    for i in range(times):
        number = list(STATUS)[i % len(STATUS)]
        out.write_bytes(OLD)
        process = begin(*arguments, cwd=tmp_path)
        time.sleep(draw.uniform(0, took))
        process.send(number)
        status, _, err = process.end()
        assert status in (0, STATUS[number]), err.decode()
        assert b"Traceback" not in err and b"terminate" not in err and b"ignored" not in err, err.decode()
        assert status == 0 or (err.startswith(b"elman: stopped") and err.count(b"\n") == 1), err.decode()
        if name == "train" and out.read_bytes() not in (OLD, whole):
            assert run("inspect", out).returncode == 0  # the best so far
        else:
            assert out.read_bytes() in (OLD, whole)
        assert {path.name for path in tmp_path.iterdir()} == {"text", "tagged", "out"}


@pytest.mark.parametrize("number", list(STATUS))
def test_between_writing_and_renaming(begin: Begin, train_file: Path, tmp_path: Path, number: signal.Signals) -> None:
    out = tmp_path / "out"
    out.write_bytes(OLD)
    process = begin("convert", train_file, out, "--to", "jsonl", before=FSYNC)
    assert os.read(process.told, 1) == b"f"
    process.send(number)
    assert process.end() == (STATUS[number], b"", b"elman: stopped\n")
    assert out.read_bytes() == OLD
    assert {path.name for path in tmp_path.iterdir()} == {"out", "train.txt"}


ENDLESS = ["--ensemble", "1", "--set", "hidden=8", "--set", "epochs=100000"]


def trained(begin: Begin, *arguments: object, log: Path, until: bytes = b"\n", **options: object) -> Process:
    """A training whose first epoch is done."""
    process = begin("train", *arguments, "--log", log, **options)
    for _ in range(1_200):
        if log.exists() and until in log.read_bytes():
            break
        time.sleep(0.05)
    return process


@pytest.mark.parametrize("number", list(STATUS))
def test_training_keeps_the_best_so_far(
    begin: Begin, run: Run, train_file: Path, dev_file: Path, tmp_path: Path, number: signal.Signals
) -> None:
    out = tmp_path / "out"
    out.write_bytes(OLD)
    process = trained(begin, train_file, "--dev", dev_file, "-o", out, *ENDLESS, log=tmp_path / "log")
    process.send(number)
    status, said, err = process.end()
    assert status == STATUS[number]
    assert err.startswith(b"elman: stopped after epoch ") and err.count(b"\n") == 1
    assert err.endswith(f"; the best model so far is in {out}\n".encode())
    assert b"dev accuracy" in said
    assert run("tag", out, stdin=b"the dog\n").returncode == 0
    assert {path.name for path in tmp_path.iterdir()} == {"dev.txt", "log", "out", "train.txt"}


@pytest.mark.parametrize("number", list(STATUS))
def test_networks_side_by_side(
    begin: Begin, run: Run, train_file: Path, tmp_path: Path, number: signal.Signals
) -> None:
    out, many = tmp_path / "out", ["--ensemble", "64", "--threads", "3", "--set", "hidden=8", "--set", "epochs=100"]
    process = trained(begin, train_file, "-o", out, *many, log=tmp_path / "log", until=b'"member": 2')
    process.send(number)
    status, _, err = process.end()
    assert status == STATUS[number] and err.count(b"\n") == 1
    assert b" networks; the best model so far is in " in err
    assert run("tag", out, stdin=b"the dog\n").returncode == 0


def test_a_second_signal_while_the_model_is_written(begin: Begin, train_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.write_bytes(OLD)
    process = trained(begin, train_file, "-o", out, *ENDLESS, log=tmp_path / "log", before=FSYNC)
    process.send(signal.SIGINT)
    assert os.read(process.told, 1) == b"f"
    time.sleep(0.6)  # what comes within half a second is the same one, sent twice
    process.send(signal.SIGTERM)
    assert process.end() == (130, b"", b"elman: stopped\n")
    assert out.read_bytes() == OLD
    assert {path.name for path in tmp_path.iterdir()} == {"log", "out", "train.txt"}


def test_a_signal_that_is_sent_twice_is_one(begin: Begin, run: Run, train_file: Path, tmp_path: Path) -> None:
    """A service manager sends SIGTERM and SIGHUP; so does Ctrl-C where a program between passes it on."""
    out = tmp_path / "out"
    process = trained(begin, train_file, "-o", out, *ENDLESS, log=tmp_path / "log")
    process.send(signal.SIGTERM)
    process.send(signal.SIGHUP)
    status, _, err = process.end()
    assert status in (143, 129) and err.startswith(b"elman: stopped after epoch ")
    assert run("tag", out, stdin=b"the dog\n").returncode == 0


def test_before_the_first_epoch_nothing_is_written(begin: Begin, tmp_path: Path) -> None:
    out, pipe = tmp_path / "out", tmp_path / "pipe"
    out.write_bytes(OLD)
    os.mkfifo(pipe)
    process = begin("train", pipe, "-o", out, *ENDLESS)
    with open(pipe, "wb") as writer:  # opens when the reader has opened it too
        writer.write(b"the_DET dog_NOUN\n")
        writer.flush()
        process.send(signal.SIGTERM)
        assert process.end() == (143, b"", b"elman: stopped before anything was trained; nothing is written\n")
    assert out.read_bytes() == OLD


def test_a_pipeline_gets_both_of_its_parts(begin: Begin, run: Run, tmp_path: Path) -> None:
    rows = [("1", "the", "the", "DET"), ("2", "dog", "dog", "NOUN"), ("3", "barks", "bark", "VERB")]
    sentence = "".join("\t".join([*row, "_", "_", "_", "_", "_", "_"]) + "\n" for row in rows)
    (tmp_path / "train.conllu").write_text((sentence + "\n") * 40)
    out = tmp_path / "out"
    process = trained(begin, tmp_path / "train.conllu", "--task", "pipeline", "-o", out, *ENDLESS, log=tmp_path / "log")
    process.send(signal.SIGTERM)
    status, _, err = process.end()
    assert status == 143 and err.count(b"\n") == 1, err.decode()
    assert run("tag", out, stdin=b"the dog barks\n").stdout.count(b"\n") >= 2


def test_no_process_of_memory_is_left(begin: Begin, tmp_path: Path) -> None:
    arguments = [
        "tutorial",
        "memory",
        "adding-100",
        "--cells",
        "lstm",
        "--jobs",
        "2",
        "--results",
        tmp_path / "results",
    ]
    process = begin(*arguments, start_new_session=True)
    time.sleep(2)
    os.killpg(process.process.pid, signal.SIGINT)  # as the terminal does
    # their standard error is ours: it is open as long as one of them is there
    assert process.end() == (130, b"", b"elman: stopped\n")


def test_the_terminal_is_left_as_it_was(environment: dict[str, str], train_file: Path, tmp_path: Path) -> None:
    import pty

    master, slave = pty.openpty()
    command = [sys.executable, "-m", "elman", "train", train_file, "-o", tmp_path / "out", *ENDLESS, "--set", "batch=1"]
    terminal = environment | {"TERM": "xterm"}
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=slave, env=terminal)
    os.close(slave)
    seen = b""
    while b"epoch" not in seen:
        seen += os.read(master, 4096)
    process.send_signal(signal.SIGTERM)
    time.sleep(0.6)
    process.send_signal(signal.SIGTERM)
    try:
        while block := os.read(master, 4096):
            seen += block
    except OSError:  # Linux's way to say that the other end is closed
        pass
    os.close(master)
    assert process.wait(60) == 143
    *_, last, end = lines = screen(seen.decode())
    assert last.startswith("elman: ") and end == "" and not any(line.startswith("epoch") for line in lines)
    assert b"Traceback" not in seen
