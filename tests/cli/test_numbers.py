"""Every number that can be asked for, at its edges: done, or refused in one line, never a traceback or gigabytes."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest

import elman
from elman.cli import group, run as run_here
from elman.config import settings_fields
from elman.errors import ConfigError
from elman.utils import limits

Run = Callable[..., subprocess.CompletedProcess[bytes]]

TRAIN = "the_DET dog_NOUN barks_VERB\na_DET cat_NOUN sleeps_VERB\ndogs_NOUN bark_VERB\n" * 4
DEV = "the_DET cat_NOUN barks_VERB\na_DET bird_NOUN sings_VERB\n"
EDGES = ["0", "-1", str(2**31), str(2**63), str(10**20), "nan", "inf", "-inf", "1e400", "1e-400", "", "1.5", "9" * 5000]
MEMORY = 3_000_000_000  # of the process, address space


def options_of(command: click.Command, name: str) -> Iterator[tuple[str, click.Option]]:
    """All options of a command and those below it."""
    if isinstance(command, click.Group):
        for below in command.list_commands(click.Context(command)):
            found = command.get_command(click.Context(command), below)
            assert found is not None
            yield from options_of(found, f"{name} {below}".strip())
        return
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            yield name, parameter


ALL = list(options_of(group, ""))
NUMBERS = [
    (name, option)
    for name, option in ALL
    if isinstance(option.type, click.IntRange | click.FloatRange) or option.type in (click.INT, click.FLOAT)
]
OTHERS = {"train": ("--budget", "--dev"), "pretrain": ("--budget",), "curve": ("--dev",), "search": ("--dev",)}
"""Options that are a text with a number in it."""
TEXTS = [f"{edge}{unit}" for edge in ("0", "-1", "1e300", "nan", "9" * 400, "0." + "0" * 400 + "1") for unit in "s%"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Small data, and a small model of each kind."""
    path = tmp_path_factory.mktemp("numbers")
    (path / "train.txt").write_text(TRAIN, encoding="utf-8")
    (path / "dev.txt").write_text(DEV, encoding="utf-8")
    (path / "text.txt").write_text("the dog barks\nthe cat sleeps\n" * 20, encoding="utf-8")
    (path / "student.py").write_text("def sigmoid(x):\n    return x\n", encoding="utf-8")
    small = {"epochs": 1, "hidden": 4, "ensemble": 1}
    quiet: dict[str, Any] = {"on_warning": lambda text: None, "threads": 1}
    elman.train(str(path / "train.txt"), settings={**small, "decoder": "crf"}, **quiet).save(path / "rnn.model")
    elman.train(str(path / "train.txt"), model="frequent", **quiet).save(path / "frequent.model")
    elman.train(str(path / "text.txt"), task="lm", model="ngram", **quiet).save(path / "lm.model")
    return path


def command_lines(folder: Path) -> dict[str, list[str]]:
    """A command line of each command, to which an option is added."""
    at = {path.name: str(path) for path in folder.iterdir()}
    quick = [part for setting in ("epochs=1", "hidden=4", "ensemble=1") for part in ("--set", setting)]
    return {
        "train": ["train", at["train.txt"], "-o", str(folder / "new.model"), *quick],
        "pretrain": [
            "pretrain",
            at["text.txt"],
            "-o",
            str(folder / "new.model"),
            "--set",
            "epochs=1",
            "--set",
            "hidden=4",
        ],
        "tag": ["tag", at["rnn.model"], at["text.txt"]],
        "evaluate": ["evaluate", at["rnn.model"], at["dev.txt"]],
        "learn": ["learn", at["rnn.model"], at["dev.txt"], "-o", str(folder / "new.model")],
        "sample": ["sample", at["lm.model"]],
        "compare": ["compare", at["dev.txt"], at["rnn.model"], at["frequent.model"]],
        "curve": ["curve", at["train.txt"], "--dev", at["dev.txt"], "--model", "frequent", "--points", "3"],
        "errors": ["errors", at["rnn.model"], at["dev.txt"]],
        "gradients": ["gradients", at["rnn.model"], at["dev.txt"]],
        "states": ["states", at["rnn.model"], at["dev.txt"]],
        "find-lr": ["find-lr", at["train.txt"], "--set", "hidden=4"],
        "search": ["search", at["train.txt"], "--dev", at["dev.txt"], "--trials", "1", *quick],
        "demo": ["demo", "--folder", str(folder / "nowhere")],
        "serve": ["serve", str(folder / "nowhere.model")],
        "tutorial check": ["tutorial", "check", at["student.py"], "--slide", "8"],
        "tutorial compare": [
            "tutorial",
            "compare",
            at["train.txt"],
            at["dev.txt"],
            "--hidden",
            "2",
            "--iterations",
            "1",
        ],
        "tutorial memory": ["tutorial", "memory", "--list"],
        "tutorial train": [
            "tutorial",
            "train",
            at["train.txt"],
            str(folder / "w"),
            str(folder / "i"),
            "--iterations",
            "1",
        ],
    }


