"""The trainer on a made-up task: the same bits for any threads, the best epoch kept, progress."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from elman.config import TrainingConfig
from elman.nn.activations import Units
from elman.nn.layers import SparseRows
from elman.training import progress, run_state
from elman.training.optimizers import Gradients
from elman.training.progress import Progress
from elman.training.task import LossTotals, StepKey
from elman.training.trainer import fit
from scripted_task import Recorder, Task, same

Array = np.ndarray[Any, Any]
SMALL = TrainingConfig(epochs=3, batch=4, shards=3, learning_rate=0.1)
ONLINE = TrainingConfig(epochs=2, batch=1, optimizer="sgd", loss="sum", learning_rate=1.0)


# --- the same answer every time -------------------------------------------------------------------------------------


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam", "adamw"])
def test_the_same_bits_for_any_number_of_threads(optimizer: str) -> None:
    config = TrainingConfig(epochs=2, batch=8, shards=5, optimizer=optimizer, learning_rate=0.1, averaging=0.5)
    tasks = [Task() for _ in range(3)]
    records = [fit(task, config, seed=1, threads=n) for task, n in zip(tasks, (1, 2, 5), strict=True)]
    assert records[0] == records[1] == records[2]
    assert same(tasks[0].parameters, tasks[1].parameters)
    assert same(tasks[0].parameters, tasks[2].parameters)
    assert not same(tasks[0].parameters, Task().parameters)


def test_other_seeds_and_other_shards_give_other_bits() -> None:
    runs = []
    for seed, shards in ((1, 3), (2, 3), (1, 2)):
        fit(task := Task(), TrainingConfig(epochs=1, batch=8, shards=shards), seed=seed, threads=1)
        runs.append(task.parameters)
    assert not same(runs[0], runs[1])
    assert not same(runs[0], runs[2])


def test_an_epoch_is_every_item_once_in_shards_of_minibatches() -> None:
    fit(task := Task(items=22), SMALL, seed=1, threads=2)
    assert len({place for place, _, _ in task.calls}) == len(task.calls)  # no two share their draws
    for epoch in (1, 2, 3):
        calls = [call for call in task.calls if call[0].epoch == epoch]
        assert sorted(i for _, items, _ in calls for i in items) == list(range(22))
        for step in range(6):
            shards = [(place.part, items, words) for place, items, words in calls if place.step == step]
            n = sum(len(items) for _, items, _ in shards)
            assert n in (2, 4)  # the last of 22 items by 4
            assert sorted(part for part, _, _ in shards) == list(range(min(3, n)))
            assert {words for _, _, words in shards} == {sum(task.lengths[i] for _, items, _ in shards for i in items)}


# --- rates, clipping ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("decay", ["linear", "none"])
def test_the_rate_of_every_update(recorder: Recorder, decay: str) -> None:
    fit(Task(), TrainingConfig(epochs=3, batch=4, learning_rate=0.1, decay=decay), seed=1, threads=1)
    steps = np.arange(18)
    np.testing.assert_allclose(recorder.rates, 0.1 * (1 - steps / 18) if decay == "linear" else [0.1] * 18)
    assert recorder.settled == 3  # before each score


def test_gradients_are_clipped(recorder: Recorder) -> None:
    fit(Task(), TrainingConfig(epochs=1, batch=4, grad_clip=0.5), seed=1, threads=1)
    np.testing.assert_allclose(recorder.norms, 0.5, rtol=1e-5)


def test_a_plan_that_changes_is_recorded() -> None:
    asked: list[tuple[int, int]] = []

    def replan(epoch: int, epochs: int) -> int:
        asked.append((epoch, epochs))
        return {2: 5, 4: 6}.get(epoch, epochs)

    scores = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
    task = Task(scores)
    config = TrainingConfig(epochs=9, batch=4, averaging=0.4)
    record = fit(task, config, seed=1, threads=1, replan=replan)
    assert asked == [(1, 9), (2, 9), (3, 5), (4, 5), (5, 6)]
    assert record.epochs == 6
    assert record.replanned == [[3, 5], [5, 6]]


# --- averages -------------------------------------------------------------------------------------------------------


def test_the_mean_of_the_last_weights_is_scored_and_kept(recorder: Recorder) -> None:
    """Each update adds 1 to weights that begin with 1, in epochs of 6 steps."""
    task = Task(scores=[0.1, 0.2, 0.3, 0.4])
    fit(task, TrainingConfig(epochs=4, batch=4, averaging=0.375), seed=1, threads=1)
    assert [seen["w"][0] for seen in task.seen] == [7, 13, 1 + np.mean([16, 17, 18]), 1 + np.mean(range(16, 25))]
    assert task.parameters["w"][0] == 21
    assert (task.parameters["table"] == 1).all()
    assert len(recorder.rates) == 24


def test_moments_of_a_long_run_are_averaged(recorder: Recorder) -> None:
    task = Task(items=4 * 640)
    fit(task, TrainingConfig(epochs=1, batch=4, shards=1, averaging=0.5), seed=1, threads=1)
    assert recorder.settled == run_state.AVERAGED + 1
    np.testing.assert_allclose(task.parameters["w"], 1 + np.mean(np.arange(330, 641, 10)))


def test_rows_are_settled_for_the_mean() -> None:
    """Of a table that is learned as an array the mean is the same."""

    class Dense(Task):
        def gradients(self, items: Array, words: int, place: StepKey) -> tuple[LossTotals, Gradients]:
            tally, gradients = super().gradients(items, words, place)
            some = gradients["table"]
            assert isinstance(some, SparseRows)
            table = np.zeros((5, 2), np.float32)
            table[some.ids] = some.values
            return tally, gradients | {"table": table}

    config = TrainingConfig(
        epochs=30, batch=1, shards=1, optimizer="momentum", learning_rate=0.001, grad_clip=0, averaging=0.5
    )
    by_rows, whole = Task(items=5), Dense(items=5)
    for task in (by_rows, whole):
        fit(task, config, seed=1, threads=1)
    np.testing.assert_allclose(by_rows.parameters["table"], whole.parameters["table"], rtol=1e-3)


def test_averages_where_the_online_kernel_is() -> None:
    class Counted(Task):
        def online(self, items: Array, rates: Array, place: StepKey) -> LossTotals | None:
            self.parameters["w"] += np.float32(1)
            return super().online(items, rates, place)

    task = Counted(items=1024, fused=True)
    fit(task, TrainingConfig(epochs=1, batch=1, optimizer="sgd", loss="sum", averaging=0.5), seed=1, threads=1)
    assert task.parameters["w"][0] == 1 + np.mean([3, 4])


# --- the best epoch -------------------------------------------------------------------------------------------------


def test_the_best_epoch_is_kept_the_first_of_equals() -> None:
    task = Task(scores=[0.5, 0.7, 0.6, 0.7])
    record = fit(task, TrainingConfig(epochs=4, batch=4), seed=1, threads=1)
    assert (record.epochs, record.best_epoch, record.interrupted) == (4, 2, False)
    assert record.dev_accuracies == [0.5, 0.7, 0.6, 0.7]
    assert same(task.parameters, task.seen[1])
    assert not same(task.parameters, task.seen[3])


def test_the_arrays_of_the_task_stay_the_same_objects() -> None:
    task = Task(scores=[0.5, 0.1, 0.1])
    before = dict(task.parameters)
    fit(task, SMALL, seed=1, threads=1)
    assert all(task.parameters[name] is w for name, w in before.items())


def test_a_score_of_0_is_a_score() -> None:
    task = Task(scores=[0.0, 0.0, 0.0])
    assert fit(task, SMALL, seed=1, threads=1).best_epoch == 1
    assert same(task.parameters, task.seen[0])


def test_without_dev_the_last_epoch_is_kept() -> None:
    task = Task()
    record = fit(task, TrainingConfig(epochs=3, batch=4, patience=1), seed=1, threads=1)
    assert (record.epochs, record.best_epoch, record.dev_accuracies) == (3, 3, [])
    assert same(task.parameters, task.seen[2])


@pytest.mark.parametrize(("patience", "epochs", "best"), [(1, 2, 1), (2, 5, 3), (3, 6, 3), (0, 7, 7)])
def test_early_stopping(patience: int, epochs: int, best: int) -> None:
    task = Task(scores=[0.5, 0.4, 0.6, 0.6, 0.5, 0.5, 0.7])
    record = fit(task, TrainingConfig(epochs=7, batch=4, patience=patience), seed=1, threads=1)
    assert (record.epochs, record.best_epoch) == (epochs, best)
    assert same(task.parameters, task.seen[best - 1])


def test_the_record() -> None:
    task = Task(scores=[0.5, 0.6, 0.7])
    record = fit(task, SMALL, seed=1, threads=1)
    assert record.losses == [2.0, 2.0, 2.0]
    assert record.train_accuracies == pytest.approx([22 / task.lengths.sum()] * 3)


def test_items_without_words() -> None:
    task = Task()
    task.lengths[:] = 0
    record = fit(task, SMALL, seed=1, threads=1, on_progress=lambda event: None)
    assert record.losses == [0.0, 0.0, 0.0]


# --- progress -------------------------------------------------------------------------------------------------------


def events_of(task: Task, config: TrainingConfig) -> list[Progress]:
    events: list[Progress] = []
    fit(task, config, seed=1, threads=1, on_progress=events.append)
    return events


@pytest.fixture
def slow_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every look at the clock finds it a second later."""
    ticks = iter(range(10_000))
    monkeypatch.setattr(progress, "time", SimpleNamespace(perf_counter=lambda: float(next(ticks))))


