"""Several networks in one model, and a student of several teachers."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import elman
from elman.config import Config
from elman.errors import ConfigError, ModelFileError
from elman.models import rnn as recurrent
from elman.models.ensemble import Ensemble
from elman.models.rnn import RecurrentModel
from elman.scale.cluster import Cluster, open_cluster
from elman.training.ensemble import begin
from elman.training.progress import Progress
from elman.training.run_options import RunOptions
from elman.training.run_state import Record
from elman.training.train_rnn import train_rnn
from elman.utils import seeding
from elman.utils.parallel import Job
from made_up import two_columns

TRAIN = [(words, spans) for words, _, spans in two_columns(40, 1)]
DEV = [(words, spans) for words, _, spans in two_columns(15, 2)]
WORDS = [words for words, _ in DEV]
SMALL = Config().with_settings(
    {"hidden": 8, "embedding": 8, "feature_embedding": 6, "epochs": 2, "batch": 4, "ensemble": 1}
)
SOFTMAX = SMALL.with_settings({"decoder": "softmax"})
CRF = SMALL.with_settings({"decoder": "crf"})
BOTH = pytest.mark.parametrize("config", [SOFTMAX, CRF], ids=["softmax", "crf"])


def trained(config: Config, dev: Any = None, **options: Any) -> RecurrentModel:
    return train_rnn(TRAIN, dev, config, RunOptions(**options))


def tensors(model: RecurrentModel) -> dict[str, bytes]:
    return {name: w.tobytes() for name, w in model.to_record()[1].items()}


@pytest.fixture(scope="module")
def three() -> RecurrentModel:
    return trained(CRF.with_settings({"ensemble": 3}), DEV)


# --- ensembles ------------------------------------------------------------------------------------------------------


@BOTH
def test_the_members_are_the_networks_of_their_own_seeds(config: Config) -> None:
    found = tensors(trained(config.with_settings({"ensemble": 3})))
    for member in (1, 2, 3):
        alone = tensors(trained(config, seed=seeding.member_seed(1, member)))
        assert {f"member{member}.{name}": w for name, w in alone.items()}.items() <= found.items()
    assert found.keys() == {f"member{member}.{name}" for member in (1, 2, 3) for name in alone}


def test_seeds_of_members() -> None:
    assert seeding.member_seed(7, 1) == 7
    assert len({seeding.member_seed(seed, member) for seed in range(1, 20) for member in range(1, 20)}) == 19 * 19
    assert 0 <= seeding.member_seed(2**63 - 1, 64) < 2**63


def test_the_pool_is_the_geometric_mean_of_the_distributions() -> None:
    model = trained(SOFTMAX.with_settings({"ensemble": 2, "dtype": "float32"}))
    alone = [trained(SOFTMAX, seed=seeding.member_seed(1, member)) for member in (1, 2)]
    singles = [RecurrentModel(SOFTMAX, model.lexicon, model.heads, [one], {}) for one in model.members]
    p = np.prod([np.concatenate(one.probabilities(WORDS)) for one in singles], axis=0) ** 0.5
    p /= p.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(np.concatenate(model.probabilities(WORDS)), p, atol=1e-5)
    np.testing.assert_array_equal(np.concatenate(model.best(WORDS)), p.argmax(axis=1))
    assert not np.allclose(*(np.concatenate(one.probabilities(WORDS)) for one in alone), atol=1e-3)


def test_of_crfs_the_mean_scores_every_path(three: RecurrentModel) -> None:
    words = next(words for words in WORDS if len(words) == 3)
    singles = [RecurrentModel(CRF, three.lexicon, three.heads, [one], {}) for one in three.members]
    shares: dict[tuple[int, ...], float] = {}
    for one in singles:
        for ids, share in one.nbest(words, 1000):
            shares[tuple(ids.tolist())] = shares.get(tuple(ids.tolist()), 1.0) * share ** (1 / 3)
    total = sum(shares.values())
    found = three.nbest(words, 1000)
    assert {tuple(ids.tolist()) for ids, _ in found} == shares.keys()
    for ids, share in found:
        assert share == pytest.approx(shares[tuple(ids.tolist())] / total, abs=1e-5)
    p = np.zeros((3, len(three.tags)))
    for ids, share in found:
        p[np.arange(3), ids] += share
    np.testing.assert_allclose(three.probabilities([words])[0], p, atol=1e-5)
    assert three.best([words])[0].tolist() == found[0][0].tolist()


def test_rules_are_kept_together_too(three: RecurrentModel) -> None:
    assert three.heads.schemes == ("bio",)
    p = three.probabilities([["Lee"]])[0][0]
    assert p[[three.tags.index("I-LOC"), three.tags.index("I-PER")]].tolist() == [0, 0]


def test_the_bits_do_not_hang_on_the_threads(three: RecurrentModel) -> None:
    assert tensors(trained(CRF.with_settings({"ensemble": 3}), DEV, threads=3)) == tensors(three)


def test_the_record_of_an_ensemble(three: RecurrentModel) -> None:
    record = three.training
    assert [len(run["dev_accuracies"]) for run in (record, *record["members"])] == [2, 2, 2]
    found, golds = np.concatenate(three.best(WORDS)), [three.tags.index(tag) for _, tags in DEV for tag in tags]
    assert three.dev_accuracy == record["dev_accuracy"] == np.mean(found == golds)
    assert trained(SMALL.with_settings({"ensemble": 2})).dev_accuracy is None


def test_dev_accuracy_is_of_float32_whatever_the_processor(
    three: RecurrentModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: Any, **__: Any) -> None:
        raise AssertionError("training reads in the precision of tagging")

    monkeypatch.setattr(recurrent, "InferenceCache", never)
    again = trained(CRF.with_settings({"ensemble": 3}), DEV)
    exact = Ensemble(again.config, again.lexicon, again.heads, again.members)
    golds = [three.tags.index(tag) for _, tags in DEV for tag in tags]
    assert again.dev_accuracy == three.dev_accuracy == np.mean(np.concatenate(exact.best(WORDS)) == golds)


def test_saved_and_loaded(three: RecurrentModel) -> None:
    record, stored = three.to_record()
    again = RecurrentModel.from_record(json.loads(json.dumps(record)), stored)
    assert tensors(again) == tensors(three)
    three.choose_precision("auto")  # empties its cache: the reference's BLAS rounds by how many rows it gets at once
    for mine, other in zip(again.probabilities(WORDS), three.probabilities(WORDS), strict=True):
        np.testing.assert_array_equal(mine, other)
    with pytest.raises(ModelFileError, match=r"^model tensor member2.output.b_o: expected \(5,\), found none$"):
        RecurrentModel.from_record(record, {k: w for k, w in stored.items() if k != "member2.output.b_o"})
    one = {k.removeprefix("member1."): w for k, w in stored.items() if k.startswith("member1.")}
    with pytest.raises(ModelFileError, match="^model tensor embedding: expected no such tensor"):
        RecurrentModel.from_record(record, one)


# --- what is told of it, and Ctrl-C ---------------------------------------------------------------------------------


def test_progress_says_which_network(monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[Any] = []
    trained(SMALL.with_settings({"ensemble": 2}), on_progress=events.append)
    ends = [event for event in events if event.is_epoch_end]
    assert [(event.member, event.members, event.epoch) for event in ends] == [
        (1, 2, 1),
        (1, 2, 2),
        (2, 2, 1),
        (2, 2, 2),
    ]
    assert [event.seconds for event in ends] == sorted(event.seconds for event in ends)
    assert ends[1].seconds_left == pytest.approx(ends[1].seconds)  # as long again for the second
    assert ends[3].seconds_left == 0
    trained(SMALL, on_progress=events.append)
    assert (events[-1].member, events[-1].members) == (1, 1)


def stop_at(member: int, epoch: int) -> Callable[[Progress], None]:
    def stop(event: Any) -> None:
        if event.is_epoch_end and (event.member, event.epoch) == (member, epoch):
            raise KeyboardInterrupt

    return stop


@pytest.mark.parametrize(
    ("member", "epoch", "kept", "done"), [(1, 2, 1, 2), (2, 1, 2, 1), (3, 1, 3, 1)], ids=["first", "second", "third"]
)
def test_ctrl_c_leaves_the_networks_that_there_are(member: int, epoch: int, kept: int, done: int) -> None:
    model = trained(SOFTMAX.with_settings({"ensemble": 4}), DEV, on_progress=stop_at(member, epoch))
    assert model.interrupted
    assert len(model.members) == model.config.network.ensemble == kept
    record = model.training
    assert [record, *record.get("members", [])][-1]["epochs"] == done
    record_of_file, stored = model.to_record()
    assert RecurrentModel.from_record(record_of_file, stored).interrupted


def test_side_by_side_or_one_after_the_other() -> None:
    config = SOFTMAX.with_settings({"ensemble": 3})
    for threads in (2, 3, 8):
        events: list[Any] = []
        found = trained(config, DEV, threads=threads, on_progress=events.append)
        assert tensors(found) == tensors(trained(config, DEV))
        assert found.training == trained(config, DEV).training
        ends = [(event.member, event.epoch) for event in events if event.is_epoch_end]
        assert sorted(ends) == [(1, 1), (1, 2), (2, 1), (2, 2), (3, 1), (3, 2)]
    distilled = SOFTMAX.with_settings({"distill_teachers": 2})
    assert tensors(trained(distilled, threads=2)) == tensors(trained(distilled))


def test_ctrl_c_side_by_side() -> None:
    config = SOFTMAX.with_settings({"ensemble": 2, "epochs": 50})
    model = trained(config, DEV, threads=2, on_progress=stop_at(1, 2))
    assert model.interrupted
    assert model.training["epochs"] == 2
    assert all(record["interrupted"] and record["epochs"] < 50 for record in model.training.get("members", []))


def test_one_that_fails_stops_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    from elman.training import trainer

    fit = trainer.fit

    def fail_in_one(task: Any, config: Any, **options: Any) -> Any:
        if options["seed"] == 1:
            raise ConfigError("rate: too large")
        return fit(task, config, **options)

    monkeypatch.setattr(trainer, "fit", fail_in_one)
    with pytest.raises(ConfigError, match="rate: too large"):
        trained(SOFTMAX.with_settings({"ensemble": 2, "epochs": 10_000}), threads=2)


def test_ctrl_c_while_the_second_is_begun_does_not_wait_for_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    from elman.training import trainer

    fit, records, begun, start = trainer.fit, [], threading.Event(), Job.start

    def start_one(self: Job[Any]) -> None:
        if begun.is_set():
            raise KeyboardInterrupt
        start(self)
        assert begun.wait(30)

    def recorded(*arguments: Any, **options: Any) -> Any:
        begun.set()
        records.append(fit(*arguments, **options))
        return records[-1]

    monkeypatch.setattr(Job, "start", start_one)
    monkeypatch.setattr(trainer, "fit", recorded)
    with pytest.raises(KeyboardInterrupt):
        trained(SOFTMAX.with_settings({"ensemble": 2, "epochs": 3_000}), threads=2)
    assert [record.interrupted for record in records] == [True]


def test_ctrl_c_before_a_network_has_learned(monkeypatch: pytest.MonkeyPatch) -> None:
    from elman.training import trainer

    fit, done = trainer.fit, []

    def stop_in_the_second(task: Any, config: Any, **options: Any) -> Any:
        done.append(task)
        return Record(interrupted=True) if len(done) == 2 else fit(task, config, **options)

    monkeypatch.setattr(trainer, "fit", stop_in_the_second)
    model = trained(SOFTMAX.with_settings({"ensemble": 3}))
    assert (model.interrupted, len(model.members), len(done)) == (True, 1, 2)
    assert tensors(model) == tensors(trained(SOFTMAX))


def test_ctrl_c_between_two_trainings(monkeypatch: pytest.MonkeyPatch) -> None:
    from elman.training.tagging_task import TaggingTask

    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(TaggingTask, "round", stop)
    with pytest.raises(KeyboardInterrupt):  # nothing there yet
        trained(SOFTMAX)
    monkeypatch.undo()
    monkeypatch.setattr(TaggingTask, "distillation_targets", stop)
    model = trained(SOFTMAX.with_settings({"distill_teachers": 2}))
    assert model.interrupted
    monkeypatch.undo()
    assert tensors(model) == tensors(trained(SOFTMAX))  # the first teacher


def test_no_budget_for_several(tmp_path: Path) -> None:
    pairs = [list(zip(*sentence, strict=True)) for sentence in TRAIN]
    for settings in ({"ensemble": 2}, {"distill_teachers": 2}):
        with pytest.raises(ConfigError, match="^budget: expected ensemble=1 and distill_teachers=0 with it"):
            elman.train(pairs, settings=settings, budget="1s", on_warning=lambda text: None)


# --- teachers and a student -----------------------------------------------------------------------------------------


def test_a_student_is_one_network() -> None:
    model = trained(SOFTMAX.with_settings({"distill_teachers": 2}), DEV)
    assert len(model.members) == 1
    assert tensors(model).keys() == tensors(trained(SOFTMAX)).keys()
    assert tensors(model) != tensors(trained(SOFTMAX, seed=seeding.member_seed(1, 3)))
    alone = trained(SOFTMAX.with_settings({"distill_teachers": 2, "distill_weight": 0}), DEV)
    for name, w in alone.members[0].items():  # nothing is learned from the teachers
        same = trained(SOFTMAX, DEV, seed=seeding.member_seed(1, 3)).members[0][name]
        np.testing.assert_allclose(w, same, atol=2e-3, err_msg=name)
    assert model.training["epochs"] == 2
    assert tensors(trained(SOFTMAX.with_settings({"distill_teachers": 2}), DEV, threads=3)) == tensors(model)


def test_what_teachers_teach() -> None:
    task = begin(TRAIN, None, SOFTMAX, seed=1)
    taught = [task.distillation_targets(seed) for seed in (1, 1, 2)]
    K = len(task.networks.tags)
    assert (taught[0].shape, taught[0].dtype) == ((int(task.lengths.sum()), K), np.float16)
    np.testing.assert_allclose(taught[0].sum(axis=1, dtype=np.float64), 1, atol=2e-3)
    np.testing.assert_array_equal(taught[0], taught[1])
    assert (taught[0] != taught[2]).any()  # the noise is another one
    task.learn_from(taught[1:])
    assert task.soft_targets is not None
    wanted = 0.25 * taught[1].astype(float) + 0.25 * taught[2] + 0.5 * np.eye(K)[task.gold[0]]
    np.testing.assert_allclose(task.soft_targets.astype(float), wanted, atol=2e-3)


def test_a_student_learns_what_teachers_say_whatever_is_gold() -> None:
    config = SOFTMAX.with_settings({"distill_weight": 1, "epochs": 15, "learning_rate": 0.02})
    task = begin(TRAIN, None, config, seed=1)
    other = np.roll(np.eye(len(task.networks.tags), dtype=np.float16)[task.gold[0]], 1, axis=1)
    task.learn_from([other])
    from elman.training import trainer

    trainer.fit(task, config.training, seed=1, threads=1)
    found = np.concatenate(task.networks.best([words for words, _ in TRAIN]))
    assert (found == other.argmax(axis=1)).mean() > 0.85


def test_a_student_stopped_in_its_first_epoch_leaves_the_first_teacher(monkeypatch: pytest.MonkeyPatch) -> None:
    from elman.training import trainer

    fit = trainer.fit

    def stop_the_student(task: Any, config: Any, **options: Any) -> Any:
        return Record(interrupted=True) if task.soft_targets is not None else fit(task, config, **options)

    monkeypatch.setattr(trainer, "fit", stop_the_student)
    model = trained(SOFTMAX.with_settings({"distill_teachers": 2}))
    assert model.interrupted
    assert tensors(model) == tensors(trained(SOFTMAX))


@pytest.mark.parametrize("change", [{"decoder": "crf"}, {"decoder": "softmax", "ensemble": 2}])
def test_what_goes_with_no_student(change: dict[str, Any]) -> None:
    with pytest.raises(
        ConfigError, match="^distill_teachers: expected 0 with (decoder=crf|ensemble=2), got 3; a student is one"
    ):
        Config().with_settings({"distill_teachers": 3, **change})


def test_the_decoder_left_open_is_softmax_for_a_student() -> None:
    model = trained(SMALL.with_settings({"distill_teachers": 1, "decoder": "auto"}))
    assert model.config.network.decoder == "softmax"


# --- networks trained elsewhere -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def workers() -> Iterator[Cluster]:
    with open_cluster("local:2") as cluster:
        yield cluster


@pytest.mark.parametrize(
    "config",
    [
        CRF.with_settings({"ensemble": 3}),
        SOFTMAX.with_settings({"ensemble": 2, "dtype": "float16"}),
        SOFTMAX.with_settings({"distill_teachers": 2}),
    ],
    ids=["crf", "float16", "teachers"],
)
def test_networks_trained_in_processes_are_the_same(config: Config, workers: Cluster) -> None:
    here: list[Progress] = []
    there: list[Progress] = []
    expected = trained(config, DEV, on_progress=here.append)
    found = trained(config, DEV, on_progress=there.append, map=workers.map)
    assert found.to_record()[0] == expected.to_record()[0] and tensors(found) == tensors(expected)

    def ends(events: list[Progress]) -> list[tuple[int, int, int, float | None]]:
        """The ends of epochs; networks in threads tell theirs in any order."""
        return sorted((e.member, e.members, e.epoch, e.dev_accuracy) for e in events if e.is_epoch_end)

    assert ends(there) == ends(here)


def test_one_network_is_trained_here(workers: Cluster) -> None:
    notes: list[str] = []
    found = trained(SOFTMAX, DEV, map=workers.map, on_note=notes.append)
    assert tensors(found) == tensors(trained(SOFTMAX, DEV))
    assert len(notes) == 1 and "one network, trained in this process" in notes[0]


def test_networks_that_are_done_are_kept_after_ctrl_c() -> None:
    def stopped(work: Callable[[int], Any], members: Iterable[int]) -> Iterator[Any]:
        yield work(next(iter(members)))
        raise KeyboardInterrupt

    found = trained(SOFTMAX.with_settings({"ensemble": 3}), map=stopped)
    assert found.training["interrupted"] and len(found.members) == 1
    assert {name: w.tobytes() for name, w in found.members[0].items()} == {
        name: w.tobytes() for name, w in trained(SOFTMAX).members[0].items()
    }


def test_a_text_on_disk_is_trained_in_one_process(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("one two three\n" * 50, encoding="utf-8")
    settings = {"ensemble": 2, "epochs": 1, "hidden": 8, "embedding": 8}
    with pytest.raises(ConfigError, match="text that is read from disk is trained in one process"):
        elman.train(str(tmp_path / "text"), task="lm", settings=settings, map=map)


def test_no_checkpoint_of_networks_trained_elsewhere(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="^map: expected None with a checkpoint"):
        elman.train(TRAIN, checkpoint=tmp_path / "c", map=map)
    with pytest.raises(ConfigError, match="^map: expected a function or None, got 'local:2'"):
        elman.train(TRAIN, map="local:2")  # type: ignore[arg-type]
