"""Checkpoints: two generations of a file, states that are checked, sections that run side by side."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from elman.config import TrainingConfig
from elman.errors import ConfigError, ModelFileError, OutputError
from elman.models import file
from elman.training import checkpoint, ensemble
from elman.training.checkpoint import Checkpoints, Saved
from elman.training.run_options import RunOptions
from elman.training.time_budget import Budget
from elman.training.train_rnn import train_rnn
from elman.training.trainer import fit
from elman.utils import durable
from scripted_task import Task, same
from small_language import SMALL, TRAIN, bits, trained

ABOUT = {"every": 0.0, "seed": 1}
CONFIG = TrainingConfig(epochs=2, batch=4, shards=3, learning_rate=0.1)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(os, "fsync", lambda number: None)  # hundreds of them take long
    return str(tmp_path / "run")


@pytest.fixture
def begun(path: str) -> Checkpoints:
    return checkpoint.begin(path, ABOUT, 0.0, print)


def content(path: str) -> dict[str, Any]:
    sections: dict[str, Any] = file.load(path)[0]["checkpoint"]["sections"]
    return sections


def test_two_generations(begun: Checkpoints, path: str) -> None:
    section = begun.part("a").section("b")
    assert section.saved is None and section.due()
    section.save({"n": 1}, {"x": np.arange(3)})
    section.save({"n": 2}, {"x": np.arange(4)})
    assert content(path) == {"a/b": {"n": 2}} and content(f"{path}.previous") == {"a/b": {"n": 1}}
    again = checkpoint.reopen(path, print)
    assert again.about == ABOUT
    saved = again.part("a").section("b").saved
    assert saved is not None and saved.array("x", "int64", (4,)).tolist() == [0, 1, 2, 3]
    assert again.section("b").saved is None
    again.remove()
    assert os.listdir(os.path.dirname(path)) == []


@pytest.mark.parametrize("damage", ["cut", "changed", "gone"])
def test_a_damaged_file_falls_back_on_the_generation_before(begun: Checkpoints, path: str, damage: str) -> None:
    section = begun.section("a")
    section.save({"n": 1}, {})
    section.save({"n": 2}, {})
    for name in (path, f"{path}.previous"):
        whole, told = Path(name).read_bytes(), list[str]()
        if damage == "gone":
            os.unlink(name)
        else:
            Path(name).write_bytes(whole[:-20] if damage == "cut" else whole.replace(b"sections", b"Sections"))
        if name == path:
            saved = checkpoint.reopen(path, told.append).section("a").saved
            assert saved is not None and saved.get("n") == 1
            expected = "no such checkpoint" if damage == "gone" else "no whole checkpoint: "
            assert told[0].startswith(f"{path}: {expected}")
            assert told[0].endswith(f"; the run goes on from the generation before it, {path}.previous")
    with pytest.raises(ModelFileError, match=f"^{path}: no (such|whole) checkpoint"):
        checkpoint.reopen(path, print)


def test_the_generation_that_a_run_went_on_from_stays_until_there_is_another(
    begun: Checkpoints, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The damaged file would take its place, and then a kill between two renames would leave nothing whole."""
    begun.section("a").save({"n": 1}, {})
    begun.write()
    for reopen in (lambda: checkpoint.reopen(path, print), lambda: checkpoint.reopen_or_begin(path, ABOUT, 0.0, print)):
        Path(path).write_bytes(b"damaged")
        again = reopen()
        with monkeypatch.context() as patch:
            patch.setattr(durable, "rename_open", lambda *names: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                again.write()
        assert content(f"{path}.previous") == {"a": {"n": 1}}
        assert again.write() and again.write()
        assert content(path) == content(f"{path}.previous") == {"a": {"n": 1}}


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_a_link_stays_and_leads_to_the_checkpoint(path: str, tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    os.symlink(tmp_path / "disk" / "run", path)
    found = checkpoint.begin(path, ABOUT, 0.0, print)
    found.write()
    assert sorted(os.listdir(tmp_path / "disk")) == ["run", "run.previous"] and os.path.islink(path)
    os.unlink(tmp_path / "disk" / "run")
    with pytest.raises(ConfigError, match="there already"):
        checkpoint.begin(path, ABOUT, 0.0, print)
    checkpoint.reopen(path, print).remove()
    assert os.listdir(tmp_path / "disk") == []


@pytest.mark.parametrize("name", ["-", os.devnull])
def test_a_stream_or_device_holds_no_checkpoint(name: str) -> None:
    with pytest.raises(OutputError, match="cannot hold a checkpoint, which is read again; name a file$"):
        checkpoint.begin(name, ABOUT, 0.0, print, overwrite=True)
    assert os.path.exists(os.devnull)


def test_other_files_are_no_checkpoints(path: str) -> None:
    file.save(path, {"kind": "rnn"}, {})
    with pytest.raises(ModelFileError, match=f"^{path}: not a checkpoint; it is a model, or of another program$"):
        checkpoint.reopen(path, print)
    for about, sections in (({}, {}), ([], {}), ({"every": "1"}, {}), (ABOUT, []), (ABOUT, {"a": 1})):
        file.save(path, {"checkpoint": {"about": about, "sections": sections}}, {})
        with pytest.raises(ModelFileError, match=f"^{path}: not a checkpoint of elman$"):
            checkpoint.reopen(path, print)
    file.save(path, {"checkpoint": {"about": ABOUT, "sections": {}}}, {"a:x": np.zeros(1)})
    with pytest.raises(ModelFileError, match=f"^{path}: a tensor of no section, 'a:x'$"):
        checkpoint.reopen(path, print)


def test_a_checkpoint_is_no_model(begun: Checkpoints, path: str) -> None:
    import elman

    with pytest.raises(ModelFileError):
        elman.load(path)


def test_a_state_of_another_form() -> None:
    saved = Saved("run: a", {"n": 1, "x": [1.5], "best": None}, {"m/w": np.zeros(3, np.float32)})
    form = {"n": int, "x": [float], "best": (float, None)}
    assert saved.facts(form) == {"n": 1, "x": [1.5], "best": None}
    for other in ({"n": float}, form | {"n": bool}, form | {"x": [int]}, form | {"best": float}, form | {"x": float}):
        with pytest.raises(ModelFileError, match="^run: a: not the state of such a run$"):
            saved.facts(other)
    like = {"w": np.zeros(3, np.float32)}
    assert saved.group("m/", like).keys() == {"w"}
    for wrong in (np.zeros(4, np.float32), np.zeros(3)):
        with pytest.raises(ModelFileError, match=r"^run: a: tensor 'm/w': expected \('float"):
            saved.group("m/", {"w": wrong})
    with pytest.raises(ModelFileError, match=r"expected \('float32', \(3,\)\), found None$"):
        saved.group("m/", like | {"v": like["w"]}, whole=True)
    with pytest.raises(ModelFileError, match="^run: a: an unknown tensor 'm/w'$"):
        saved.group("m/", {})


def test_a_checkpoint_that_is_there(begun: Checkpoints, path: str) -> None:
    begun.write()
    os.unlink(path)  # the generation before counts, too
    with pytest.raises(ConfigError, match=f"^{path}: there already; --resume {path} goes on .*"):
        checkpoint.begin(path, ABOUT, 0.0, print)
    other = checkpoint.begin(path, ABOUT, 0.0, print, overwrite=True)
    assert os.listdir(os.path.dirname(path)) == ["run.previous"]  # until training begins
    other.section("network")
    assert os.listdir(os.path.dirname(path)) == ["run"]


def test_the_times_between_generations(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A generation takes at most 2 % of the time, however long it takes to write."""
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr(checkpoint, "time", SimpleNamespace(monotonic=lambda: clock.now))

    def write(path: str, previous: str, data: bytes) -> None:
        clock.now += 4.0

    monkeypatch.setattr(checkpoint, "write_generation", write)
    found = checkpoint.begin(path, ABOUT, 30.0, print)
    section = found.section("a")
    assert clock.now == 4
    for now, due in ((5, False), (203, False), (204, True)):
        clock.now = now
        assert section.due() is due
    section.save({}, {})
    assert clock.now == 208 and not section.due()
    assert [checkpoint.interval(every) for every in (None, "2m", 0, "0s", 5)] == [30, 120, 0, 0, 5]


def test_sections_side_by_side_wait_for_each_other(begun: Checkpoints, path: str) -> None:
    first, second = begun.section("a"), begun.section("b")
    second.save({"n": 0}, {})
    first.save({"n": 1}, {})  # the other one runs too, and has not saved its state since
    assert content(path) == {"b": {"n": 0}} and not first.due() and second.due()
    second.save({"n": 1}, {})
    assert content(path) == {"a": {"n": 1}, "b": {"n": 1}}
    second.end({"done": True}, {})
    first.save({"n": 2}, {})
    assert content(path) == {"a": {"n": 2}, "b": {"done": True}}
    assert not begun.is_stopped
    first.end({"done": False}, {})
    assert begun.is_stopped
    begun.part("x").section("c").save({"n": 3}, {})
    begun.forget("x")
    begun.write()
    assert content(path).keys() == {"a", "b"}


def test_values_that_are_asked_for_with_every_generation(begun: Checkpoints, path: str) -> None:
    begun.section("time").watch(lambda: {"used": 1.5})
    begun.write()
    assert content(path) == {"time": {"used": 1.5}}


def test_a_full_disk_stops_no_run(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    found = checkpoint.begin(path, ABOUT, 0.0, told.append)
    before = Path(path).read_bytes()

    def full(number: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        assert not found.write() and not found.write()
    assert told == [f"no checkpoint: {path}: cannot be written: No space left on device"]
    assert Path(path).read_bytes() == before and os.listdir(os.path.dirname(path)) == ["run"]
    found.section("a").save({}, {"x": np.array([np.inf])})
    assert told[1].endswith("tensor a:x holds numbers that are not finite")
    found.remove()
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="No space left on device$"):
        checkpoint.begin(path, ABOUT, 0.0, print)
    assert os.listdir(os.path.dirname(path)) == []


# --- the trainer ----------------------------------------------------------------------------------------------------


def run_options(found: Checkpoints, threads: int = 1) -> RunOptions:
    return RunOptions(1, threads, checkpoints=found)


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "momentum", "sgd"])
def test_a_run_goes_on_with_pending_updates(path: str, monkeypatch: pytest.MonkeyPatch, optimizer: str) -> None:
    """Also within the average of weights, and with an epoch that is no better than the one before."""
    config = TrainingConfig(epochs=3, batch=4, learning_rate=0.1, optimizer=optimizer, averaging=0.5, patience=2)
    generations: list[bytes] = []
    monkeypatch.setattr(checkpoint, "write_generation", lambda path, previous, data: generations.append(data))
    whole, plain = Task(scores=[0.2, 0.4, 0.3]), Task(scores=[0.2, 0.4, 0.3])
    section = checkpoint.begin(path, ABOUT, 0.0, print).section("a")
    record = fit(whole, config, seed=1, threads=1, section=section)
    assert record == fit(plain, config, seed=1, threads=1) and same(whole.parameters, plain.parameters)
    for data in list(generations)[::2]:
        Path(path).write_bytes(data)
        section = checkpoint.reopen(path, print, "1h").section("a")
        done = 0 if section.saved is None else int(section.saved.get("record")["epochs"])
        task = Task(scores=[0.2, 0.4, 0.3][done:])
        assert fit(task, config, seed=1, threads=2, section=section) == record
        assert same(task.parameters, whole.parameters)


def test_a_finished_run_has_its_result_at_once(begun: Checkpoints, path: str) -> None:
    task = Task()
    record = fit(task, CONFIG, seed=1, threads=1, section=begun.section("a"))
    begun.write()
    again = Task()
    assert fit(again, CONFIG, seed=1, threads=1, section=checkpoint.reopen(path, print).section("a")) == record
    assert same(again.parameters, task.parameters) and again.calls == []


def test_ctrl_c_within_a_step_leaves_the_state_before(begun: Checkpoints, path: str) -> None:
    class Stopped(Task):
        def gradients(self, items: Any, words: int, place: Any) -> Any:
            if (place.epoch, place.step) == (2, 3):
                raise KeyboardInterrupt
            return super().gradients(items, words, place)

    assert fit(Stopped(), CONFIG, seed=1, threads=1, section=begun.section("a")).interrupted
    section = checkpoint.reopen(path, print).section("a")
    assert section.saved is not None and (section.saved.get("epoch"), section.saved.get("step")) == (2, 3)
    task, whole = Task(), Task()
    record = fit(task, CONFIG, seed=1, threads=1, section=section)
    assert record == fit(whole, CONFIG, seed=1, threads=1) and same(task.parameters, whole.parameters)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda facts, arrays: facts.update(step=-1), "not the state of such a run"),
        (lambda facts, arrays: facts.pop("norms"), "not the state of such a run"),
        (lambda facts, arrays: facts.update(steps=7), "tensor 'lazy/scales': expected"),
        (lambda facts, arrays: arrays.update({"last/table": np.full(5, 99)}), "last/: expected steps up to"),
        (lambda facts, arrays: arrays.update({"m/w": np.zeros(4, np.float32)}), "tensor 'm/w': expected"),
        (lambda facts, arrays: arrays.pop("parameters/w"), "tensor 'parameters/w': expected"),
    ],
)
def test_a_state_of_another_run_is_refused(
    begun: Checkpoints, path: str, change: Callable[[Any, Any], Any], expected: str
) -> None:
    fit(Task(), CONFIG, seed=1, threads=1, section=begun.section("a"))
    _, states = checkpoint._read(f"{path}.previous")  # before the result
    facts, arrays = states["a"]
    assert facts["done"] is False
    change(facts, arrays)
    section = checkpoint.Section(checkpoint._Store(path, ABOUT, 0.0, print, {"a": (facts, arrays)}), "a")
    with pytest.raises(ModelFileError, match=expected):
        fit(Task(), CONFIG, seed=1, threads=1, section=section)


def test_the_networks_of_a_model_stop_and_go_on_together(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Networks in parallel threads, stopped at different steps, resumed one after the other."""
    config = SMALL.with_settings({"ensemble": 3})
    whole = trained(config)
    generations: list[bytes] = []
    monkeypatch.setattr(checkpoint, "write_generation", lambda path, previous, data: generations.append(data))
    found = run_options(checkpoint.begin(path, ABOUT, 0.0, print), 2)
    assert bits(train_rnn(TRAIN, None, config, found)) == bits(whole)


def test_a_budget_keeps_its_plan(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Budget, "replan", lambda self, epoch, epochs: epochs)
    ticks = iter(range(1, 10**9))
    notes: list[str] = []

    def budget(clock: Callable[[], float]) -> Budget:
        return Budget("60s", {"hidden": 12}, notes.append, clock)

    def train(found: Checkpoints, limit: Budget) -> ensemble.Trained:
        return ensemble.train(ensemble.begin(TRAIN, None, SMALL, seed=1, single=True), run_options(found), limit)

    begun = checkpoint.begin(path, ABOUT, 3600.0, print)
    whole = train(begun, budget(lambda: next(ticks) / 10))
    begun.write()
    plan = content(path)["budget"]
    assert plan["plan"] == {"hidden": 12, "epochs": whole.config.training.epochs} and plan["used"] > 1
    later = budget(lambda: 1000.0)
    again = train(checkpoint.reopen(path, print, "1h"), later)
    assert again.config == whole.config and same(again.tasks[0].parameters, whole.tasks[0].parameters)
    assert 1000.0 - later.started == pytest.approx(plan["used"]) and len(notes) == 1