NEEDED = {("tag", "lookahead"): ["--stream"], ("gradients", "token"): ["--sentence", "1"]}
"""Options without which another one is not for use."""


@pytest.fixture(autouse=True)
def little_memory() -> Iterator[None]:
    """What this process may take more than it has."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_AS)
    with open("/proc/self/statm", encoding="ascii") as file:
        now = int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    resource.setrlimit(resource.RLIMIT_AS, (now + MEMORY, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


def ends_well(arguments: list[str], most: int = 300) -> int:
    """Run a command line here; its status, which is one that is documented, and an error is one line alone."""
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = run_here(arguments)
    assert status in (0, 1, 2), (arguments, status)
    text = err.getvalue()
    if status == 2:
        assert text.startswith("elman: ") and text.count("\n") == 1 and text.endswith("\n"), (arguments, text)
        assert len(text) < most, text
        assert out.tell() == 0, arguments
    return status


def test_every_number_has_two_ends() -> None:
    assert {name for name, _ in NUMBERS} == {
        *("train", "tag", "evaluate", "sample", "compare", "curve", "errors", "gradients", "states", "find-lr", "demo"),
        "pretrain",
        "search",
        "learn",
        "serve",
        *(f"tutorial {name}" for name in ("check", "compare", "memory", "train")),
    }
    for name, option in NUMBERS:
        kind = option.type
        assert isinstance(kind, click.IntRange | click.FloatRange), (name, option.name)
        assert kind.min is not None and kind.max is not None and not kind.clamp, (name, option.name)


@pytest.mark.parametrize(("name", "option"), NUMBERS, ids=lambda x: x if isinstance(x, str) else x.name)
def test_the_edges_of_every_numeric_option(name: str, option: click.Option, folder: Path) -> None:
    kind = option.type
    assert isinstance(kind, click.IntRange | click.FloatRange)
    usual, needed = command_lines(folder)[name], NEEDED.get((name, str(option.name)), [])
    for edge in [*EDGES, str(kind.max), str(kind.min)]:
        if (name, option.name) in SLOW and edge == str(kind.max):
            continue
        arguments = [*usual, *needed, option.opts[0], edge]
        status = ends_well(arguments, most=5_500 if len(edge) > 300 else 300)
        if edge in ("nan", "inf", "-inf", "1e400", "", str(10**20), "9" * 5000):
            assert status == 2, arguments


SLOW = {("train", "ensemble"), ("sample", "length"), ("compare", "resamples"), ("curve", "seeds"), ("search", "trials")}
SLOW |= {("tutorial train", "iterations"), ("tutorial train", "hidden")}
SLOW |= {("tutorial compare", name) for name in ("iterations", "hidden", "seeds")}
"""So many are allowed, and take their time."""


@pytest.mark.parametrize(("name", "option"), [(name, one) for name, each in OTHERS.items() for one in each])
def test_texts_with_a_number_in_them(name: str, option: str, folder: Path) -> None:
    for text in TEXTS:
        assert ends_well([*command_lines(folder)[name], option, text], most=900) == 2


@pytest.mark.parametrize("f", [f for _, f in settings_fields()], ids=lambda f: f.name)
def test_the_edges_of_every_setting(f: Any, folder: Path) -> None:
    usual = command_lines(folder)["train"]
    for edge in EDGES:
        if edge in ("0", "1.5", "-1", "1e-400") and not f.metadata["of"] and f.metadata["low"] is not None:
            continue  # may well be in the range
        status = ends_well([*usual, "--set", f"{f.name}={edge}"])
        assert status == 2 or (f.metadata["high"] is not None and float(edge) <= f.metadata["high"]), (f.name, edge)


def test_a_network_that_memory_does_not_hold(folder: Path) -> None:
    large = [part for setting in ("hidden=4096", "layers=16") for part in ("--set", setting)]
    assert ends_well([*command_lines(folder)["train"], *large]) == 2


def test_the_real_command_under_a_limit(run: Run, folder: Path) -> None:
    resource = pytest.importorskip("resource")
    limit = lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))  # noqa: E731
    for name, *more in (
        ("tag", "--stream", "--lookahead", str(10**20)),
        ("tag", "--nbest", "1000000"),
        ("tag", "--threads", str(10**9)),
        ("curve", "--points", "100000"),
        ("gradients", "--lags", "1000000000"),
        ("sample", "--temperature", "1e308"),
        ("train", "--set", f"hidden={10**12}"),
        ("train", "--budget", "1e300s"),
    ):
        result = run(*command_lines(folder)[name], *more, preexec_fn=limit)
        assert result.returncode == 2, (name, more, result.stderr)
        assert result.stderr.startswith(b"elman: ") and result.stderr.count(b"\n") == 1


def test_lags_go_no_further_than_the_sentences(folder: Path) -> None:
    usual = command_lines(folder)["gradients"]
    assert ends_well([*usual, "--lags", str(limits.LAGS), "--positions", str(limits.POSITIONS)]) == 0


ODD: list[Any] = [-1, 2**31, 2**63, 10**20, 10**5000, float("nan"), float("inf"), "", "3", None, True, 0.5]


@pytest.mark.parametrize("value", ODD, ids=lambda x: str(x)[:9] if not isinstance(x, int) else f"{x.bit_length()}bits")
def test_the_same_from_python(value: Any, folder: Path) -> None:
    from elman.analysis.errors import analyze_errors
    from elman.analysis.gradients import GradientOptions, measure_lags
    from elman.analysis.learning_curve import learning_curve
    from elman.data.corpus import ReadOptions
    from elman.evaluation.compare import compare
    from elman.evaluation.compare_runs import compare_runs

    tagger: Any = elman.load(folder / "rnn.model")
    speaker: Any = elman.load(folder / "lm.model")
    train, tags = str(folder / "train.txt"), [["A"]]
    calls: list[Callable[[], Any]] = [
        lambda: elman.train(train, model="frequent", seed=value),
        lambda: elman.train(train, seed=value, settings={"epochs": 1}),
        lambda: elman.find_rate(train, seed=value),
        lambda: tagger.nbest(["the"], value),
        lambda: tagger.stream(value),
        lambda: speaker.sample(value),
        lambda: speaker.sample(1, seed=value),
        lambda: compare(tags, tags, tags, resamples=value),
        lambda: compare(tags, tags, tags, seed=value),
        lambda: compare_runs([0, 1], [1, 2], seed=value),
        lambda: analyze_errors(tagger, train, most=value),
        lambda: measure_lags(tagger.ensemble, [], GradientOptions(lags=value)),
        lambda: measure_lags(tagger.ensemble, [], GradientOptions(positions=value)),
        lambda: learning_curve(train, train, ReadOptions(), points=value),
        lambda: learning_curve(train, train, ReadOptions(), seeds=value),
        lambda: learning_curve(train, train, ReadOptions(), seed=value),
    ]
    if value is not None:  # one for each core
        calls += [lambda: elman.load(folder / "rnn.model", threads=value), lambda: elman.train(train, threads=value)]
    if not (isinstance(value, float) and 0 <= value <= 1):
        calls.append(lambda: speaker.sample(1, temperature=value))
    for i, call in enumerate(calls):
        if value == 2**31 and i in (0, 1, 2, 6, 8, 9, 15):
            continue  # a seed like any other
        with pytest.raises(ConfigError) as caught:
            call()
        assert "expected" in str(caught.value) and "\n" not in str(caught.value) and len(str(caught.value)) < 200
