"""``elman.train(checkpoint=…)`` and ``elman.train(resume=…)``: the model is that of a run without a stop."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import elman
from elman.errors import ConfigError, DataError, ModelFileError
from elman.training import checkpoint, disk_reader, progress
from made_up import two_columns
from small_language import language
from stopped import CONLLU, FEW, QUIET, TASKS, Stopping, model_bytes, tagged, texts


@pytest.fixture
def files(tmp_path: Path) -> Callable[[str, str], str]:
    def write(name: str, text: str) -> str:
        (tmp_path / name).write_text(text, encoding="utf-8")
        return str(tmp_path / name)

    return write


@pytest.fixture
def stopping(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Stopping:
    return Stopping(monkeypatch, tmp_path)


Files = Callable[[str, str], str]


@pytest.mark.parametrize("task", TASKS)
def test_stopped_after_any_step(stopping: Stopping, files: Files, task: str) -> None:
    """Stopped after each of 60 steps by one thread and resumed by two, and the other way round: the same bytes."""
    name, text, arguments = TASKS[task]
    path = files(name, text)
    for threads in (1, 2):
        whole = stopping.run(path, threads=threads, **arguments)
        generations = list(stopping.generations)
        assert len(generations) >= 60
        assert whole == model_bytes(elman.train(path, threads=threads, **QUIET, **arguments))
        for k, generation in enumerate(generations):
            assert stopping.resume(generation, threads=3 - threads) == whole, f"{task}, step {k}, {threads} threads"


KINDS: dict[str, dict[str, Any]] = {
    **{f"cell {cell}": {"settings": FEW | {"cell": cell}} for cell in ("elman", "gru", "lstm", "sru", "mingru")},
    **{f"preset {name}": {"preset": name, "settings": FEW} for name in ("fast", "best")},
    "tutorial, online kernel": {"preset": "tutorial", "settings": {"hidden": 4, "epochs": 3}},
    "online in segments": {"preset": "tutorial", "settings": {"hidden": 4, "epochs": 3, "chunk": 2}},
    "momentum": {"settings": FEW | {"optimizer": "momentum", "learning_rate": 0.05, "patience": 1, "averaging": 0.9}},
    "adamw": {"settings": FEW | {"optimizer": "adamw", "warmup": 0.3, "decay": "cosine", "dtype": "float32"}},
    "sgd": {"settings": FEW | {"optimizer": "sgd", "batch": 1, "loss": "sum", "epochs": 1}},
    "segments": {"settings": FEW | {"direction": "forward", "decoder": "softmax", "chunk": 2}},
    "ensemble": {"settings": FEW | {"ensemble": 3}},
    "distilled": {"settings": FEW | {"distill_teachers": 2, "decoder": "softmax", "epochs": 1}},
    "characters": {"settings": FEW | {"characters": 3, "layers": 2, "residual": "highway"}},
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_network_and_update(stopping: Stopping, files: Files, kind: str) -> None:
    path, dev, arguments = files("t.txt", tagged(40)), files("d.txt", tagged(8, 2)), KINDS[kind]
    whole = model_bytes(elman.train(path, dev, threads=1, **QUIET, **arguments))
    assert stopping.run(path, dev, threads=2, **arguments) == whole
    generations = list(stopping.generations)
    for generation in generations[:: max(1, len(generations) // 3)]:
        assert stopping.resume(generation, threads=1) == whole


@pytest.mark.parametrize(
    ("name", "text", "arguments"),
    [
        ("t.tsv", texts(6), {}),  # logistic regression, networks, and the linear model that dev may prefer
        ("t.tsv", texts(12), {"model": "linear"}),
        (
            "t.col",
            "".join("\t".join(row) + "\n" for s in two_columns(9, 1) for row in [*zip(*s, strict=True), ("",)]),
            {},
        ),
        ("t.conllu", CONLLU * 8, {"task": "lemma", "settings": FEW}),
        ("t.conllu", CONLLU * 8, {"task": "morphology:features=each", "settings": FEW}),
        ("t.conllu", CONLLU * 8, {"task": "segment", "settings": FEW}),
        ("t.conllu", CONLLU * 8, {"task": "parse", "settings": FEW}),
    ],
    ids=["auto", "linear", "spans", "lemma", "morphology", "segment", "parse"],
)
def test_every_task(stopping: Stopping, files: Files, name: str, text: str, arguments: dict[str, Any]) -> None:
    path = files(name, text)
    whole = stopping.run(path, "25%", threads=1, **arguments)
    generations = list(stopping.generations)
    for generation in generations[len(generations) // 4 :: max(1, len(generations) // 2)]:
        assert stopping.resume(generation, threads=2) == whole


def test_text_on_disk(stopping: Stopping, files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk_reader, "LARGE", 100)
    settings = FEW | {"chunk": 3, "direction": "forward", "cell": "gru"}
    whole = stopping.run(files("t.txt", tagged(40)), "20%", settings=settings, threads=1)
    for generation in list(stopping.generations)[::4]:
        assert stopping.resume(generation, threads=2) == whole


@pytest.fixture
def every_event(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every step is reported: each look at the clock finds it a second later."""
    ticks = iter(range(100_000))
    monkeypatch.setattr(progress, "time", SimpleNamespace(perf_counter=lambda: float(next(ticks))))


