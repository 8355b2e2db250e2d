"""A budget of time in a world whose clock goes by the work that is done; never a real clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import elman
from elman.config import Config
from elman.errors import ConfigError
from elman.training import time_budget, trainer
from elman.training.optimizers import Gradients
from elman.training.run_state import Record
from elman.training.task import Items, LossTotals, StepKey
from elman.training.time_budget import Budget, seconds_of

Array = np.ndarray[Any, Any]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("60s", 60), ("2m", 120), ("90", 90), (90, 90), (1.5, 1.5), ("1.5h", 5400), (" 0.25 s ", 0.25)],
)
def test_times(text: str | float, seconds: float) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize(
    "text",
    ["", "abc", "-5", "1e3", "5 days", "1m30s", "nan", "inf", "s", "1.", "٥", "9" * 5000, -1, float("nan"), 1e30]
    + [pytest.param(10**400, id="400 zeros"), pytest.param(10**5000, id="5000 zeros")],
)
def test_what_is_no_time(text: Any) -> None:
    with pytest.raises(ConfigError, match="^budget: expected a time such as 60s, 2m or 1.5h, got "):
        seconds_of(text)


@pytest.mark.parametrize("text", ["0", "0s", "0.00m", 0])
def test_no_time(text: Any) -> None:
    with pytest.raises(ConfigError, match="^budget: expected more than 0 s, got "):
        seconds_of(text)


CONFIG = Config().with_settings({"hidden": 96, "epochs": 12, "batch": 16})


# --- a world of its own ---------------------------------------------------------------------------------------------


class World:
    """Its clock goes by words read. An hour of it is over in no time."""

    def __init__(self, sentences: int = 200, speed: float = 1e5, slow: Callable[[float], float] = lambda now: 1.0):
        self.now, self.slow = 1000.0, slow
        self.speed = speed
        self.lengths = np.random.default_rng(1).integers(1, 40, sentences)
        self.notes: list[str] = []
        self.made: list[int] = []

    def clock(self) -> float:
        return self.now

    def work(self, words: int, hidden: int) -> None:
        self.now += words * (30 + hidden + hidden**2 / 200) / self.speed * self.slow(self.now - 1000)

    def task(self, config: Config) -> Task:
        self.made.append(config.network.hidden)
        return Task(self, config)

    def budget(self, seconds: float, **chosen: object) -> Budget:
        return Budget(seconds, chosen, self.notes.append, self.clock)

    def run(self, limit: Budget, config: Config, reading: float = 0.0) -> tuple[Config, Record]:
        self.now += reading
        config = limit.choose(config, self.task, 1, 1)
        record = trainer.fit(self.task(config), config.training, seed=1, threads=1, replan=limit.replan)
        limit.finish()
        return config, record

    @property
    def used(self) -> float:
        return self.now - 1000


class Task(Items):
    """Work without a result."""

    def __init__(self, world: World, config: Config) -> None:
        self.world, self.config = world, config
        self.parameters = {"w": np.zeros(1, np.float32)}
        self.lengths = world.lengths

    def gradients(self, items: Array, words: int, place: StepKey) -> tuple[LossTotals, Gradients]:
        n = int(self.lengths[items].sum())
        self.world.work(n, self.config.network.hidden)
        return LossTotals(0.0, n, 0), {"w": np.ones(1, np.float32)}

    def online(self, items: Array, rates: Array, place: StepKey) -> LossTotals | None:
        self.world.work(int(self.lengths[items].sum()), self.config.network.hidden)
        return LossTotals(0.0, int(self.lengths[items].sum()), 0)

    def score(self) -> float | None:
        self.world.work(400, self.config.network.hidden)
        return None


def epoch_seconds(world: World, hidden: int) -> float:
    """What an epoch takes."""
    began, now = world.now, world.now
    world.work(int(world.lengths.sum()) + 400, hidden)
    took, world.now = world.now - began, now
    return took


# --- what is chosen -------------------------------------------------------------------------------------------------


def test_sizes_grow_with_the_time() -> None:
    found = []
    for seconds in (15, 30, 60, 120, 240, 480, 960, 2000):
        world = World()
        config, _ = world.run(world.budget(seconds), CONFIG)
        found.append((config.network.hidden, config.training.epochs))
    sizes = [hidden for hidden, _ in found]
    assert sizes == sorted(sizes) and sizes[0] < 96 and sizes[-1] == 192
    assert found[-1][1] == time_budget.MOST_EPOCHS * 12  # and no more of them, however much time there is


@settings(max_examples=10, deadline=None)
@given(st.floats(6, 60), st.floats(0, 0.3))
def test_the_time_is_filled(epochs_of_the_smallest: float, reading: float) -> None:
    """Reading takes its share too; the machine is the same all the time."""
    world = World(sentences=1600)
    seconds = epochs_of_the_smallest * epoch_seconds(world, 24) / (1 - reading)
    limit = world.budget(seconds)
    config, record = world.run(limit, CONFIG, reading * seconds)
    assert world.used <= 1.05 * seconds
    assert world.used >= 0.83 * seconds
    assert 0 < record.epochs < limit.most
    assert config.network.hidden < 192


def test_sizes_are_tried_till_one_is_too_large() -> None:
    world = World(sentences=3000)
    config, _ = world.run(world.budget(4 * epoch_seconds(world, 96)), CONFIG)
    assert world.made == [24, 48, 96, config.network.hidden]
    assert 48 <= config.network.hidden < 96


def test_what_the_user_set_stays() -> None:
    world = World()
    config, _ = world.run(world.budget(60, hidden="40"), CONFIG.with_settings({"hidden": 40}))
    assert set(world.made) == {40} and config.network.hidden == 40
    with pytest.raises(ConfigError, match="^budget: .* leave out either the budget or epochs=$"):
        World().budget(60, epochs="3")


def test_a_small_network_has_fewer_sizes() -> None:
    world = World()
    config, _ = world.run(world.budget(500), CONFIG.with_settings({"hidden": 3}))
    assert world.made[:4] == [8, 8, 3, 8]
    assert config.network.hidden in (3, 8)


def test_too_little_time_is_refused() -> None:
    world = World()
    one = epoch_seconds(world, 24)
    with pytest.raises(ConfigError) as caught:
        world.run(world.budget(one / 2), CONFIG)
    message = str(caught.value)
    assert message.startswith("budget: one epoch takes ") and "\n" not in message
    assert f"{one:.2g} s here" in message
    enough = float(message.split()[-4])
    again = World()
    assert again.run(again.budget(enough), CONFIG)[1].epochs == 1


def test_one_epoch_may_fill_all_there_is() -> None:
    config = CONFIG.with_settings({"hidden": 40})
    world = World(sentences=1600)
    limit = world.budget(3600, hidden=40)
    epoch = limit._epoch(world.task(config), config.training, 1, 1)
    seconds = (world.used + epoch) / 0.98
    world = World(sentences=1600)
    _, record = world.run(world.budget(seconds, hidden=40), config)
    assert record.epochs == 1
    assert 0.95 <= world.used / seconds <= 1.0


def test_the_online_kernel_is_tried_as_it_is_used() -> None:
    online = CONFIG.with_settings({"batch": 1, "optimizer": "sgd", "loss": "sum"})
    world = World(sentences=3000)
    seconds = 9 * epoch_seconds(world, 96)
    world.run(world.budget(seconds), online)
    assert 0.85 <= world.used / seconds <= 1.05


def test_it_says_what_it_chose() -> None:
    world = World(sentences=1600)
    config, _ = world.run(world.budget(600), CONFIG)
    (note,) = world.notes
    chosen = f"hidden={config.network.hidden} and epochs={config.training.epochs}"
    assert note.startswith(f"budget 600 s: {chosen}, which take about 5")


# --- a machine that changes -----------------------------------------------------------------------------------------


def test_a_machine_that_slows_down() -> None:
    world = World(slow=lambda now: 2.0 if now > 30 else 1.0)
    limit = world.budget(100)
    config, record = world.run(limit, CONFIG)
    assert record.replanned and record.epochs < config.training.epochs
    assert 0.9 <= world.used / 100 <= 1.1
    assert len(world.notes) == 1


def test_a_machine_that_gets_faster() -> None:
    world = World(slow=lambda now: 1.0 if now < 20 else 0.5)
    limit = world.budget(100)
    config, record = world.run(limit, CONFIG)
    assert record.replanned and record.epochs > config.training.epochs
    assert 0.85 <= world.used / 100 <= 1.1


def test_what_cannot_be_made_good_is_said() -> None:
    """In the last epoch there is nothing left to shorten."""
    world = World(slow=lambda now: 30.0 if now > 90 else 1.0)
    world.run(world.budget(100), CONFIG)
    assert world.used > 110
    assert world.notes[-1] == f"budget 100 s: it took {world.used:.0f} s"


@pytest.mark.parametrize(("pace", "expected"), [(10.0, 12), (10.9, 12), (15.0, 8), (4.0, 30), (1e-12, 96), (200.0, 4)])
def test_epochs_seen_from_the_third(pace: float, expected: int) -> None:
    """12 epochs of 10 s planned for 125 s; what three of them took tells how many there are to be."""
    world = World()
    limit = world.budget(125)
    limit.most = 96
    limit.looked = limit.first + 2 * pace
    world.now += 3 * pace
    assert limit.replan(3, 12) == expected


# --- the same bits --------------------------------------------------------------------------------------------------

SENTENCES = [
    [("the", "D"), ("dog", "N"), ("barks", "V")],
    [("a", "D"), ("cat", "N"), ("sleeps", "V"), (".", "P")],
    [("cats", "N"), ("sleep", "V")],
    [("the", "D"), ("old", "A"), ("cat", "N")],
] * 5


@pytest.mark.parametrize(
    "chosen",
    [{}, {"optimizer": "adamw", "averaging": 0.3}, {"hidden": 8, "batch": 1, "warmup": 0.1, "decay": "cosine"}],
)
def test_the_recorded_plan_gives_the_same_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, chosen: dict[str, Any]
) -> None:
    """The clock ticks when it is looked at, and later ticks more."""
    looks: Iterator[float] = chain(repeat(1.0, 24), repeat(6.0))
    times = [0.0]

    def clock() -> float:
        times.append(times[-1] + next(looks))
        return times[-1]

    small = {"embedding": 4, "feature_embedding": 4, **chosen}
    data, dev = SENTENCES, SENTENCES[:3]
    with monkeypatch.context() as patch:
        patch.setattr(time_budget, "Budget", partial(Budget, clock=clock))
        notes: list[str] = []
        fitted = elman.train(data, dev, settings=small, budget=60, on_note=notes.append, on_warning=notes.append)
    fitted.save(tmp_path / "fitted")
    settings, record = fitted.describe()["settings"], fitted.describe()["training"]
    plans = dict(record["replanned"])
    assert plans and record["epochs"] == record["replanned"][-1][1]
    by_hand = {
        "hidden": settings["network"]["hidden"],
        "epochs": settings["training"]["epochs"],
        "ensemble": 1,
    }
    fit = trainer.fit

    def fit_as_recorded(*arguments: Any, **options: Any) -> Record:
        return fit(*arguments, **options | {"replan": lambda epoch, epochs: plans.get(epoch + 1, epochs)})

    monkeypatch.setattr(trainer, "fit", fit_as_recorded)
    elman.train(data, dev, settings=small | by_hand, on_warning=notes.append).save(tmp_path / "by hand")
    assert (tmp_path / "fitted").read_bytes() == (tmp_path / "by hand").read_bytes()


def test_pretrained_vectors_come_along(tmp_path: Path) -> None:
    vectors = tmp_path / "vectors.txt"
    vectors.write_text("the 1 2\ncat 3 4\n", encoding="utf-8")
    given: dict[str, Any] = {"vectors": vectors, "on_warning": lambda text: None}
    small = {"embedding": 4, "hidden": 8}
    fitted = elman.train(SENTENCES, settings=small, budget="60s", **given)
    epochs = fitted.describe()["settings"]["training"]["epochs"]
    by_hand = elman.train(SENTENCES, settings=small | {"epochs": epochs, "ensemble": 1}, **given)
    assert fitted.describe()["training"]["replanned"] == []
    np.testing.assert_array_equal(fitted.probabilities(["the", "cat"]), by_hand.probabilities(["the", "cat"]))


def test_other_models_have_no_budget() -> None:
    with pytest.raises(ConfigError, match="^the model hmm has no epochs to choose; a budget is the rnn's$"):
        elman.train(SENTENCES, model="hmm", budget=60)