def check_events(events: list[Progress], epochs: int, steps: int) -> None:
    assert [event.epoch for event in events if event.is_epoch_end] == list(range(1, epochs + 1))
    places = [(event.epoch, event.step, event.is_epoch_end) for event in events]
    assert places == sorted(places)
    assert all(event.steps == steps and 1 <= event.step <= steps and event.epochs == epochs for event in events)
    assert all(event.step == steps for event in events if event.is_epoch_end)
    assert all(event.seconds_left >= 0 and event.seconds >= 0 and event.words_per_second >= 0 for event in events)
    assert events[-1].seconds_left == 0
    rates = [event.rate for event in events]
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] == 0


def test_progress_at_the_end_of_each_epoch() -> None:
    events = events_of(Task(scores=[0.1, 0.2, 0.3]), SMALL)
    check_events(events, epochs=3, steps=6)
    assert [event.dev_accuracy for event in events if event.is_epoch_end] == [0.1, 0.2, 0.3]
    assert all(event.loss == 2.0 and event.gradient_norm is not None for event in events)


def test_progress_after_each_step_where_steps_take_long(slow_clock: None) -> None:
    task = Task(scores=[0.1, 0.2, 0.3])
    events = events_of(task, SMALL)
    check_events(events, epochs=3, steps=6)
    assert len(events) == 3 * 7
    assert [event.dev_accuracy is None for event in events[:7]] == [True] * 6 + [False]
    half = events[6 + 3]  # three of the six steps of the second epoch
    words = int(task.lengths.sum())
    done = words + sum(
        task.lengths[i]
        for place, items, _ in task.calls
        for i in items
        if (place.epoch, place.step) < (2, 3) and place.epoch == 2
    )
    assert half.seconds == 10
    assert half.words_per_second == pytest.approx(done / 10)
    assert half.seconds_left == pytest.approx((3 * words - done) / (done / 10))