@pytest.mark.usefixtures("every_event")
@pytest.mark.parametrize("at", [1, 7, 8, 12])
def test_ctrl_c_leaves_a_checkpoint_and_the_model_so_far(files: Files, tmp_path: Path, at: int) -> None:
    events: list[elman.Progress] = []

    def stop(event: Any) -> None:
        events.append(event)
        if len(events) == at:
            raise KeyboardInterrupt

    path, kept = files("t.txt", tagged(40)), tmp_path / "c"
    arguments: dict[str, Any] = {"settings": FEW | {"epochs": 3}, "threads": 1, **QUIET}
    whole = model_bytes(elman.train(path, "20%", **arguments))
    model = elman.train(path, "20%", checkpoint=kept, on_progress=stop, **arguments)
    assert model.interrupted
    assert kept.exists()
    again = elman.train(resume=kept, threads=2, **QUIET)
    assert (model_bytes(again), again.interrupted) == (whole, False)
    assert os.listdir(tmp_path) == ["t.txt"]


# --- what a checkpoint refuses -----------------------------------------------------------------------------------


@pytest.fixture
def stopped(files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run that was killed after its first steps."""
    kept = tmp_path / "run"

    def stop(path: str, previous: str, data: bytes, count: list[int] = [0]) -> None:  # noqa: B006
        real(path, previous, data)
        count[0] += 1
        if count[0] == 4:
            raise SystemExit

    real = checkpoint.write_generation
    with monkeypatch.context() as patch, pytest.raises(SystemExit):
        patch.setattr(checkpoint, "write_generation", stop)
        elman.train(files("t.txt", tagged(40)), "20%", checkpoint=kept, every=0, settings=FEW, threads=1, **QUIET)
    assert kept.exists() and Path(f"{kept}.previous").exists()
    return kept


def message(error: type[Exception], *data: Any, **arguments: Any) -> str:
    with pytest.raises(error) as caught:
        elman.train(*data, **arguments)
    return str(caught.value)


def test_a_checkpoint_that_is_there(stopped: Path, tmp_path: Path) -> None:
    path = tmp_path / "t.txt"
    found = message(ConfigError, path, checkpoint=stopped)
    assert found == f"{stopped}: there already; --resume {stopped} goes on with that run, --overwrite starts again"
    model = elman.train(path, "20%", checkpoint=stopped, overwrite=True, settings=FEW, **QUIET)
    assert model_bytes(model) == model_bytes(elman.train(path, "20%", settings=FEW, **QUIET))
    assert os.listdir(tmp_path) == ["t.txt"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (
            {"settings": {"hidden": 5}},
            "hidden: the run of {} has 4, got 5; leave it out, or start again with ",
        ),
        ({"seed": 2}, "seed: the run of {} has 1, got 2; leave it out"),
        ({"preset": "fast"}, "preset: the run of {} has 'default', got 'fast'; leave it out"),
        ({"dev": "10%"}, "dev: the run of {} has 20%; leave it out"),
        ({"train": "other.txt"}, "train: the run of {} has other files; leave it out"),
        ({"checkpoint": "c"}, "resume: the run goes on with its own checkpoint; leave out checkpoint and overwrite"),
        ({"every": "soon"}, "every: expected a time such as 60s, 2m or 1.5h, got 'soon'"),
    ],
)
def test_another_argument(stopped: Path, arguments: dict[str, Any], expected: str) -> None:
    assert message(ConfigError, resume=stopped, **arguments).startswith(expected.format(stopped))


def test_the_same_arguments_and_data_may_be_given(stopped: Path, tmp_path: Path) -> None:
    model = elman.train(tmp_path / "t.txt", "20%", settings={"hidden": "4"}, resume=stopped, **QUIET)
    assert model_bytes(model) == model_bytes(elman.train(tmp_path / "t.txt", "20%", settings=FEW, **QUIET))


def test_changed_input(stopped: Path, tmp_path: Path) -> None:
    path = tmp_path / "t.txt"
    path.write_text(tagged(41), encoding="utf-8")
    expected = f"{path}: has changed since the run of {stopped} began, which needs the same input"
    assert message(ConfigError, resume=stopped).startswith(expected)
    path.unlink()
    assert message(DataError, resume=stopped).startswith(f"{path}: cannot be read")


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("version", "0.0.9", f"begun by elman '0.0.9', this is {elman.__version__}: other bits"),
        ("numpy", "1.0", "begun by NumPy '1.0', this is "),
        ("kernels", {"backend": "native", "isa": "mmx"}, "begun with the kernels 'native mmx', here they are "),
        ("command", "learn", "a run of elman learn; elman learn --resume "),
        ("arguments", {"seed": 1}, "not a checkpoint of elman train"),
        ("outputs", None, "not a checkpoint of elman train"),
        ("folder", 3, "not a checkpoint of elman"),
    ],
)
def test_another_version_or_machine(stopped: Path, name: str, value: Any, expected: str) -> None:
    about, states = checkpoint._read(str(stopped))
    store = checkpoint._Store(str(stopped), about | {name: value}, 30.0, print, states)
    assert store.write()
    assert message((ConfigError, ModelFileError), resume=stopped).startswith(f"{stopped}: {expected}")  # type: ignore[arg-type]


def test_data_from_python_are_given_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = [list(zip(*pair, strict=True)) for pair in language(30, 1)]
    stopping = Stopping(monkeypatch, tmp_path)
    whole = stopping.run(iter(data), data[:5], settings=FEW)
    generation = stopping.generations[3]
    stopping.path.write_bytes(generation)
    expected = f"train: the run of {stopping.path} was started with data in Python, which resuming needs again"
    assert message(ConfigError, resume=stopping.path) == expected
    for other in (data[1:], [str(tmp_path / "t.txt")]):
        expected = f"train: not the data that the run of {stopping.path} was started with"
        assert message(ConfigError, other, data[:5], resume=stopping.path) == expected
    model = elman.train(iter(data), data[:5], resume=stopping.path, **QUIET)
    assert model_bytes(model) == whole


def test_a_mistake_leaves_no_checkpoint(files: Files, tmp_path: Path) -> None:
    path = files("t.txt", tagged(8))
    for settings, expected in (({"hidden": 0}, "hidden: expected"), ({"hiden": 3}, "no setting 'hiden'")):
        assert message(ConfigError, path, checkpoint=tmp_path / "c", settings=settings).startswith(expected)
    found = message(ConfigError, path, checkpoint=tmp_path / "c", model="hmm")
    assert found == "checkpoint: the model hmm is counted at once, not trained in steps"
    assert message(DataError, checkpoint=tmp_path / "c").startswith("expected a path, paths or sentences")
    assert os.listdir(tmp_path) == ["t.txt"]