def test_progress_of_the_online_kernel(slow_clock: None) -> None:
    events = events_of(Task(items=600, fused=True), ONLINE)
    check_events(events, epochs=2, steps=600)
    assert [event.step for event in events[:4]] == [256, 512, 600, 600]
    assert all(event.gradient_norm is None and type(event.rate) is float for event in events)


def test_progress_tells_of_gradients_and_units(slow_clock: None, recorder: Recorder) -> None:
    class Observed(Task):
        looks = 0

        def units(self) -> Units:
            self.looks += 1
            return Units(0.25, 0.125)

    task = Observed()
    events = events_of(task, replace(SMALL, grad_clip=0.0))
    assert task.looks == 3
    for epoch in (1, 2, 3):
        own = recorder.norms[6 * (epoch - 1) : 6 * epoch]
        during = [event for event in events if event.epoch == epoch]
        for step, event in enumerate(during[:-1], start=1):
            assert event.gradient_norm == pytest.approx(own[step - 1])
            assert event.mean_gradient_norm == pytest.approx(sum(own[:step]) / step)
            assert event.largest_gradient_norm == pytest.approx(max(own[:step]))
            assert (event.clipped, event.saturated, event.dead) == (0, None, None)
        assert during[-1].mean_gradient_norm == pytest.approx(sum(own) / 6)
        assert (during[-1].saturated, during[-1].dead) == (0.25, 0.125)
    middle = sorted(recorder.norms)[9]
    events = events_of(Observed(), replace(SMALL, grad_clip=middle, epochs=1))
    assert events[-1].clipped == sum(norm > middle for norm in recorder.norms[:6]) / 6
    assert events_of(Observed(), replace(SMALL, grad_clip=1e-3))[-1].clipped == 1
    unseen = Observed()
    fit(unseen, SMALL, seed=1, threads=1)
    assert unseen.looks == 0  # where nobody listens


# --- the online kernel ----------------------------------------------------------------------------------------------


def test_the_online_kernel_does_all_there_is_to_do() -> None:
    task = Task(items=600, fused=True)
    record = fit(task, ONLINE, seed=1, threads=2)
    assert task.calls == []
    assert [(place.epoch, place.step, len(items)) for place, items, _ in task.online_calls] == [
        (epoch, start, n) for epoch in (1, 2) for start, n in ((0, 256), (256, 256), (512, 88))
    ]
    assert sorted(i for place, items, _ in task.online_calls for i in items if place.epoch == 1) == list(range(600))
    rates = [rate for _, _, rates in task.online_calls for rate in rates]
    np.testing.assert_allclose(rates, 1 - np.arange(1200) / 1200)
    assert record.losses == [2.0, 2.0]


def test_where_there_is_no_online_kernel() -> None:
    task = Task(items=20)
    fit(task, ONLINE, seed=1, threads=2)
    assert [place.epoch for place, _, _ in task.online_calls] == [1]  # asked once
    assert [len(items) for _, items, _ in task.calls] == [1] * 40
    assert [(place.epoch, place.step) for place, _, _ in task.calls] == [(e, i) for e in (1, 2) for i in range(20)]
    assert [items[0] for _, items, _ in task.calls][:20] == task.online_calls[0][1]


@pytest.mark.parametrize("change", [{"batch": 2}, {"optimizer": "adam"}, {"loss": "mean"}])
def test_the_online_kernel_is_for_sgd_on_sums_one_by_one(change: dict[str, Any]) -> None:
    settings = {"epochs": 1, "batch": 1, "optimizer": "sgd", "loss": "sum", **change}
    task = Task(fused=True)
    fit(task, TrainingConfig(**settings), seed=1, threads=1)
    assert task.online_calls == []
    assert task.calls
